"""`methods`, `ground --method` and `explanations` as they are typed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from iterprime_xai.cli import app, main
from iterprime_xai.saliency import METHODS

run = CliRunner().invoke


def test_methods_lists_all_with_their_cost():
    text = run(app, ["methods"]).stdout
    assert all(f"\n{name} " in f"\n{text}" for name in METHODS)
    assert "a floor" in text


def test_methods_shows_the_options_of_one():
    text = run(app, ["methods", "rise"]).stdout
    assert "--set masks=256" in text
    assert "Petsiuk" in text


def test_ground_looks_in_another_way_and_keeps_the_files_apart(tmp_path):
    for options in ([], ["--method", "rise", "--set", "masks=4", "--set", "over=keys"]):
        found = run(app, ["ground", "--out", str(tmp_path), "--proposals", "none", "--json", *options])
        assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)
    assert any("RISE" in line for line in said["notes"])
    assert sorted(path.name.split(".")[0] for path in tmp_path.glob("*.png")) == [
        "the-bike-left-of-the-tree",
        "the-bike-left-of-the-tree-rise",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--method", "rize"], "Did you mean 'rise'"),
        (["--method", "rise", "--set", "mask=3"], "no option 'mask'"),
        (["--method", "rise", "--set", "masks=2.5"], "masks must be a number such as 256, but got '2.5'"),
        (["--method", "rise", "--layer", "2"], "reads no single layer"),
        (["--method", "rise", "--passes", "3"], "looks once"),
        (["--method", "rise", "--system", "tas"], "--method does not go with --system"),
        (["--set", "masks=3"], "--set goes with --system or --method"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_refused(options, message, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["iterprime-xai", "ground", "--out", str(tmp_path), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_one_layer_of_gradcam_is_a_set_of_one(tmp_path):
    options = ["--out", str(tmp_path), "--proposals", "none", "--method", "gradcam", "--set", "layers=3"]
    found = run(app, ["ground", "--json", *options])
    assert found.exit_code == 0, found.output
    assert any("layers=(3,)" in line for line in json.loads(found.stdout)["notes"])


def test_explanations_writes_both_tables_and_the_rows(tmp_path):
    out, rows = tmp_path / "table.md", tmp_path / "rows"
    found = run(
        app,
        [
            "explanations",
            "--data",
            "scenes:val",
            "--method",
            "gradcam",
            "--method",
            "edges",
            "--limit",
            "6",
            "--checks",
            "1",
            "--no-curves",
            "--steady",
            "--memory",
            "--device",
            "cpu",
            "--out",
            str(out),
            "--rows",
            str(rows),
        ],
    )
    assert found.exit_code == 0, found.output
    text = out.read_text("utf-8")
    assert "| gradcam |" in text
    assert "fails random weights, another phrase" in text
    assert len((rows / "maps.jsonl").read_text("utf-8").splitlines()) == 12
    assert len((rows / "checks.jsonl").read_text("utf-8").splitlines()) == 8
    assert len((rows / "steadiness.jsonl").read_text("utf-8").splitlines()) == 2
    assert "| infidelity (low) | max-sensitivity (low) | paraphrases (high) | passes | MB |" in text
    assert "1 forward and 1 backward pass of the text side" in text
