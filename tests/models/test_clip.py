"""The CLIP adapter: equal to the stock model, masked as Global-Local CLIP masks, and without a trace on the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from random_clip import CLIP_SHAPES, LONGEST, WIDTH, build_clip, build_clip_processor, build_clip_tokenizer

from iterprime_xai.models import load_encoder
from iterprime_xai.models.dual_encoder import AT_ONCE, IMAGENET
from iterprime_xai.models.mask_grid import on_grid
from iterprime_xai.records import ImageInputError, ModelLoadError, OptionError, PhraseError, ProposalError

TEXTS = ["red dog", "a cat", "the tree", "a dog", "x"]


@pytest.fixture(scope="module")
def clip_tokenizer():
    return build_clip_tokenizer()


@pytest.fixture(params=CLIP_SHAPES, ids=lambda shape: shape.name)
def clip_shape(request):
    return request.param


@pytest.fixture
def encoder(clip_shape, clip_tokenizer):
    model = build_clip(clip_shape, clip_tokenizer)
    return load_encoder(model, build_clip_processor(clip_shape, clip_tokenizer))


@pytest.fixture
def small(clip_tokenizer):
    shape = CLIP_SHAPES[0]
    return load_encoder(build_clip(shape, clip_tokenizer), build_clip_processor(shape, clip_tokenizer))


@pytest.fixture
def masks(picture):
    """Boxes and noise: five masks of the picture."""
    found = np.zeros((5, picture.height, picture.width), bool)
    found[0, 10:40, 12:50] = True
    found[1, 50:90, 70:120] = True
    found[2, :, 64:] = True
    found[3] = np.random.default_rng(1).random(found.shape[1:]) < 0.5
    return found  # the last one is empty


def close(found, expected, tolerance=1e-5):
    """Relative to the largest value: what is compared has no absolute size."""
    expected = torch.as_tensor(expected)
    assert found.shape == expected.shape
    assert float(expected.abs().max()) > 1e-3
    return float((torch.as_tensor(found) - expected).abs().max() / expected.abs().max()) < tolerance


# --- by hand ---


def pixels_of(encoder, picture, mean=None, deviation=None):
    """The picture stretched to the model's square, by Pillow alone."""
    processor = encoder.image_processor
    values = np.asarray(picture.resize((encoder.image_size,) * 2, Image.Resampling.BICUBIC), np.float32) / 255
    values = (values - np.float32(mean or processor.image_mean)) / np.float32(deviation or processor.image_std)
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def block_by_hand(layer, x, heads):
    normed = layer.layer_norm1(x)
    query, key, value = (
        part(normed).unflatten(-1, (heads, -1)).transpose(1, 2)
        for part in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj)
    )
    weights = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
    x = x + layer.self_attn.out_proj((weights @ value).transpose(1, 2).flatten(2))
    hidden = layer.mlp.fc1(layer.layer_norm2(x))
    return x + layer.mlp.fc2(hidden * torch.sigmoid(1.702 * hidden))


def tower_by_hand(encoder, pixels, mask=None, blocks=3, spare_cls=True, before=True):
    """One picture through the whole tower for one mask, without sharing anything."""
    vision = encoder.model.vision_model
    x = vision.pre_layrnorm(vision.embeddings(pixels))
    heads, depth = vision.config.num_attention_heads, len(vision.encoder.layers)
    for place, layer in enumerate(vision.encoder.layers):
        masked = mask is not None and place >= depth - blocks
        weights = torch.ones(x.shape[1])
        if masked:
            weights[1:] = torch.from_numpy(mask).flatten()
            weights[0] = 1.0 if spare_cls else weights[1:].mean()
        x = x * weights[:, None] if before else x
        x = block_by_hand(layer, x, heads)
        x = x if before else x * weights[:, None]
    return encoder.model.visual_projection(vision.post_layernorm(x)), x


