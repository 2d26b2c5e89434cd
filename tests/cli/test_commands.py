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
from iterprime_xai.cli import exits


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
        (["ground", "nowhere.png", "a dog"], exits.BAD_INPUT, "nowhere.png"),
        (["ground", "nowhere.png"], exits.BAD_INPUT, "A phrase is needed"),
        (["ground", "--recipe", "papr"], exits.BAD_INPUT, "default, paper"),
        (["ground", "--layer", "40"], exits.BAD_INPUT, "cross-attention"),
        (["ground", "--proposals", "sma"], exits.BAD_INPUT, "Did you mean 'sam'"),
        (["ground", "--proposals", "sam:vit_b"], exits.NO_MODEL, "--proposals-checkpoint sam_vit_b.pth"),
        (["ground", "--model", "my models/x y"], exits.NO_MODEL, "No such model or folder"),
        (["ground", "--model", "tinny"], exits.NO_MODEL, "Did you mean 'tiny'"),
        (["ground", "--nonsense"], exits.BAD_INPUT, "No such option"),
    ],
)
def test_bad_input_is_one_clear_sentence_and_an_exit_code(arguments, code, message, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_one_argument_that_is_a_phrase_is_looked_for_in_the_bundled_scene(model_folder, tmp_path):
    result = invoke(
        "ground", "the red dog", "--model", model_folder, "--json", "--proposals", "none", "--out", tmp_path / "out"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["phrase"] == "the red dog"
    assert (tmp_path / "out" / "the-red-dog.png").is_file()


def test_a_place_that_cannot_be_written_exits_with_4(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = run("ground", "--out", tmp_path / "file" / "deeper")
    assert result.returncode == exits.NO_STORAGE
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
    matchers, encoders = result.output.split("Dual encoders")
    assert "openai/clip-vit-base-patch32" in encoders
    assert "clip" not in matchers


def test_doctor_examines_packages_device_and_the_bundled_model():
    result = invoke("doctor")
    assert result.exit_code == 0, result.output
    assert "ok   bundled model" in result.output
    assert "FAIL" not in result.output


def test_a_probe_of_the_doctor_that_breaks_is_a_finding_and_the_others_go_on(monkeypatch):
    from iterprime_xai import doctor

    def broken(*_arguments):
        raise ValueError("half installed")

    for probe in ("_version", "_parser", "_device", "_bundled"):
        monkeypatch.setattr(doctor, probe, broken)
    found = {check.subject: check for check in doctor.examine()}
    assert {"safetensors", "typer", "rich", "pycocotools", "tqdm"} <= set(found)
    for subject in ("torch", "parser", "device", "bundled model"):
        assert not found[subject].fine
        assert found[subject].finding == "ValueError: half installed"
    assert found["python"].fine
    result = invoke("doctor")
    assert result.exit_code == 1
    assert "FAIL bundled model" in result.output


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


def test_help_imports_nothing_heavy():
    code = (
        "import atexit, sys; sys.argv = ['iterprime-xai', '--help']; from iterprime_xai.cli import main; "
        "heavy = {'numpy', 'torch', 'transformers', 'spacy', 'matplotlib', 'skimage', 'scipy', 'PIL', 'tqdm'}; "
        "atexit.register(lambda: print(sorted(heavy & set(sys.modules)), file=sys.stderr)); main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert result.stderr.strip() == "[]"
