"""What a report says of failures, of runs in which some, none and all phrases failed, and nobody knows."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "visualize"))

from made_failures import HOSTILE, line, small, table

from iterprime_xai.evaluation.failures import density, failure_table, priced, slices
from iterprime_xai.reports.sections import failure_charts, failure_exhibits, second_looks


def mendable():
    """`small` with oracles that answer without fault: at 0.1, 0.1 and 0.2, three phrases of nine gain 20 and 8.9 points."""
    lines = small().rows.to_pylist(maps_as_pydicts="strict")
    perfect = {"repaired_intersection": 100, "repaired_union": 100}
    return table(*(each | {"tags": list(each["tags"].items())} | perfect for each in lines))


class TestWorst:
    def test_the_lowest_iou_comes_first_and_a_picture_once_as_long_as_there_are_others(self):
        found = failure_exhibits.worst(
            table(
                line(0, "scattered", 0.3, image_id="a"),
                line(1, "scattered", 0.1, image_id="b"),
                line(2, "scattered", 0.0, image_id="b"),
                line(3, "part_only", 0.0),
                line(4, "right", 0.9),
                line(5, "scattered", 0.2, image_id="b"),
            ),
            ["scattered", "part_only", "wrong_category"],
            each=3,
            most=9,
        )
        assert found == {"scattered": ["s2", "s0", "s1"], "part_only": ["s3"]}

    def test_of_equals_the_one_whose_oracle_gains_most_then_the_first(self):
        lines = [
            line(number, "scattered", 0.0, image_id=f"{number}", gain=gain)
            for number, gain in enumerate([0.5, 0.9, 0.5])
        ]
        assert failure_exhibits.worst(table(*lines), ["scattered"], 3, 9) == {"scattered": ["s1", "s0", "s2"]}

    def test_there_are_no_more_than_asked_of_each_and_in_all(self):
        lines = [line(number, kind, 0.0) for number, kind in enumerate(["scattered"] * 3 + ["part_only"] * 3)]
        found = failure_exhibits.worst(table(*lines), ["part_only", "scattered"], 2, 3)
        assert found == {"part_only": ["s3", "s4"], "scattered": ["s0"]}
        assert failure_exhibits.worst(table(*lines), ["part_only", "scattered"], 0, 3) == {}


class TestFinding:
    def test_it_says_how_many_failed_and_what_the_dearest_types_cost(self):
        said = repr(failure_exhibits.finding(priced(mendable()), 0.5))
        assert "3 of 9 phrases failed (33.3 %, right from IoU 0.5)" in said
        assert "Dearest: position ignored , 2 phrases, +20.0 points of mIoU" in said
        assert "wrong category , 1 phrase, +8.9 points" in said

    def test_where_nothing_failed_and_where_nobody_knows_it_says_so(self):
        right = repr(failure_exhibits.finding(priced(table(line(0), line(1))), 0.5))
        assert "0 of 2 phrases failed" in right
        assert "Dearest" not in right
        unknown = repr(failure_exhibits.finding(priced(table(line(0, "unlabelled", None))), 0.5))
        assert "No phrase has a gold mask, without which nobody knows what failed" in unknown


class TestParserShare:
    def test_phrases_are_parted_by_whether_the_parser_took_the_word_that_the_data_tells(self):
        told = [("primary", "Dog")]
        lines = [
            line(0, tags=told, primary="dog"),
            line(1, "scattered", 0.0, tags=told, primary="dog"),
            line(2, "parser_error", 0.0, tags=told, primary="left"),
            line(3, "no_proposal_fits", 0.0, tags=told, primary=None),
            line(4, tags=[("kind", "x")]),
            line(5, "unlabelled", None, tags=told),
            line(6, "error", 0.0, tags=told, primary=None),
        ]
        found = failure_exhibits.parser_share(table(*lines)).html
        rows = [re.findall(r"<td[^>]*>([^<]*)</td>", each) for each in re.findall(r"<tr>(.*?)</tr>", found)][1:]
        assert [row[:3] for row in rows] == [
            ["the parser took the word that the data set tells", "2", "1"],
            ["the parser took another", "2", "2"],
        ]
        assert rows[0][3].startswith("50.0 [")
        assert "1 failure of the type “parser error”" in found

    def test_where_the_data_tell_none_it_says_so(self):
        assert "does not tell the primary word" in repr(failure_exhibits.parser_share(small()))


class TestSliced:
    def test_a_tag_that_no_phrase_has_is_said_and_the_others_are_there(self):
        text = failure_exhibits.sliced(small(), ["length", "tag:domain"]).text
        assert "By **words**. 3 of 9 phrases failed" in text
        assert "By **domain**: No phrase has a tag 'domain'. There are: kind." in text


class TestSheets:
    def test_each_failure_has_a_sentence_pictures_and_its_sheet_and_hostile_text_is_escaped(self, toy_run, monkeypatch):
        run = toy_run("wrong")
        named = failure_exhibits.worst(failure_table(run), ["wrong_category", "scattered", "no_proposal_fits"], 1, 2)
        (kind, (name,)), *_ = named.items()
        from iterprime_xai.evaluation.failures import case

        real = run.row
        monkeypatch.setattr(type(run), "row", lambda self, key: real(key) | {"text": HOSTILE})
        found = failure_exhibits.sheets_of(run, {kind: [name]}, 0.5).html
        assert case.open_case(run, name).text == HOSTILE
        assert "<img src=x" not in found
        assert "&lt;img src=x" in found
        assert found.count('class="failure"') == 1
        assert f"everything about {name}" in found
        assert "data:image/jpeg;base64," in found
        assert "Rule: " in found

    def test_an_error_row_and_a_picture_that_is_gone_are_told_without_one(self, toy_run):
        import iterprime_xai as ix

        run = toy_run("mixed")
        assert "That is a bad phrase." in failure_exhibits.sheets_of(run, {"error": ["1-0"]}, 0.5).html
        gone = ix.read_run(run.path)
        assert "given from memory" in failure_exhibits.sheets_of(gone, {"error": ["0-0"]}, 0.5).html

    def test_nothing_to_show_is_not_said_to_be_nothing_that_failed(self, toy_run):
        assert repr(failure_exhibits.sheets_of(toy_run("wrong"), {}, 0.5)) == "There is no failure to show."


class TestCharts:
    def test_the_numbers_stand_in_the_alternative_text_too(self):
        cost = failure_charts.cost_chart(priced(mendable()))
        assert cost.alt.endswith("position ignored (2): +20.0; wrong category (1): +8.9.")
        shares = failure_charts.slice_chart(slices(small().rows, "tag:kind"))
        assert "position (2): 100 %" in shares.alt
        assert "attribute (6): 0 %" in shares.alt
        assert shares.alt.endswith("All phrases: 33 %.")
        assert cost.content.startswith(b"\xff\xd8")

    def test_only_so_many_slices_are_drawn(self):
        lines = [line(number, tags=[("kind", f"k{number}")]) for number in range(5)]
        assert failure_charts.slice_chart(slices(table(*lines).rows, "tag:kind"), most=2).alt.count("(1)") == 2

    def test_the_worst_cell_is_named_where_it_has_enough_phrases(self):
        lines = [line(number, "scattered", 0.0, gold_x=0.9, gold_y=0.1) for number in range(5)]
        few = [line(9, "scattered", 0.0, gold_x=0.1, gold_y=0.9), line(10)]
        assert (
            "Most often in row 1, column 2: 100 % of 5."
            in failure_charts.places_chart(density(table(*lines, *few).rows, bins=2)).alt
        )
        assert "Most often" not in failure_charts.places_chart(density(table(*few).rows, bins=2)).alt

    @pytest.mark.parametrize("lines", [(), (line(0, "unlabelled", None),)], ids=["no phrase", "unlabelled"])
    def test_without_a_phrase_that_is_known_they_are_empty_and_say_so(self, lines):
        rows = table(*lines).rows
        assert "no phrase" in failure_charts.slice_chart(slices(rows, "cue")).alt
        assert failure_charts.places_chart(density(rows, bins=2)).content


class TestSecondLooks:
    def test_every_further_look_of_a_full_run_is_counted(self, toy_run):
        run = toy_run("mixed")
        found = second_looks.refinement(run, failure_table(run)).text
        # 12 phrases less one error row and the two of the picture without a gold mask; the system looks once.
        assert "**Used looks fixed 0 answers and broke 0** (chance p = 1.00)" in found
        assert "9 phrases." in found
        assert "none was looked at a second time" in found

    def test_only_phrases_of_the_table_count(self, toy_run):
        from iterprime_xai.evaluation.failures.narrowing import narrowed

        run = toy_run("mixed")
        part = narrowed(failure_table(run), {"kind": "odd"})
        assert "5 phrases." in second_looks.refinement(run, part).text

    def test_a_system_without_settings_and_no_phrases_are_said(self, toy_run):
        run = toy_run("mixed")
        assert "toy has no refinement and no emphasis to change" in repr(
            second_looks.switches(run, failure_table(run), 5)
        )
        assert "again is 0" in repr(second_looks.switches(run, failure_table(run), 0))
