"""The table of captions by its command."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.data.scenes import generate
from iterprime_xai.data.scenes.captions import scene_caption

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "captions.py"


class Knowing:
    """Says the plain caption of one scene of val after the other."""

    def __init__(self):
        self.said = 0

    def caption(self, image, num_beams):
        assert (image.size, num_beams) == ((336, 336), 2)
        self.said += 1
        return scene_caption(generate(0, self.said - 1, "val")).text


def test_a_captioner_that_knows_the_scenes_is_right_and_its_words_are_wrong_elsewhere(monkeypatch, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("benchmark_captions", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(ix, "load_captioner", lambda name: Knowing(), raising=False)
    options = ["--splits", "val", "--scenes", "6", "--beams", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["captions.py", *options])
    module.main()
    record = json.loads((tmp_path / "captions.json").read_text(encoding="utf-8"))
    right, elsewhere = record["rows"]
    assert (right["split"], right["true"]["mean"], right["unread"], right["count"]) == ("val", 1.0, 0.0, 6)
    assert (elsewhere["split"], elsewhere["true"]["mean"]) == ("val, said of another scene", 0.0)
    assert record["sentences"]["val"][0] == scene_caption(generate(0, 0, "val")).text
    page = (tmp_path / "captions.md").read_text(encoding="utf-8")
    assert "| val | 1.000 [1.000, 1.000] |" in page
    assert "| val | 1.000" in capsys.readouterr().out