def each_by_hand(encoder, picture, masks, **settings):
    pixels = pixels_of(encoder, picture)
    with torch.no_grad():
        return torch.cat([tower_by_hand(encoder, pixels, mask, **settings)[0][:, 0] for mask in masks])


# --- equal to the stock model ---


def test_pictures_agree_with_the_stock_model(encoder, picture):
    square = picture.crop((0, 0, 96, 96))
    stock = encoder.model.get_image_features(**encoder.image_processor(images=square, return_tensors="pt"))
    assert close(encoder.encode_images([square]), stock.pooler_output.detach())
    wide = encoder.model.get_image_features(**encoder.image_processor(images=picture, return_tensors="pt"))
    assert close(encoder.encode_images([picture], fit="crop"), wide.pooler_output.detach())
    assert not close(encoder.encode_images([picture]), wide.pooler_output.detach(), 1e-2)


def test_texts_agree_with_the_stock_model_whatever_their_lengths(encoder):
    padded = encoder.tokenizer(TEXTS, padding=True, return_tensors="pt")
    stock = encoder.model.get_text_features(**padded).pooler_output.detach()
    assert close(encoder.encode_texts(TEXTS), stock)


def test_the_logit_scale_makes_the_stock_models_logits(encoder, picture):
    inputs = encoder.image_processor(images=picture, return_tensors="pt")
    stock = encoder.model(**inputs, **encoder.tokenizer(TEXTS, padding=True, return_tensors="pt"))
    images, texts = encoder.encode_images([picture], fit="crop"), encoder.encode_texts(TEXTS)
    logits = encoder.logit_scale * torch.cosine_similarity(images, texts)
    assert close(logits, stock.logits_per_image[0].detach())


def test_shapes_come_from_the_config(encoder, clip_shape, picture, masks):
    side = clip_shape.image // clip_shape.patch
    assert encoder.grid == (side, side)
    assert encoder.encode_patches(picture).shape == (side, side, WIDTH)
    assert encoder.gradcam(picture, TEXTS).shape == (len(TEXTS), side, side)
    assert encoder.encode_masked(picture, masks).shape == (5, WIDTH)
    told = encoder.describe()
    assert (told["grid"], told["image_layers"], told["width"]) == ([side, side], clip_shape.layers, WIDTH)


def test_imagenets_mean_and_deviation_replace_the_models_own(small, picture, masks):
    pixels = pixels_of(small, picture, *IMAGENET)
    with torch.no_grad():
        by_hand = tower_by_hand(small, pixels)[0][:, 0]
    assert close(small.encode_images([picture], normalisation="imagenet"), by_hand)
    assert not close(small.encode_images([picture]), by_hand, 1e-3)
    everything = np.ones_like(masks[:1])
    assert close(small.encode_masked(picture, everything, normalisation="imagenet"), by_hand)


# --- masks in the tower ---


@pytest.mark.parametrize("blocks", [1, 3])
def test_masked_pictures_agree_with_the_whole_tower_run_by_hand_for_each_mask(encoder, picture, masks, blocks):
    by_hand = each_by_hand(encoder, picture, on_grid(masks, encoder.grid), blocks=blocks)
    assert close(encoder.encode_masked(picture, masks, blocks=blocks), by_hand)


@pytest.mark.parametrize(
    "wrong", [{"blocks": 2}, {"blocks": 1}, {"spare_cls": False}, {"before": False}], ids=lambda wrong: str(wrong)
)
def test_masking_otherwise_gives_other_vectors(encoder, picture, masks, wrong):
    by_hand = each_by_hand(encoder, picture, on_grid(masks, encoder.grid), **wrong)
    assert not close(encoder.encode_masked(picture, masks), by_hand, 1e-2)


def test_a_mask_of_all_ones_gives_exactly_the_whole_picture(encoder, picture, masks):
    whole = encoder.encode_images([picture])
    for resize in ("bilinear", "area"):
        assert torch.equal(encoder.encode_masked(picture, np.ones_like(masks[:1]), resize=resize), whole)


