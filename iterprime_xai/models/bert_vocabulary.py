"""BERT's uncased vocabulary for checkpoints that come without a tokenizer: beside the checkpoint, or in the hub cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iterprime_xai.records import ModelLoadError

HUB_IDS = ("google-bert/bert-base-uncased", "bert-base-uncased")
"""Where the hub keeps it, under its present and its former name."""


def find_bert_tokenizer(folder: Path, name: str, cache_dir: str | Path | None = None) -> Any:
    """A fast uncased tokenizer for the checkpoint ``name`` in ``folder``; nothing is downloaded.

    It is made of the first of these that is there: vocab.txt beside the checkpoint, vocab.txt in the subfolder bert-base-uncased,
    vocab.txt of ``bert-base-uncased`` in the hub cache.

    Raises ``ModelLoadError`` that says what to fetch.
    """
    from huggingface_hub import try_to_load_from_cache

    for place in (folder / "vocab.txt", folder / "bert-base-uncased" / "vocab.txt"):
        if place.is_file():
            return tokenizer_of(place)
    for hub_id in HUB_IDS:
        cached = try_to_load_from_cache(hub_id, "vocab.txt", cache_dir=cache_dir)
        if isinstance(cached, str):
            return tokenizer_of(Path(cached))
    into = f" --cache-dir {cache_dir}" if cache_dir else ""
    raise ModelLoadError(
        f"{name} comes without its vocabulary, BERT's uncased one, and there is none beside it or in the hub cache. Where there is "
        f"a network, fetch it with `hf download {HUB_IDS[0]} vocab.txt{into}`, or put its vocab.txt into {folder.resolve()}."
    )


def tokenizer_of(vocabulary: Path) -> Any:
    """BERT's uncased word-piece tokenizer over a vocab.txt: one token a line."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import PreTrainedTokenizerFast

    try:
        # Not splitlines(): some tokens are themselves what Unicode calls the end of a line.
        tokens = [
            line.removesuffix("\r") for line in vocabulary.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        ]
    except (OSError, UnicodeDecodeError) as error:
        raise ModelLoadError(f"{vocabulary} cannot be read as a vocabulary, one token a line: {error}.") from error
    special = {"unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "mask": "[MASK]"}
    lacking = [token for token in special.values() if token not in tokens]
    if lacking:
        raise ModelLoadError(f"{vocabulary} is not BERT's vocabulary: it lacks {', '.join(lacking)}.")
    pieces = BertWordPieceTokenizer({token: index for index, token in enumerate(tokens)}, lowercase=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces._tokenizer, **{f"{kind}_token": token for kind, token in special.items()}
    )
