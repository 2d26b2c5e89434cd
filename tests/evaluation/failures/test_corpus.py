"""Words, places and slices of a handful of phrases, counted by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from iterprime_xai.evaluation.failures import density, slices, word_table
from iterprime_xai.evaluation.failures.corpus import NO_CUE, NOTHING, SIZES
from iterprime_xai.evaluation.failures.rates import rates, wilson
from iterprime_xai.evaluation.failures.table import SCHEMA
from iterprime_xai.records import OptionError


def table(*lines):
    """Lines of a run's failures; what is not given is right, on one pixel in a hundred in the middle."""
    plain = {
        "text": "left dog",
        "tags": [],
        "words": ["left", "dog"],
        "type": "right",
        "iou": 1.0,
        "things": 0,
        "gold_area": 100,
        "height": 100,
        "width": 100,
        "gold_x": 0.5,
        "gold_y": 0.5,
        "peak_x": 0.5,
        "peak_y": 0.5,
    }
    made = [{**dict.fromkeys(SCHEMA.names), **plain, **line} for line in lines]
    return pa.Table.from_pylist(made, SCHEMA)


LOST = {"type": "position_ignored", "iou": 0.0}
CUT = {"type": "part_only", "iou": 0.25}
UNKNOWN = {"type": "unlabelled", "iou": None, "gold_area": None, "gold_x": None, "gold_y": None}


class TestWords:
    def test_a_word_has_its_phrases_failures_and_types(self):
        lines = [
            {"words": ["left", "dog"], **LOST},
            {"words": ["left", "cat"]},
            {"words": ["Left"], **CUT},
            {"words": []},
        ]
        found = word_table(table(*lines, UNKNOWN), at_least=1)
        assert (found.phrases, found.failures, found.words) == (4, 2, 3)
        rows = {row.word: row for row in found.rows}
        assert set(rows) == {"left", "dog", "cat"}
        assert (rows["left"].count, rows["left"].failures, rows["left"].rate.mean) == (3, 2, 2 / 3)
        assert rows["left"].types == {"right": 1, "part_only": 1, "position_ignored": 1}
        assert rows["cat"].types == {"right": 1}

    def test_a_word_that_stands_twice_in_a_phrase_counts_once(self):
        (row,) = word_table(table({"words": ["dog", "DOG", "dog"], **LOST}), at_least=1).rows
        assert (row.word, row.count, row.failures) == ("dog", 1, 1)

    def test_what_fails_more_surely_comes_before_what_fails_at_a_higher_rate(self):
        sure = [{"words": ["sure"], **(LOST if place < 16 else {})} for place in range(20)]
        rare = [{"words": ["rare"], **LOST}] * 2
        found = word_table(table(*rare, *sure, *[{"words": ["good"]}] * 20), at_least=1)
        assert [row.word for row in found.rows] == ["sure", "rare", "good"]

    def test_rare_words_are_left_out_and_only_as_many_as_asked_are_kept(self):
        lines = [{"words": ["a", "b"]}, {"words": ["a", "b"], **LOST}, {"words": ["a", "c"], **LOST}]
        found = word_table(table(*lines), most=1, at_least=2)
        assert ([row.word for row in found.rows], found.words) == (["a"], 2)
        assert "1 of the 2 words that occur in at least 2" in str(found)

    def test_the_table_is_bold_where_the_interval_lies_above_the_run(self):
        lines = [{"words": ["a|b"], **LOST}] * 10 + [{"words": ["good"]}] * 10
        text = str(word_table(table(*lines)))
        assert "10 of 20 phrases failed (50.0 %)" in text
        assert "| a\\|b | 10 | 10 | **100.0 [72.2, 100.0]** | 10 |" in text
        assert "| good | 10 | 0 | 0.0 [0.0, 27.8] | 0 |" in text
        assert "| word | phrases | failed | % failed | position ignored |" in text

    def test_no_words_and_no_phrases_are_said(self):
        assert "No content word occurs in at least 10" in str(word_table(table({"words": []})))
        assert word_table(SCHEMA.empty_table()).rows == ()
        with pytest.raises(OptionError, match="at_least must be a whole number of at least 1, but is 0"):
            word_table(table({}), at_least=0)


