"""The command line as a person runs it: what is printed, what is left, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from PIL import Image
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli


def run(*arguments, cwd=None):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "iterprime_xai", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        check=False,
    )


def invoke(*arguments):
    """The same without the start of a new process; expected errors come back as they are raised."""
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture
def photo(tmp_path, picture):
    path = tmp_path / "a photo.png"
    picture.save(path)
    return path


def test_the_first_command_grounds_the_bundled_scene(tmp_path):
    out = tmp_path / "out"
    result = invoke("ground", "--out", out)
    assert result.exit_code == 0, result.output
    for label in (
        "phrase        the bike left of the tree",
        "primary word  bike",
        "probability   0.",
        "IoU           0.",
    ):
        assert label in result.output
    figure = out / "the-bike-left-of-the-tree.png"
    assert Image.open(figure).width > 800
    assert ix.Grounding.load(out / "the-bike-left-of-the-tree.grounding.zip").mask is not None


def test_json_on_a_folder_with_random_weights(model_folder, photo, tmp_path):
    result = invoke("ground", photo, "the red dog", "--model", model_folder, "--json", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["phrase"] == "the red dog"
    assert found["primary_word"] == "dog"
    assert 0 <= found["probability"] <= 1
    assert found["heatmap"]["grid"] == [6, 6]
    assert any("not validated for this checkpoint" in note for note in found["notes"])
    assert "iou" not in found


def test_saliency_only_and_own_masks(model_folder, photo, tmp_path):
    import numpy as np

    masks = np.zeros((1, 96, 128), bool)
    masks[0, 10:40, 12:50] = True
    np.save(tmp_path / "masks.npy", masks)
    common = (
        "ground",
        photo,
        "the red dog",
        "--model",
        model_folder,
        "--json",
        "--out",
        tmp_path / "out",
        "--proposals",
    )
    assert json.loads(invoke(*common, "none").stdout)["mask_pixels"] is None
    assert json.loads(invoke(*common, tmp_path / "masks.npy").stdout)["mask_pixels"] == 30 * 38


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ground", "nowhere.png", "a dog"], cli.BAD_INPUT, "nowhere.png"),
        (["ground", "nowhere.png"], cli.BAD_INPUT, "A phrase is needed"),
        (["ground", "--recipe", "papr"], cli.BAD_INPUT, "default, paper"),
        (["ground", "--layer", "40"], cli.BAD_INPUT, "cross-attention"),
        (["ground", "--proposals", "sam"], cli.BAD_INPUT, "classical, none"),
        (["ground", "--model", "tinny"], cli.NO_MODEL, "Did you mean 'tiny'"),
        (["ground", "--nonsense"], cli.BAD_INPUT, "No such option"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_an_exit_code(arguments, code, message, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_place_that_cannot_be_written_exits_with_4(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = run("ground", "--out", tmp_path / "file" / "deeper")
    assert result.returncode == cli.NO_STORAGE
    assert "Traceback" not in result.stderr


def test_a_word_that_the_bundled_model_never_saw_is_named_with_the_nearest(tmp_path):
    result = invoke("ground", "--out", tmp_path)
    assert "do not trust" not in result.output
    result = invoke("ground", tmp_path / "the-bike-left-of-the-tree.png", "the horsee", "--out", tmp_path)
    assert "never saw the word 'horsee'; the nearest word that it knows is 'horse'" in result.output
    assert "drawn scenes only: do not trust" in result.output
    assert "--model Salesforce/blip-itm-base-coco" in result.output


def test_scenes_are_written_in_the_refer_layout_and_read_back(tmp_path):
    from iterprime_xai.data.refer import read_refer

    result = invoke("scenes", tmp_path / "data", "--split", "testB", "--count", "6")
    assert result.exit_code == 0, result.output
    samples = list(read_refer(tmp_path / "data", "scenes", "iterprime", split="testB"))
    assert len(samples) == 6
    assert all(each.mask.any() for each in samples)


def test_models_lists_what_is_here_and_how_to_fetch_the_rest():
    result = invoke("models")
    assert "tiny                                 bundled" in result.output
    assert "Salesforce/blip-itm-base-coco" in result.output


def test_doctor_examines_packages_device_and_the_bundled_model():
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    assert "ok   bundled model" in result.output
    assert "FAIL" not in result.output


def test_version():
    assert invoke("--version").output.strip() == ix.__version__


def test_import_is_light_and_help_is_quick():
    code = (
        "import sys, time; start = time.perf_counter(); import iterprime_xai; took = time.perf_counter() - start; "
        "heavy = {'torch', 'transformers', 'spacy', 'matplotlib', 'skimage', 'PIL'} & set(sys.modules); "
        "print(took, sorted(heavy))"
    )
    took, heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split(
        maxsplit=1
    )
    assert float(took) < 0.5
    assert heavy.strip() == "[]"
    start = time.perf_counter()
    assert run("--help").returncode == 0
    assert time.perf_counter() - start < 2
