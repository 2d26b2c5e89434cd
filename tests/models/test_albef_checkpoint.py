"""A checkpoint in ALBEF's released layout: every key accounted for, nothing run, nothing random, nothing silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from random_albef import ALBEF_SHAPES, DEEP, random_state, write_checkpoint, write_vocabulary
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.models import load_matcher
from iterprime_xai.models.albef_checkpoint import interpolate
from iterprime_xai.records import ModelLoadError, OptionError

SHAPE = ALBEF_SHAPES[0]


@pytest.fixture(scope="module")
def released(tokenizer):
    return random_state(SHAPE, len(tokenizer))


@pytest.fixture
def state(released):
    """A copy whose keys may be changed."""
    return dict(released)


@pytest.fixture
def write(tmp_path, tokenizer):
    return lambda state, name="ALBEF.pth": write_checkpoint(tmp_path / name, state, tokenizer)


# --- the report ---


def test_every_key_of_the_file_is_accounted_for_once(write, state):
    report = load_matcher(write(state)).report
    fates = [*report.loaded, *report.interpolated, *report.ignored]
    assert sorted(fates) == sorted(state)
    assert report.missing == report.unexpected == ()
    assert report.counts() == {
        "loaded": len(report.loaded),
        "interpolated": 0,
        "ignored": sum("_m." in key for key in state) + 10,
        "missing": 0,
        "unexpected": 0,
    }
    assert {key for key in report.ignored if "_m." not in key} == {
        "text_encoder.bert.embeddings.position_ids",
        "text_encoder.cls.predictions.bias",
        *(f"{name}_proj.{part}" for name in ("vision", "text") for part in ("weight", "bias")),
        *("temp", "image_queue", "text_queue", "queue_ptr"),
    }
    assert "momentum" in report.ignored["text_encoder_m.bert.embeddings.LayerNorm.bias"]
    assert "loaded        itm_head.bias" in str(report).splitlines()


def test_another_image_size_interpolates_the_position_embeddings_and_says_so(write, state, picture):
    path = write(state)
    own, wide = load_matcher(path, device="cpu"), load_matcher(path, image_size=96, device="cpu")
    assert (own.grid, wide.grid) == ((6, 6), (12, 12))
    assert wide.report.interpolated == {"visual_encoder.pos_embed": "6x6 -> 12x12 patches, bicubic"}
    assert wide.describe()["interpolated"] == dict(wide.report.interpolated)
    assert "interpolated" not in own.describe()
    assert "interpolated  visual_encoder.pos_embed: 6x6 -> 12x12 patches, bicubic" in str(wide.report).splitlines()
    assert wide.encode_image(picture).hidden.shape == (1, 1 + 144, 128)
    kept = wide.model.visual_encoder.embeddings.position_embeddings
    assert torch.equal(kept[:, 0], state["visual_encoder.pos_embed"][:, 0])
    # The stock tower's own interpolation at run time, of the embeddings as they were.
    stock = own.model.visual_encoder.embeddings.interpolate_pos_encoding(torch.zeros(1, 145, 128), 96, 96)
    assert torch.allclose(kept, stock, atol=1e-6)


def test_interpolation_keeps_a_plane_and_rows_apart_from_columns():
    rows = torch.arange(4.0).repeat_interleave(4)
    positions = torch.stack((torch.full((16,), 3.0), rows), -1)[None]
    found = interpolate(torch.cat((torch.tensor([[[7.0, 8.0]]]), positions), 1), 8)
    assert found.shape == (1, 65, 2)
    assert found[0, 0].tolist() == [7, 8]
    assert torch.allclose(found[0, 1:, 0], torch.tensor(3.0))
    down = found[0, 1:, 1].unflatten(0, (8, 8))
    assert torch.allclose(down, down[:, :1].expand(8, 8))
    # Of a plane the kernel (a = -0.75) makes steps that are a little too long, but in the right places.
    assert down[2:6, 0].tolist() == pytest.approx([0.75, 1.25, 1.75, 2.25], abs=0.09)


@pytest.mark.parametrize("made", ["fine-tuned", "weights alone", "half precision", "old format"])
def test_other_layouts_of_the_same_weights_load_alike(write, state, released, tokenizer, tmp_path, picture, made):
    plain = load_matcher(write(released))
    if made == "fine-tuned":  # retrieval and grounding releases: no language head, so no "bert."
        state = {k.replace(".bert.", "."): v for k, v in state.items() if ".cls." not in k}
    path = write(state, "other.pth")
    if made == "weights alone":
        torch.save(state, path)
    elif made == "half precision":
        torch.save({"model": {k: v.half() if v.is_floating_point() else v for k, v in state.items()}}, path)
    elif made == "old format":
        torch.save({"model": state}, path, _use_new_zipfile_serialization=False)
    other = load_matcher(str(path))
    logits = [each.match(each.encode_image(picture), each.tokenize("the red dog")).logit for each in (plain, other)]
    assert logits[1] == pytest.approx(logits[0], rel=2e-2 if made == "half precision" else 1e-6)


# --- what is refused ---


@pytest.mark.parametrize(
    "key",
    [
        "itm_head.weight",
        "visual_encoder.cls_token",
        "visual_encoder.blocks.1.attn.qkv.bias",
        "visual_encoder.norm.weight",
        "text_encoder.bert.embeddings.token_type_embeddings.weight",
        "text_encoder.bert.encoder.layer.3.crossattention.self.key.weight",
        "text_encoder.bert.encoder.layer.0.output.dense.bias",
    ],
)
def test_a_missing_weight_is_an_error_and_never_random(write, state, key):
    del state[key]
    with pytest.raises(ModelLoadError, match="lacks") as caught:
        load_matcher(write(state))
    assert key.rsplit(".", 2)[-1] in str(caught.value) or "q_proj" in str(caught.value)


def test_every_missing_weight_is_named_up_to_five(write, state):
    del state["itm_head.weight"], state["itm_head.bias"]
    with pytest.raises(ModelLoadError, match=r"lacks 2 .*\(itm_head\.weight, itm_head\.bias\)"):
        load_matcher(write(state))
    for key in [key for key in state if key.startswith("visual_encoder.blocks.1.")]:
        del state[key]
    state["visual_encoder.blocks.1.norm1.weight"] = torch.zeros(128)
    with pytest.raises(ModelLoadError, match=r"lacks 17 .*q_proj\.weight(, [\w.]+){4}, \.\.\.\)"):
        load_matcher(write(state))


def test_a_weight_that_a_tower_does_not_have_is_an_error(write, state):
    with pytest.raises(ModelLoadError, match=r"does_not_exist\): it is another model"):
        load_matcher(write({**state, "text_encoder.bert.encoder.does_not_exist": torch.zeros(2)}))
    with pytest.raises(ModelLoadError, match=r"layer_scale\): it is another model"):
        load_matcher(write({**state, "visual_encoder.blocks.0.layer_scale": torch.zeros(2)}))


def test_a_weight_elsewhere_that_nobody_knows_is_named_in_a_warning_and_the_report(write, state):
    with pytest.warns(UserWarning, match=r"1 weights that nobody asked for.*prefix_tuning"):
        matcher = load_matcher(write({**state, "prefix_tuning": torch.zeros(2)}))
    assert matcher.report.unexpected == ("prefix_tuning",)


def test_a_weight_of_another_shape_is_named(write, state):
    state["text_encoder.bert.encoder.layer.1.attention.self.key.weight"] = torch.zeros(64, 128)
    with pytest.raises(ModelLoadError, match=r"should have shape \(128, 128\), but has \(64, 128\)"):
        load_matcher(write(state))
    with pytest.raises(ModelLoadError, match="heads of ALBEF have 64 channels"):
        load_matcher(write({**state, "visual_encoder.patch_embed.proj.weight": torch.zeros(96, 3, 8, 8)}))


class Spring:
    """Unpickled by a loader that runs what it finds, it writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_in_the_file_is_run(state, tmp_path):
    torch.save({"model": state, "config": Spring(tmp_path / "sprung")}, tmp_path / "ALBEF.pth")
    with pytest.raises(ModelLoadError, match="could run code"):
        load_matcher(tmp_path / "ALBEF.pth")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 no archive"])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "ALBEF.pth").write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"ALBEF\.pth"):
        load_matcher(tmp_path / "ALBEF.pth")


