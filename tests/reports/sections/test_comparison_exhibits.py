"""What the comparison of two runs says, with figures worked out by hand."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from run_stand_ins import ToySet, ToySystem

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.failures import failure_table
from iterprime_xai.evaluation.failures.two_runs import by_tag, by_word, counted, farthest, two_runs
from iterprime_xai.evaluation.measures import compare
from iterprime_xai.evaluation.measures.comparing import Compared, Comparison, Group
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.evaluation.runs.reading import read_run
from iterprime_xai.records import OptionError
from iterprime_xai.reports.sections import comparison_exhibits, comparison_pictures, run_pair


class Always(ToySystem):
    """Answers with the left mask (IoU 0.75 with the gold one) or, where it ``misses``, with the right one."""

    def __init__(self, name, misses=()):
        super().__init__(name)
        self.misses = misses

    def segment_many(self, image, texts, *, proposals=None, answer="always"):
        found = super().segment_many(image, texts, proposals=proposals, answer=answer)
        made = []
        for text, each in zip(texts, found, strict=True):
            chosen = int(any(word in text.split() for word in self.misses))
            selection = replace(each.selection, answer=chosen)
            made.append(replace(each, selection=selection, mask=each.proposals.masks[chosen]))
        return made


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """ "sure" is always right, "weak" wrong for every phrase with the word 1: for half of them."""
    folder, data = tmp_path_factory.mktemp("runs"), ToySet(12, 2)
    for name, misses in (("sure", ()), ("weak", ("1",))):
        evaluate(Always(name, misses), data, folder / name, progress=False)
    return [read_run(folder / name, data) for name in ("sure", "weak")]


@pytest.fixture(scope="module")
def pair(runs):
    return two_runs(*(failure_table(each) for each in runs), "sure", "weak")


def plain(exhibit) -> str:
    return repr(exhibit)


def comparison_of(difference: Interval, *, errors=0, left_out=0, notes=()) -> Comparison:
    ours = Compared("sure", errors, {"miou": Interval(0.75, 0.7, 0.8)}, {"miou": difference})
    theirs = Compared("weak", 0, {"miou": Interval(0.5, 0.4, 0.6)}, None)
    return Comparison("toy:val", "weak", 12, {"sure": left_out}, (Group("all", 12, (ours, theirs)),), (), tuple(notes))


def test_the_headline_says_who_is_better_and_on_what_that_rests(runs, pair):
    said = plain(comparison_exhibits.headline(compare(runs, against=1), pair))
    assert said.startswith("sure is better than weak by mIoU on toy:val: mIoU 75.0 against 37.5")
    assert "+37.5 [+37.5, +37.5] points on 24 phrases" in said
    assert "Only sure is right on 12, only weak on 0 (chance of so uneven a split: below 0.001)" in said


def test_the_headline_does_not_take_sides_where_the_interval_holds_0(pair):
    unclear = plain(comparison_exhibits.headline(comparison_of(Interval(0.25, -0.01, 0.5)), pair))
    assert unclear.startswith("12 phrases of toy:val do not tell sure from weak by mIoU:")
    worse = plain(comparison_exhibits.headline(comparison_of(Interval(-0.25, -0.5, -0.01)), pair))
    assert worse.startswith("weak is better than sure by mIoU on toy:val:")


def test_of_very_few_pictures_nothing_is_said_to_be_better(runs, pair):
    few = replace(pair, rows=pair.rows.slice(0, 10), others=pair.others.slice(0, 10))
    said = plain(comparison_exhibits.headline(comparison_of(Interval(0.25, 0.2, 0.3)), few))
    assert said.startswith("5 pictures are too few to tell sure from weak:")


def test_what_limits_the_comparison_is_told():
    said = plain(
        comparison_exhibits.caveats(comparison_of(Interval(0, 0, 0), errors=2, left_out=3, notes=["x is not done"]))
    )
    for part in ("3 of sure measured phrases", "2 phrases of sure ended in an error", "X is not done."):
        assert part in said
    assert plain(comparison_exhibits.caveats(comparison_of(Interval(0, 0, 0)))) == ""


def test_the_table_of_two_by_two_adds_up_and_states_its_formula(pair):
    said = plain(comparison_exhibits.right_wrong(pair))
    assert "sure: right 12 12 24" in said
    assert "sure: wrong 0 0 0" in said
    assert "together 12 12 24" in said
    assert "b = 12, c = 0, n = 12: p = below 0.001." in said
    assert "McNemar" in said


def test_turns_name_the_type_and_its_rule(pair):
    said = plain(comparison_exhibits.turned(pair))
    assert counted(pair).gained == 12
    assert "in favour of sure" in said
    assert sum(int(number) for number in re.findall(r"\+(\d+)\b", said)) == 12
    same = two_runs(*[type("T", (), {"rows": pair.rows, "threshold": 0.5})] * 2, "a", "b")
    assert "very same phrases" in plain(comparison_exhibits.turned(same))


def test_groups_are_a_line_each_and_clear_ones_bold(pair):
    found = by_tag(pair, "kind")
    html = comparison_exhibits.groups(pair, found, "kind").html
    assert html.count("<b>+37.5 [+37.5, +37.5]</b>") == 2
    said = plain(comparison_exhibits.tag_said(pair, found, "kind"))
    assert "sure is better for “even”, “odd”" in said
    assert "commonest" not in said
    assert "the 1 commonest values; 12 phrases have another" in plain(
        comparison_exhibits.tag_said(pair, found[:1], "kind")
    )


def test_words_come_with_what_chance_would_find(pair):
    found = by_word(pair, at_least=3)
    said = plain(comparison_exhibits.words_said(pair, found))
    assert "“1”" in said
    assert f"{found.clear} of {found.words} words show a clear difference" in said
    assert "No content word" in plain(comparison_exhibits.words_said(pair, by_word(pair, at_least=99)))


@pytest.mark.parametrize(("value", "said"), [(0.5, "0.500"), (0.001, "0.001"), (0.00099, "below 0.001")])
def test_a_small_chance_is_not_called_zero(value, said):
    assert comparison_exhibits.chance(value) == said


def test_charts_say_their_numbers_in_words(runs, pair):
    metrics = comparison_pictures.metric_chart(compare(runs, against=1))
    assert "mIoU +37.5 [+37.5, +37.5]" in metrics.alt
    assert "even (12) +37.5" in comparison_pictures.group_chart(pair, by_tag(pair, "kind")).alt
    scatter = comparison_pictures.iou_chart(pair)
    assert "12 right in both, 12 only in sure, 0 only in weak, 0 in neither" in scatter.alt
    assert np.asarray(Image.open(io.BytesIO(scatter.content))).std() > 5


def test_with_several_runs_the_chart_has_a_row_for_each_and_fewer_metrics(runs, tmp_path):
    third = evaluate(Always("third", ("0",)), ToySet(12, 2), tmp_path / "third", progress=False)
    alt = comparison_pictures.metric_chart(compare([*runs, third], against=1)).alt
    assert "mIoU, sure +37.5" in alt
    assert "mIoU, third +0.0" in alt
    assert "P@0.6" not in alt


def test_a_phrase_on_which_they_part_is_shown_in_both_runs(runs, pair):
    ahead, behind = farthest(pair, 2)
    assert behind == []
    told, sheet, *more = list(comparison_pictures.apart(runs, ["sure", "weak"], ahead, 0.5))
    assert len(more) == 2
    assert "sure: Right." in plain(told)
    assert "sure, IoU 0.75" in sheet.alt
    assert "weak, IoU 0.00" in sheet.alt
    picture = Image.open(io.BytesIO(sheet.content))
    assert picture.width > 800


def test_two_runs_are_given_or_none():
    with pytest.raises(OptionError, match="only run is given; name against too"):
        run_pair.opened_pair("somewhere", "")
    with pytest.raises(OptionError, match="only against is given; name run too"):
        run_pair.opened_pair("", "somewhere")
    with pytest.raises(OptionError, match="list of run folders, but one is 3"):
        run_pair.opened_pair("", "", [3])


def test_runs_that_are_there_are_read_in_their_order(runs):
    sure, weak = (str(each.path) for each in runs)
    assert [each.name for each in run_pair.opened_pair(weak, sure, [])] == ["weak", "sure"]
