"""``iterprime-xai layers``: the table it prints, the profile that loading uses, and where it refuses."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai.cli import app
from iterprime_xai.models.finding import BUNDLED_FOLDER
from iterprime_xai.models.profiles import FILE, Profile, read
from iterprime_xai.records import OptionError


def run(*arguments):
    result = CliRunner().invoke(app, ["layers", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The bundled model in a folder of one's own, without its layer."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    shutil.copytree(BUNDLED_FOLDER / "tiny", folder)
    (folder / FILE).write_text(json.dumps({"closed_vocabulary": True, "threshold": 0.25}), encoding="utf-8")
    return folder


def test_a_layer_is_measured_written_beside_the_model_and_used_by_load(copy, tmp_path):
    result = run(
        "--data", "scenes:val", "--limit", 9, "--model", copy, "--sets", "--json", tmp_path / "t.json", "--write"
    )
    assert "mine on scenes:val: 9 expressions, recipe default, first look" in result.output
    assert "\n* layer 3 " in result.output
    assert json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["chosen"] == 3
    profile = read(copy)
    assert (profile.layer, profile.closed_vocabulary, profile.threshold) == (3, True, 0.25)
    assert profile.validated.startswith("best of 5 layers on scenes:val, 9 expressions: peak on the object in ")
    assert profile.validated.endswith("made by `iterprime-xai layers --data scenes:val --model mine --limit 9`")
    layer, said = ix.load(copy).matcher.choose_layer(None)
    assert layer == 3
    assert "9 expressions" in said


def test_another_split_warns_and_writes_nothing(copy, tmp_path):
    result = run("--data", "scenes:testA", "--limit", 3, "--model", copy)
    assert "warning: scenes:testA holds split testA: layers are to be chosen on val only" in result.stderr
    assert "* layer 3" in result.stdout
    with pytest.raises(OptionError, match="chosen on val only"):
        run("--data", "scenes:testA", "--limit", 3, "--model", copy, "--out", tmp_path / "p.json")
    assert not (tmp_path / "p.json").exists()


@pytest.mark.parametrize(
    ("model", "message"), [("tiny", "is bundled and travels in the package"), ("owner/name", "hf download owner/name")]
)
def test_what_has_no_folder_of_its_own_is_refused_before_anything_is_measured(model, message):
    with pytest.raises(OptionError, match=message):
        run("--data", "scenes:val", "--model", model, "--write")


def test_the_profile_of_a_bundled_model_goes_to_a_file(tmp_path):
    run("--data", "scenes:val", "--limit", 3, "--out", tmp_path / "p" / FILE)
    found = read(tmp_path / "p")
    assert isinstance(found, Profile)
    assert found.layer == 3
    assert found.domain == "drawn scenes"
