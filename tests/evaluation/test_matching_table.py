"""The matching table: order, sides, ties and the priors to beat."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.data.scenes import MatchingPair, matching_pairs
from iterprime_xai.evaluation.heat import HeatRow, heat_table
from iterprime_xai.evaluation.matching import is_hard, matcher_score, matching_table, score_pair
from iterprime_xai.evaluation.tables import heat_markdown, markdown, matching_markdown, plain
from iterprime_xai.records import Sample

PICTURE = Image.new("RGB", (4, 4))


def _pair(identity: str, kind: str, nouns: bool, positions: bool) -> MatchingPair:
    return MatchingPair(identity, PICTURE, f"true {identity}", f"false {identity}", kind, "noun", nouns, positions)


PAIRS = [_pair("1", "category", True, False), _pair("2", "position", False, True), _pair("3", "position", False, False)]
PROBABILITIES = {
    "true 1": 0.9, "false 1": 0.1,  # right order, right sides
    "true 2": 0.4, "false 2": 0.2,  # right order, the true one below 0.5
    "true 3": 0.7, "false 3": 0.7,  # a tie, the false one above 0.5
}  # fmt: skip


def _score(_image, texts):
    return [PROBABILITIES[text] for text in texts]


def test_order_sides_and_ties_are_counted_by_kind():
    rows = {row.kind: row for row in matching_table(_score, PAIRS)}
    assert list(rows) == ["all", "category", "position"]
    assert rows["category"].twins.mean == rows["category"].decided.mean == 1.0
    assert rows["position"].twins.mean == 0.75
    assert rows["position"].decided.mean == 0.5
    assert rows["all"].twins.mean == pytest.approx(2.5 / 3)
    assert [row.count for row in rows.values()] == [3, 1, 2]


def test_priors_are_right_where_they_can_tell_and_guess_elsewhere():
    rows = {row.kind: row for row in matching_table(_score, PAIRS)}
    assert (rows["category"].nouns, rows["category"].positions) == (1.0, 0.5)
    assert (rows["position"].nouns, rows["position"].positions) == (0.5, 0.75)


def test_a_rule_that_looks_at_nothing_is_at_chance_on_the_scenes():
    rows = matching_table(lambda _image, texts: [0.3 for _ in texts], matching_pairs("val", 16, size=32))
    assert rows[0].twins.mean == rows[0].decided.mean == 0.5
    assert sum(row.count for row in rows[1:]) == 16


def test_matcher_encodes_a_picture_once_for_all_its_texts():
    class Matcher:
        encoded = 0

        def encode_image(self, image):
            self.encoded += 1
            return image

        def tokenize(self, text):
            return text

        def match_all(self, asks):
            return [type("Match", (), {"probability": len(ask.text) / 10})() for ask in asks]

    matcher = Matcher()
    assert matcher_score(matcher)(PICTURE, ["ab", "abc"]) == [0.2, 0.3]
    assert matcher.encoded == 1


def test_tables_show_every_row_with_its_interval_and_priors():
    text = matching_markdown(matching_table(_score, PAIRS))
    assert text.splitlines()[0].startswith("| kind | true above false twin |")
    assert "| category | 1.000 [1.000, 1.000] | 1.000 [1.000, 1.000] | 0.500 | 1.000 | 0.500 | 1 |" in text
    mask = np.ones((4, 4), bool)
    heat = heat_table(
        lambda *_: np.eye(2, dtype=np.float32), [Sample("1", PICTURE, "x", mask, tags={"kind": "attribute"})]
    )
    assert "| attribute | 1.000 [1.000, 1.000] | 1.000 | 1.000 [1.000, 1.000] | 1.000 | 0 | 1 |" in heat_markdown(heat)
    assert isinstance(heat[0], HeatRow)


def test_rows_become_plain_data():
    row = plain(matching_table(_score, PAIRS))[1]
    assert row["kind"] == "category"
    assert row["twins"] == {"mean": 1.0, "low": 1.0, "high": 1.0}


def test_markdown_aligns_figures_to_the_right():
    assert markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


@pytest.mark.parametrize(
    ("changed", "told", "hard"),
    [
        ("position", False, True),
        ("relation", False, True),
        ("roles", False, True),
        ("ordinal", False, True),
        ("comparison", False, True),
        ("relation", True, False),
        ("noun", False, False),
        ("colour", False, False),
        ("anchor size", False, False),
        ("anchor relation", False, True),
    ],
)
def test_hard_twins_need_more_than_a_look_at_the_things(changed, told, hard):
    assert is_hard(MatchingPair("1", PICTURE, "a", "b", "relation", changed, told, False)) is hard


def test_a_scored_pair_says_what_it_was():
    row = score_pair(_score, PAIRS[1], "val")
    assert (row.image, row.split, row.kind, row.changed, row.hard) == ("2", "val", "position", "noun", False)
    assert (row.true_probability, row.false_probability, row.order, row.decided) == (0.4, 0.2, 1.0, 0.5)
