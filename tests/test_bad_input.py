"""Thirty and more kinds of bad input through the public face, each with its own clear error."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from random_models import SHAPES, build_model, build_processor

import iterprime_xai as ix
from iterprime_xai.records import (
    ImageInputError,
    LayerError,
    ModelLoadError,
    OptionError,
    PhraseError,
    ProposalError,
    StorageError,
)

PHRASE = "the red dog"
GREY = np.full((20, 30), 120, np.uint8)


@pytest.fixture(scope="module")
def grounder(tokenizer):
    return ix.load(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


@pytest.fixture
def files(tmp_path):
    """A folder with files that are not usable pictures."""
    good = tmp_path / "good.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)).save(good)
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(good.read_bytes()[:600])
    (tmp_path / "text.jpg").write_text("not a picture", encoding="utf-8")
    return tmp_path


IMAGES = {
    "missing file": (lambda d: d / "nowhere.png", "nowhere.png"),
    "directory": (lambda d: d, "folder|directory"),
    "empty file": (lambda d: d / "empty.png", "empty"),
    "cut off": (lambda d: d / "cut.png", "cut.png"),
    "text named jpg": (lambda d: d / "text.jpg", "text.jpg"),
    "url": (lambda d: "https://example.org/dog.png", "[Dd]ownload"),
    "none": (lambda d: None, "None"),
    "bytes": (lambda d: b"\x89PNG", "BytesIO"),
    "float array": (lambda d: GREY / 255.0, "uint8"),
    "channels first": (lambda d: np.zeros((3, 40, 50), np.uint8), "transpose"),
    "five channels": (lambda d: np.zeros((4, 5, 5), np.uint8), "shape"),
    "zero pixels": (lambda d: np.zeros((0, 5, 3), np.uint8), "pixel|empty|0"),
    "list": (lambda d: [[1, 2], [3, 4]], "list"),
    "batch": (lambda d: np.zeros((2, 5, 5, 3), np.uint8), "one picture|shape"),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_bad_picture(grounder, files, kind):
    make, message = IMAGES[kind]
    with pytest.raises(ImageInputError, match=message):
        grounder.ground(make(files), PHRASE, proposals=False)


PHRASES = {
    "none": (None, "text|str"),
    "number": (7, "text|str"),
    "empty": ("", "empty|no word"),
    "spaces": (" \n\t ", "empty|no word"),
    "punctuation": ("?! ...", "word"),
    "half a character": ("the \ud800 dog", "half a character|surrogate"),
    "endless": ("the red dog " * 200, "at most 64"),
}


@pytest.mark.parametrize("kind", PHRASES)
def test_bad_phrase(grounder, kind):
    text, message = PHRASES[kind]
    with pytest.raises(PhraseError, match=message):
        grounder.ground(GREY, text, proposals=False)


OPTIONS = {
    "unknown recipe": ({"recipe": "papr"}, OptionError, "default, paper"),
    "recipe of another kind": ({"recipe": 7}, OptionError, "default, paper"),
    "recipe as a dict": ({"recipe": {"passes": 1}}, OptionError, "default, paper"),
    "no passes": ({"passes": 0}, OptionError, "at least 1"),
    "half a pass": ({"passes": 1.5}, OptionError, "whole number"),
    "unknown emphasis": ({"emphasis": "loud"}, OptionError, "both, local, global"),
    "unknown method": ({"method": "gradcamplusplus"}, OptionError, "gradcam"),
    "unknown answer": ({"answer": "perhaps"}, OptionError, "may_abstain"),
    "layer too high": ({"layer": 3}, LayerError, "0, 1, 2"),
    "layer negative": ({"layer": -1}, LayerError, "0, 1, 2"),
    "layer as a truth value": ({"layer": True}, LayerError, "0, 1, 2"),
    "layer as text": ({"layer": "two"}, LayerError, "0, 1, 2"),
    "masks of another size": ({"proposals": np.zeros((2, 5, 5), bool)}, ProposalError, "20"),
    "one flat mask": ({"proposals": np.zeros((20,), bool)}, ProposalError, "shape"),
    "an unknown proposer": ({"proposals": "clasical"}, OptionError, "Did you mean .classical."),
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_bad_option(grounder, kind):
    options, error, message = OPTIONS[kind]
    with pytest.raises(error, match=message):
        grounder.ground(GREY, PHRASE, **options)


@pytest.mark.parametrize(("texts", "came"), [(PHRASE, "one string"), (None, "NoneType"), (7, "int")])
def test_what_is_no_list_of_phrases(grounder, texts, came):
    with pytest.raises(OptionError, match=f"list of phrases, but got {came}"):
        grounder.ground_many(GREY, texts)


def test_unknown_model_name():
    with pytest.raises(ModelLoadError, match="tinny"):
        ix.load("tinny")


def test_a_result_that_is_not_one_of_ours(tmp_path):
    path = tmp_path / "a.grounding.zip"
    path.write_bytes(b"PK nothing")
    with pytest.raises(StorageError, match=r"a\.grounding\.zip"):
        ix.Grounding.load(path)
    with pytest.raises(StorageError, match="nowhere"):
        ix.Grounding.load(tmp_path / "nowhere.zip")


def test_a_place_that_cannot_be_written(grounder, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    found = grounder.ground(GREY, PHRASE, proposals=False)
    with pytest.raises(StorageError, match="file"):
        found.save(tmp_path / "file" / "a.grounding.zip")
    with pytest.raises(StorageError, match="file"):
        found.to_png(tmp_path / "file" / "a.png")