def test_a_mask_is_resized_as_asked(small, picture, masks):
    by_hand = each_by_hand(small, picture, on_grid(masks, small.grid, "area"))
    assert close(small.encode_masked(picture, masks, resize="area"), by_hand)
    assert not close(small.encode_masked(picture, masks), by_hand, 1e-3)


def test_the_lower_blocks_run_once_for_all_masks(small, picture, masks, monkeypatch):
    ran = []
    for place, layer in enumerate(small.model.vision_model.encoder.layers):
        monkeypatch.setattr(
            layer, "forward", lambda x, *rest, own=layer.forward, at=place: ran.append((at, len(x))) or own(x, *rest)
        )
    many = np.concatenate([masks] * 10)
    small.encode_masked(picture, many, blocks=2)
    later = [(at, size) for size in (AT_ONCE, 50 - AT_ONCE) for at in (2, 3)]
    assert ran == [(0, 1), (1, 1), *later]


# --- patches and Grad-CAM ---


def test_patches_are_values_of_the_last_attention_through_norm_and_projection(encoder, picture):
    vision = encoder.model.vision_model
    last = vision.encoder.layers[-1]
    with torch.no_grad():
        states = vision(pixel_values=pixels_of(encoder, picture), output_hidden_states=True).hidden_states[-2][0, 1:]
        values = last.self_attn.out_proj(last.self_attn.v_proj(last.layer_norm1(states)))
        joined = encoder.model.visual_projection(vision.post_layernorm(values))
        tokens = tower_by_hand(encoder, pixels_of(encoder, picture))[0][0, 1:]
    assert close(encoder.encode_patches(picture).flatten(0, 1), joined)
    assert not close(encoder.encode_patches(picture).flatten(0, 1), tokens)


def test_gradcam_agrees_with_gradient_and_activation_by_hand(encoder, picture):
    vision, side = encoder.model.vision_model, encoder.grid[0]
    texts = encoder.encode_texts(TEXTS)
    x = vision.pre_layrnorm(vision.embeddings(pixels_of(encoder, picture))).detach()
    heads = vision.config.num_attention_heads
    for layer in vision.encoder.layers[:-1]:
        x = block_by_hand(layer, x, heads).detach()
    x.requires_grad_()
    last = block_by_hand(vision.encoder.layers[-1], x, heads)
    vector = encoder.model.visual_projection(vision.post_layernorm(last[:, 0]))[0]
    by_hand = []
    for text in texts:
        cosine = vector @ text / (vector.norm() * text.norm())
        slope = torch.autograd.grad(cosine, x, retain_graph=True)[0][0, 1:]
        by_hand.append((slope.mean(0) * x[0, 1:]).sum(-1).clamp(min=0).detach().reshape(side, side))
    found = encoder.gradcam(picture, TEXTS)
    assert found.dtype == np.float32
    by_hand = torch.stack(by_hand)
    assert float((torch.from_numpy(found) - by_hand).abs().max()) < 1e-5 * float(by_hand.max())


def test_gradcam_does_not_depend_on_the_callers_mode_or_on_frozen_weights(small, picture):
    expected = small.gradcam(picture, TEXTS)
    assert expected.max() > 0
    small.model.requires_grad_(False)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert np.array_equal(small.gradcam(picture, TEXTS), expected)


def test_half_precision_keeps_the_shape_of_the_map(small, picture):
    exact = small.gradcam(picture, TEXTS).ravel()
    small.model.to(torch.bfloat16)
    half = small.gradcam(picture, TEXTS)
    assert half.dtype == np.float32
    assert np.corrcoef(exact, half.ravel())[0, 1] > 0.98
    assert small.encode_images([picture]).dtype == torch.float32


# --- batches ---