def test_a_file_without_weights_and_one_of_another_family_are_refused(tmp_path, write, state):
    torch.save({"model": {"a": 1}}, tmp_path / "ALBEF.pth")
    with pytest.raises(ModelLoadError, match="should hold weights by name"):
        load_matcher(tmp_path / "ALBEF.pth")
    with pytest.raises(ModelLoadError, match="no ALBEF checkpoint"):
        load_matcher(write({"layer.weight": torch.zeros(2, 2)}))
    deaf = {key: value for key, value in state.items() if ".crossattention." not in key}
    with pytest.raises(ModelLoadError, match="no text layer has cross-attention"):
        load_matcher(write(deaf))


@pytest.mark.parametrize("size", [0, 50, -48, True, 48.0, "48"])
def test_an_image_size_that_patches_do_not_fill_is_refused(write, state, size):
    with pytest.raises(OptionError, match="multiple of the patches' 8 pixels, such as 48"):
        load_matcher(write(state), image_size=size)


def test_options_that_do_not_go_together_are_refused(write, state, model_folder):
    path = write(state)
    with pytest.raises(OptionError, match=r"goes with a \.pth file"):
        load_matcher(model_folder, image_size=256)
    with pytest.raises(OptionError, match="revision goes with a hub id"):
        load_matcher(path, revision="v1")
    with pytest.raises(OptionError, match="Leave processor out"):
        load_matcher(path, object())


