"""What is typed is understood, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.cli.inputs import is_phrase, key_value, proposals_of
from iterprime_xai.records import IterprimeError, OptionError


@pytest.mark.parametrize("text", ["photo", "my photo.png", "my photo.HEIC", " photo "])
def test_what_may_be_a_mistyped_picture_is_no_phrase(text):
    assert not is_phrase(text)


def test_an_existing_file_with_a_blank_in_its_name_is_no_phrase(tmp_path):
    (tmp_path / "a photo").write_bytes(b"")
    assert not is_phrase(str(tmp_path / "a photo"))


@pytest.mark.parametrize("content", ["nothing", "archive"])
def test_a_file_of_masks_that_is_none_is_named(content, tmp_path):
    path = tmp_path / "masks.npy"
    if content == "archive":
        with path.open("wb") as file:
            np.savez(file, a=np.zeros(2))
    else:
        path.write_bytes(b"")
    with pytest.raises(IterprimeError, match=r"masks\.npy"):
        proposals_of(str(path))


def test_words_and_files_of_masks_are_told_apart(tmp_path):
    masks = np.ones((2, 3, 4), bool)
    np.save(tmp_path / "masks.npy", masks)
    assert proposals_of("classical").describe()["limit"] == 120
    assert proposals_of("none") is False
    assert np.array_equal(proposals_of(str(tmp_path / "masks.npy")), masks)


def test_settings_of_a_proposer_are_read_and_those_that_make_no_sense_are_named(tmp_path):
    assert proposals_of("classical", settings=["limit=7"]).limit == 7
    np.save(tmp_path / "masks.npy", np.ones((2, 3, 4), bool))
    for choice, settings, said in [
        ("classical", ["limt=7"], "did you mean 'limit'"),
        ("classical", ["limit"], "--proposals-set must be key=value"),
        ("classical", ["limit=many"], "limit must be a whole number"),
        ("classical", ["device=cpu"], "an option of its own"),
        ("none", ["limit=7"], "none has the settings none"),
        (str(tmp_path / "masks.npy"), ["limit=7"], "brings its masks"),
    ]:
        with pytest.raises(OptionError, match=said):
            proposals_of(choice, settings=settings)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("passes=3", ("passes", 3)),
        ("phrase=the dog", ("phrase", "the dog")),
        ("a=b=c", ("a", "b=c")),
        ("a=", ("a", "")),
    ],
)
def test_a_parameter_is_a_key_and_json_or_text(text, pair):
    assert key_value(text) == pair


@pytest.mark.parametrize("text", ["passes", "=3"])
def test_a_parameter_without_key_or_value_is_refused(text):
    with pytest.raises(OptionError, match="key=value"):
        key_value(text)
