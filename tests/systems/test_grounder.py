"""The whole path on random models: what comes out, what is recorded, and what odd pictures and phrases do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from random_models import SHAPES, build_model, build_processor

import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
from iterprime_xai.models import load_matcher
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.models.profiles import Profile
from iterprime_xai.records import OptionError
from iterprime_xai.saliency import Recipe, token_gradcam
from iterprime_xai.systems import Grounder

PHRASE = "the red dog left of the tree"


@pytest.fixture(scope="module")
def grounder(tokenizer):
    return ix.load(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


@pytest.fixture
def masks():
    masks = np.zeros((2, 96, 128), bool)
    masks[0, 10:40, 12:50] = True
    masks[1, 50:90, 70:120] = True
    return masks


def test_a_grounding_holds_everything(grounder, picture, masks):
    g = grounder.ground(picture, PHRASE, layer=1, proposals=masks)
    assert g.expression.primary_word == "dog"
    assert g.heatmap.shape == (6, 6)
    assert g.heatmap.dtype == np.float32
    assert 1 <= len(g.passes) <= 3
    assert g.probability == g.passes[0].probability
    assert g.passes[-1].stopped
    assert [word.text for word in g.words] == PHRASE.split()
    assert g.mask is not None
    assert g.mask.shape == (96, 128)
    assert g.box in {(12, 10, 50, 40), (70, 50, 120, 90)}
    assert g.heatmap_at((96, 128)).shape == (96, 128)
    assert set(g.selection.ranking[0].terms)
    assert g.parameters["layer"] == 1
    assert g.parameters["recipe"]["name"] == "default"
    assert any("start token [CLS]" in note for note in g.trace)


def test_plain_sentence_map_is_the_mean_of_the_token_maps(grounder, picture):
    plain = Recipe("plain", emphasis="all_tokens")
    g = grounder.ground(picture, PHRASE, layer=1, passes=1, recipe=plain, proposals=False)
    maps = token_gradcam(grounder.matcher, picture, PHRASE, 1)
    assert g.heatmap == pytest.approx(maps.mean(0), rel=1e-5)
    assert g.words[2].heatmap == pytest.approx(maps[3], rel=1e-5)
    assert g.mask is None


def test_the_paper_recipe_matches_its_prompt_and_finds_words_behind_it(grounder, picture):
    g = grounder.ground(picture, PHRASE, layer=1, recipe="paper", passes=1, proposals=False)
    maps = token_gradcam(grounder.matcher, picture, f"there is a {PHRASE}", 1)
    assert g.words[2].heatmap == pytest.approx(maps[6], rel=1e-5)
    expected = grounder.matcher.match(
        grounder.matcher.encode_image(picture), grounder.matcher.tokenize(f"there is a {PHRASE}")
    )
    assert g.probability == pytest.approx(expected.probability, rel=1e-6)


def test_many_phrases_give_what_each_gives_alone(grounder, picture, masks):
    phrases = [PHRASE, "the blue cat", "man in black"]
    together = grounder.ground_many(picture, phrases, layer=1, proposals=masks)
    for phrase, found in zip(phrases, together, strict=True):
        alone = grounder.ground(picture, phrase, layer=1, proposals=masks)
        assert np.abs(found.heatmap - alone.heatmap).max() <= 1e-5 * alone.heatmap.max()
        assert [each.stopped for each in found.passes] == [each.stopped for each in alone.passes]
        assert found.selection.answer == alone.selection.answer


def test_the_last_layer_still_gives_a_map_from_its_first_token(grounder, picture):
    g = grounder.ground(picture, PHRASE, layer=2, proposals=False)
    assert g.heatmap.max() > 0
    assert all(word.heatmap.max() == 0 for word in g.words)


def test_headless_one_word_and_repeated_words(grounder, picture):
    for phrase in ("left", "dog", "dog next to a dog next to a dog", "second from left"):
        g = grounder.ground(picture, phrase, layer=1, proposals=False)
        assert np.isfinite(g.heatmap).all()
        assert len(g.words) == len(phrase.split())


def test_phrases_in_other_scripts_are_grounded_or_refused_never_crash(grounder, picture):
    for phrase in ("собака слева", "左边的狗", "the 🐕 dog", "dog\x00\u200b left", "<b>dog</b>", "d" * 40):
        try:
            found = grounder.ground(picture, phrase, layer=1, proposals=False)
        except ix.IterprimeError:
            continue
        assert found.expression.text == phrase


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (7, 5)])
def test_tiny_and_thin_pictures_are_grounded(grounder, size):
    height, width = size
    g = grounder.ground(np.full((height, width, 3), 90, np.uint8), PHRASE, layer=1)
    assert g.heatmap.shape == (6, 6)
    assert g.mask is None or g.mask.shape == (height, width)
    x, y = g.point
    assert 0 <= x < width
    assert 0 <= y < height


def test_masks_fit_the_upright_picture(grounder, tmp_path, picture):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    g = grounder.ground(path, PHRASE, layer=1)
    assert g.image.size == (96, 128)
    assert g.mask.shape == (128, 96)
    assert any("EXIF" in note for note in g.trace)


def test_no_proposals_is_an_answer_with_a_reason(grounder, picture):
    g = grounder.ground(picture, PHRASE, layer=1, proposals=np.zeros((0, 96, 128), bool))
    assert g.mask is None
    assert g.selection.answer is None
    assert "no proposal" in g.selection.reason.lower()
    assert g.box is not None


def test_an_unlikely_match_may_abstain(grounder, picture, masks, tokenizer):
    model = build_model(SHAPES[0], tokenizer)
    with torch.no_grad():
        model.itm_head.bias.copy_(torch.tensor([50.0, -50.0]))
    unlikely = ix.load(model, build_processor(SHAPES[0], tokenizer))
    assert unlikely.ground(picture, PHRASE, layer=1, proposals=masks).mask is not None
    g = unlikely.ground(picture, PHRASE, layer=1, proposals=masks, answer="may_abstain")
    assert g.mask is None
    assert "abstain" in g.selection.reason.lower()


def test_a_blank_map_is_said_and_nothing_is_pretended(picture, masks, tokenizer):
    model = build_model(SHAPES[0], tokenizer)
    with torch.no_grad():
        model.itm_head.weight.zero_()
    blank = ix.load(model, build_processor(SHAPES[0], tokenizer))
    g = blank.ground(picture, PHRASE, layer=1, proposals=masks)
    assert g.heatmap.max() == 0
    assert g.point is None
    assert len(g.passes) == 1
    assert any("blank" in note for note in g.trace)


def test_save_and_load_keep_everything(grounder, picture, masks, tmp_path):
    g = grounder.ground(picture, PHRASE, layer=1, proposals=masks)
    back = ix.Grounding.load(g.save(tmp_path / "deep" / "a.grounding.zip"))
    assert np.array_equal(back.heatmap, g.heatmap)
    assert np.array_equal(back.mask, g.mask)
    assert back.expression == g.expression
    assert back.trace == g.trace
    assert back.parameters == g.parameters
    assert back.selection == g.selection
    assert [p.probability for p in back.passes] == [p.probability for p in g.passes]
    assert np.array_equal(np.asarray(back.image), np.asarray(g.image))


def test_a_closed_vocabulary_and_a_domain_are_said(picture, tokenizer):
    plain = load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))
    profile = Profile(layer=1, validated="scenes:val", domain="drawn scenes", closed_vocabulary=True)
    matcher = BlipMatcher(plain.model, plain.image_processor, plain.tokenizer, name="small", profile=profile)
    g = Grounder(matcher).ground(picture, "the bikee", proposals=False)
    trace = "\n".join(g.trace)
    assert "never saw the word 'bikee'; the nearest word that it knows is 'bike'" in trace
    assert "drawn scenes only" in trace
    assert "--model Salesforce/blip-itm-base-coco" in trace
    assert "scenes:val" in trace
    assert "do not trust" in trace


def test_the_domain_is_not_said_of_a_bundled_scene_but_of_one_changed_pixel(tokenizer):
    from iterprime_xai.data.scenes import bundled_samples

    scene = bundled_samples()[0].image
    changed = scene.copy()
    changed.putpixel((0, 0), (1, 2, 3))
    plain = load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))
    matcher = BlipMatcher(
        plain.model, plain.image_processor, plain.tokenizer, profile=Profile(layer=1, domain="drawn scenes")
    )
    said = [
        any("do not trust" in note for note in Grounder(matcher).ground(each, PHRASE, proposals=False).trace)
        for each in (scene, np.asarray(scene), changed)
    ]
    assert said == [False, False, True]


def test_a_headless_phrase_is_said(grounder, picture):
    trace = grounder.ground(picture, "left", layer=1, proposals=False).trace
    assert "headless phrase: no noun names the target, 'left' stands in for it" in trace
    assert not any("headless" in note for note in grounder.ground(picture, PHRASE, layer=1, proposals=False).trace)


def test_every_pass_is_told_with_its_logit(grounder, picture):
    g = grounder.ground(picture, PHRASE, layer=1, passes=1, proposals=False)
    assert any(f"probability {g.probability:.4f} (logit {g.passes[0].logit:.4g})" in note for note in g.trace)


def test_no_recipe_is_the_default_one_and_a_numpy_layer_is_recorded_as_a_number(grounder, picture):
    g = grounder.ground(picture, PHRASE, recipe=None, layer=np.int64(1), proposals=False)
    assert g.parameters["recipe"]["name"] == "default"
    assert type(g.parameters["layer"]) is int


def test_a_layer_without_profile_is_said_to_be_not_validated(grounder, picture):
    g = grounder.ground(picture, PHRASE, proposals=False)
    assert any("not validated for this checkpoint" in note for note in g.trace)


def test_a_picture_that_is_prepared_is_encoded_once_and_answers_as_the_picture_does(monkeypatch):
    scene = bundled_samples()[0]
    grounder = ix.load("tiny")
    plain = {layer: grounder.ground(scene.image, scene.text, layer=layer) for layer in (2, 3)}
    encoded = []
    encode = grounder.matcher.encode_images
    monkeypatch.setattr(grounder.matcher, "encode_images", lambda images: encoded.append(len(images)) or encode(images))
    looked = grounder.prepare(scene.image)
    for layer, expected in plain.items():
        found = grounder.ground(looked, scene.text, layer=layer)
        assert np.array_equal(found.heatmap, expected.heatmap)
        assert np.array_equal(found.mask, expected.mask)
    without = grounder.ground(looked, scene.text, proposals=False)
    assert without.mask is None
    assert encoded == [1]


def test_a_picture_that_another_model_encoded_is_refused():
    scene = bundled_samples()[0]
    with pytest.raises(OptionError, match="prepared by another grounder"):
        ix.load("tiny").ground(ix.load("tiny").prepare(scene.image), scene.text)
