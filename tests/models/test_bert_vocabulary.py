"""BERT's vocabulary read from a vocab.txt: the same pieces as the stock tokenizer's."""

from __future__ import annotations

import pytest

from iterprime_xai.models.bert_vocabulary import tokenizer_of
from iterprime_xai.records import ModelLoadError

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = ["the", "red", "dog", "##s", "##gy", "cafe", "\u72d7", "\u732b", ",", "-", "'", "s", "2", "##4", "t"]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token in SPECIAL + PIECES), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "the red dogs",
        "The RED Doggy",
        "the caf\u00e9, the CAF\u00c9",
        "the dog's red-dog",
        "\u72d7\u732b dog",
        "the\u00a0red \t dog\u200b",
        "24 dogs, t24",
        "zebra the",
    ],
)
def test_texts_become_the_pieces_of_the_stock_uncased_tokenizer(vocabulary, text):
    from transformers import BertTokenizer

    stock = BertTokenizer(vocab={token: index for index, token in enumerate(SPECIAL + PIECES)}, do_lower_case=True)
    ours = tokenizer_of(vocabulary)
    assert ours(text)["input_ids"] == stock(text)["input_ids"]
    assert (
        ours(text, return_offsets_mapping=True)["offset_mapping"]
        == (stock(text, return_offsets_mapping=True)["offset_mapping"])
    )


def test_capitals_and_accents_make_no_difference(vocabulary):
    ours = tokenizer_of(vocabulary)
    assert ours("The CAF\u00c9")["input_ids"] == ours("the cafe")["input_ids"] == [2, 5, 10, 3]


def test_a_token_that_unicode_calls_a_line_end_is_one_token(tmp_path):
    tokens = [*SPECIAL, "\u2028", "\x85", "dog"]
    (tmp_path / "vocab.txt").write_bytes(("\r\n".join(tokens) + "\r\n").encode())
    assert tokenizer_of(tmp_path / "vocab.txt").get_vocab()["dog"] == 7


def test_a_vocabulary_that_is_no_text_is_named(tmp_path):
    (tmp_path / "vocab.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelLoadError, match="cannot be read as a vocabulary, one token a line"):
        tokenizer_of(tmp_path / "vocab.txt")
