"""CLIP with a ResNet through open_clip: masked pooling, Grad-CAM, loading from its layout, and a model left as it was."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import softmax

from iterprime_xai.models import load_encoder
from iterprime_xai.models.mask_grid import on_grid
from iterprime_xai.records import MissingExtraError, ModelLoadError, OptionError, PhraseError

TEXTS = ["red dog", "a cat left of the tree", "x"]
CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 96, "layers": [1, 2, 1, 1], "width": 8, "head_width": 32},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


@pytest.fixture(scope="module")
def open_clip():
    return pytest.importorskip("open_clip")


def build(open_clip):
    torch.manual_seed(0)
    model = open_clip.CLIP(**CONFIG)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "bn" in name and name.endswith("weight"):
                value.uniform_(0.5, 1.5)  # the last of each block starts at zero, which would hide the block
            elif "attnpool" in name:
                value.normal_(0, 0.2)
    return model.eval()


@pytest.fixture(scope="module")
def words(open_clip):
    return open_clip.SimpleTokenizer(context_length=12)


@pytest.fixture
def encoder(open_clip, words):
    return load_encoder(build(open_clip), words)


@pytest.fixture
def masks(picture):
    found = np.zeros((4, picture.height, picture.width), bool)
    found[0, 10:40, 12:50] = True
    found[1, :, 64:] = True
    found[2] = np.random.default_rng(1).random(found.shape[1:]) < 0.5
    return found  # the last one is empty


@pytest.fixture(scope="module")
def folder(open_clip, tmp_path_factory):
    from safetensors.torch import save_file

    place = tmp_path_factory.mktemp("open_clip") / "small-resnet"
    place.mkdir()
    half = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    told = {"model_cfg": CONFIG, "preprocess_cfg": half}
    (place / "open_clip_config.json").write_text(json.dumps(told), encoding="utf-8")
    save_file(build(open_clip).state_dict(), place / "open_clip_model.safetensors")
    return place


def feature_map(encoder, picture):
    processor = encoder.image_processor
    values = np.asarray(picture.resize((96, 96), Image.Resampling.BICUBIC), np.float32) / 255
    values = (values - np.float32(processor.image_mean)) / np.float32(processor.image_std)
    visual = encoder.model.visual
    x = visual.stem(torch.from_numpy(values).permute(2, 0, 1)[None])
    return visual.layer4(visual.layer3(visual.layer2(visual.layer1(x))))


def pooled_by_hand(pool, x):
    """CLIP's attention pooling of one feature map (channels, rows, columns): the mean asks, all places answer."""
    tokens = x.flatten(1).T
    tokens = torch.cat((tokens.mean(0, keepdim=True), tokens)) + pool.positional_embedding
    query, key, value = (
        part(tokens).unflatten(-1, (pool.num_heads, -1)) for part in (pool.q_proj, pool.k_proj, pool.v_proj)
    )
    weights = softmax(torch.einsum("hc,thc->ht", query[0], key) / key.shape[-1] ** 0.5, -1)
    return pool.c_proj(torch.einsum("ht,thc->hc", weights, value).flatten())


def close(found, expected, tolerance=1e-5):
    assert found.shape == expected.shape
    assert float(expected.abs().max()) > 1e-3
    return float((found - expected).abs().max() / expected.abs().max()) < tolerance


@torch.no_grad()
def test_pictures_and_texts_agree_with_open_clip(encoder, words, picture):
    x = feature_map(encoder, picture)
    assert close(encoder.encode_images([picture]), encoder.model.visual.attnpool(x))
    assert close(encoder.encode_images([picture])[0], pooled_by_hand(encoder.model.visual.attnpool, x[0]))
    assert close(encoder.encode_texts(TEXTS), encoder.model.encode_text(words(TEXTS)))
    assert encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-5)


