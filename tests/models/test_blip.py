"""The BLIP adapter: real masking, an untouched model, and clear errors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_models import build_processor

from iterprime_xai.models import ImageTokens, Profile, load_matcher
from iterprime_xai.models.blip import BlipMatcher
from iterprime_xai.records import LayerError, ModelLoadError, OptionError, PhraseError

TEXT = "the red dog left of a tree"


def snapshot(model):
    return (
        {
            name: (module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
            for name, module in model.named_modules()
        },
        {name: (p.requires_grad, p.grad is None, p.detach().clone()) for name, p in model.named_parameters()},
    )


def assert_same(before, after):
    assert before[0] == after[0]
    for name, (requires, no_grad, value) in before[1].items():
        assert after[1][name][0] == requires
        assert after[1][name][1] == no_grad
        assert torch.equal(after[1][name][2], value)


def test_grid_prefix_and_layers_come_from_the_config(matcher, shape):
    side = shape.image // shape.patch
    assert matcher.grid == (side, side)
    assert matcher.prefix == 1
    assert matcher.layers == tuple(range(shape.text_layers))


def test_match_agrees_with_the_stock_forward(matcher, picture):
    pixels = matcher.image_processor(images=picture, return_tensors="pt")["pixel_values"]
    ids = matcher.tokenizer(TEXT, return_tensors="pt")["input_ids"]
    stock = matcher.model(input_ids=ids, pixel_values=pixels).itm_score[0]
    found = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT))
    assert found.logit == pytest.approx(stock[1].item(), rel=1e-5)
    assert found.probability == pytest.approx(stock.softmax(-1)[1].item(), rel=1e-5)


def test_features_of_a_masked_patch_change_nothing_and_those_of_a_kept_patch_do(matcher, picture):
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    keep = np.ones(matcher.grid, bool)
    keep[0, 1] = False
    layer = matcher.layers[0]

    def look(row, column):
        hidden = tokens.hidden.clone()
        hidden[:, matcher.prefix + row * matcher.grid[1] + column] += 3.0
        return matcher.match(ImageTokens(hidden, tokens.grid, tokens.prefix), text, keep=keep, layers=(layer,))

    plain = matcher.match(tokens, text, keep=keep, layers=(layer,))
    masked, kept = look(0, 1), look(0, 0)
    assert masked.logit == plain.logit
    assert torch.equal(masked.attention[layer], plain.attention[layer])
    assert torch.equal(masked.gradient[layer], plain.gradient[layer])
    assert kept.logit != plain.logit
    assert float(plain.attention[layer][:, :, 0, 1].abs().max()) == 0.0


def test_kept_patches_share_all_attention_with_the_prefix(matcher, picture):
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    keep = np.zeros(matcher.grid, bool)
    found = matcher.match(tokens, text, keep=keep, layers=matcher.layers)
    assert all(float(found.attention[layer].abs().max()) == 0 for layer in matcher.layers)
    assert np.isfinite(found.logit)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_model_is_left_exactly_as_it_was(matcher, picture, training, requires_grad):
    model = matcher.model.train(training).requires_grad_(requires_grad)
    model.itm_head.eval()
    before = snapshot(model)
    matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=matcher.layers)
    assert_same(before, snapshot(model))


def test_the_model_is_left_as_it_was_after_an_exception(matcher, picture):
    model = matcher.model.train()
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    before = snapshot(model)
    broken = ImageTokens(tokens.hidden[..., :-1], tokens.grid, tokens.prefix)
    with pytest.raises(RuntimeError):
        matcher.match(broken, text, layers=matcher.layers)
    assert_same(before, snapshot(model))


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_maps_do_not_depend_on_the_callers_grad_mode(matcher, picture, context):
    layer = matcher.layers[0]
    expected = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=(layer,))
    with context():
        found = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=(layer,))
    assert torch.equal(found.gradient[layer], expected.gradient[layer])
    assert float(expected.gradient[layer].abs().max()) > 0


def test_training_mode_dropout_does_not_leak_into_the_result(matcher, picture):
    expected = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT)).logit
    matcher.model.train()
    for module in matcher.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    assert matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT)).logit == expected


@pytest.mark.parametrize("layer", [-1, 99, 1.0, True, "2"])
def test_a_layer_without_cross_attention_lists_those_that_have_it(matcher, layer):
    with pytest.raises(LayerError, match="those with cross-attention: 0, 1"):
        matcher.choose_layer(layer)


def test_default_layer_says_that_it_is_not_validated(matcher, shape):
    layer, note = matcher.choose_layer(None)
    assert layer == {3: 1, 6: 4, 2: 0}[shape.text_layers]
    assert "not validated for this checkpoint" in note


def test_offsets_follow_the_characters_of_repeated_and_split_words(matcher):
    text = "a dog left of a zzz dog"
    tokens = matcher.tokenize(text)
    pieces = ["" if offset is None else text[slice(*offset)] for offset in tokens.offsets]
    assert pieces[0] == pieces[-1] == ""
    assert "".join(pieces) == text.replace(" ", "")
    assert len(tokens.positions((16, 19))) == 3
    assert tokens.positions((2, 5)) != tokens.positions((20, 23))


def test_a_phrase_beyond_the_models_limit_is_refused_and_never_cut(matcher):
    with pytest.raises(PhraseError, match=r"102 tokens.*at most 64"):
        matcher.tokenize("dog " * 100)


def test_enc_start_token_replaces_cls_and_changes_the_score(matcher, picture):
    encoded = BlipMatcher(matcher.model, matcher.image_processor, matcher.tokenizer, profile=Profile(start_token="enc"))
    assert int(encoded.tokenize(TEXT).ids[0, 0]) == 6
    assert int(matcher.tokenize(TEXT).ids[0, 0]) == 2
    tokens = matcher.encode_image(picture)
    assert encoded.match(tokens, encoded.tokenize(TEXT)).logit != matcher.match(tokens, matcher.tokenize(TEXT)).logit


def test_keep_must_be_boolean_on_the_grid(matcher, picture):
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    with pytest.raises(OptionError, match="boolean array on the grid"):
        matcher.match(tokens, text, keep=np.ones((2, 3), bool))
    with pytest.raises(OptionError, match="boolean array on the grid"):
        matcher.match(tokens, text, keep=np.ones(matcher.grid))


def test_closed_vocabulary_names_the_nearest_known_word(matcher):
    closed = BlipMatcher(
        matcher.model, matcher.image_processor, matcher.tokenizer, profile=Profile(closed_vocabulary=True)
    )
    assert closed.unknown_words(("the", "Dog", "bikee", "xylophone", "7")) == {"bikee": "bike", "xylophone": None}
    assert matcher.unknown_words(("bikee",)) == {}


def test_accents_and_capitals_are_read_as_the_tokenizer_reads_them(matcher):
    closed = BlipMatcher(
        matcher.model, matcher.image_processor, matcher.tokenizer, profile=Profile(closed_vocabulary=True)
    )
    assert closed.unknown_words(("Tëddy", "DOG", "x")) == {"x": None}


@pytest.mark.parametrize(("text", "message"), [(None, "got NoneType"), (b"dog", "got bytes"), ("a \ud800 dog", "half")])
def test_what_is_no_text_is_refused(matcher, text, message):
    with pytest.raises(PhraseError, match=message):
        matcher.tokenize(text)


def test_a_layer_may_be_a_numpy_integer(matcher):
    chosen, note = matcher.choose_layer(np.int64(1))
    assert type(chosen) is int
    assert (chosen, note) == (1, "layer 1, as asked")
    with pytest.raises(LayerError):
        matcher.choose_layer(np.bool_(True))


def test_a_text_encoder_without_cross_attention_is_refused(random_model, shape, tokenizer):
    for layer in random_model.text_encoder.encoder.layer:
        del layer.crossattention
    with pytest.raises(ModelLoadError, match="cross-attention"):
        load_matcher(random_model, build_processor(shape, tokenizer))


def test_half_precision_keeps_the_shape_of_the_map(shape, tokenizer, random_model, picture):
    matcher = load_matcher(random_model, build_processor(shape, tokenizer))
    layer = matcher.layers[0]
    exact = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=(layer,)).gradient[layer]
    random_model.to(torch.bfloat16)
    rough = matcher.match(matcher.encode_image(picture), matcher.tokenize(TEXT), layers=(layer,)).gradient[layer]
    assert rough.dtype == torch.float32
    correlation = np.corrcoef(exact.numpy().ravel(), rough.numpy().ravel())[0, 1]
    assert correlation > 0.9
