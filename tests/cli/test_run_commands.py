"""``evaluate``, ``summary``, ``compare`` and ``threshold`` as a person runs them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.records import OptionError, StorageError


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "a"
    result = invoke(
        "evaluate", "--system", "gradcam", "--data", "scenes:val", "--out", out, "--limit", 4, "--count", 50,
        "--proposals", "gold", "--set", "device=cpu", "--set", "passes=1",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "4 of 4 phrases, 0 of them errors" in result.output
    return out


def test_a_run_is_read_summed_up_and_compared(run, tmp_path):
    rows = list(ix.read_run(run))
    assert [row["proposal_source"] for row in rows] == ["gold"] * 4
    assert all(row["best_iou"] == 1.0 for row in rows)
    assert ix.read_run(run).image(rows[0]).size == (336, 336)
    found = json.loads(invoke("summary", run, "--json", "--by", "kind").output)
    assert found["figures"][0]["metrics"]["miou"]["value"] == pytest.approx(sum(row["iou"] for row in rows) / 4)
    again = invoke(
        "evaluate", "--system", "random", "--data", "scenes:val", "--out", tmp_path / "b", "--limit", 4, "--count", 50,
        "--proposals", "gold",
    )  # fmt: skip
    assert again.exit_code == 0, again.output
    table = invoke("compare", run, tmp_path / "b", "--format", "markdown")
    assert "| a |" in table.output
    assert "Difference from a, paired" in table.output
    written = invoke("compare", run, tmp_path / "b", "--format", "json", "--out", tmp_path / "table.json")
    assert "wrote" in written.output
    assert json.loads((tmp_path / "table.json").read_text())["count"] == 4


def test_one_failure_is_told_as_text_and_written_as_a_page(run, tmp_path):
    row = next(iter(ix.read_run(run)))
    said = invoke("failures", run, "--sample", row["sample_id"])
    assert said.exit_code == 0, said.output
    assert said.output.startswith("Right. " if row["iou"] >= 0.5 else "")
    assert f"{row['sample_id']} of run a" in said.output
    assert "--detail full" in said.output
    page = tmp_path / "page.html"
    written = invoke("failures", run, "--sample", row["sample_id"], "--out", page)
    assert written.output == f"wrote {page}\n"
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    strict = invoke("failures", run, "--sample", row["sample_id"], "--threshold", 1)
    assert row["iou"] == 1 or not strict.output.startswith("Right.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sample", "val-0-nowhere"), "has no sample 'val-0-nowhere'"),
        (("--out", "page.html"), "--sample ID"),
        (("--sample", "x", "--rows", "f.jsonl"), "are about all of them"),
    ],
)
def test_one_failure_that_cannot_be_told_is_refused_and_nothing_written(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    refused = invoke("failures", run, *arguments)
    assert isinstance(refused.exception, OptionError)
    assert message in str(refused.exception)
    assert list(tmp_path.iterdir()) == []


def test_the_same_command_goes_on_and_another_is_refused(run):
    parts = {path: path.read_bytes() for path in ix.read_run(run).files}
    same = [
        "--data",
        "scenes:val",
        "--out",
        run,
        "--limit",
        4,
        "--count",
        50,
        "--proposals",
        "gold",
        "--set",
        "device=cpu",
    ]
    result = invoke("evaluate", "--system", "gradcam", *same, "--set", "passes=1")
    assert result.exit_code == 0, result.output
    assert {path: path.read_bytes() for path in ix.read_run(run).files} == parts
    other = invoke("evaluate", "--system", "gradcam", *same, "--set", "passes=2")
    assert isinstance(other.exception, OptionError)
    assert "system.settings.passes: 1 here, 2 asked for" in str(other.exception)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("summary", "nowhere"), StorageError, "is no run"),
        (("evaluate", "--system", "gradcam", "--data", "scenes:vall", "--out", "x"), OptionError, "val"),
        (("evaluate", "--system", "gradcm", "--data", "scenes:val", "--out", "x"), OptionError, "gradcam"),
        (
            ("evaluate", "--system", "gradcam", "--data", "scenes:val", "--out", "x", "--set", "a"),
            OptionError,
            "--set must",
        ),
        (
            ("evaluate", "--system", "gradcam", "--data", "scenes:val", "--out", "x", "--backend", "rays"),
            OptionError,
            "ray",
        ),
    ],
)
def test_mistakes_are_said_with_the_right_name(arguments, kind, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(*arguments)
    assert isinstance(result.exception, kind)
    assert message in str(result.exception)


def test_a_threshold_is_not_chosen_where_everything_means_something(run):
    result = invoke("threshold", run)
    assert isinstance(result.exception, OptionError)
    assert "mean something" in str(result.exception)
