"""``iterprime-xai atlas``: the picture it leaves, what it says, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from iterprime_xai.cli import app
from iterprime_xai.records import OptionError, StorageError


def run(*arguments):
    result = CliRunner().invoke(app, ["atlas", *map(str, arguments)])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_the_bundled_scene_is_drawn_with_its_own_mask(tmp_path):
    said = run("--out", tmp_path / "a.png")
    assert "'the bike left of the tree'" in said
    assert "5 layers of 4 heads" in said
    assert "peak on the object" in said
    assert Image.open(tmp_path / "a.png").width > 800


@pytest.fixture
def photo(tmp_path, picture):
    picture.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_picture_with_a_mask_and_one_word(model_folder, photo, tmp_path):
    mask = np.zeros((96, 128), bool)
    mask[10:40, 12:50] = True
    Image.fromarray(mask).save(tmp_path / "m.png")
    np.save(tmp_path / "m.npy", mask)
    common = (photo, "the red dog", "--model", model_folder, "--word", "dog", "--out", tmp_path / "a.png")
    said = run(*common, "--mask", tmp_path / "m.png")
    assert "read for the word 'dog'" in said
    assert said == run(*common, "--mask", tmp_path / "m.npy")
    assert "peak on the object" in said
    assert "peak on the object" not in run(*common)


def test_what_makes_no_sense_is_refused(model_folder, photo, tmp_path):
    out = ("--model", model_folder, "--out", tmp_path / "a.png")
    with pytest.raises(OptionError, match="A phrase is needed"):
        run(photo, *out)
    with pytest.raises(OptionError, match="the, red, dog"):
        run(photo, "the red dog", "--word", "cat", *out)
    with pytest.raises(StorageError, match="no file"):
        run(photo, "the red dog", "--mask", tmp_path / "none.png", *out)
    with pytest.raises(OptionError, match="cannot be read"):
        run(photo, "the red dog", "--mask", tmp_path / "none.npy", *out)
    assert not (tmp_path / "a.png").exists()
