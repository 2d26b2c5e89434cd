"""Answers of one, none or several masks, alike in all systems."""

from __future__ import annotations

import html
from dataclasses import replace

import numpy as np
import pytest
from handmade_encoder import ColourCaptioner, ColourEncoder
from PIL import Image
from random_models import SHAPES, build_model, build_processor

import iterprime_xai as ix
from iterprime_xai.masks import select
from iterprime_xai.masks.several import several
from iterprime_xai.models import load_matcher
from iterprime_xai.models.profiles import Profile
from iterprime_xai.records import OptionError, Proposals
from iterprime_xai.systems import load_system, system_names


@pytest.fixture
def three():
    """Two red squares, a part of the first, and a blue one."""
    pixels = np.full((20, 40, 3), 128, np.uint8)
    masks = np.zeros((4, 20, 40), bool)
    masks[0, 4:14, 2:12] = masks[1, 4:9, 2:12] = masks[2, 4:14, 15:25] = masks[3, 4:14, 28:38] = True
    pixels[masks[0] | masks[2]] = (255, 0, 0)
    pixels[masks[3]] = (0, 0, 255)
    return Image.fromarray(pixels), masks


def test_a_set_goes_down_the_ranking_past_what_overlaps_or_falls_short():
    masks = np.zeros((4, 4, 8), bool)
    masks[0, :, :4] = masks[1, :, 3:5] = masks[2, :, 5:7] = masks[3, :, 7:] = True
    order = [0, 1, 2, 3]
    assert several(order, [1.0, 0.9, 0.8, 0.4], masks) == (2,)  # 1 shares half of itself with 0
    assert several(order, [1.0, 0.9, 0.8, 0.4], masks, 0.3) == (2, 3)
    assert several(order, [1.0, 0.9, 0.8, 0.4], masks, 0.85) == ()
    assert several(order, [0.0, 0.0, 0.0, 0.0], masks, 0.0) == ()  # nothing stands out
    assert several([], [], masks) == ()


def test_outlines_that_touch_are_no_overlap():
    masks = np.zeros((2, 10, 10), bool)
    masks[0, :6], masks[1, 5:] = True, True  # one row of five
    assert several([0, 1], [1.0, 1.0], masks) == ()
    masks[1, 5, 5:] = False  # half a row of five: a tenth of the smaller one
    masks[0, 5, :5] = False
    assert several([0, 1], [1.0, 1.0], masks) == (1,)


def test_both_red_squares_are_the_answer_as_one_mask(three):
    picture, masks = three
    found = load_system("clip_crop", {"model": ColourEncoder()}).segment(
        picture, "the red squares", proposals=masks, answer="set"
    )
    assert set(found.selection.chosen) == {0, 2}
    assert (found.mask == (masks[0] | masks[2])).all()
    assert found.box == (2, 4, 25, 14)
    assert any("a further mask needs 0.5 of the best score: not measured" in line for line in found.trace)
    strict = load_system("clip_crop", {"model": ColourEncoder(), "set_share": 1.0})
    assert (strict.segment(picture, "the red squares", proposals=masks, answer="set").mask).any()


def test_below_the_threshold_there_is_no_answer_and_without_one_it_says_so(three):
    picture, masks = three
    system = load_system("clip_crop", {"model": ColourEncoder(), "abstain_below": 0.995})
    for answer in ("may_abstain", "set"):
        found = system.segment(picture, "the red squares", proposals=masks, answer=answer)
        assert found.mask is None
        assert found.selection.chosen == ()
        assert "is below 0.995" in found.selection.reason
    assert system.segment(picture, "the red squares", proposals=masks).mask is not None
    free = load_system("clip_crop", {"model": ColourEncoder()})
    found = free.segment(picture, "the red squares", proposals=masks, answer="may_abstain")
    assert found.mask is not None
    assert any("no threshold" in line and "was measured for this model" in line for line in found.trace)


def test_a_system_without_a_figure_for_presence_says_that_it_cannot_abstain(three):
    picture, masks = three
    found = load_system("largest").segment(picture, "a dog", proposals=masks, answer="may_abstain")
    assert found.mask is not None
    assert any("never abstains" in line for line in found.trace)


def test_the_grounder_adds_masks_whose_fit_is_as_good(three):
    _, masks = three
    heat = np.zeros((2, 4), np.float32)
    heat[:, 0] = 1.0
    heat[:, 2] = 0.9
    masks = np.zeros((3, 20, 40), bool)
    masks[0, :, :10] = masks[1, :, 20:30] = masks[2, :, 30:] = True
    found = select(Proposals(masks, np.ones(3, np.float32), "given"), heat, answer="set")
    assert found.chosen == (0, 1)
    assert "1 more beside it has at least 0.5 of its score" in found.reason
    refused = select(
        Proposals(masks, np.ones(3, np.float32), "given"), heat, answer="set", probability=0.1, abstain_below=0.5
    )
    assert refused.chosen == ()


