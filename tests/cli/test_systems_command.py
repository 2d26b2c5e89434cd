"""``iterprime-xai systems`` and ``ground --system``."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from iterprime_xai.cli import app
from iterprime_xai.records import OptionError
from iterprime_xai.systems import system_names


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None:
        raise result.exception
    return result.output


def test_all_systems_are_listed_and_the_settings_of_one():
    listed = run("systems")
    for name in ("iterprime", "global_local_clip", "tas", "random"):
        assert f"\n{name} " in f"\n{listed}"
    said = run("systems", "global_local_clip")
    assert "alpha" in said
    assert "0.95" in said
    assert "0.85 for RefCOCOg" in " ".join(said.split())
    assert "preset paper: " in said
    with pytest.raises(OptionError, match="Did you mean tas"):
        run("systems", "taz")


@pytest.mark.parametrize("arguments", [(), *((name,) for name in system_names())])
def test_no_line_is_wider_than_a_terminal(arguments):
    lines = run("systems", *arguments).splitlines()
    assert max(map(len, lines)) <= 100
    assert not any(line.split() and line != line.rstrip() for line in lines)


def test_another_system_grounds_and_says_what_it_did(tmp_path, picture):
    picture.save(tmp_path / "p.png")
    masks = np.zeros((2, 96, 128), bool)
    masks[0, :10], masks[1, :50] = True, True
    np.save(tmp_path / "m.npy", masks)
    arguments = [
        "ground",
        str(tmp_path / "p.png"),
        "the dog",
        "--proposals",
        str(tmp_path / "m.npy"),
        "--out",
        str(tmp_path),
    ]
    found = json.loads(run(*arguments, "--system", "largest", "--answer", "set", "--json"))
    assert found["system"] == "largest"
    assert found["mask_pixels"] == 50 * 128
    assert found["masks"] == [1]
    assert found["layer"] is None
    said = run(*arguments, "--system", "random", "--set", "seed=3")
    assert "share of the best mask" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--system", "largst"], "Did you mean largest"),
        (["--system", "largest", "--set", "seed=1"], "has no setting 'seed'"),
        (["--system", "largest", "--set", "seed"], "--set must be key=value"),
        (["--system", "iterprime", "--passes", "1"], "--set passes=1"),
        (["--set", "passes=1"], "--set goes with --system"),
        (["--system", "largest", "--may-abstain", "--answer", "set"], "do not go together"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(OptionError, match=message):
        run("ground", *arguments)
