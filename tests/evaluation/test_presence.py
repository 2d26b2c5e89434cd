"""Present against absent phrases: what is asked, and what is counted."""

from __future__ import annotations

from itertools import count

import pytest

from iterprime_xai.evaluation.presence import PhraseRow, phrases, presence_rows, score_phrases
from iterprime_xai.records import OptionError


def _row(image: str, kind: str, present: bool, probability: float) -> PhraseRow:
    return PhraseRow(image, "val", kind, "x", present, probability)


ROWS = [
    _row("1", "position", True, 0.9), _row("1", "position", False, 0.5),
    _row("1", "position", True, 0.4), _row("1", "position", False, 0.1),
    _row("2", "category", True, 0.6), _row("2", "category", False, 0.6),
]  # fmt: skip


def test_area_and_sides_of_the_threshold_by_kind():
    rows = {row.kind: row for row in presence_rows(ROWS, threshold=0.5)}
    assert list(rows) == ["all", "position", "category"]
    position = rows["position"]
    assert (position.auroc.mean, position.found.mean, position.refused.mean) == (0.75, 0.5, 0.5)
    assert (position.balanced.mean, position.count) == (0.5, 4)
    category = rows["category"]
    assert (category.auroc.mean, category.found.mean, category.refused.mean) == (0.5, 1.0, 0.0)
    assert rows["all"].found.mean == pytest.approx(2 / 3)
    assert rows["all"].refused.mean == pytest.approx(1 / 3)


def test_a_phrase_on_the_threshold_is_present():
    rows = presence_rows([_row("1", "position", True, 0.5), _row("1", "position", False, 0.49)], threshold=0.5)
    assert (rows[0].found.mean, rows[0].refused.mean) == (1.0, 1.0)


def test_phrases_of_scenes_are_paired_counted_and_always_the_same():
    found = list(phrases("val", 7, size=32))
    assert sum(len(each.pairs) for each in found) == 7
    assert all(pair.true != pair.false for each in found for pair in each.pairs)
    again = list(phrases("val", 7, size=32))
    assert [each.pairs for each in again] == [each.pairs for each in found]
    assert [each.pairs for each in phrases("val", 7, seed=1, size=32)] != [each.pairs for each in found]
    assert {each.split for each in found} == {"val"}


def test_scores_go_to_the_text_they_belong_to():
    picture = next(iter(phrases("val", 2, size=32)))
    values = count()
    asked = []

    def score(_image, texts):
        asked.extend(texts)
        return [next(values) for _ in texts]

    rows = score_phrases(score, picture)
    assert [row.text for row in rows] == asked
    assert [row.probability for row in rows] == list(range(len(rows)))
    assert {row.text for row in rows if row.present} == {pair.true for pair in picture.pairs}
    assert [row.kind for row in rows[::2]] == [pair.kind for pair in picture.pairs]


def test_an_unknown_split_is_refused():
    with pytest.raises(OptionError, match="ood"):
        next(phrases("test", 1))
