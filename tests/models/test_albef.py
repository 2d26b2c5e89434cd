"""ALBEF against an independent assembly of stock ViT and BERT blocks, and what is its own: no [SEP], layers that do not look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from questions import asks, far, questions
from random_albef import ALBEF_SHAPES, DEEP, HEAD, random_state, write_checkpoint

from iterprime_xai.models import load_matcher
from iterprime_xai.records import LayerError

TEXT = "the red dog left of a zebra"


@pytest.fixture(scope="module", params=ALBEF_SHAPES, ids=lambda shape: shape.name)
def case(request, tokenizer, tmp_path_factory):
    """Shape, released state, and the matcher loaded from it."""
    shape = request.param
    state = random_state(shape, len(tokenizer))
    path = write_checkpoint(tmp_path_factory.mktemp("albef") / "ALBEF.pth", state, tokenizer)
    return shape, state, load_matcher(path)


# --- an independent assembly, from stock blocks and the released state ---


def image_tower(shape, state):
    from transformers import ViTConfig, ViTModel

    width = shape.vision_width
    model = ViTModel(
        ViTConfig(
            hidden_size=width,
            num_hidden_layers=shape.vision_layers,
            num_attention_heads=width // HEAD,
            intermediate_size=2 * width,
            image_size=shape.image,
            patch_size=shape.patch,
            layer_norm_eps=1e-6,
        ),
        add_pooling_layer=False,
    ).eval()
    own = {key.removeprefix("visual_encoder."): value for key, value in state.items()}
    with torch.no_grad():
        model.embeddings.cls_token.copy_(own["cls_token"])
        model.embeddings.position_embeddings.copy_(own["pos_embed"])
        pairs = [(model.embeddings.patch_embeddings.projection, "patch_embed.proj"), (model.layernorm, "norm")]
        for index, layer in enumerate(model.layers):
            block = f"blocks.{index}"
            pairs += [(layer.layernorm_before, f"{block}.norm1"), (layer.layernorm_after, f"{block}.norm2")]
            pairs += [(layer.attention.o_proj, f"{block}.attn.proj")]
            pairs += [(layer.mlp.fc1, f"{block}.mlp.fc1"), (layer.mlp.fc2, f"{block}.mlp.fc2")]
            for place, part in enumerate((layer.attention.q_proj, layer.attention.k_proj, layer.attention.v_proj)):
                part.weight.copy_(own[f"{block}.attn.qkv.weight"][place * width : (place + 1) * width])
                part.bias.copy_(own[f"{block}.attn.qkv.bias"][place * width : (place + 1) * width])
        for module, name in pairs:
            module.weight.copy_(own[f"{name}.weight"])
            module.bias.copy_(own[f"{name}.bias"])
    return model


def text_encoder(shape, state, tokenizer):
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.text_width,
            num_hidden_layers=shape.text_layers,
            num_attention_heads=shape.text_width // HEAD,
            intermediate_size=2 * shape.text_width,
            max_position_embeddings=64,
            is_decoder=True,
            add_cross_attention=True,
            attn_implementation="eager",
        ),
        add_pooling_layer=False,
    ).eval()
    for layer in model.encoder.layer:
        layer.crossattention.self.key = torch.nn.Linear(shape.vision_width, shape.text_width)
        layer.crossattention.self.value = torch.nn.Linear(shape.vision_width, shape.text_width)
    start = "text_encoder.bert."
    own = {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}
    found = model.load_state_dict(own, strict=False)
    assert all(".crossattention." in key for key in found.missing_keys)
    return model


def assembled(shape, state, tokenizer, question, *, fusion=None, read=0, sep=False, causal=False):
    """Logit, and attention and gradient (heads, tokens, rows, columns) by layer; the options are for getting it wrong."""
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    side = shape.image // shape.patch
    processor = BlipImageProcessorPil(size={"height": shape.image, "width": shape.image})
    hidden = image_tower(shape, state)(**processor(question.image, return_tensors="pt")).last_hidden_state
    keep = np.ones((side, side), bool) if question.ask.keep is None else question.ask.keep
    seen = torch.from_numpy(np.concatenate([[True], keep.ravel()]))
    ids = tokenizer(question.text)["input_ids"]
    model = text_encoder(shape, state, tokenizer)
    states = model.embeddings(torch.tensor([ids if sep else ids[:-1]]))
    attention = {}
    hooks = [
        layer.crossattention.self.register_forward_hook(
            lambda module, given, made, index=index: attention.update({index: made[1]})
        )
        for index, layer in enumerate(model.encoder.layer)
    ]
    length = states.shape[1]
    apart = torch.full((length, length), float("-inf")).triu(1)[None, None] if causal else None
    for index, layer in enumerate(model.encoder.layer):
        looks = index >= (shape.fusion if fusion is None else fusion)
        states = layer(states, apart, encoder_hidden_states=hidden[:, seen] if looks else None)
    for hook in hooks:
        hook.remove()
    logit = torch.nn.functional.linear(states[0, read], state["itm_head.weight"], state["itm_head.bias"])[1]
    gradient = dict(zip(attention, torch.autograd.grad(logit, list(attention.values())), strict=True))

    def on_grid(values):
        full = torch.zeros(*values.shape[1:3], len(seen))
        full[:, :, seen] = values[0].detach()
        return full[:, :, 1:].unflatten(-1, (side, side))

    return (
        logit.item(),
        {layer: on_grid(each) for layer, each in attention.items()},
        {layer: on_grid(each) for layer, each in gradient.items()},
    )


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


def test_patches_left_out_change_nothing(case, picture):
    _, _, matcher = case
    tokens, text, keep = matcher.encode_image(picture), matcher.tokenize(TEXT), np.ones(matcher.grid, bool)
    keep[1, 2] = False
    masked = matcher.match(tokens, text, keep=keep, layers=matcher.layers[:1])
    tokens.kept.clear()
    tokens.hidden[:, 1 + matcher.grid[1] + 2] += 5
    changed = matcher.match(tokens, text, keep=keep, layers=matcher.layers[:1])
    assert changed.logit == masked.logit
    assert matcher.match(tokens, text).logit != masked.logit


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