class TestDensity:
    def test_phrases_and_failures_are_counted_where_they_lie(self):
        found = density(
            table(
                {"gold_x": 0.9, "gold_y": 0.1, **LOST},
                {"gold_x": 1.0, "gold_y": 0.49},
                {"gold_x": 0.0, "gold_y": 0.5, **CUT},
                {"gold_x": None, "gold_y": None, "gold_area": 0},
                UNKNOWN,
            ),
            bins=2,
        )
        assert found.phrases.tolist() == [[0, 2], [1, 0]]
        assert found.failures.tolist() == [[0, 1], [1, 0]]
        assert found.left_out == 1
        assert found.rate[0, 1] == 0.5
        assert np.isnan(found.rate[0, 0])
        assert "| 0-50 % | - | 50 % of 2 |" in str(found)
        assert "2 of 3 phrases failed (66.7 %), by the middle of the gold mask's box (1 without one left out)" in str(
            found
        )

    def test_the_peak_can_be_what_lies_there(self):
        found = density(table({"peak_x": 0.1, "peak_y": 0.9, **LOST}, {"peak_x": None, "peak_y": None}), "peak", 2)
        assert (found.phrases.tolist(), found.left_out) == ([[0, 0], [1, 0]], 1)

    def test_other_places_and_no_bins_are_refused(self):
        with pytest.raises(OptionError, match=r'"gold" or "peak", but got \'mask\''):
            density(table({}), "mask")
        with pytest.raises(OptionError, match="bins"):
            density(table({}), bins=0)

    def test_a_run_without_phrases_has_an_empty_picture(self):
        assert density(SCHEMA.empty_table(), bins=1).phrases.tolist() == [[0]]


