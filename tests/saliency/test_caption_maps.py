"""Maps of a caption's words: against the stock model word by word, without a trace on it, and what is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from PIL import Image
from random_models import SHAPES, build_model, build_processor

import iterprime_xai as ix
from iterprime_xai.models.captioner import Captioner
from iterprime_xai.models.profiles import Profile
from iterprime_xai.models.telling import Telling, choose_layer, tell
from iterprime_xai.records import ImageInputError, LayerError, ModelLoadError, OptionError, PhraseError
from iterprime_xai.saliency import caption_maps
from iterprime_xai.saliency.captioning import ReadCaption, read_caption, word_maps

CAPTION = "a red dog, left of the kangaroo t-ball."  # "kangaroo" is spelled in letters, "t-ball" is three tokens
WORDS = ["a", "red", "dog", "left", "of", "the", "kangaroo", "t-ball"]


def build_captioner(shape, tokenizer, seed=0, **options):
    """A captioner over a random stock model in memory."""
    from transformers import BlipForConditionalGeneration

    torch.manual_seed(seed)
    model = BlipForConditionalGeneration(build_model(shape, tokenizer).config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.25)
    return Captioner(model.eval(), build_processor(shape, tokenizer).image_processor, tokenizer, **options)


@pytest.fixture
def captioner(tokenizer):
    return build_captioner(SHAPES[0], tokenizer)


def stock_maps(captioner, picture, text, layer, shift=0, score="log_probability", at_scores=False):
    """The same maps from the stock model's own output_attentions, with one backward pass a word.

    ``shift`` moves the position that is read, to show that another one is something else.
    """
    tokenizer, model = captioner.tokenizer, captioner.model
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = torch.tensor([[5, *encoded["input_ids"]]])
    pixels = captioner.image_processor(images=picture, return_tensors="pt")["pixel_values"]
    seen = model.vision_model(pixel_values=pixels).last_hidden_state
    out = model.text_decoder(ids, encoder_hidden_states=seen, output_attentions=True)
    crossed = out.cross_attentions[layer]
    scores = out.logits[0] if score == "logit" else out.logits[0].log_softmax(-1)
    rows = model.config.vision_config.image_size // model.config.vision_config.patch_size
    maps, likely, end = [], [], 0
    for word in WORDS:
        start = text.index(word, end)
        end = start + len(word)
        places = [place for place, (a, b) in enumerate(encoded["offset_mapping"]) if a >= start and b <= end]
        total = sum(scores[place, ids[0, place + 1]] for place in places)
        (slope,) = torch.autograd.grad(total, crossed, retain_graph=True)
        attended, slope = crossed[0, :, :, 1:], slope[0, :, :, 1:]
        if at_scores:
            slope = slope - (attended * slope).sum(-1, keepdim=True) / attended.sum(-1, keepdim=True)
        whole = (slope.clamp(min=0) * attended).mean(0)
        maps.append(whole[[place + shift for place in places]].sum(0).reshape(rows, rows).detach().numpy())
        likely.append(float(total.detach()))
    return maps, likely


def worst(found, expected):
    """Largest difference of a word's map, in its own largest value; a blank one has to be blank."""
    pairs = zip(found.words, expected, strict=True)
    return max(np.abs(word.heatmap - each).max() / (each.max() or 1e-30) for word, each in pairs)


@pytest.mark.parametrize(
    "settings", [{}, {"gradient": "attention"}, {"gradient": "attention", "score": "logit"}], ids=str
)
def test_one_pass_back_finds_what_one_a_word_through_the_stock_model_finds(tokenizer, picture, settings):
    for shape in SHAPES:
        captioner = build_captioner(shape, tokenizer)
        stock = {"score": settings.get("score", "log_probability"), "at_scores": "gradient" not in settings}
        for layer in range(shape.text_layers):
            found = caption_maps(captioner, picture, text=CAPTION, layer=layer, **settings)
            expected, likely = stock_maps(captioner, picture, CAPTION, layer, **stock)
            assert [word.text for word in found.words] == WORDS
            assert worst(found, expected) < 1e-4
            if not settings:
                assert np.allclose(np.log([word.probability for word in found.words]), likely, rtol=1e-5)


