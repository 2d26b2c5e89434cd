"""ALBEF against an independent assembly of stock ViT and BERT blocks, and what is its own: no [SEP], layers that do not look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from albef_assembly import assembled
from questions import asks, far, questions
from random_albef import ALBEF_SHAPES, AT_256, AT_384, DEEP, HEAD, random_state, write_checkpoint

from iterprime_xai.models import ImageTokens, load_matcher
from iterprime_xai.records import LayerError

TEXT = "the red dog left of a zebra"


@pytest.fixture(scope="module", params=ALBEF_SHAPES, ids=lambda shape: shape.name)
def case(request, tokenizer, tmp_path_factory):
    """Shape, released state, and the matcher loaded from it."""
    shape = request.param
    state = random_state(shape, len(tokenizer))
    path = write_checkpoint(tmp_path_factory.mktemp("albef") / "ALBEF.pth", state, tokenizer)
    return shape, state, load_matcher(path, device="cpu")


def test_logit_attention_and_gradient_equal_stock_blocks_at_every_fusion_layer(case, tokenizer):
    shape, state, matcher = case
    some = questions(matcher)
    expected = [assembled(shape, state, tokenizer, each) for each in some]
    assert matcher.layers == tuple(expected[0][1]) == tuple(range(shape.fusion, shape.text_layers))
    for layers in ((matcher.layers[0],), (matcher.layers[-1],), matcher.layers):
        for ours, (logit, attention, gradient) in zip(
            matcher.match_all(asks(some), layers=layers), expected, strict=True
        ):
            assert ours.logit == pytest.approx(logit, rel=1e-4, abs=1e-5)
            for layer in layers:
                assert far(ours.attention[layer], attention[layer]) <= 1e-4
                assert far(ours.gradient[layer], gradient[layer]) <= 1e-4


@pytest.mark.parametrize(
    "wrong", [{"fusion": "next"}, {"read": 1}, {"read": -1}, {"sep": True}, {"causal": True}], ids=str
)
def test_the_comparison_fails_for_another_fusion_layer_token_separator_or_mask(case, tokenizer, wrong):
    shape, state, matcher = case
    question = questions(matcher)[2]
    layer = matcher.layers[1]
    ours = matcher.match_all([question.ask], layers=(layer,))[0]
    wrong = {**wrong, **({"fusion": shape.fusion + 1} if "fusion" in wrong else {})}
    logit, attention, gradient = assembled(shape, state, tokenizer, question, **wrong)
    assert abs(ours.logit - logit) > 1e-3 * abs(logit)
    assert far(ours.gradient[layer], gradient[layer]) > 1e-2
    if "read" not in wrong:
        assert far(ours.attention[layer], attention[layer]) > 1e-2


def test_the_comparison_fails_at_another_layer(case, tokenizer):
    shape, state, matcher = case
    question = questions(matcher)[2]
    one, other = matcher.layers[:2]
    ours = matcher.match_all([question.ask], layers=(one,))[0]
    _, attention, gradient = assembled(shape, state, tokenizer, question)
    assert far(ours.attention[one], attention[other]) > 1e-2
    assert far(ours.gradient[one], gradient[other]) > 1e-2


@pytest.mark.parametrize(("shape", "size"), [(AT_256, 384), (AT_384, 256)], ids=["256 to 384", "384 to 256"])
def test_at_the_other_releases_size_everything_equals_stock_blocks_that_interpolate(shape, size, tokenizer, tmp_path):
    state = random_state(shape, len(tokenizer))
    matcher = load_matcher(write_checkpoint(tmp_path / "ALBEF.pth", state, tokenizer), image_size=size, device="cpu")
    assert matcher.grid == (size // 16, size // 16)
    question = questions(matcher)[2]
    ours = matcher.match_all([question.ask], layers=matcher.layers)[0]
    logit, attention, gradient = assembled(shape, state, tokenizer, question, size=size)
    assert ours.logit == pytest.approx(logit, rel=1e-4, abs=1e-5)
    for layer in matcher.layers:
        assert far(ours.attention[layer], attention[layer]) <= 1e-4
        assert far(ours.gradient[layer], gradient[layer]) <= 1e-4
    before, places = shape.image // 16, state["visual_encoder.pos_embed"]
    turned = places[:, 1:].unflatten(1, (before, before)).transpose(1, 2).flatten(1, 2)
    wrong = {**state, "visual_encoder.pos_embed": torch.cat((places[:, :1], turned), 1)}
    assert far(ours.attention[1], assembled(shape, wrong, tokenizer, question, size=size)[1][1]) > 1e-2


def test_the_image_tower_computes_what_the_release_says(case, picture):
    """Pre-norm blocks with joint query, key and value, written out; no stock block."""
    shape, state, matcher = case
    own = {key.removeprefix("visual_encoder."): value for key, value in state.items()}

    def linear(values, name):
        return torch.nn.functional.linear(values, own[f"{name}.weight"], own[f"{name}.bias"])

    def norm(values, name):
        width = (shape.vision_width,)
        return torch.nn.functional.layer_norm(values, width, own[f"{name}.weight"], own[f"{name}.bias"], 1e-6)

    pixels = matcher.image_processor(images=picture, return_tensors="pt")["pixel_values"]
    patches = torch.nn.functional.conv2d(
        pixels, own["patch_embed.proj.weight"], own["patch_embed.proj.bias"], stride=shape.patch
    )
    states = torch.cat((own["cls_token"], patches.flatten(2).transpose(1, 2)), 1) + own["pos_embed"]
    for index in range(shape.vision_layers):
        joint = linear(norm(states, f"blocks.{index}.norm1"), f"blocks.{index}.attn.qkv")
        queries, keys, values = joint.unflatten(-1, (3, -1, HEAD)).permute(2, 0, 3, 1, 4)
        seen = (queries @ keys.transpose(-1, -2) / HEAD**0.5).softmax(-1) @ values
        states = states + linear(seen.transpose(1, 2).flatten(2), f"blocks.{index}.attn.proj")
        inner = torch.nn.functional.gelu(linear(norm(states, f"blocks.{index}.norm2"), f"blocks.{index}.mlp.fc1"))
        states = states + linear(inner, f"blocks.{index}.mlp.fc2")
    assert far(matcher.encode_image(picture).hidden, norm(states, "norm")) <= 1e-4


# --- what is its own ---


def test_texts_have_no_separator_and_offsets_follow_the_characters(case, tokenizer):
    tokens = case[2].tokenize(TEXT)
    assert tokens.ids[0].tolist() == tokenizer(TEXT)["input_ids"][:-1]
    assert tokens.offsets[0] is None
    assert "".join(TEXT[slice(*offset)] for offset in tokens.offsets[1:]) == TEXT.replace(" ", "")


def test_the_tokenizer_that_is_given_stays_as_it_was(case, tokenizer):
    from iterprime_xai.models.albef import AlbefMatcher

    _, _, matcher = case
    before = tokenizer(TEXT)["input_ids"]
    again = AlbefMatcher(matcher.model, matcher.image_processor, tokenizer)
    assert tokenizer(TEXT)["input_ids"] == before
    assert again.tokenize(TEXT).ids[0].tolist() == before[:-1]
    assert again.name == "in-memory"


def test_layers_below_the_first_fusion_layer_are_refused_and_make_no_keys(case, picture):
    shape, _, matcher = case
    tokens = matcher.encode_image(picture)
    matcher.match(tokens, matcher.tokenize(TEXT), layers=matcher.layers)
    assert set(tokens.kept) == set(matcher.layers) == set(range(shape.fusion, shape.text_layers))
    with pytest.raises(LayerError, match=f"those with cross-attention: {shape.fusion}, "):
        matcher.match(tokens, matcher.tokenize(TEXT), layers=(shape.fusion - 1,))


def test_patches_left_out_change_nothing_and_show_nothing_at_any_layer(case, picture):
    _, _, matcher = case
    tokens, text, keep = matcher.encode_image(picture), matcher.tokenize(TEXT), np.ones(matcher.grid, bool)
    keep[1, 2] = False

    def look(row, column):
        hidden = tokens.hidden.clone()
        hidden[:, matcher.prefix + row * matcher.grid[1] + column] += 3.0
        return matcher.match(ImageTokens(hidden, tokens.grid, tokens.prefix), text, keep=keep, layers=matcher.layers)

    plain = matcher.match(tokens, text, keep=keep, layers=matcher.layers)
    left_out, kept = look(1, 2), look(2, 1)
    assert left_out.logit == plain.logit
    assert kept.logit != plain.logit
    assert matcher.match(tokens, text).logit != plain.logit
    for layer in matcher.layers:
        assert torch.equal(left_out.attention[layer], plain.attention[layer])
        assert torch.equal(left_out.gradient[layer], plain.gradient[layer])
        assert not torch.equal(kept.attention[layer], plain.attention[layer])
        assert float(plain.attention[layer][:, :, 1, 2].abs().max()) == 0
        assert float(plain.gradient[layer][:, :, 1, 2].abs().max()) == 0
        assert float(plain.attention[layer].sum((2, 3)).max()) < 1  # the image's own [CLS] is always seen


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_exactly_as_it_was_also_after_an_exception(case, tokenizer, picture, training):
    from iterprime_xai.models.albef import Albef, AlbefMatcher

    model = Albef(case[2].model.sizes).train(training)
    model.itm_head.eval()
    model.text_encoder.embeddings.word_embeddings.requires_grad_(False)
    matcher = AlbefMatcher(model, case[2].image_processor, tokenizer)

    def state():
        return (
            [(each.training, len(each._forward_hooks), len(each._forward_pre_hooks)) for each in model.modules()],
            [
                (each.requires_grad, each.grad is None, float(each.detach().double().sum()))
                for each in model.parameters()
            ],
            model.visual_encoder.config._attn_implementation,
        )

    before = state()
    tokens, text = matcher.encode_image(picture), matcher.tokenize(TEXT)
    logit = matcher.match(tokens, text, layers=matcher.layers).logit
    assert state() == before
    with pytest.raises(RuntimeError):
        matcher.match(ImageTokens(tokens.hidden[..., :-1], tokens.grid, tokens.prefix), text, layers=matcher.layers)
    assert state() == before
    assert matcher.match(tokens, text).logit == pytest.approx(logit, rel=1e-5)  # no dropout while training, either


def test_half_precision_reads_the_same_map(case, picture, tokenizer, tmp_path):
    _, state, matcher = case
    half = load_matcher(write_checkpoint(tmp_path / "ALBEF.pth", state, tokenizer), dtype="bfloat16")
    assert half.dtype == torch.bfloat16
    layer = matcher.layers[0]
    ours, full = (
        each.match(each.encode_image(picture), each.tokenize(TEXT), layers=(layer,)) for each in (half, matcher)
    )
    assert ours.probability == pytest.approx(full.probability, abs=0.02)
    assert far(ours.attention[layer].float(), full.attention[layer]) < 0.1


def test_the_published_depth_reads_the_papers_layer_and_says_who_does(tokenizer, tmp_path, case):
    path = write_checkpoint(tmp_path / "ALBEF.pth", random_state(DEEP, len(tokenizer)), tokenizer)
    layer, note = load_matcher(path).choose_layer(None)
    assert layer == 8
    assert "IteRPrimE" in note
    assert note.endswith("not validated for this checkpoint)")
    shape, _, small = case
    assert small.choose_layer(None)[0] == {5: 3, 4: 2}[shape.text_layers]


def test_what_it_says_of_itself(case):
    shape, _, matcher = case
    said = matcher.describe()
    side = shape.image // shape.patch
    assert said["family"] == "albef"
    assert said["name"] == "ALBEF"
    assert said["grid"] == [side, side]
    assert (said["text_layers"], said["heads"], said["fusion_layer"]) == (shape.text_layers, 2, shape.fusion)
    assert (said["image_size"], said["start_token"]) == (shape.image, "cls")
    assert said["file"].endswith("ALBEF.pth")
