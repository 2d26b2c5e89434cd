"""The page and the card: every table, only where something was measured, and only valid JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from test_quality import ROWS

from iterprime_xai.evaluation.matching import PairRow
from iterprime_xai.evaluation.presence import PhraseRow
from iterprime_xai.evaluation.quality_report import Settings, SplitRows, report
from iterprime_xai.evaluation.ways import table_ways

SETTINGS = Settings("tiny", 1, "layer 1, as asked", (0, 1), 0.25, "chosen here on val", 0)
LOOKS = [replace(row, way=way.name) for way in table_ways((0, 1), 1) for row in ROWS[:3]]
PAIRS = [
    PairRow("a", "val", "position", "position", True, False, False, "true", "false", 0.9, 0.1),
    PairRow("b", "val", "category", "noun", False, True, False, "true", "false", 0.2, 0.1),
]
PHRASES = [PhraseRow("a", "val", "position", "x", True, 0.9), PhraseRow("a", "val", "position", "y", False, 0.2)]


def test_everything_measured_is_on_the_page_and_valid_json():
    text, record, card = report(SETTINGS, [SplitRows("val", LOOKS, PAIRS, PHRASES)])
    for title in (
        "Matching, val, plain twins", "Matching, val, hard twins", "Present or absent, val", "Heat and masks, val",
        "Heat and masks, val, default by kind", "Peak on object, val, every way by kind", "Heat in object, val, paired differences",
        "Right object among gold proposals, val, paired differences", "Mean iou with classical proposals, val, every way by kind",
    ):  # fmt: skip
        assert f"## {title}\n" in text
    assert "| default - paper | +0.000 [+0.000, +0.000] |" in text
    assert "0.2500 (chosen here on val)" in text
    json.loads(json.dumps(record, allow_nan=False))
    assert set(record["figures"]["val"]) == {"matching", "presence", "looks", "blind", "differences", "passes"}
    assert record["figures"]["val"]["matching"]["hard twins"][0]["twins"]["mean"] == 1.0
    assert card["threshold"] == record["threshold"] == 0.25
    assert all(title in text and table.rstrip() in text for title, table in card["markdown"].items())
    assert len(card["markdown"]) == 5


def test_what_was_not_measured_is_left_out():
    text, record, card = report(SETTINGS, [SplitRows("ood", [], PAIRS[1:], [])])
    assert list(card["markdown"]) == ["Matching, ood, plain twins"]
    assert list(record["figures"]["ood"]) == ["matching"]
    assert "Present" not in text