def test_a_result_does_not_depend_on_what_else_is_in_the_batch(encoder, picture, masks):
    others = [picture, picture.rotate(90), picture.crop((3, 4, 60, 50))]
    assert close(encoder.encode_images(others)[:1], encoder.encode_images(others[:1]))
    assert close(encoder.encode_texts(TEXTS)[1:2], encoder.encode_texts(TEXTS[1:2]))
    assert close(encoder.encode_masked(picture, masks)[2:3], encoder.encode_masked(picture, masks[2:3]))
    together, alone = encoder.gradcam(picture, TEXTS), encoder.gradcam(picture, TEXTS[3:4])
    assert np.abs(together[3:4] - alone).max() < 1e-5 * together.max()


def test_batches_are_halved_with_a_notice_when_memory_runs_out(small, picture, masks, monkeypatch):
    expected, own = small.encode_masked(picture, masks), small.upper

    def tight(states, *rest):
        if len(states) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return own(states, *rest)

    monkeypatch.setattr(small, "upper", tight)
    with pytest.warns(UserWarning, match="5 masks at once do not fit into memory; going on with 2"):
        found = small.encode_masked(picture, masks)
    assert close(found, expected)
    with pytest.warns(UserWarning, match="5 images at once"):
        assert len(small.encode_images([picture] * 5)) == 5


def test_pictures_are_taken_from_a_sequence_a_batch_at_a_time(small, picture):
    asked, seen = [], []

    class Made:
        """Makes its pictures when asked, as crops of a large photograph would be."""

        def __len__(self):
            return AT_ONCE + 3

        def __getitem__(self, place):
            assert isinstance(place, int)
            asked.append(place)
            return picture

    own = small.lower
    small.lower = lambda *given: seen.append(len(asked)) or own(*given)
    assert small.encode_images(Made()).shape == (AT_ONCE + 3, WIDTH)
    assert seen == [AT_ONCE, AT_ONCE + 3]


def test_nothing_asked_is_nothing_found(small, picture, masks):
    assert small.encode_texts([]).shape == (0, WIDTH)
    assert small.encode_images([]).shape == (0, WIDTH)
    assert small.encode_masked(picture, masks[:0]).shape == (0, WIDTH)
    assert small.gradcam(picture, []).shape == (0, *small.grid)


# --- the model stays as it was ---


def snapshot(model):
    modules = {
        name: (module.training, len(module._forward_hooks), len(module._forward_pre_hooks), len(module._backward_hooks))
        for name, module in model.named_modules()
    }
    weights = {name: (each.requires_grad, each.grad is None) for name, each in model.named_parameters()}
    values = {name: value.clone() for name, value in model.state_dict().items()}
    return modules, weights, model.config.to_json_string(), model.config._attn_implementation, values


def assert_same(before, after):
    assert before[:4] == after[:4]
    assert all(torch.equal(value, after[4][name]) for name, value in before[4].items())


def ask_everything(encoder, picture, masks):
    encoder.encode_texts(TEXTS)
    encoder.encode_images([picture])
    encoder.encode_masked(picture, masks)
    encoder.encode_patches(picture)
    encoder.gradcam(picture, TEXTS)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_model_is_left_exactly_as_it_was(small, picture, masks, training, requires_grad):
    model = small.model.train(training).requires_grad_(requires_grad)
    model.vision_model.encoder.layers[1].eval()
    model.config.vision_config.output_hidden_states = model.config.text_config.output_hidden_states = True
    before = snapshot(model)
    ask_everything(small, picture, masks)
    assert_same(before, snapshot(model))


@pytest.mark.parametrize("broken", ["vision_model.encoder.layers.3.mlp", "text_model.encoder.layers.1.mlp"])
def test_the_model_is_left_as_it_was_when_it_breaks(small, picture, masks, broken, monkeypatch):
    def fails(*_given):
        raise RuntimeError("broken inside")

    model = small.model.train()
    before = snapshot(model)
    monkeypatch.setattr(model.get_submodule(broken), "forward", fails)
    asked = (
        [lambda: small.encode_texts(TEXTS), lambda: small.gradcam(picture, TEXTS)]
        if "text" in broken
        else [lambda: small.encode_images([picture]), lambda: small.encode_masked(picture, masks)]
    )
    for ask in asked:
        with pytest.raises(RuntimeError, match="broken inside"):
            ask()
    assert_same(before, snapshot(model))


