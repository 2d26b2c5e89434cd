"""BLIP-2 from a folder in the hub's layout, by its config, and through the command line."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from random_blip2 import QSHAPES, build_blip2, build_blip2_processor
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.models import load_matcher
from iterprime_xai.models.profiles import LISTED
from iterprime_xai.records import ModelLoadError, OptionError


@pytest.fixture(scope="module", params=[QSHAPES[0], QSHAPES[1]], ids=lambda shape: shape.name)
def folder(request, tmp_path_factory, tokenizer):
    """A random model saved in the hub's layout, without and with an image token."""
    path = tmp_path_factory.mktemp("hub") / "random-blip2"
    processor = build_blip2_processor(request.param, tokenizer)
    build_blip2(request.param, tokenizer).save_pretrained(path)
    processor.save_pretrained(path)
    processor.image_processor.save_pretrained(path)
    return path


def test_a_folder_is_recognised_by_its_config_and_answers_as_the_model_in_memory(folder, tokenizer, picture):
    matcher = load_matcher(folder, device="cpu")
    assert matcher.describe()["family"] == "blip2"
    shape = next(each for each in QSHAPES if each.queries == matcher.model.config.num_query_tokens)
    memory = load_matcher(build_blip2(shape, tokenizer), build_blip2_processor(shape, tokenizer))
    ours, theirs = (each.match(each.encode_image(picture), each.tokenize("red dog")) for each in (matcher, memory))
    assert ours.logit == theirs.logit
    assert not matcher.model.training
    assert all(not each.requires_grad for each in matcher.model.parameters())


def test_half_precision_keeps_the_q_former_in_float32_and_answers_nearly_the_same(folder, picture):
    exact, half = load_matcher(folder, device="cpu"), load_matcher(folder, device="cpu", dtype="float16")
    assert half.describe()["dtype"] == "float16"
    assert half.model.query_tokens.dtype == half.model.qformer.layernorm.weight.dtype == torch.float32
    layer = exact.choose_layer(None)[0]
    ours, theirs = (
        each.match(each.encode_image(picture), each.tokenize("red dog"), layers=(layer,)) for each in (half, exact)
    )
    assert ours.logit == pytest.approx(theirs.logit, abs=0.05)
    products = [(each.attention[layer] * each.gradient[layer]).numpy().ravel() for each in (ours, theirs)]
    assert np.corrcoef(*products)[0, 1] > 0.99


def test_the_command_line_grounds_with_it(folder, picture, tmp_path):
    path = tmp_path / "scene.png"
    picture.save(path)
    asked = ["ground", path, "the red dog", "--model", folder, "--json", "--out", tmp_path / "out"]
    result = CliRunner().invoke(cli.app, [str(each) for each in asked])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    grounding = ix.Grounding.load(summary["files"]["result"])
    assert grounding.heatmap.max() > 0
    assert grounding.words[1].text == "red"
    assert grounding.words[1].heatmap.max() > 0
    assert any("gradient by the attention is read instead" in note for note in grounding.trace)
    assert any("not validated for this checkpoint" in note for note in grounding.trace)


def test_a_checkpoint_that_writes_captions_is_refused_before_its_weights_are_read(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "captioner")
    config = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    config["architectures"] = ["Blip2ForConditionalGeneration"]
    (copy / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelLoadError, match=r"Blip2ForConditionalGeneration.*blip2-itm-vit-g"):
        load_matcher(copy)


def test_missing_weights_are_never_random_silently(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = shutil.copytree(folder, tmp_path / "cut")
    weights = {name: each for name, each in load_file(copy / "model.safetensors").items() if "itm_head" not in name}
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"lacks 2 weights.*itm_head.*blip2-itm-vit-g"):
        load_matcher(copy)


def test_the_listed_checkpoints_name_a_layer_that_was_not_validated(tokenizer):
    shape = QSHAPES[0]
    model, processor = build_blip2(shape, tokenizer), build_blip2_processor(shape, tokenizer)
    for name in ("Salesforce/blip2-itm-vit-g", "Salesforce/blip2-itm-vit-g-coco"):
        assert LISTED[name].layer == 6
        assert LISTED[name].start_token == "cls"
        assert LISTED[name].validated == ""
    assert load_matcher(model, processor).choose_layer(None)[0] == 2


def test_another_class_in_memory_is_refused_with_the_two_that_are_read(tokenizer):
    with pytest.raises(ModelLoadError, match="BlipForImageTextRetrieval or a Blip2ForImageTextRetrieval"):
        load_matcher(torch.nn.Linear(1, 1), object())
    with pytest.raises(OptionError, match="Blip2Processor"):
        load_matcher(build_blip2(QSHAPES[2], tokenizer), object())
