"""The bundled model's tokenizer and processor: one token a known word, single characters for the rest.

A word of the training vocabulary is one token; any other word splits into characters, so that nothing of it vanishes and
anyone can see that it is unknown (it is more than one token).
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import BertTokenizer, BlipProcessor, CLIPProcessor

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]")
"""Special tokens, in order of their ids. BLIP's own start tokens [DEC] and [ENC] are kept for its other tasks."""

CHARACTERS = string.ascii_lowercase + string.digits + string.punctuation


def vocabulary(words: Iterable[str]) -> dict[str, int]:
    """Token -> id: special tokens, the words in sorted order, then characters at the start and inside of a word."""
    words = sorted({word.lower() for word in words})
    tokens = [*SPECIAL, *words, *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def build_tokenizer(words: Iterable[str], max_tokens: int = 64) -> BertTokenizer:
    """A lower-casing BERT WordPiece tokenizer over ``vocabulary(words)``."""
    from transformers import BertTokenizer

    # Through a file, since the constructor's way to take a vocabulary differs between versions of the library.
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(vocabulary(words)) + "\n", encoding="utf-8")
        tokenizer = BertTokenizer.from_pretrained(
            folder, do_lower_case=True, model_max_length=max_tokens, clean_up_tokenization_spaces=False
        )
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    return tokenizer


def build_processor(tokenizer: Any, image_size: int) -> BlipProcessor:
    """BLIP's processor with the Pillow back-end: bicubic to ``image_size`` squared, CLIP's mean and deviation."""
    from transformers import BlipProcessor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    size = {"height": image_size, "width": image_size}
    return BlipProcessor(image_processor=BlipImageProcessorPil(size=size), tokenizer=tokenizer)


def build_clip_processor(tokenizer: Any, image_size: int) -> CLIPProcessor:
    """CLIP's processor with the Pillow back-end: bicubic to ``image_size`` squared, nothing cut off, CLIP's mean and deviation."""
    from transformers import CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    size = {"height": image_size, "width": image_size}
    return CLIPProcessor(CLIPImageProcessorPil(size=size, crop_size=size, do_center_crop=False), tokenizer)