def test_another_layer_or_position_is_something_else(captioner, picture):
    found = caption_maps(captioner, picture, text=CAPTION, layer=1)
    assert worst(found, stock_maps(captioner, picture, CAPTION, 0)[0]) > 0.1
    assert worst(found, stock_maps(captioner, picture, CAPTION, 2)[0]) > 0.1
    assert worst(found, stock_maps(captioner, picture, CAPTION, 1, score="logit")[0]) > 0.1
    at_the_word_itself = stock_maps(captioner, picture, CAPTION, 1, shift=1)[0]
    assert np.abs(found.words[0].heatmap - at_the_word_itself[0]).max() > 0.1 * found.words[0].heatmap.max()


def test_all_layers_come_from_one_pass(captioner, picture):
    read = read_caption(captioner, CAPTION)
    pixels = captioner.pixels_of([picture])
    together = tell(captioner, pixels, read.ids, read.owner, (2, 0, 1))
    for layer in range(3):
        alone = tell(captioner, pixels, read.ids, read.owner, (layer,))
        scale = float(alone.gradient[layer].abs().max())
        assert torch.allclose(together.gradient[layer], alone.gradient[layer], atol=1e-5 * scale, rtol=0)
        assert torch.allclose(together.attention[layer], alone.attention[layer], atol=1e-6)


def test_a_word_of_two_tokens_adds_up_its_tokens():
    read = ReadCaption("ab c", ((0, 2), (3, 4)), (7, 8, 9), ("a", "##b", "c"), (0, 0, 1))
    attention = torch.tensor([[[[0.5, 0.5]], [[0.25, 0.75]], [[1.0, 0.0]]], [[[0.5, 0.5]], [[0.5, 0.5]], [[0.5, 0.5]]]])
    slope = torch.tensor([[[[4.0, -4.0]], [[8.0, 4.0]], [[1.0, 9.0]]], [[[0.0, 2.0]], [[-1.0, -1.0]], [[-2.0, 4.0]]]])
    likely = torch.log(torch.tensor([0.5, 0.25, 0.1]))
    first, second = word_maps(read, Telling(likely, {3: attention}, {3: slope}), 3, "attention")
    # Token a: heads give (2, 0) and (0, 1), in the mean (1, 0.5); token ##b: (2, 3) and nothing, in the mean (1, 1.5).
    assert first.heatmap.tolist() == [[2.0, 2.0]]
    assert second.heatmap.tolist() == [[0.5, 1.0]]
    assert (first.text, first.span, first.tokens) == ("ab", (0, 2), ("a", "##b"))
    assert first.probability == pytest.approx(0.125)
    assert second.probability == pytest.approx(0.1)


def test_a_generated_caption_is_mapped_as_if_it_were_given(captioner, picture):
    made = caption_maps(captioner, picture, max_words=4, layer=1)
    assert made.text == captioner.caption(picture, max_words=4)
    assert made.generated
    assert made.parameters["max_words"] == 4
    given = caption_maps(captioner, picture, text=made.text, layer=1)
    assert not given.generated
    assert "max_words" not in given.parameters
    for one, other in zip(made.words, given.words, strict=True):
        assert np.array_equal(one.heatmap, other.heatmap)
        assert one.probability == other.probability
    beams = caption_maps(captioner, picture, max_words=4, num_beams=2)
    assert beams.text == captioner.caption(picture, max_words=4, num_beams=2)
    assert "of 2 followed" in beams.trace[0]