@torch.no_grad()
def test_masked_pooling_agrees_with_lines_by_hand_and_not_with_others(encoder, picture, masks):
    x, pool = feature_map(encoder, picture)[0], encoder.model.visual.attnpool
    weights = torch.from_numpy(on_grid(masks, encoder.grid))
    directions = x / x.norm(dim=0, keepdim=True)
    by_hand = torch.stack([pooled_by_hand(pool, directions * each) for each in weights])
    found = encoder.encode_masked(picture, masks)
    assert close(found, by_hand)
    without_norm = torch.stack([pooled_by_hand(pool, x * each) for each in weights])
    assert not close(found, without_norm, 1e-2)
    pooled_after = torch.stack([pooled_by_hand(pool, directions) * each.mean() for each in weights])
    assert not close(found, pooled_after, 1e-2)


@torch.no_grad()
def test_patches_are_values_through_the_output_projection(encoder, picture):
    x, pool = feature_map(encoder, picture)[0], encoder.model.visual.attnpool
    assert encoder.grid == (3, 3)
    assert close(encoder.encode_patches(picture)[2, 1], pool.c_proj(pool.v_proj(x[:, 2, 1])))


def test_gradcam_is_captums(encoder, picture):
    captum = pytest.importorskip("captum.attr")
    texts = encoder.encode_texts(TEXTS)
    layer = encoder.model.visual.layer4
    processor = encoder.image_processor
    pixels = processor(images=picture, size={"height": 96, "width": 96}, do_center_crop=False, return_tensors="pt")
    found = encoder.gradcam(picture, TEXTS)
    for text, ours in zip(texts, found, strict=True):
        method = captum.LayerGradCam(
            lambda given, text=text: torch.cosine_similarity(encoder.model.encode_image(given), text[None]), layer
        )
        theirs = method.attribute(pixels["pixel_values"], relu_attributions=True)[0, 0].detach().numpy()
        assert theirs.max() > 0
        assert np.abs(ours - theirs).max() < 1e-5 * theirs.max()


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was_with_its_batch_statistics(encoder, picture, masks, training, monkeypatch):
    def state():
        flags = [(module.training, len(module._forward_hooks)) for module in encoder.model.modules()]
        weights = [(each.requires_grad, each.grad is None) for each in encoder.model.parameters()]
        return flags, weights, {name: value.clone() for name, value in encoder.model.state_dict().items()}

    def ask():
        encoder.encode_texts(TEXTS)
        encoder.encode_images([picture])
        encoder.encode_masked(picture, masks)
        encoder.encode_patches(picture)
        encoder.gradcam(picture, TEXTS)

    def fails(*_given):
        raise RuntimeError("broken inside")

    encoder.model.train(training)
    encoder.model.visual.layer2.eval()
    before = state()
    ask()
    monkeypatch.setattr(encoder.model.visual.attnpool, "forward", fails)
    with pytest.raises(RuntimeError, match="broken inside"):
        ask()
    after = state()
    assert after[:2] == before[:2]
    assert all(torch.equal(value, after[2][name]) for name, value in before[2].items())


def test_a_result_does_not_depend_on_what_else_is_in_the_batch(encoder, picture, masks):
    assert close(encoder.encode_masked(picture, masks)[1:2], encoder.encode_masked(picture, masks[1:2]))
    assert close(encoder.encode_texts(TEXTS)[:1], encoder.encode_texts(TEXTS[:1]))


def test_phrases_that_are_too_long_or_end_early_are_refused(encoder):
    assert encoder.encode_texts(["dog " * 10]).shape == (1, 24)
    with pytest.raises(PhraseError, match=r"13 tokens.*at most 12"):
        encoder.encode_texts(["dog " * 11])
    with pytest.raises(PhraseError, match="own end token"):
        encoder.encode_texts(["a <end_of_text> dog"])


# --- loading ---


