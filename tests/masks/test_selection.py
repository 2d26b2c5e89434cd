"""Both rules choose what their formulas say, count every term, and say how sure they are."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.masks import select
from iterprime_xai.records import OptionError, Proposals, Selection


def _box(top: int, left: int, bottom: int, right: int, size: int = 8) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top:bottom, left:right] = True
    return mask


def _proposals(*masks: np.ndarray, scores: list[float] | None = None) -> Proposals:
    return Proposals(np.stack(masks), np.array(scores or [1.0] * len(masks), np.float32), "test")


def _heat(*cells: tuple[int, int, float]) -> np.ndarray:
    heatmap = np.zeros((4, 4), np.float32)
    for row, column, value in cells:
        heatmap[row, column] = value
    return heatmap


TOP_LEFT, BOTTOM_RIGHT, EVERYTHING = _box(0, 0, 4, 4), _box(4, 4, 8, 8), _box(0, 0, 8, 8)
HEAT_TOP_LEFT = _heat((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1))


def _order(selection: Selection) -> list[int]:
    return [each.index for each in selection.ranking]


def test_the_default_rule_takes_the_mask_of_the_shape_of_the_heat() -> None:
    selection = select(_proposals(BOTTOM_RIGHT, EVERYTHING, TOP_LEFT), HEAT_TOP_LEFT)
    assert selection.answer == 2
    assert selection.rule == "default"
    best = selection.ranking[0]
    assert best.score == pytest.approx(1)
    assert best.terms == pytest.approx(
        {
            "prior": 1,
            "match": 1,
            "heat_share": 1,
            "heat_inside": 1,
            "heat_outside": 0,
            "covers_peak": 1,
            "area_fraction": 0.25,
        }
    )
    assert "correlation 1.00" in selection.reason
    assert "100% of the heat in 25% of the picture" in selection.reason


def test_the_terms_are_those_of_a_case_done_by_hand() -> None:
    # The heat is 4 in one patch and 2 in another; the mask covers the first whole and half of a cold one beside it.
    heatmap = _heat((0, 0, 4), (3, 3, 2))
    terms = select(_proposals(_box(0, 0, 2, 3)), heatmap).ranking[0].terms
    cover, heat = np.zeros((4, 4)), heatmap / 4
    cover[0, 0], cover[0, 1] = 1, 0.5
    assert terms["match"] == pytest.approx(np.corrcoef(cover.ravel(), heat.ravel())[0, 1])
    assert terms["heat_share"] == pytest.approx(1 / 1.5)
    assert terms["heat_inside"] == pytest.approx(1 / 1.5)
    assert terms["heat_outside"] == pytest.approx(0.5 / 14.5)
    assert terms["covers_peak"] == 1
    assert terms["area_fraction"] == 6 / 64


def test_patches_that_end_within_a_pixel_share_it() -> None:
    # 8 pixels in 3 patches: a patch is 8/3 wide, so 3 pixels cover the first and 1/8 of the second.
    heatmap = np.zeros((3, 3), np.float32)
    heatmap[0, 1] = 1
    terms = select(_proposals(_box(0, 0, 3, 3)), heatmap).ranking[0].terms
    assert terms["heat_share"] == pytest.approx(1 / 8)
    assert terms["heat_inside"] == pytest.approx((1 / 8) / (9 / 8) ** 2)


def test_the_default_rule_prefers_neither_a_speck_at_the_peak_nor_the_whole_picture() -> None:
    heatmap = HEAT_TOP_LEFT.copy()
    heatmap[0, 0] = 1.5
    speck = _box(0, 0, 1, 1)
    proposals = _proposals(speck, EVERYTHING, TOP_LEFT)
    assert select(proposals, heatmap).answer == 2
    assert select(proposals, heatmap, rule="paper").answer == 0  # the bias of the paper's rule


def test_the_proposers_score_weighs_in_relative_to_its_best() -> None:
    almost = _box(0, 0, 4, 5)
    even, uneven = _proposals(almost, TOP_LEFT), _proposals(almost, TOP_LEFT, scores=[0.5, 0.25])
    assert select(even, HEAT_TOP_LEFT).answer == 1
    chosen = select(uneven, HEAT_TOP_LEFT)
    assert chosen.answer == 0
    assert [each.terms["prior"] for each in chosen.ranking] == [1, 0.5]


@pytest.mark.parametrize("rule", ["default", "paper"])
@pytest.mark.parametrize("scale", [1e-10, 1e-30, 1e20])
def test_the_magnitude_of_the_heat_does_not_matter(rule: str, scale: float) -> None:
    proposals = _proposals(BOTTOM_RIGHT, EVERYTHING, TOP_LEFT)
    one, other = (
        select(proposals, HEAT_TOP_LEFT, rule=rule),
        select(proposals, HEAT_TOP_LEFT * np.float32(scale), rule=rule),
    )
    assert _order(one) == _order(other)
    assert [each.score for each in one.ranking] == pytest.approx([each.score for each in other.ranking], abs=1e-5)


def test_the_paper_rule_is_the_mean_of_one_plus_heat_over_the_filtered_masks() -> None:
    # Grid and picture have the same size, so that upsampling changes nothing.
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[0, 0], heatmap[0, 1], heatmap[7, 7] = 4, 2, 3
    small, wide, elsewhere = _box(0, 0, 1, 2), _box(0, 0, 2, 2), _box(7, 7, 8, 8)
    selection = select(_proposals(wide, elsewhere, small), heatmap, rule="paper")
    assert _order(selection) == [2, 0, 1]
    scores = {each.index: each.score for each in selection.ranking}
    assert scores[2] == pytest.approx((2 + 1.5) / (2 + 1e-5))
    assert scores[0] == pytest.approx((4 + 1.5) / (4 + 1e-5))
    assert scores[1] == 0
    assert selection.ranking[0].terms == pytest.approx(
        {"mean_one_plus_heat": 1.75, "covers_peak": 1, "pieces": 1, "area_fraction": 2 / 64, "passed": 1}, abs=1e-5
    )
    assert selection.ranking[2].terms["mean_one_plus_heat"] == pytest.approx(1.75, abs=1e-4)
    assert selection.ranking[2].terms["passed"] == 0
    assert selection.reason.startswith("it covers the hottest pixel, has at most 12 pieces")


def _checkered(pieces: int) -> np.ndarray:
    """``pieces`` single pixels of a 8 x 8 picture that touch at corners at most, the first at the top left."""
    places = [(row, column) for row in range(8) for column in range(8) if (row + column) % 2 == 0]
    mask = np.zeros((8, 8), bool)
    mask[tuple(np.array(places[:pieces]).T)] = True
    return mask


def test_the_paper_rule_counts_4_connected_pieces_up_to_12() -> None:
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[0, 0] = 1
    selection = select(_proposals(_checkered(13), _checkered(12)), heatmap, rule="paper")
    assert [(each.index, each.terms["pieces"], each.terms["passed"]) for each in selection.ranking] == [
        (1, 12, 1),
        (0, 13, 0),
    ]


@pytest.mark.parametrize(
    ("masks", "answer", "reason"),
    [
        ([_checkered(13), BOTTOM_RIGHT], 0, "more than 12 pieces"),
        ([BOTTOM_RIGHT, _box(0, 1, 1, 3)], 1, "no mask covers the hottest pixel"),
        # Neither holds any heat, so the 1e-5 under the fraction decides for the larger one.
        ([_checkered(18) & ~_checkered(1), _checkered(20) & ~_checkered(1)], 1, "passes either filter"),
    ],
)
def test_the_paper_rule_always_answers_and_says_which_filter_was_dropped(
    masks: list[np.ndarray], answer: int, reason: str
) -> None:
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[0, 0], heatmap[0, 1] = 4, 1
    selection = select(_proposals(*masks), heatmap, rule="paper")
    assert selection.answer == answer
    assert reason in selection.reason


def test_the_margin_is_the_lead_over_the_best_different_mask() -> None:
    twin = _box(0, 0, 4, 5)  # IoU 0.8 with the best: the same answer
    rival = EVERYTHING & ~_box(0, 0, 2, 8)
    selection = select(_proposals(TOP_LEFT, twin, rival, BOTTOM_RIGHT), HEAT_TOP_LEFT + _heat((3, 0, 0.5)))
    scores = {each.index: each.score for each in selection.ranking}
    assert selection.answer == 0
    best_rival = max(scores[2], scores[3])
    assert scores[1] > best_rival
    assert selection.margin == pytest.approx((scores[0] - best_rival) / scores[0])


def test_the_margin_is_one_without_a_rival_and_zero_in_a_tie() -> None:
    assert select(_proposals(TOP_LEFT, _box(0, 0, 4, 5)), HEAT_TOP_LEFT).margin == 1
    both = _heat((0, 0, 1), (3, 3, 1))
    tie = select(_proposals(_box(6, 6, 8, 8), _box(0, 0, 2, 2)), both)
    assert tie.margin == pytest.approx(0, abs=1e-9)
    assert tie.answer == 0  # the first of equals


def test_ties_go_to_the_larger_mask_then_to_the_first() -> None:
    heatmap = _heat((0, 0, 1))
    cold_small, cold_large = _box(6, 6, 7, 7), _box(5, 5, 8, 8)
    assert _order(select(_proposals(cold_small, cold_large, cold_small), heatmap)) == [1, 0, 2]


def test_heat_that_no_mask_touches_still_gives_an_answer_without_a_margin() -> None:
    selection = select(_proposals(BOTTOM_RIGHT, _box(6, 0, 8, 2), scores=[0.5, 0.75]), HEAT_TOP_LEFT)
    assert selection.answer == 1
    assert selection.margin == 0
    assert "no mask lies where the heat is" in selection.reason


@pytest.mark.parametrize("rule", ["default", "paper"])
@pytest.mark.parametrize("value", [0.0, -3.0, 7.0])
def test_a_flat_heatmap_leaves_the_proposers_order_or_abstains(rule: str, value: float) -> None:
    flat = np.full((4, 4), value, np.float32)
    proposals = _proposals(BOTTOM_RIGHT, EVERYTHING, TOP_LEFT, scores=[0.9, 0.4, 0.4])
    always = select(proposals, flat, rule=rule)
    assert _order(always) == [0, 1, 2]
    assert (always.answer, always.margin) == (0, 0)
    assert all(each.score == 0 for each in always.ranking)
    assert "flat" in always.reason
    assert select(_proposals(TOP_LEFT, EVERYTHING), flat, rule=rule).answer == 1  # the largest of equals
    abstained = select(proposals, flat, rule=rule, answer="may_abstain", probability=0.99)
    assert abstained.answer is None
    assert abstained.ranking == always.ranking
    assert abstained.reason == "abstained: the heatmap is flat and tells nothing"


def test_an_unlikely_match_abstains_only_where_it_may() -> None:
    proposals = _proposals(TOP_LEFT)
    for probability, answer in [(0.49, None), (0.5, 0), (None, 0)]:
        assert select(proposals, HEAT_TOP_LEFT, answer="may_abstain", probability=probability).answer == answer
    assert select(proposals, HEAT_TOP_LEFT, probability=0.01).answer == 0
    strict = select(proposals, HEAT_TOP_LEFT, answer="may_abstain", probability=0.8, abstain_below=0.9)
    assert strict.answer is None
    assert strict.reason == "abstained: the match probability 0.800 is below 0.9"
    assert strict.ranking[0].score == pytest.approx(1)


@pytest.mark.parametrize("answer", ["always", "may_abstain"])
def test_no_proposals_give_no_answer(answer: str) -> None:
    none = Proposals(np.zeros((0, 8, 8), bool), np.zeros(0, np.float32), "test")
    selection = select(none, HEAT_TOP_LEFT, answer=answer)  # type: ignore[arg-type]
    assert selection == Selection((), None, 0.0, "default", "there are no proposals to choose from")


@pytest.mark.parametrize("rule", ["default", "paper"])
def test_an_empty_mask_is_ranked_last_not_an_error(rule: str) -> None:
    selection = select(_proposals(np.zeros((8, 8), bool), TOP_LEFT), HEAT_TOP_LEFT, rule=rule)
    assert _order(selection) == [1, 0]
    assert selection.ranking[1].score == 0


@pytest.mark.parametrize(
    ("heatmap", "options", "message"),
    [
        (HEAT_TOP_LEFT, {"rule": "best"}, "default, paper, but got 'best'"),
        (HEAT_TOP_LEFT, {"answer": "maybe"}, "always, may_abstain, set, but got 'maybe'"),
        (HEAT_TOP_LEFT[0], {}, r"float32 of shape \(4,\)"),
        (HEAT_TOP_LEFT.astype(int), {}, "int64"),
        (np.full((4, 4), np.nan), {}, "finite"),
    ],
)
def test_wrong_options_are_refused(heatmap: np.ndarray, options: dict[str, str], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        select(_proposals(TOP_LEFT), heatmap, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", ["default", "paper"])
def test_a_heatmap_that_is_nowhere_positive_is_no_more_than_a_flat_one(rule: str) -> None:
    cold = HEAT_TOP_LEFT - 1  # 0 at the top left, -1 elsewhere
    proposals = _proposals(BOTTOM_RIGHT, EVERYTHING, TOP_LEFT, scores=[0.9, 0.4, 0.4])
    always = select(proposals, cold, rule=rule)
    assert (_order(always), always.answer, always.margin) == ([0, 1, 2], 0, 0)
    assert all(each.score == 0 for each in always.ranking)
    assert always.reason.startswith("the heatmap is nowhere positive")
    abstained = select(proposals, cold, rule=rule, answer="may_abstain", probability=0.99)
    assert abstained.answer is None
    assert abstained.reason == "abstained: the heatmap is nowhere positive and tells nothing"


def test_heat_is_only_what_is_positive() -> None:
    # Heat 4 and 2 at the top, -2 elsewhere: the negative patches count as cold ones, not as the zero of the scale.
    heatmap = np.full((4, 4), -2, np.float32)
    heatmap[0, 0], heatmap[0, 1] = 4, 2
    chosen = select(_proposals(_box(0, 0, 2, 2)), heatmap)
    assert chosen.ranking == select(_proposals(_box(0, 0, 2, 2)), np.clip(heatmap, 0, None)).ranking
    assert chosen.ranking[0].terms["heat_share"] == pytest.approx(4 / 6)
    assert chosen.ranking[0].terms["heat_outside"] == pytest.approx(0.5 / 15)
    assert "it holds 67% of the heat in 6% of the picture" in chosen.reason