def test_pieces_that_are_read_otherwise_than_generated_are_told(captioner, picture, monkeypatch):
    ids = captioner.tokenizer("dog", add_special_tokens=False)["input_ids"]
    monkeypatch.setattr(captioner, "said", lambda *_, **__: ("dog", tuple(ids)))
    assert not any("other pieces" in each for each in caption_maps(captioner, picture).trace)
    letters = captioner.tokenizer.convert_tokens_to_ids(["d", "##o", "##g"])
    monkeypatch.setattr(captioner, "said", lambda *_, **__: ("dog", tuple(letters)))
    assert any("other pieces" in each for each in caption_maps(captioner, picture).trace)


def test_every_word_has_its_span_and_marks_have_none(captioner, picture):
    text = "  A (red)  dog's ball ... -- left!"
    found = caption_maps(captioner, picture, text=text)
    assert [word.text for word in found.words] == ["A", "red", "dog's", "ball", "left"]
    assert all(text[slice(*word.span)] == word.text for word in found.words)
    assert all(word.heatmap.shape == (6, 6) and word.heatmap.dtype == np.float32 for word in found.words)
    assert all(word.heatmap.min() >= 0 and 0 < word.probability < 1 for word in found.words)


def test_what_was_found_cannot_be_changed(captioner, picture):
    found = caption_maps(captioner, picture, text="a dog")
    with pytest.raises(ValueError, match="read-only"):
        found.words[0].heatmap[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        found.text = "a cat"
    assert repr(found) == "CaptionMaps('a dog', 2 words, layer=2, grid=6x6)"


class Stop(Exception):
    """Ends a forward pass in the middle."""


def state_of(model):
    """Everything that a look could leave behind."""
    return (
        [module.training for module in model.modules()],
        [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()],
        [len(module._backward_hooks) + len(module._backward_pre_hooks) for module in model.modules()],
        [(each.requires_grad, each.grad, each._version) for each in model.parameters()],
        [sorted(vars(module)) for module in model.modules()],
        model.config.to_dict(),
    )


def test_the_model_stays_as_it_was(captioner, picture, monkeypatch):
    model = captioner.model
    model.train()
    model.text_decoder.bert.encoder.layer[1].eval()
    next(model.text_decoder.parameters()).requires_grad_(False)
    before = state_of(model)
    with torch.inference_mode():
        inside = caption_maps(captioner, picture, text=CAPTION, layer=1)
    assert state_of(model) == before
    with torch.no_grad():
        again = caption_maps(captioner, picture, text=CAPTION, layer=1)
    assert all(np.array_equal(a.heatmap, b.heatmap) for a, b in zip(inside.words, again.words, strict=True))
    assert torch.is_grad_enabled()

    def stop(*_, **__):
        raise Stop

    for part in (model.vision_model, model.text_decoder.bert.encoder.layer[2].intermediate, model.text_decoder.cls):
        with monkeypatch.context() as patch:
            patch.setattr(type(part), "forward", stop)
            with pytest.raises(Stop):
                caption_maps(captioner, picture, text=CAPTION, layer=1)
        assert state_of(model) == before
    assert torch.is_grad_enabled()


def test_half_precision_shows_the_same_up_to_its_rounding(captioner, picture):
    whole = caption_maps(captioner, picture, text=CAPTION, layer=1)
    captioner.model.to(torch.bfloat16)
    half = caption_maps(captioner, picture, text=CAPTION, layer=1)
    for one, other in zip(whole.words, half.words, strict=True):
        assert other.heatmap.dtype == np.float32
        assert np.corrcoef(one.heatmap.ravel(), other.heatmap.ravel())[0, 1] > 0.9


def test_a_sure_word_keeps_its_slope():
    """With p = 1 - 1e-15 a plain softmax would say that nothing can raise it."""
    captioner = ix.load_captioner("tiny", device="cpu")
    bias = captioner.model.text_decoder.cls.predictions.decoder.bias
    dog = captioner.tokenizer.convert_tokens_to_ids("dog")
    pixels = captioner.pixels_of([Image.new("RGB", (64, 64), "red")])
    before = bias.data.clone()
    slopes = []
    for extra in (0.0, 20.0, 40.0):
        bias.data = before.clone()
        bias.data[dog] += extra
        slopes.append(tell(captioner, pixels, [dog], [0], (3,)).gradient[3].flatten())
    for slope in slopes[1:]:  # fainter, but of the same shape: the rivals' shares among themselves did not change
        assert 0 < float(slope.abs().max()) < 1e-4 * float(slopes[0].abs().max())
        assert torch.allclose(slope / slope.abs().max(), slopes[0] / slopes[0].abs().max(), atol=1e-4)


def test_the_layer_is_that_of_the_profile_else_a_stated_guess(tokenizer):
    deep = build_captioner(SHAPES[1], tokenizer)
    assert choose_layer(deep, None) == (4, "layer 4, two thirds of the depth: not validated for this checkpoint")
    assert choose_layer(deep, np.int64(2))[0] == 2
    deep.profile = Profile(layer=5, validated="best on something")
    assert choose_layer(deep, None) == (5, "layer 5, from the checkpoint's profile (best on something)")
    for wrong in (-1, 6, True, 1.5, "2"):
        with pytest.raises(LayerError, match="0, 1, 2, 3, 4, 5"):
            caption_maps(deep, Image.new("RGB", (8, 8)), text="a dog", layer=wrong)
    deep.profile = Profile(layer=8)
    with pytest.raises(LayerError, match="Layer 8"):
        choose_layer(deep, None)


def test_bad_captions_are_refused(captioner, picture):
    for empty in ("", "   ", "... !"):
        with pytest.raises(PhraseError, match="no word"):
            caption_maps(captioner, picture, text=empty)
    with pytest.raises(PhraseError, match="must be text"):
        caption_maps(captioner, picture, text=7)
    with pytest.raises(PhraseError, match="half a character"):
        caption_maps(captioner, picture, text="a \ud800 dog")
    with pytest.raises(PhraseError, match="reads no token in"):
        caption_maps(captioner, picture, text="a \u0301 dog")
    assert len(caption_maps(captioner, picture, text="dog " * 64).words) == 64
    with pytest.raises(PhraseError, match="has 65 tokens, but in-memory reads at most 64"):
        caption_maps(captioner, picture, text="dog " * 65)


def test_a_generated_caption_without_a_word_says_what_to_do(captioner, picture, monkeypatch):
    monkeypatch.setattr(captioner, "said", lambda *_, **__: ("", ()))
    with pytest.raises(PhraseError, match=r"Nothing was generated.*text="):
        caption_maps(captioner, picture)


def test_bad_pictures_options_and_models_are_refused(captioner, picture, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(ImageInputError):
        caption_maps(captioner, broken, text="a dog")
    for wrong in ({"gradient": "score"}, {"score": "probability"}):
        with pytest.raises(OptionError, match="must be one of"):
            caption_maps(captioner, picture, text="a dog", **wrong)
    with pytest.raises(OptionError, match="whole number above 0"):
        caption_maps(captioner, picture, max_words=0)
    with pytest.raises(ModelLoadError, match="do not look at the picture"):
        caption_maps(Captioner(torch.nn.Module(), None, None), picture, text="a dog")


def test_the_bundled_captioner_looks_at_what_it_names():
    from iterprime_xai.data.scenes import bundled_samples
    from iterprime_xai.records.heatmap import peak

    sample = bundled_samples()[0]
    captioner = ix.load_captioner("tiny", device="cpu")
    found = caption_maps(captioner, sample.image, text="a green tree above a red bike and a zeppelin")
    assert (found.layer, found.words[0].heatmap.shape) == (3, (14, 14))
    assert any("zeppelin" in each for each in found.trace)
    x, y = peak(found.words[2].heatmap, (1, 1000))[1], peak(found.words[2].heatmap, (1000, 1))[0]
    tree, bike = (peak(found.words[place].heatmap, (100, 100)) for place in (2, 6))
    assert (30 <= tree[0] <= 70, tree[1] <= 60) == (True, True)
    assert (bike[0] <= 35, 45 <= bike[1] <= 75) == (True, True)
    assert x == y == 0