def test_training_mode_dropout_does_not_reach_the_result(small, picture, masks):
    expected = small.encode_masked(picture, masks)
    small.model.config.vision_config.attention_dropout = 0.5
    for layer in small.model.vision_model.encoder.layers:
        layer.self_attn.dropout = 0.5
    small.model.train()
    assert torch.equal(small.encode_masked(picture, masks), expected)


def test_the_users_attention_implementation_is_used_and_kept(clip_tokenizer, picture, masks):
    shape = CLIP_SHAPES[0]
    model = build_clip(shape, clip_tokenizer)
    encoder = load_encoder(model, build_clip_processor(shape, clip_tokenizer))
    expected = encoder.encode_masked(picture, masks), encoder.encode_texts(TEXTS)
    model.set_attn_implementation("eager")
    assert close(encoder.encode_masked(picture, masks), expected[0])
    assert close(encoder.encode_texts(TEXTS), expected[1])
    assert model.config.vision_config._attn_implementation == "eager"


# --- what is refused ---


def test_a_phrase_beyond_the_models_limit_is_refused_and_never_cut(small):
    fits = "x" * (LONGEST - 2)
    assert small.encode_texts([fits]).shape == (1, WIDTH)
    with pytest.raises(PhraseError, match=rf"{LONGEST + 1} tokens.*at most {LONGEST}"):
        small.encode_texts(["a dog", fits + "x"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        (None, "NoneType"),
        ("\ud800", "half"),
        ("a <|endoftext|> b", "own end token"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_refused(encoder, text, message):
    with pytest.raises(PhraseError, match=message):
        encoder.encode_texts(["a dog", text])


def test_one_text_instead_of_a_list_is_refused(small, picture):
    with pytest.raises(OptionError, match="list of texts"):
        small.encode_texts("a dog")
    with pytest.raises(OptionError, match="list of texts"):
        small.gradcam(picture, "a dog")


@pytest.mark.parametrize("blocks", [0, 5, True, 2.0, "3"])
def test_a_number_of_blocks_that_the_tower_does_not_have_is_refused(small, picture, masks, blocks):
    with pytest.raises(OptionError, match="from 1 to 4"):
        small.encode_masked(picture, masks, blocks=blocks)


def test_masks_of_another_size_or_type_are_refused(small, picture, masks):
    with pytest.raises(ProposalError, match=r"height and width \(96, 128\), but have \(96, 127\)"):
        small.encode_masked(picture, masks[..., 1:])
    with pytest.raises(ProposalError, match="boolean"):
        small.encode_masked(picture, masks.astype(float))


def test_unknown_options_and_what_is_no_picture_are_refused(small, picture):
    with pytest.raises(OptionError, match="normalisation must be one of 'own', 'imagenet'"):
        small.encode_images([picture], normalisation="clip")
    with pytest.raises(OptionError, match="fit must be one of 'stretch', 'crop'"):
        small.encode_images([picture], fit="pad")
    with pytest.raises(ImageInputError, match="got ndarray"):
        small.encode_images([np.asarray(picture)])


def test_a_processor_of_another_size_is_named_where_its_size_is_used(small, picture):
    small.image_processor.crop_size = {"height": 32, "width": 32}
    assert small.encode_images([picture]).shape == (1, WIDTH)
    with pytest.raises(OptionError, match="looks at 48x48 pixels, but its image processor made 32x32"):
        small.encode_images([picture], fit="crop")


def test_a_tokenizer_that_ends_no_phrase_is_refused(small):
    small.model.config.text_config.eos_token_id = 7
    with pytest.raises(ModelLoadError, match="no end token"):
        small.encode_texts(["a dog"])
