"""Which layer of a captioner points, by its command."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from iterprime_xai.models import profiles

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "caption_maps.py"


def test_the_best_layer_is_found_and_written_into_a_profile(monkeypatch, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("benchmark_caption_maps", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    options = ["--scenes", "3", "--out", str(tmp_path / "out"), "--profile", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["caption_maps.py", *options])
    module.main()
    record = json.loads((tmp_path / "out" / "caption_maps.json").read_text(encoding="utf-8"))
    rows = record["rows"]["val"]
    assert {(row["kind"], row["layer"]) for row in rows} == {(kind, n) for kind in ("noun", "colour") for n in range(5)}
    assert {row["way"] for row in rows} == {"log_probability, by the attention", "log_probability, by the scores"}
    found = profiles.read(tmp_path)
    assert (found.layer, found.closed_vocabulary) == (3, True)
    assert found.validated == "best of its 5 layers for the nouns of captions of scenes:val"
    printed = capsys.readouterr().out
    assert (tmp_path / "out" / "caption_maps.md").read_text(encoding="utf-8").count("| val |") == 20
    assert printed.count("| val |") == 20
