"""Global-Local CLIP: parity with lines by hand on a random CLIP, exact values on a hand-made encoder, wrong settings show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from handmade_encoder import ColourEncoder
from PIL import Image
from random_clip import CLIP_SHAPES, build_clip, build_clip_processor, build_clip_tokenizer

from iterprime_xai.models import load_encoder
from iterprime_xai.systems import load_system
from iterprime_xai.systems.crops import MEAN_FILL, RELEASED_FILL

PHRASE = "red dog on cat"
NOUN_PHRASE = "red dog"


@pytest.fixture(scope="module")
def parts():
    tokenizer = build_clip_tokenizer()
    shape = CLIP_SHAPES[0]
    model = build_clip(shape, tokenizer)
    return model, build_clip_processor(shape, tokenizer), shape


def _pixels(parts, image, imagenet=True):
    """Stretched to the square, ImageNet's mean and deviation."""
    _, processor, shape = parts
    mean, deviation = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)) if imagenet else (None, None)
    extra = {"image_mean": mean, "image_std": deviation} if imagenet else {}
    side = {"height": shape.image, "width": shape.image}
    return processor.image_processor(images=image, size=side, do_center_crop=False, return_tensors="pt", **extra)[
        "pixel_values"
    ]


@torch.no_grad()
def _by_hand(parts, picture, masks, alpha, beta):
    """The released computation on the stock model, a line a step: cosines (n,)."""
    model, processor, shape = parts
    tower, cells = model.vision_model, shape.image // shape.patch
    middles = [(np.arange(cells) + 0.5) * length / cells for length in masks.shape[1:]]
    vectors = []
    for mask in masks:
        grid = torch.zeros(cells, cells)
        for i, y in enumerate(middles[0] - 0.5):  # the four pixels around each patch's middle
            for j, x in enumerate(middles[1] - 0.5):
                y0, x0 = int(y), int(x)
                for r, c in ((0, 0), (0, 1), (1, 0), (1, 1)):
                    weight = abs(1 - r - (y - y0)) * abs(1 - c - (x - x0))
                    grid[i, j] += float(weight * mask[min(y0 + r, 95), min(x0 + c, 127)])
        x = tower.pre_layrnorm(tower.embeddings(_pixels(parts, picture)))
        for place, block in enumerate(tower.encoder.layers):
            if place >= shape.layers - 3:
                x = torch.cat([x[:, :1], x[:, 1:] * grid.reshape(1, -1, 1)], 1)
            x = block(x, None)
        inside = model.visual_projection(tower.post_layernorm(x[:, 0]))
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        filled = np.where(mask[..., None], np.asarray(picture), np.uint8(RELEASED_FILL))
        crop = Image.fromarray(filled[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        outside = model.visual_projection(tower(_pixels(parts, crop)).pooler_output)
        vectors.append(alpha * inside + (1 - alpha) * outside)
    texts = []
    for text in (PHRASE, NOUN_PHRASE):
        ids = processor.tokenizer(text, return_tensors="pt")
        texts.append(model.text_projection(model.text_model(**ids).pooler_output))
    text = beta * texts[0] + (1 - beta) * texts[1]
    return torch.cosine_similarity(torch.cat(vectors), text).numpy()


def _scores(parts, picture, masks, **settings):
    encoder = load_encoder(parts[0], parts[1])
    system = load_system("global_local_clip", {"model": encoder, "preset": "paper-offline"} | settings)
    found = system.segment(picture, PHRASE, proposals=masks)
    return np.array([each.score for each in sorted(found.selection.ranking, key=lambda each: each.index)])


def _apart(one, other):
    return float(np.abs(one - other).max() / np.abs(other).max())


def test_the_released_score_is_that_of_a_few_lines_by_hand(parts, picture, boxes):
    expected = _by_hand(parts, picture, boxes, 0.95, 0.5)
    assert np.ptp(expected) > 1e-3
    assert _apart(_scores(parts, picture, boxes), expected) < 1e-4


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": 0.85},
        {"beta": 0.9},
        {"blocks": 2},
        {"normalisation": "own"},
        {"fill": "mean"},
        {"resize": "area"},
        {"fusion": "normalised"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_any_other_setting_gives_another_score(parts, picture, boxes, wrong):
    # Odd boxes, so that patches are cut and crops have something outside the mask.
    masks = boxes.copy()
    masks[0] = np.random.default_rng(0).random(masks.shape[1:]) < 0.5
    expected = _by_hand(parts, picture, masks, 0.95, 0.5)
    assert _apart(_scores(parts, picture, masks), expected) < 1e-4
    assert _apart(_scores(parts, picture, masks, **wrong), expected) > 1e-3


def test_the_published_alpha_of_each_data_set_is_a_setting(parts, picture, boxes):
    expected = _by_hand(parts, picture, boxes, 0.85, 0.5)
    assert _apart(_scores(parts, picture, boxes, alpha=0.85), expected) < 1e-4


# --- exact values ---


def _flat():
    """Left half red, right half blue; a mask of each half."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:, :4, 0] = 255
    pixels[:, 4:, 2] = 255
    masks = np.zeros((2, 8, 8), bool)
    masks[0, :, :4] = True
    masks[1, :, 4:] = True
    return Image.fromarray(pixels), masks


def test_a_red_half_answers_red():
    picture, masks = _flat()
    found = load_system("global_local_clip", {"model": ColourEncoder()}).segment(picture, "red", proposals=masks)
    # The red half is (1, 0, 0) by both roads, the text (1.1, 0.1, 0.1): cosine 1.1 / sqrt(1.23), and 0.1 / sqrt(1.23) for blue.
    best, other = found.selection.ranking
    assert (best.index, other.index) == (0, 1)
    assert best.score == pytest.approx(1.1 / 1.23**0.5, rel=1e-6)
    assert other.score == pytest.approx(0.1 / 1.23**0.5, rel=1e-6)
    odds = np.exp(10 * (1.0 / 1.23**0.5))
    assert best.terms["share"] == pytest.approx(odds / (1 + odds), rel=1e-6)
    assert found.probability == pytest.approx(odds / (1 + odds), rel=1e-6)
    assert (found.mask == masks[0]).all()
    assert found.box == (0, 0, 4, 8)


def test_released_fusion_keeps_the_longer_vector_longer():
    picture, masks = _flat()
    masks[0] = False
    masks[0, 0, 0] = masks[0, 1, 1] = True  # a box of four pixels, two of them filled with the mean colour
    inside = np.array([2.0, 0, 0])
    crop = np.array([2 * 255 + 2 * 124, 2 * 116, 2 * 104]) / 4 / 255
    text = np.array([1.1, 0.1, 0.1])

    def score(fusion):
        settings = {"model": ColourEncoder(), "alpha": 0.5, "fusion": fusion}
        found = load_system("global_local_clip", settings).segment(picture, "red", proposals=masks)
        return next(each.score for each in found.selection.ranking if each.index == 0)

    def cosine(vector):
        return vector @ text / np.linalg.norm(vector) / np.linalg.norm(text)

    released, normalised = cosine(inside + crop), cosine(inside / 2 + crop / np.linalg.norm(crop))
    assert abs(released - normalised) > 1e-3
    assert score("released") == pytest.approx(released, rel=1e-5)
    assert score("normalised") == pytest.approx(normalised, rel=1e-5)


def test_a_resnet_as_released_is_scored_by_a_product_that_is_never_divided_by_lengths():
    picture, masks = _flat()
    settings = {"model": ColourEncoder("resnet"), "alpha": 0.5, "fusion": "released"}
    found = load_system("global_local_clip", settings).segment(picture, "red", proposals=masks)
    # f = 0.5 (2, 0, 0) + 0.5 (1, 0, 0) = (1.5, 0, 0); t at length 1 has 1.1 / sqrt(1.23) in front.
    assert found.selection.ranking[0].score == pytest.approx(1.5 * 1.1 / 1.23**0.5, rel=1e-6)


def test_what_is_outside_a_mask_is_filled_with_the_mean_colour_or_the_released_grey():
    assert MEAN_FILL == (124, 116, 104)
    assert RELEASED_FILL == (152, 142, 127)


def test_a_picture_and_its_texts_are_encoded_once(picture, boxes):
    encoder = ColourEncoder()
    load_system("global_local_clip", {"model": encoder}).segment_many(
        picture, ["the red square", "the red square", "the blue square"], proposals=boxes
    )
    assert encoder.asked == {"texts": 2, "masked": 3, "images": 3}  # a phrase that is its own noun phrase once


def test_the_noun_phrase_weighs_as_much_as_beta_says():
    picture, masks = _flat()
    text = "the blue ball next to the red red red cube"
    whole = load_system("global_local_clip", {"model": ColourEncoder(), "beta": 1.0}).segment(
        picture, text, proposals=masks
    )
    head = load_system("global_local_clip", {"model": ColourEncoder(), "beta": 0.0}).segment(
        picture, text, proposals=masks
    )
    assert (whole.selection.answer, head.selection.answer) == (0, 1)
    assert "noun phrase 'the blue ball'" in head.trace
