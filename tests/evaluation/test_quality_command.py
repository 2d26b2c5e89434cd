"""The quality table by its one command, from a model folder to tables, in little."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(monkeypatch, name: str, *arguments: object) -> None:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
    module.main()


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> list[str]:
    return ["--splits", "val", "--expressions", "6", "--pairs", "8", "--phrases", "6"]


def test_table_is_written_and_made_again_from_its_rows(monkeypatch, small, model_folder, tmp_path, capsys):
    further = tmp_path / "further.json"
    further.write_text('[{"name": "five passes", "passes": 5}]', encoding="utf-8")
    asked = ["--model", model_folder, "--layer", 1, "--out", tmp_path, "--also", further, *small]
    run(monkeypatch, "quality", *asked)
    page = (tmp_path / "quality.md").read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    assert "## Heat and masks, val\n" in page
    assert "| five passes - default |" in page
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert 0 <= card["threshold"] <= 1
    assert "Matching, val, plain twins" in card["markdown"]
    looks = [json.loads(line) for line in (tmp_path / "looks.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(looks) == 6 * (3 + 13 + 1)  # three layers, thirteen more ways, and what --also asked for
    assert len({row["sample"] for row in looks}) == 6
    (tmp_path / "quality.md").unlink()
    run(monkeypatch, "quality", *asked, "--tables-only")
    assert (tmp_path / "quality.md").read_text(encoding="utf-8") == page


def test_choice_is_frozen_as_a_layer_and_a_recipe(monkeypatch, model_folder, tmp_path, capsys):
    run(monkeypatch, "quality", "--model", model_folder, "--choose", "--expressions", 3, "--out", tmp_path)
    choice = json.loads((tmp_path / "choice.json").read_text(encoding="utf-8"))
    assert choice["layer"] in (0, 1, 2)
    assert {"emphasis", "passes", "threshold", "blend"} <= set(choice["recipe"])
    assert (choice["split"], choice["seed"]) == ("val", 5)
    assert "Frozen choice" in capsys.readouterr().out


def test_choice_on_the_scenes_of_the_table_is_refused(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="must differ"):
        run(monkeypatch, "quality", "--choose", "--choose-seed", 0, "--out", tmp_path)


def test_photographs_are_counted(monkeypatch, model_folder, tmp_path, picture):
    picture.save(tmp_path / "a.png")
    run(monkeypatch, "photographs", "--model", model_folder, "--folder", tmp_path, "--threshold", 0, "--out", tmp_path)
    found = json.loads((tmp_path / "photographs.json").read_text(encoding="utf-8"))
    assert found["rows"][0]["matches"]["mean"] == 1.0  # every probability reaches 0
    assert found["rows"][0]["count"] == 60