def test_a_mistyped_file_gets_the_nearest_right_one(write, state, tmp_path):
    write(state)
    with pytest.raises(ModelLoadError, match=r"has no file 'ALBFE\.pth'.*Did you mean '.*ALBEF\.pth'"):
        load_matcher(tmp_path / "ALBFE.pth")
    with pytest.raises(ModelLoadError, match="No such model"):
        load_matcher("nowhere/ALBEF.pth")


# --- the vocabulary ---


def test_a_missing_vocabulary_names_the_command_that_fetches_it(write, state, tmp_path):
    path = write(state)
    (tmp_path / "vocab.txt").unlink()
    with pytest.raises(ModelLoadError, match=r"hf download google-bert/bert-base-uncased vocab\.txt --cache-dir"):
        load_matcher(path, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("where", ["subfolder", "cache", "cache under the former name"])
def test_the_vocabulary_may_lie_in_a_subfolder_or_in_the_hub_cache(write, state, tmp_path, tokenizer, where):
    path = write(state)
    (tmp_path / "vocab.txt").unlink()
    if where == "subfolder":
        folder = tmp_path / "bert-base-uncased"
    else:
        owner = "" if "former" in where else "google-bert--"
        repository, commit = tmp_path / "cache" / f"models--{owner}bert-base-uncased", "0" * 40
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text(commit, encoding="utf-8")
        folder = repository / "snapshots" / commit
    folder.mkdir(parents=True)
    write_vocabulary(folder / "vocab.txt", tokenizer)
    found = load_matcher(path, cache_dir=tmp_path / "cache").tokenize("the red dog")
    assert found.ids[0].tolist() == tokenizer("the red dog")["input_ids"][:-1]


def test_another_vocabulary_is_refused(write, state, tmp_path):
    path = write(state)
    words = (tmp_path / "vocab.txt").read_text(encoding="utf-8")
    (tmp_path / "vocab.txt").write_text(f"{words}extra\n", encoding="utf-8")
    with pytest.raises(ModelLoadError, match=r"knows 91 tokens, but the vocabulary found has 92"):
        load_matcher(path)
    (tmp_path / "vocab.txt").write_text(words.replace("[CLS]", "CLS"), encoding="utf-8")
    with pytest.raises(ModelLoadError, match=r"lacks \[CLS\]"):
        load_matcher(path)


# --- in use ---


def test_loading_does_not_move_the_users_dice(write, state):
    path = write(state)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    load_matcher(path)
    assert torch.rand(1) == expected


def test_the_papers_recipe_grounds_a_picture_with_the_papers_layer_and_prompt(write, tokenizer, picture):
    grounder = ix.load(write(random_state(DEEP, len(tokenizer))), image_size=64)
    found = grounder.ground(picture, "the red dog", recipe="paper")
    assert found.heatmap.shape == (4, 4)
    assert found.parameters["layer"] == 8
    assert found.parameters["recipe"]["prompt"] == "there is a {expression}"
    assert found.parameters["model"]["family"] == "albef"
    assert found.parameters["model"]["interpolated"] == {"visual_encoder.pos_embed": "2x2 -> 4x4 patches, bicubic"}
    assert any(line.startswith("layer 8, ") and "GroundVLP and IteRPrimE" in line for line in found.trace)
    assert grounder.matcher.report.counts()["interpolated"] == 1
    assert float(found.passes[0].heatmap.max()) > 0


def test_the_command_grounds_a_picture_with_the_file(write, state, picture, tmp_path):
    path = write(state)
    picture.save(tmp_path / "photo.png")
    common = ("ground", tmp_path / "photo.png", "the red dog", "--model", path, "--out", tmp_path / "out", "--json")
    plain = CliRunner().invoke(cli.app, list(map(str, common)))
    assert plain.exit_code == 0, plain.output
    assert json.loads(plain.stdout)["heatmap"]["grid"] == [6, 6]
    wide = CliRunner().invoke(cli.app, [*map(str, common), "--image-size", "96"])
    assert wide.exit_code == 0, wide.output
    assert json.loads(wide.stdout)["heatmap"]["grid"] == [12, 12]
