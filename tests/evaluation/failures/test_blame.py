"""Which pass and which word the answer is due to, on a picture of 8 x 8 pixels with 4 patches and a mask on each."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, sqrt

import numpy as np
import pytest
from PIL import Image
from run_stand_ins import expression_of

from iterprime_xai.evaluation.failures import most_blamed, pass_changes, word_blame
from iterprime_xai.evaluation.failures.blame import blend_shares
from iterprime_xai.masks import select
from iterprime_xai.records import Grounding, OptionError, Pass, Proposals, Selection, WordMap


def quarter(place):
    """The mask of one of the four patches, in reading order."""
    mask = np.zeros((8, 8), bool)
    row, column = divmod(place, 2)
    mask[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = True
    return mask


GOLD = quarter(0)
QUARTERS = Proposals(np.stack([quarter(place) for place in range(4)]), np.ones(4, np.float32), "quarters")


def heat(*values):
    return np.array(values, np.float32).reshape(2, 2)


def look(heatmap, blended=None, *, words=(), accepted=True):
    return Pass(
        heatmap,
        heatmap if blended is None else blended,
        np.ones((2, 2), bool),
        0.0,
        0.5,
        tuple(WordMap(word.text, word.span, each) for word, each in words),
        accepted,
    )


def grounding(*passes, proposals=QUARTERS, text="small dog", **settings):
    final = passes[-1].blended
    selection = None if proposals is None else select(proposals, final)
    return Grounding(
        image=Image.new("RGB", (8, 8)),
        expression=expression_of(text),
        heatmap=final,
        passes=passes,
        box=None,
        point=None,
        proposals=proposals,
        selection=selection,
        parameters=settings,
    )


def said(*maps, text="small dog", **how):
    """A grounding of one look whose words have these maps."""
    look_ = look(sum(maps), words=list(zip(expression_of(text).words, maps, strict=True)))
    return grounding(look_, text=text, **how)


RIGHT, WRONG = heat(1, 0, 0, 0), heat(0, 1, 0, 0)


class TestPasses:
    def test_each_pass_is_held_against_the_one_before(self):
        found = pass_changes(grounding(look(WRONG), look(RIGHT, RIGHT), look(WRONG, WRONG), look(RIGHT, WRONG)), GOLD)
        assert [each.change for each in found] == ["first", "fixed", "broke", "neither"]
        assert [each.number for each in found] == [1, 2, 3, 4]
        assert [each.found.answer for each in found] == [1, 0, 1, 1]
        assert [each.found.iou for each in found] == [0.0, 1.0, 0.0, 0.0]
        assert [each.found.on_gold for each in found] == [False, True, False, False]
        assert found[0].found.peak == (6, 2)
        assert pass_changes(grounding(look(WRONG)), quarter(1))[0].found.on_gold is True
        assert pass_changes(grounding(look(WRONG)), quarter(2))[0].found.on_gold is False

    def test_the_threshold_is_reached_by_an_iou_that_equals_it(self):
        half = quarter(0) | quarter(1)  # the answer has IoU 0.5
        changes = [pass_changes(grounding(look(heat(0, 0, 1, 0)), look(RIGHT)), half, at) for at in (0.5, 0.51)]
        assert [each[1].change for each in changes] == ["fixed", "neither"]

    @pytest.mark.parametrize("where", ["recipe", "settings"])
    def test_of_a_pass_that_was_not_used_it_is_said_what_it_would_have_done(self, where):
        passes = (look(heat(0, 0.2, 0, 0)), look(heat(0.9, 0, 0, 0), heat(0, 0.2, 0, 0), accepted=False))
        # 0.8 x 0.2 beside 0.2 x 0.9: the hottest patch would have been the first.
        rejected = pass_changes(grounding(*passes, **{where: {"blend": 0.2}}), GOLD)[1]
        assert (rejected.change, rejected.used, rejected.found.answer) == ("not used", False, 1)
        assert (rejected.would, rejected.instead.answer, rejected.instead.iou) == ("fixed", 0, 1.0)
        # 0.9 x 0.2 beside 0.1 x 0.9: it would not.
        assert pass_changes(grounding(*passes, **{where: {"blend": 0.1}}), GOLD)[1].would == "neither"

    def test_what_was_not_used_would_have_been_blended_into_the_last_map_that_was(self):
        third = look(heat(0, 0.4, 0, 0), heat(0.5, 0, 0, 0), accepted=False)
        passes = (look(heat(0, 1, 0, 0)), look(heat(0.5, 0, 0, 0)), third)
        # 0.75 x 0.5 beside 0.25 x 0.4; with the first map the second patch would be the hottest.
        assert pass_changes(grounding(*passes, recipe={"blend": 0.25}), GOLD)[2].would == "neither"

    def test_what_it_would_have_done_is_not_known_without_the_weight_or_with_a_blank_map(self):
        unused = look(RIGHT, WRONG, accepted=False)
        blank = look(heat(0, 0, 0, 0), WRONG, accepted=False)
        for found in (
            pass_changes(grounding(look(WRONG), unused), GOLD),
            pass_changes(grounding(look(WRONG), blank, settings={"blend": 0.2}), GOLD),
        ):
            assert (found[1].change, found[1].would, found[1].instead) == ("not used", None, None)

    def test_a_pass_after_one_that_was_not_used_is_held_against_the_last_that_was(self):
        found = pass_changes(grounding(look(WRONG), look(RIGHT, WRONG, accepted=False), look(RIGHT)), GOLD)
        assert [each.change for each in found] == ["first", "not used", "fixed"]

    def test_where_the_grounding_abstained_every_pass_does(self):
        whole = grounding(look(RIGHT), look(WRONG))
        silent = replace(whole, selection=Selection((), None, 0.0, "default", "abstained"))
        assert [(each.found.answer, each.found.iou) for each in pass_changes(silent, GOLD)] == [(None, 0.0)] * 2

    def test_without_gold_the_answers_are_there_and_no_change_is_known(self):
        found = pass_changes(grounding(look(WRONG), look(RIGHT)), None)
        assert [(each.change, each.found.answer, each.found.iou, each.found.on_gold) for each in found] == [
            ("first", 1, None, None),
            ("unknown", 0, None, None),
        ]

    def test_none_where_the_heat_chose_no_mask(self):
        assert pass_changes(grounding(look(RIGHT), proposals=None), GOLD) == ()
        whole = grounding(look(RIGHT))
        assert pass_changes(replace(whole, selection=replace(whole.selection, rule="score")), GOLD) == ()

    def test_gold_of_another_size_and_a_threshold_out_of_range_are_refused(self):
        with pytest.raises(OptionError, match=r"bool of shape \(8, 8\).*\(4, 4\)"):
            pass_changes(grounding(look(RIGHT)), np.ones((4, 4), bool))
        with pytest.raises(OptionError, match="threshold"):
            pass_changes(grounding(look(RIGHT)), GOLD, 0)


class TestWords:
    def test_a_word_that_draws_the_heat_away_is_to_blame(self):
        small, dog = word_blame(said(2 * WRONG, RIGHT), GOLD)
        assert (small.text, small.together.answer, small.without.answer) == ("small", 1, 0)
        assert (small.together.iou, small.without.iou, small.blame) == (0.0, 1.0, 1.0)
        assert (small.together.on_gold, small.without.on_gold) == (False, True)
        assert small.moved == pytest.approx(4 / (8 * sqrt(2)))  # four pixels of a picture of 8 x 8
        assert (dog.blame, dog.moved) == (0.0, 0.0)
        assert most_blamed((dog, small)) is small

    def test_a_word_that_holds_the_answer_has_a_negative_blame(self):
        found = word_blame(said(WRONG, 2 * RIGHT), GOLD)
        assert [each.blame for each in found] == [0.0, -1.0]
        assert most_blamed(found) is found[1]

    def test_correlations_are_those_of_the_maps(self):
        # Together (1, 2, 0, 0); without the first word (1, 0, 0, 0). Centred: (1, 5, -3, -3)/4 and (3, -1, -1, -1)/4.
        small, dog = word_blame(said(2 * WRONG, RIGHT), GOLD)
        assert small.correlation == pytest.approx(4 / sqrt(44 * 12))
        assert dog.correlation == pytest.approx(20 / sqrt(44 * 12))
        assert small.fit == dog.fit == pytest.approx(1.0)

    def test_the_fit_is_with_the_map_of_the_grounding(self):
        words = list(zip(expression_of("small dog").words, (RIGHT, RIGHT), strict=True))
        passes = (look(WRONG, words=words), look(RIGHT, WRONG, accepted=False))
        assert word_blame(grounding(*passes), GOLD)[0].fit == pytest.approx(-1 / 3)

    def test_the_maps_of_words_are_blended_as_those_of_the_passes_were(self):
        # a = 0.25: "small" has 0.75 x (0, 0, 4, 0) and nothing, "dog" 0.75 x (2, 0, 0, 0) and 0.25 x (0, 8, 0, 0).
        first, second, words = heat(2, 0, 4, 0), heat(0, 8, 0, 0), expression_of("small dog").words
        one = look(first, words=list(zip(words, (heat(0, 0, 4, 0), heat(2, 0, 0, 0)), strict=True)))
        lost = look(RIGHT, first, accepted=False)
        blended = 0.75 * first + 0.25 * second
        two = look(second, blended, words=list(zip(words, (0 * RIGHT, heat(0, 8, 0, 0)), strict=True)))
        small, dog = word_blame(grounding(one, lost, two), GOLD)
        assert small.fit == pytest.approx(1.0)
        assert (small.together.peak, small.without.peak, dog.without.peak) == ((2, 6), (6, 2), (2, 6))
        # Together (1.5, 2, 3, 0), without "small" (1.5, 2, 0, 0).
        assert small.correlation == pytest.approx(np.corrcoef([1.5, 2, 3, 0], [1.5, 2, 0, 0])[0, 1])

    @pytest.mark.parametrize("weights", [(0.2, 0.2), (0.5, 0.0), (1.0, 0.25)])
    def test_the_weights_of_a_blend_are_read_off_its_maps(self, weights):
        a, b = weights
        maps = heat(1, 0, 0, 0), heat(0, 1, 0, 0), heat(0, 0, 1, 0)
        second = (1 - a) * maps[0] + a * maps[1]
        used = (look(maps[0]), look(maps[1], second), look(maps[2], (1 - b) * second + b * maps[2]))
        assert blend_shares(used) == pytest.approx([(1 - a) * (1 - b), a * (1 - b), b], abs=1e-6)
        assert blend_shares((look(RIGHT), look(RIGHT))) == [1.0, 0.0]

    def test_words_that_are_the_same_are_told_apart_by_their_place(self):
        found = word_blame(said(RIGHT, WRONG, WRONG, text="dog by dog"), GOLD)
        assert [each.span for each in found] == [(0, 3), (4, 6), (7, 10)]

    def test_without_the_only_word_with_heat_there_is_no_answer(self):
        (only,) = word_blame(said(RIGHT, text="dog"), GOLD)
        assert (only.without.answer, only.without.iou, only.without.peak, only.without.on_gold) == (
            None,
            0.0,
            None,
            False,
        )
        assert (only.blame, only.moved) == (-1.0, None)
        assert isnan(only.correlation)

    def test_nothing_is_to_blame_where_nothing_moves(self):
        assert most_blamed(word_blame(said(RIGHT, RIGHT), GOLD)) is None
        assert most_blamed(()) is None

    def test_of_equal_blame_the_word_that_moves_the_peak_further_comes_first(self):
        (first, *_) = word_blame(said(2 * WRONG, RIGHT), GOLD)
        near, far = replace(first, moved=0.1), replace(first, moved=0.9)
        assert most_blamed((near, far)) is far
        assert most_blamed((near, replace(near))) is near

    def test_without_proposals_peaks_are_compared(self):
        found = word_blame(said(2 * WRONG, RIGHT, proposals=None), GOLD)
        assert [(each.together.answer, each.together.iou, each.blame) for each in found] == [(None, None, None)] * 2
        assert most_blamed(found) is found[0]
        assert most_blamed(word_blame(said(RIGHT, RIGHT, proposals=None), GOLD)) is None

    def test_without_word_maps_or_with_blank_ones_nobody_is_blamed(self):
        assert word_blame(grounding(look(RIGHT)), GOLD) == ()
        words = list(zip(expression_of("small dog").words, (RIGHT, RIGHT), strict=True))
        assert word_blame(grounding(look(RIGHT), look(RIGHT, words=words)), GOLD) == ()
        assert word_blame(said(0 * RIGHT, 0 * RIGHT), GOLD) == ()


def test_the_last_used_pass_of_a_real_run_with_detail_full_gives_its_answer(tmp_path):
    import iterprime_xai as ix
    from iterprime_xai.evaluation.failures import open_case

    run = ix.evaluate("iterprime", "scenes:testA", tmp_path / "run", limit=4, detail="full")
    looked_again = 0
    for row in run:
        case = open_case(run, row["sample_id"])
        changes = pass_changes(case.grounding, case.gold)
        last = [each for each in changes if each.used][-1]
        assert last.found.answer == row["chosen_index"]
        assert last.found.iou == pytest.approx(row["iou"], abs=1e-12)
        assert last.found.peak == tuple(row["peak"])
        assert len(changes) == len(row["passes"])
        looked_again += sum(each.instead is not None for each in changes)
        assert [each.text for each in word_blame(case.grounding, case.gold)] == [each["text"] for each in row["words"]]
    assert looked_again  # the run's settings name the weight of the blend
