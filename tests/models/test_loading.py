"""Loading by name, folder, hub id and from memory, and what is said when that fails."""

from __future__ import annotations

import json
import shutil
import socket
import time
from pathlib import Path

import pytest
import torch
from random_models import SHAPES, build_processor

from iterprime_xai.models import Profile, load_matcher
from iterprime_xai.models.hub import is_cached
from iterprime_xai.models.profiles import FILE, default_layer, write
from iterprime_xai.records import ModelLoadError, OptionError


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "model")


def test_a_folder_in_the_hubs_layout_loads_with_the_same_answer(model_folder, picture):
    matcher = load_matcher(model_folder, device="cpu")
    assert matcher.describe()["grid"] == [6, 6]
    assert not matcher.model.training
    match = matcher.match(matcher.encode_image(picture), matcher.tokenize("red dog"))
    again = load_matcher(str(model_folder), dtype="float32", device="cpu")
    assert again.match(again.encode_image(picture), again.tokenize("red dog")).logit == match.logit


def test_a_profile_in_the_folder_decides_the_layer(copy):
    write(Profile(layer=1, validated="scenes:val"), copy)
    assert load_matcher(copy).choose_layer(None) == (1, "layer 1, from the checkpoint's profile (scenes:val)")


def test_a_broken_profile_is_named(copy):
    (copy / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ModelLoadError, match="Mend or delete"):
        load_matcher(copy)


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
        load_matcher(copy)


def test_truncated_weights_are_named(copy):
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelLoadError, match="cannot be loaded"):
        load_matcher(copy)


def test_missing_weights_are_never_random_silently(copy):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "itm_head" not in k}, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"lacks 2 weights.*itm_head"):
        load_matcher(copy)


def test_another_family_is_named(copy):
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "bert"}), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="'bert' model"):
        load_matcher(copy)


def test_a_misspelt_name_gets_the_nearest_right_one():
    with pytest.raises(ModelLoadError, match=r"Expected a bundled name.*Did you mean 'tiny'"):
        load_matcher("tinny")
    with pytest.raises(ModelLoadError, match=r"no folder 'no.+such' either"):
        load_matcher("./no/such/folder")


@pytest.mark.parametrize("make", [str, Path])
def test_a_mistyped_folder_below_an_existing_one_is_a_path_and_gets_near_names(tmp_path, monkeypatch, network, make):
    (tmp_path / "models" / "mymodel").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelLoadError, match=r"models has no folder 'mymodl'.*Did you mean '.*mymodel'"):
        load_matcher(make("models/mymodl"))
    assert network == []


@pytest.mark.parametrize("name", ["my models/x y", "C:/models", "C:\\models\\blip", "~nobody/x", "a--b/c", "", "a/b/c"])
def test_what_cannot_be_a_hub_id_never_reaches_the_hub(name, network):
    assert not is_cached(name)
    with pytest.raises(ModelLoadError):
        load_matcher(name)
    assert network == []


def test_a_hub_model_that_is_not_cached_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(ModelLoadError, match=r"hf download Salesforce/blip-itm-base-coco --revision v1"):
        load_matcher("Salesforce/blip-itm-base-coco", cache_dir=tmp_path, local_files_only=True, revision="v1")


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def network(monkeypatch):
    """No network; a list of every attempt to reach it."""
    attempts = []

    def refuse(*arguments, **_options):
        attempts.append(arguments)
        raise OSError("no network in this test")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return attempts


@pytest.fixture
def cache(model_folder, tmp_path):
    """A hub cache that holds foo/bar at main."""
    repository = tmp_path / "cache" / "models--foo--bar"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    shutil.copytree(model_folder, repository / "snapshots" / COMMIT)
    return tmp_path / "cache"


def test_a_cached_hub_model_loads_at_once_without_asking_the_network(cache, network):
    started = time.perf_counter()
    matcher = load_matcher("foo/bar", cache_dir=cache)
    assert time.perf_counter() - started < 10
    assert network == []
    assert matcher.describe()["name"] == "foo/bar"
    assert matcher.describe()["commit"] == COMMIT
    assert matcher.describe()["revision"] is None


def test_a_revision_is_looked_for_in_the_cache_and_no_other_is_taken(cache, network):
    (cache / "models--foo--bar" / "refs" / "main").rename(cache / "models--foo--bar" / "refs" / "v1")
    assert is_cached("foo/bar", cache, "v1")
    assert is_cached("foo/bar", cache, COMMIT)
    assert not is_cached("foo/bar", cache)
    assert load_matcher("foo/bar", cache_dir=cache, revision="v1").describe()["revision"] == "v1"
    assert network == []
    with pytest.raises(ModelLoadError, match="neither cached nor reachable"):
        load_matcher("foo/bar", cache_dir=cache)
    assert network != []


@pytest.mark.parametrize("files", [("tokenizer.json",), ("preprocessor_config.json", "processor_config.json")])
def test_a_cache_that_lacks_a_file_is_not_complete_and_names_the_command(cache, files):
    for name in files:
        (cache / "models--foo--bar" / "snapshots" / COMMIT / name).unlink(missing_ok=True)
    assert not is_cached("foo/bar", cache)
    with pytest.raises(ModelLoadError, match="hf download foo/bar") as caught:
        load_matcher("foo/bar", cache_dir=cache, local_files_only=True)
    assert "same folder" not in str(caught.value)


def test_a_folder_is_recorded_as_it_was_found(copy):
    assert load_matcher(copy).describe()["folder"] == str(copy.resolve())


@pytest.mark.parametrize("shown", [True, False])
def test_the_users_setting_of_progress_bars_is_unchanged_by_loading(model_folder, shown):
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging

    (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
    try:
        for disable in (True, False):
            (disable_progress_bars if disable else enable_progress_bars)()
            load_matcher(model_folder)
            assert are_progress_bars_disabled() is disable
            assert logging.is_progress_bar_enabled() is shown
    finally:
        logging.enable_progress_bar()


def test_a_folder_loads_without_a_bar(model_folder, capfd):
    load_matcher(model_folder)
    assert "%" not in capfd.readouterr().err


def test_a_model_in_memory_is_neither_moved_nor_cast(random_model, shape, tokenizer):
    processor = build_processor(shape, tokenizer)
    assert load_matcher(random_model, processor).model is random_model
    with pytest.raises(OptionError, match="never moved or cast"):
        load_matcher(random_model, processor, device="cpu")
    with pytest.raises(OptionError, match="needs its processor"):
        load_matcher(random_model)
    with pytest.raises(OptionError, match="image_processor"):
        load_matcher(random_model, object())
    with pytest.raises(ModelLoadError, match="got Linear"):
        load_matcher(torch.nn.Linear(2, 2), processor)


def test_processor_device_and_dtype_are_checked(model_folder, tokenizer):
    with pytest.raises(OptionError, match="Leave processor out"):
        load_matcher(model_folder, build_processor(SHAPES[0], tokenizer))
    with pytest.raises(OptionError, match="cannot be used here"):
        load_matcher(model_folder, device="warp")
    with pytest.raises(OptionError, match="dtype must be"):
        load_matcher(model_folder, dtype="int8")


@pytest.mark.parametrize(
    ("layers", "depth", "width", "expected"),
    [
        (range(12), 12, 768, 7),
        (range(12), 12, 512, 8),
        (range(3), 3, 64, 1),
        (range(6, 12), 12, 768, 7),
        ((0, 1), 6, 8, 1),
    ],
)
def test_default_layer(layers, depth, width, expected):
    assert default_layer(tuple(layers), depth, width)[0] == expected
