"""Faults that were planted are found by rules that do not know of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import iterprime_xai as ix
from iterprime_xai.data import open_data
from iterprime_xai.evaluation.failures.planted import FAULTS, Planted, _cut, _grown, _without, confusion, planted


def test_most_faults_are_found_and_every_kind_is_planted():
    rows = list(planted(open_data("scenes:val"), ix.load_system("iterprime"), limit=18))
    counts = Counter(each.fault for each in rows)
    assert set(counts) == set(FAULTS)
    right = Counter(each.fault for each in rows if each.fault == each.found)
    assert sum(right.values()) >= 0.8 * len(rows)
    assert all(right[fault] >= 0.5 * counts[fault] for fault in FAULTS)


def test_the_table_counts_and_scores():
    rows = [Planted("a", "part_only", "part_only"), Planted("b", "part_only", "scattered")]
    text = confusion([*rows, *(Planted("c", fault, fault) for fault in FAULTS if fault != "part_only")])
    line = next(each for each in text.splitlines() if each.startswith("| part only"))
    assert line == "| part only | 0 | 0 | 1 | 0 | 0 | 0 | 1 | 0.667 |"
    assert "7 faults, macro-F1 0.944" in text


def test_spatial_words_are_taken_out_of_the_text():
    cues = [{"start": 4, "end": 8}, {"start": 13, "end": 19}]
    assert _without("the left dog bottom", cues) == "the dog"
    assert _without("left", [{"start": 0, "end": 4}]) == ""
    assert _without("dog", []) == ""


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_mask_is_less_than_half_and_a_grown_one_more_than_twice(seed):
    mask = np.zeros((40, 40), bool)
    mask[10:20, 10:20] = True
    cut, grown = _cut(mask, np.random.default_rng(seed)), _grown(mask)
    assert 30 <= cut.sum() <= 50
    assert not (cut & ~mask).any()
    assert grown.sum() == 256  # three pixels on all sides
    assert grown[7:23, 7:23].all()
    assert _grown(np.ones((3, 3), bool)).all()