def test_a_folder_in_open_clips_layout_loads_with_the_same_answer(folder, open_clip, words, picture, masks):
    encoder = load_encoder(folder, device="cpu")
    told = encoder.describe()
    assert (told["name"], told["image_tower"], told["grid"]) == ("small-resnet", "resnet", [3, 3])
    assert (told["image_layers"], told["activation"], told["mean"]) == ([1, 2, 1, 1], "GELU", [0.5, 0.5, 0.5])
    assert not any(each.requires_grad for each in encoder.model.parameters())
    in_memory = load_encoder(build(open_clip), words)
    in_memory.image_processor = encoder.image_processor
    assert torch.equal(encoder.encode_masked(picture, masks), in_memory.encode_masked(picture, masks))
    assert torch.equal(encoder.encode_texts(TEXTS), in_memory.encode_texts(TEXTS))


def test_a_named_architecture_takes_a_checkpoint_of_plain_weights(folder, open_clip, tmp_path, monkeypatch, picture):
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "RN-small", CONFIG)
    weights = {f"module.{name}": value for name, value in build(open_clip).state_dict().items()}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "epoch.pt")
    encoder = load_encoder(f"open_clip:RN-small:{tmp_path / 'epoch.pt'}", device="cpu")
    safe = load_encoder(f"open_clip:RN-small:{folder / 'open_clip_model.safetensors'}", device="cpu")
    assert encoder.name == "open_clip:RN-small"
    assert torch.equal(encoder.encode_images([picture]), safe.encode_images([picture]))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("RN5O", "no model 'RN5O'. Did you mean 'RN50'"),
        ("RN50", "needs a file of weights, since nothing is downloaded"),
        ("RN50:nowhere.pt", "no file 'nowhere.pt'"),
        ("ViT-B-32:WEIGHTS", "layout of `transformers`"),
        ("RN50:WEIGHTS", r"other sizes"),
    ],
)
def test_what_cannot_be_loaded_by_name_says_why(folder, what, message, monkeypatch, open_clip):
    small = json.loads(json.dumps(CONFIG))
    small["embed_dim"] = 8
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "RN50", small)
    with pytest.raises(ModelLoadError, match=message):
        load_encoder("open_clip:" + what.replace("WEIGHTS", str(folder / "open_clip_model.safetensors")), device="cpu")


def test_a_checkpoint_that_runs_code_or_lacks_weights_is_refused(open_clip, tmp_path, monkeypatch):
    class Runs:
        def __reduce__(self):
            return (print, ("this must not run",))

    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "RN-small", CONFIG)
    torch.save({"state_dict": Runs()}, tmp_path / "bad.pt")
    with pytest.raises(ModelLoadError, match="holds no plain weights"):
        load_encoder(f"open_clip:RN-small:{tmp_path / 'bad.pt'}")
    weights = build(open_clip).state_dict()
    del weights["text_projection"]
    torch.save({**weights, "head.weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(
        ModelLoadError, match=r"lacks 1 weights of RN-small and has 1 unknown ones \(first: text_projection"
    ):
        load_encoder(f"open_clip:RN-small:{tmp_path / 'other.pt'}")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(ModelLoadError, match="holds list"):
        load_encoder(f"open_clip:RN-small:{tmp_path / 'list.pt'}")


def test_a_folder_without_weights_or_config_says_what_is_missing(tmp_path):
    (tmp_path / "open_clip_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelLoadError, match="should hold a model_cfg"):
        load_encoder(tmp_path)
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG}), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="no weights; expected one of open_clip_model"):
        load_encoder(tmp_path)


def test_without_open_clip_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    for source in (folder, "open_clip:RN50:weights.pt"):
        with pytest.raises(MissingExtraError, match=r'pip install "iterprime-xai\[open-clip\]"'):
            load_encoder(source)


def test_a_model_in_memory_needs_open_clips_tokenizer(open_clip, words):
    model = build(open_clip)
    with pytest.raises(OptionError, match="needs its processor"):
        load_encoder(model)
    with pytest.raises(OptionError, match=r"open_clip.get_tokenizer"):
        load_encoder(model, object())
    with pytest.raises(OptionError, match="never moved or cast"):
        load_encoder(model, words, device="cpu")