class TestSlices:
    def test_clutter_counts_the_other_things_up_to_many(self):
        lines = [
            {"things": 0},
            {"things": 4, **LOST},
            {"things": 9, **CUT},
            {"things": 5, **CUT},
            {"things": None},
            UNKNOWN,
        ]
        found = slices(table(*lines), "clutter")
        assert [(row.name, row.count, row.failures) for row in found.rows] == [("0", 1, 0), ("4+", 3, 3)]
        assert found.rows[1].miou == pytest.approx((0 + 0.25 + 0.25) / 3)
        assert (found.rows[1].commonest, found.rows[1].commonest_count) == ("part_only", 2)
        assert found.rows[0].commonest is None
        assert (found.phrases, found.failures, found.left_out) == (5, 3, 1)
        assert "(1 left out, for which it is not known)" in str(found)

    def test_sizes_are_shares_of_the_picture_and_begin_where_the_last_ends(self):
        small, medium, large, huge, most = SIZES
        areas = {
            0: NOTHING,
            33: small,
            34: medium,
            299: medium,
            300: large,
            999: large,
            1000: huge,
            3000: most,
            10000: most,
        }
        for area, name in areas.items():
            (row,) = slices(table({"gold_area": area}), "size").rows
            assert row.name == name, area

    def test_lengths_are_words_of_the_text(self):
        texts = ["dog", "  the   dog ", "one two three four five six seven eight nine"]
        found = slices(table(*({"text": text} for text in texts)), "length")
        assert [row.name for row in found.rows] == ["1", "2", "8+"]

    def test_rivals_count_the_others_of_its_category_where_that_is_known(self):
        lines = [
            {"rivals": 0, "things": 9},
            {"rivals": 1, **LOST},
            {"rivals": 1},
            {"rivals": 4, **CUT},
            {"rivals": 11, **LOST},
            {"rivals": None, "things": 2},
            {**UNKNOWN, "rivals": 1},
        ]
        found = slices(table(*lines), "rivals")
        assert [(row.name, row.count, row.failures) for row in found.rows] == [("0", 1, 0), ("1", 2, 1), ("4+", 2, 2)]
        assert found.rows[2].miou == 0.125
        assert (found.phrases, found.failures, found.left_out) == (6, 3, 1)
        assert "| others of its category | phrases |" in str(found)

    def test_cues_are_sorted_by_how_surely_they_fail_and_none_is_one_too(self):
        cues = [("left", LOST)] * 10 + [("on", {})] * 10 + [(None, LOST)] + [(None, {})]
        found = slices(table(*({"cue": cue, **how} for cue, how in cues), {**UNKNOWN, "cue": "on"}), "cue")
        assert [(row.name, row.count, row.failures) for row in found.rows] == [
            ("left", 10, 10),
            (NO_CUE, 2, 1),
            ("on", 10, 0),
        ]
        assert found.left_out == 0
        assert "| says where | phrases |" in str(found)
        assert "| left | 10 | 10 | **100.0 [72.2, 100.0]** | 0.0 | position ignored (10) |" in str(found)

    def test_values_of_a_tag_are_sorted_by_how_surely_they_fail(self):
        kinds = [("easy", {})] * 10 + [("hard", LOST)] * 10 + [("odd", LOST)]
        lines = [{"tags": [("kind", kind)], **how} for kind, how in kinds]
        found = slices(table(*lines, {"tags": []}), "tag:kind")
        assert [row.name for row in found.rows] == ["hard", "odd", "easy"]
        assert found.left_out == 1
        assert "| kind | phrases |" in str(found)
        assert "| hard | 10 | 10 | **100.0 [72.2, 100.0]** | 0.0 | position ignored (10) |" in str(found)

    def test_many_values_are_cut_when_printed_and_it_is_said(self):
        text = str(slices(table(*({"tags": [("id", f"n{place}")]} for place in range(50))), "tag:id"))
        assert "the first 40 of 50 slices" in text
        assert text.count("\n| n") == 40

    def test_what_phrases_cannot_be_sliced_by_is_refused_with_the_nearest(self):
        with pytest.raises(OptionError, match="did you mean 'clutter'"):
            slices(table({}), "cluter")
        with pytest.raises(OptionError, match="No phrase has a tag 'knd'; did you mean 'kind'"):
            slices(table({"tags": [("kind", "a")]}), "tag:knd")

    @pytest.mark.parametrize("by", ["clutter", "rivals", "size", "length", "cue", "tag:kind"])
    def test_a_run_without_phrases_has_no_slices(self, by):
        found = slices(SCHEMA.empty_table(), by)
        assert (found.rows, found.phrases) == ((), 0)
        assert "0 of 0 phrases failed" in str(found)


class TestRates:
    def test_the_interval_of_one_half_and_of_nothing_is_wilsons(self):
        # Newcombe (1998), table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
        low, high = wilson(np.array([81, 0]), np.array([263, 20]))
        assert low == pytest.approx([0.2553, 0.0], abs=5e-5)
        assert high == pytest.approx([0.3662, 0.1611], abs=5e-5)

    def test_nothing_counted_is_not_known(self):
        (nothing,) = rates(np.array([0]), np.array([0]))
        assert np.isnan([nothing.mean, nothing.low, nothing.high]).all()


def test_a_hundred_thousand_phrases_take_a_moment():
    from time import perf_counter

    dice = np.random.default_rng(0)
    words, kinds = np.array([f"w{place}" for place in range(500)]), np.array(["right", "part_only", "scattered"])
    few = [
        {"words": words[dice.integers(0, 500, 3)].tolist(), "type": str(dice.choice(kinds)), "iou": 0.5}
        for _ in range(1000)
    ]
    many = pa.concat_tables([table(*few)] * 100).combine_chunks()
    begun = perf_counter()
    found = word_table(many)
    assert found.phrases == 100_000
    assert perf_counter() - begun < 2  # 0.1 s alone on a core
