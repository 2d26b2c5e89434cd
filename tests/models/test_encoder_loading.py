"""Dual encoders by name, folder, hub id and from memory; matchers and encoders told apart."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from random_clip import CLIP_SHAPES, build_clip, build_clip_processor, build_clip_tokenizer
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import bundled_encoders, bundled_models, finding, load_encoder, load_matcher
from iterprime_xai.records import ModelLoadError, OptionError

SHAPE = CLIP_SHAPES[0]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip") / "random-clip"
    words = build_clip_tokenizer()
    build_clip(SHAPE, words).save_pretrained(folder)
    processor = build_clip_processor(SHAPE, words)
    processor.save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)
    return folder


@pytest.fixture
def copy(clip_folder, tmp_path):
    return shutil.copytree(clip_folder, tmp_path / "model")


@pytest.fixture
def bundle(clip_folder, model_folder, tmp_path, monkeypatch):
    """A package with one matcher, small-blip, and one encoder, small-clip."""
    shutil.copytree(clip_folder, tmp_path / "bundle" / "small-clip")
    shutil.copytree(model_folder, tmp_path / "bundle" / "small-blip")
    monkeypatch.setattr(finding, "BUNDLED_FOLDER", tmp_path / "bundle")


def test_a_folder_in_the_hubs_layout_gives_the_answers_of_the_model_it_was_saved_from(clip_folder, picture):
    words = build_clip_tokenizer()
    in_memory = load_encoder(build_clip(SHAPE, words), build_clip_processor(SHAPE, words))
    for encoder in (
        load_encoder(clip_folder, device="cpu"),
        load_encoder(str(clip_folder), device="cpu", dtype="float32"),
    ):
        assert torch.equal(encoder.encode_texts(["a red dog"]), in_memory.encode_texts(["a red dog"]))
        for fit in ("stretch", "crop"):
            assert torch.equal(encoder.encode_images([picture], fit=fit), in_memory.encode_images([picture], fit=fit))
        assert not encoder.model.training
        assert not any(each.requires_grad for each in encoder.model.parameters())
    told = encoder.describe()
    assert json.loads(json.dumps(told)) == told
    assert (told["name"], told["folder"]) == ("random-clip", str(clip_folder.resolve()))
    assert load_encoder(clip_folder, dtype="bfloat16").describe()["dtype"] == "bfloat16"


def test_a_cached_hub_checkpoint_loads_with_its_commit(clip_folder, tmp_path):
    repository = tmp_path / "models--foo--bar"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    shutil.copytree(clip_folder, repository / "snapshots" / COMMIT)
    told = load_encoder("foo/bar", cache_dir=tmp_path, local_files_only=True).describe()
    assert (told["name"], told["commit"]) == ("foo/bar", COMMIT)


def test_a_checkpoint_that_is_not_cached_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(ModelLoadError, match="hf download openai/clip-vit-base-patch32"):
        load_encoder("openai/clip-vit-base-patch32", cache_dir=tmp_path, local_files_only=True)


def test_bundled_matchers_and_encoders_are_told_apart(bundle, picture):
    assert bundled_models() == ("small-blip",)
    assert bundled_encoders() == ("small-clip",)
    assert load_encoder("small-clip", device="cpu").name == "small-clip"
    with pytest.raises(
        ModelLoadError, match=r"'small-clip' is a dual encoder.*tas use it.*load_encoder.*Bundled here: small-blip"
    ):
        load_matcher("small-clip")
    with pytest.raises(
        ModelLoadError, match=r"'small-blip' is an image-text matcher.*iterprime_xai.load.*Bundled here: small-clip"
    ):
        load_encoder("small-blip")
    with pytest.raises(ModelLoadError, match="Did you mean 'small-clip'"):
        load_encoder("smal-clip")


def test_folders_of_the_other_kind_are_named(clip_folder, model_folder, copy):
    with pytest.raises(ModelLoadError, match=r"random-clip is a dual encoder.*load_encoder"):
        load_matcher(clip_folder)
    with pytest.raises(ModelLoadError, match=r"random-blip is an image-text matcher"):
        load_encoder(model_folder)
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "bert"}), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="'bert' model; this version reads CLIP"):
        load_encoder(copy)


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("config.json", "config.json is missing"),
        ("model.safetensors", "weights of model cannot be loaded"),
        ("preprocessor_config.json", "save the processor into the same folder"),
    ],
)
def test_an_incomplete_folder_says_what_is_missing(copy, removed, message):
    (copy / removed).unlink()
    if removed == "preprocessor_config.json":
        (copy / "processor_config.json").unlink(missing_ok=True)
    with pytest.raises(ModelLoadError, match=message):
        load_encoder(copy)


def test_missing_weights_are_never_random_silently(copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "projection" not in k}, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"lacks 2 weights of a CLIP with both towers \(first: text_projection"):
        load_encoder(copy)


def test_a_model_in_memory_is_used_as_it_is_and_needs_its_processor(tokenizer):
    words = build_clip_tokenizer()
    model, processor = build_clip(SHAPE, words), build_clip_processor(SHAPE, words)
    assert load_encoder(model, processor).model is model
    with pytest.raises(OptionError, match="never moved or cast"):
        load_encoder(model, processor, dtype="float16")
    with pytest.raises(OptionError, match="needs its processor"):
        load_encoder(model)
    with pytest.raises(OptionError, match="image_processor"):
        load_encoder(model, object())
    with pytest.raises(ModelLoadError, match="got BlipForImageTextRetrieval"):
        load_encoder(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


def test_options_that_do_not_go_together_are_refused(clip_folder):
    words = build_clip_tokenizer()
    with pytest.raises(OptionError, match="Leave processor out"):
        load_encoder(clip_folder, build_clip_processor(SHAPE, words))
    with pytest.raises(OptionError, match="'warp' cannot be used"):
        load_encoder(clip_folder, device="warp")
    with pytest.raises(OptionError, match="float32, bfloat16 or float16"):
        load_encoder(clip_folder, dtype="int8")
