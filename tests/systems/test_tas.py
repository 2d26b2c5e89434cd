"""TAS: parity with lines by hand on a random CLIP, exact values on a hand-made encoder, negatives, and the spatial rectifier."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from handmade_encoder import ColourCaptioner, ColourEncoder
from PIL import Image
from random_clip import CLIP_SHAPES, LONGEST, build_clip, build_clip_processor, build_clip_tokenizer

from iterprime_xai.models import load_encoder
from iterprime_xai.records import OptionError
from iterprime_xai.systems import load_system
from iterprime_xai.systems.tas import cut_to_fit, total

PHRASE = "red dog"


class ShortCaptioner:
    """Says little, a different thing of every region."""

    name = "short"

    def caption(self, image, max_words=40):
        return "a cat and a tree and a puppy"

    def caption_many(self, images, max_words=40):
        return [f"thing {'abc'[place]}" for place in range(len(images))]


@pytest.fixture(scope="module")
def parts():
    tokenizer = build_clip_tokenizer()
    return build_clip(CLIP_SHAPES[0], tokenizer), build_clip_processor(CLIP_SHAPES[0], tokenizer)


@torch.no_grad()
def _by_hand(parts, picture, masks):
    """V + 0.1 P - 0.7 N in the stock model's own words: black crops squared with black, texts one by one."""
    model, processor = parts
    scale = model.logit_scale.exp()

    def text(words):
        found = model.text_projection(model.text_model(**processor.tokenizer(words, return_tensors="pt")).pooler_output)
        return found / found.norm()

    crops = []
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        cut = (np.asarray(picture) * mask[..., None])[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        high, wide = cut.shape[:2]
        side = max(high, wide)
        square = np.zeros((side, side, 3), np.uint8)
        square[(side - high) // 2 :, (side - wide) // 2 :][:high, :wide] = cut
        pixels = processor.image_processor(images=Image.fromarray(square), return_tensors="pt")["pixel_values"]
        found = model.visual_projection(model.vision_model(pixels).pooler_output)
        crops.append(found / found.norm())
    crops, phrase = torch.cat(crops), text(PHRASE)
    v = scale * crops @ phrase[0]
    p = scale * torch.cat([text(f"thing {letter}") for letter in "abc"]) @ phrase[0]
    n = torch.stack([scale * crops @ text(words)[0] for words in ("by a cat", "by a tree")]).mean(0)
    return (v + 0.1 * p - 0.7 * n).numpy()


def _totals(parts, picture, masks, **settings):
    model = load_encoder(*parts)
    given = {"model": model, "captioner": ShortCaptioner(), "preset": "paper-offline", "negative": "by {phrase}"}
    found = load_system("tas", given | settings).segment(picture, PHRASE, proposals=masks)
    return found, np.array(
        [each.terms["total"] for each in sorted(found.selection.ranking, key=lambda each: each.index)]
    )


def _apart(one, other):
    return float(np.abs(one - other).max() / np.abs(other).max())


def test_the_total_is_that_of_a_few_lines_by_hand_and_the_score_its_softmax(parts, picture, boxes):
    expected = _by_hand(parts, picture, boxes)
    found, totals = _totals(parts, picture, boxes)
    assert np.ptp(expected) > 1e-2
    assert _apart(totals, expected) < 1e-4
    relative = (expected - expected.min()) / np.ptp(expected)
    published = np.exp(relative) / np.exp(relative).sum()
    scores = np.array([each.score for each in sorted(found.selection.ranking, key=lambda each: each.index)])
    assert _apart(scores, published) < 1e-4
    assert found.selection.answer == int(np.argmax(expected))


@pytest.mark.parametrize(
    "wrong", [{"p_weight": 0.2}, {"n_weight": 0.0}, {"negative": "{phrase}"}], ids=lambda wrong: next(iter(wrong))
)
def test_any_other_setting_gives_another_total(parts, picture, boxes, wrong):
    assert _apart(_totals(parts, picture, boxes, **wrong)[1], _by_hand(parts, picture, boxes)) > 1e-3


def test_the_weights_are_the_published_ones():
    assert total(np.array([2.0]), np.array([10.0]), np.array([1.0])) == pytest.approx([2.0 + 1.0 - 0.7])


def test_exact_values_by_hand():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    pixels[:, 4:, 2] = 255
    masks = np.zeros((2, 8, 8), bool)
    masks[0, :4, :4] = masks[1, :4, 4:] = True
    settings = {"model": ColourEncoder(), "captioner": ColourCaptioner()}
    found = load_system("tas", settings).segment(Image.fromarray(pixels), "the red ball", proposals=masks)
    red, blue = (each.terms for each in sorted(found.selection.ranking, key=lambda each: each.index))
    length = 1.23**0.5
    assert red["V"] == pytest.approx(10 * 1.1 / length, rel=1e-5)
    assert blue["V"] == pytest.approx(10 * 0.1 / length, rel=1e-5)
    # Captions "a red thing" and "a blue thing", as vectors (1.1, .1, .1) and (.1, .1, 1.1).
    assert red["P"] == pytest.approx(10.0, rel=1e-5)
    assert blue["P"] == pytest.approx(10 * (0.11 + 0.01 + 0.11) / 1.23, rel=1e-5)
    # Of "a red ball and a blue cube on grass" the ball is what is asked for: (.1, .1, 1.1) and (.1, .1, .1) are left.
    assert red["N"] == pytest.approx(10 * (0.1 / length + 0.1 / 0.03**0.5) / 2, rel=1e-5)
    assert "N is taken over 'a blue cube', 'grass'" in found.trace
    assert found.selection.answer == 0


def test_without_anything_else_in_the_picture_n_is_nothing_and_said(picture, boxes):
    class OneThing(ColourCaptioner):
        def caption(self, image, max_words=40):
            return "a red puppy"

    settings = {"model": ColourEncoder(), "captioner": OneThing()}
    found = load_system("tas", settings).segment(picture, "the dog", proposals=boxes)
    assert {each.terms["N"] for each in found.selection.ranking} == {0.0}
    assert "N is taken over nothing, so it is 0" in found.trace


def test_a_region_without_a_caption_is_like_nothing(picture, boxes):
    class Silent(ColourCaptioner):
        def caption(self, image, max_words=40):
            return ""

        def caption_many(self, images, max_words=40):
            return [""] * len(images)

    settings = {"model": ColourEncoder(), "captioner": Silent()}
    found = load_system("tas", settings).segment(picture, "the red dog", proposals=boxes)
    assert {each.terms["P"] for each in found.selection.ranking} == {0.0}


def test_captions_and_crops_are_made_once_for_all_texts(picture, boxes):
    encoder, captioner = ColourEncoder(), ColourCaptioner()
    system = load_system("tas", {"model": encoder, "captioner": captioner})
    system.segment_many(picture, ["the red square", "the blue square"], proposals=boxes)
    assert captioner.asked == 3
    assert encoder.asked["images"] == 3


def test_a_caption_longer_than_the_encoder_reads_is_cut_at_a_word_and_said(parts, picture, boxes):
    class Chatty(ShortCaptioner):
        def caption_many(self, images, max_words=40):
            return ["red dog on a cat by the tree"] * len(images)

    encoder = load_encoder(*parts)
    cut = cut_to_fit(encoder, "red dog on a cat by the tree")
    assert "red dog on a cat by the tree".startswith(cut)
    assert len(encoder.token_ids(cut)) <= LONGEST < len(encoder.token_ids(cut + " the"))
    found, _ = _totals(parts, picture, boxes, captioner=Chatty())
    assert any(line.startswith("3 captions were cut") for line in found.trace)


def test_a_place_that_is_named_chooses_among_the_masks_there():
    pixels = np.zeros((10, 30, 3), np.uint8)
    masks = np.zeros((3, 10, 30), bool)
    for place, shade in enumerate((255, 200, 250)):
        masks[place, 2:8, 10 * place + 2 : 10 * place + 8] = True
        pixels[masks[place]] = (shade, 255 - shade, 0)
    settings = {"model": ColourEncoder(), "captioner": ColourCaptioner()}
    picture = Image.fromarray(pixels)

    def answer(text, **more):
        return load_system("tas", settings | more).segment(picture, text, proposals=masks).selection.answer

    assert answer("the red square") == 0
    assert answer("the right red square") == 2  # the centres' median column belongs to the right half
    assert answer("the right red square", rectify=False) == 0
    assert answer("the red square in the middle") == 1
    assert answer("the red square in the middle", spatial_words="paper") == 0
    found = load_system("tas", settings).segment(picture, "the right red square", proposals=masks)
    assert [each.terms["in_named_part"] for each in sorted(found.selection.ranking, key=lambda each: each.index)] == [
        0,
        1,
        1,
    ]
    assert "the phrase names right: 2 of 3 masks lie there" in found.trace


def test_negatives_need_a_place_for_the_phrase():
    with pytest.raises(OptionError, match="phrase"):
        load_system("tas", {"model": ColourEncoder(), "captioner": ColourCaptioner(), "negative": "a photo"})