def test_the_grounders_set_is_one_mask_and_box_and_abstains_by_the_profile(tokenizer, picture, boxes):
    matcher = load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))
    matcher.profile = replace(Profile(layer=1), threshold=0.0)
    found = load_system("iterprime", {"model": matcher, "set_share": 0.0}).segment(
        picture, "the red dog", proposals=boxes[:2], answer="set"
    )
    union = np.any(boxes[list(found.selection.chosen)], axis=0)
    assert (found.mask == union).all()
    assert "a further mask needs 0 of the best score, as asked" in found.trace
    never = load_system("iterprime", {"model": matcher, "abstain_below": 1.0})
    refused = never.segment(picture, "the red dog", proposals=boxes, answer="set")
    assert refused.mask is None
    assert "may abstain below match probability 1, as asked" in refused.trace


def _settings(name):
    if name in ("random", "centre", "largest"):
        return {}
    return {"model": ColourEncoder()} | ({"captioner": ColourCaptioner()} if name == "tas" else {})


CHOOSERS = [name for name in system_names() if name not in ("iterprime", "gradcam")]


@pytest.mark.parametrize("name", CHOOSERS)
def test_every_chooser_gives_a_grounding_that_saves_draws_and_comes_back(name, three, tmp_path):
    picture, masks = three
    found = load_system(name, _settings(name)).segment(picture, "the red squares", proposals=masks, answer="set")
    assert len(found.passes) == 1
    assert found.passes[0].keep.all()
    assert found.heatmap.dtype == np.float32
    assert (found.heatmap == found.passes[0].heatmap).all()
    assert found.selection.chosen
    assert found.parameters["method"] == name
    back = ix.Grounding.load(found.save(tmp_path / "a"))
    assert back.selection == found.selection
    assert (back.mask == found.mask).all()
    assert "Share of the best mask" in repr(found.show())


@pytest.mark.parametrize("name", ["largest", "clip_score_map"])
def test_the_figure_and_the_page_speak_of_a_share_and_show_no_passes(name, three, tmp_path):
    picture, masks = three
    found = load_system(name, _settings(name)).segment(picture, "the red squares", proposals=masks)
    assert found.to_png(tmp_path / "a.png").stat().st_size > 10_000
    page = found.to_html()
    shown = page.split("<details>")[0]
    assert "share <strong>" in shown
    assert "<th>share</th><th>logit</th>" in page.replace(' scope="col"', "")
    assert "match probability" not in page.lower()
    assert "The stronger a word is marked" not in page  # no word is
    assert "hidden patches" not in shown
    assert ("The shares peak at" in page) == (name == "largest")
    assert ("checked> share</label>" in page) == (name == "largest")
    assert "match <strong>" not in shown
    assert "match probability" not in shown.lower()
    assert "One pass" not in shown
    assert (
        "the share of the best mask at each patch" if name == "largest" else "the system's own map"
    ) in html.unescape(shown)


@pytest.mark.parametrize("name", CHOOSERS)
def test_a_system_keeps_nothing_of_the_pictures_it_saw(name, three):
    picture, masks = three
    system = load_system(name, _settings(name))

    def held():
        return {
            (type(each).__name__, key): (id(value), len(value) if hasattr(value, "__len__") else None)
            for each in (system, system.scorer, system.proposer)
            for key, value in vars(each).items()
        }

    before, described = held(), system.describe()
    for shift in range(3):
        other = Image.fromarray(np.roll(np.asarray(picture), shift, 1))
        system.segment_many(other, [f"red {shift}", "blue"], proposals=masks, answer="set")
    assert held() == before
    assert system.describe() == described


@pytest.mark.parametrize("name", CHOOSERS)
def test_no_proposals_no_answer(name, three):
    picture, _ = three
    found = load_system(name, _settings(name)).segment(picture, "red", proposals=np.zeros((0, 20, 40), bool))
    assert found.mask is None
    assert "no proposals" in found.selection.reason


def test_wrong_calls_are_answered(three):
    picture, masks = three
    system = load_system("largest")
    with pytest.raises(OptionError, match="always, may_abstain, set"):
        system.segment(picture, "a dog", proposals=masks, answer="maybe")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="one string"):
        system.segment_many(picture, "a dog", proposals=masks)
    with pytest.raises(OptionError, match="proposals=False"):
        system.segment(picture, "a dog", proposals=False)
    assert system.segment_many(picture, [], proposals=masks) == []


def test_the_picture_of_the_scores_is_the_best_share_at_each_patch_weighted_by_cover(three):
    from iterprime_xai.systems.scores import score_picture

    masks = np.zeros((2, 4, 4), bool)
    masks[0, :, :2] = True
    masks[1, :, 1:] = True
    found = score_picture(masks, np.array([0.6, 0.4]), (1, 2))
    assert found[0].tolist() == pytest.approx([0.6, 0.4])  # of the left patch the second covers half: 0.2
    masks[0, :, 1] = False
    assert score_picture(masks, np.array([0.6, 0.4]), (1, 2))[0].tolist() == pytest.approx([0.3, 0.4])
