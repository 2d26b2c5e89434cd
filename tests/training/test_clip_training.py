"""The contrastive training: its loss by hand, its towers, what its views say, and what is left in the model's folder."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from iterprime_xai.data.scenes import generate
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.clip_needs import needs_of, shown_by, surely_false
from iterprime_xai.training.clip_network import build_clip, picture_vectors, take_tower, text_vectors
from iterprime_xai.training.clip_objective import contrast_losses
from iterprime_xai.training.clip_pool import contrasted
from iterprime_xai.training.clip_texts import clip_words, naming_pair
from iterprime_xai.training.clip_training import ClipRun, clip_config, tower_weights, train_clip
from iterprime_xai.training.clip_views import compose_views, views_of
from iterprime_xai.training.config import ModelShape
from iterprime_xai.training.log import read_log
from iterprime_xai.training.network import build_model
from iterprime_xai.training.tokenizer import build_tokenizer

SMALL = {
    "batch": 8,
    "chunk": 8,
    "pool": 8,
    "easy_chunks": 1,
    "reuse": 2.0,
    "workers": 0,
    "threads": 1,
    "device": "cpu",
    "log_every": 1,
    "warmup": 2,
    "pairs": 2,
    "validation_scenes": 8,
    "validate_every": 100,
    "checkpoint_every": 100,
}


def vocabulary():
    return build_tokenizer(clip_words(), 64).get_vocab()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, shape):
    """A run of four steps, afresh."""
    out = tmp_path_factory.mktemp("clip") / "run"
    result = train_clip(clip_config(steps=4, **SMALL, shape=shape), out, start=None)
    assert result.finished
    assert result.steps == 4
    return out


def test_the_loss_sets_each_true_pair_against_sure_rivals_only():
    pictures = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    texts = torch.tensor([[3.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    positive = torch.tensor([[True, False, False], [False, False, True]])
    negative = torch.tensor([[False, True, False], [True, True, False]])
    found = contrast_losses(pictures, texts, positive, negative, torch.tensor(math.log(10.0)))
    # Picture 0: 10 against 6 (text 2 is left out). Picture 1: 10 against 0 and 8.
    by_picture = (math.log1p(math.exp(6 - 10)) + math.log1p(math.exp(0 - 10) + math.exp(8 - 10))) / 2
    # Text 0: 10 against picture 1's 0. Text 2 is surely false of nothing: no loss.
    by_text = math.log1p(math.exp(0 - 10)) / 2
    assert float(found.by_picture) == pytest.approx(by_picture, rel=1e-5)
    assert float(found.by_text) == pytest.approx(by_text, rel=1e-4)
    assert float(found.total) == pytest.approx((by_picture + by_text) / 2, rel=1e-5)
    assert float(found.accuracy) == 1.0


def test_the_loss_has_a_finite_gradient_where_a_picture_has_no_rival():
    pictures = torch.randn(2, 3, requires_grad=True)
    found = contrast_losses(
        pictures, torch.randn(2, 3), torch.eye(2) > 0, torch.zeros(2, 2) > 0, torch.tensor(1.0, requires_grad=True)
    )
    (gradient,) = torch.autograd.grad(found.total, [pictures])
    assert float(found.total.detach()) == 0.0
    assert not gradient.any()


@pytest.mark.parametrize(
    ("text", "true_of", "false_of"),
    [
        ("a photo of a red dog", [("dog", "red"), ("car", "blue")], [("dog", "blue"), ("car", "red")]),
        ("the left puppy is red", [("dog", "blue"), ("car", "red")], [("dog", "blue")]),
        ("a man in red", [("man", "red")], [("man", "blue"), ("car", "red")]),
        ("something red to sit on", [("chair", "red")], [("dog", "red")]),
        ("a wine glass", [("wine glass", "white")], [("cup", "white")]),
        ("an animal", [("dog", "red")], [("car", "red")]),
        ("an animal", [("teddy bear", "red")], [("key", "red")]),
    ],
)
def test_a_text_is_surely_false_where_something_that_it_names_is_missing(text, true_of, false_of):
    assert not surely_false(text, shown_by(true_of))
    assert surely_false(text, shown_by(false_of))


def test_what_names_nothing_is_never_surely_false():
    assert needs_of("the one on the left") == ()
    assert not surely_false("the one on the left", shown_by([]))


def test_names_are_true_and_their_twins_false():
    shown = shown_by([("dog", "red")])
    pairs = {naming_pair("dog", "red", shown, Dice(1, number)) for number in range(300)} - {None}
    assert len(pairs) > 100
    assert not any(surely_false(true, shown) for true, _ in pairs)
    assert all(surely_false(false, shown) for _, false in pairs)
    assert any(true.startswith("a photo of a red dog") for true, _ in pairs)
    assert any(true == "a photo of an animal" or true == "animal" for true, _ in pairs)


def test_views_of_a_scene_say_nothing_that_they_surely_do_not_show():
    kinds = set()
    for index in range(12):
        for view in views_of(generate(3, index, "train"), Dice(3, index), 6):
            kinds.add(view.kind)
            assert len(view.pairs) == 6
            for true, false in view.pairs:
                assert not true or not surely_false(true, view.shown)
                assert true or false
            if view.kind == "nothing":
                assert not view.shown.any()
                assert not any(true for true, _ in view.pairs)
    assert {"whole", "part", "mean", "black"} <= kinds


def test_the_same_chunk_comes_out_twice(shape):
    config = clip_config(steps=1, **SMALL, shape=shape)
    one, two = compose_views(3, config), compose_views(3, config)
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in vars(one))
    other = compose_views(4, config)
    assert not np.array_equal(one.images, other.images)


def test_a_batch_holds_each_text_once_and_leaves_out_what_is_not_sure(shape):
    views = compose_views(0, clip_config(steps=1, **SMALL, shape=shape))
    rows, pairs = [(views, 0), (views, 0), (views, 2)], [np.array([0, 1]), np.array([0, 1]), np.array([0, 1])]
    batch = contrasted(rows, pairs)
    assert len({tuple(row) for row in batch.tokens.tolist()}) == len(batch.tokens)
    assert np.array_equal(batch.positive[0], batch.positive[1])  # a text of both is no rival of either
    assert np.array_equal(batch.negative[0], batch.negative[1])
    assert not (batch.positive & batch.negative).any()
    told = {tuple(row[row != 0].tolist()) for row in views.true[0][:2]}
    assert {tuple(row[row != 0].tolist()) for row in batch.tokens[batch.positive[0]]} == told
    twins = {tuple(row[row != 0].tolist()) for row in views.false[0][:2] if row.any()}
    assert twins <= {tuple(row[row != 0].tolist()) for row in batch.tokens[batch.negative[0]]}


def test_the_towers_equal_the_stock_forward_pass(shape):
    model = build_clip(shape, vocabulary(), 1).eval()
    images = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    tokenizer = build_tokenizer(clip_words(), 64)
    ids = tokenizer(
        ["a dog", "a photo of a red dog left of the car", "dog", "red", "key", "the one"],
        padding=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        stock = model(
            input_ids=ids["input_ids"],
            attention_mask=ids["attention_mask"],
            pixel_values=(
                images.permute(0, 3, 1, 2) / 255 - torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
            )
            / torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None],
        )
        own = [
            torch.nn.functional.normalize(each, dim=-1)
            for each in (picture_vectors(model, images), text_vectors(model, ids["input_ids"]))
        ]
        every = torch.arange(16).expand(2, -1)
        kept = picture_vectors(model, images, every)
        half = picture_vectors(model, images, every[:, :8])
    assert torch.allclose(own[0], stock.image_embeds, atol=1e-5)
    assert torch.allclose(own[1], stock.text_embeds, atol=1e-5)
    assert torch.allclose(kept, picture_vectors(model, images), atol=1e-5)
    assert not torch.allclose(kept, half, atol=1e-3)


def test_a_tower_taken_over_equals_blips_but_for_the_first_normalisation(shape):
    from iterprime_xai.training.forward import encode_images, normalise

    blip = build_model(shape, vocabulary(), 5).eval()
    clip = build_clip(shape, vocabulary(), 6).eval()
    with torch.no_grad():
        for weight in blip.vision_model.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    images = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8)
    take_tower(clip, blip.state_dict(), images)
    tower = clip.vision_model
    with torch.no_grad():
        expected = encode_images(blip, images)[:, 0] @ blip.vision_proj.weight.T
        tokens = tower.embeddings(normalise(images))
        fitted = tower.pre_layrnorm(tokens)
        plain = torch.nn.functional.layer_norm(tokens, tokens.shape[-1:])
        tower.pre_layrnorm = torch.nn.Identity()
        same = picture_vectors(clip, images)
    assert torch.allclose(same, expected, atol=1e-4)
    assert (fitted - tokens).norm() < 0.95 * (plain - tokens).norm()


def test_a_resumed_run_ends_where_an_undisturbed_one_does(undisturbed, shape, tmp_path):
    out = tmp_path / "cut"
    changes = {**SMALL, "shape": shape, "checkpoint_every": 2}

    def stop_after_two(entry):
        if entry["event"] == "train" and entry["step"] == 3:
            raise SystemError("killed")

    with pytest.raises(SystemError):
        train_clip(clip_config(steps=4, **changes), out, listen=stop_after_two, start=None)
    assert load_checkpoint(out)["step"] == 2
    train_clip(clip_config(steps=4, **changes), out, resume=True)
    one, two = load_checkpoint(undisturbed), load_checkpoint(out)
    for name in ("model", "average"):
        assert all(torch.equal(one[name][key], two[name][key]) for key in one[name]), name
    assert any(not torch.equal(one["model"][key], one["average"][key]) for key in one["model"])


def test_an_export_loads_as_stock_clip_and_gives_the_same_vectors(undisturbed, shape):
    from transformers import CLIPModel, CLIPProcessor

    folder = undisturbed / "export"
    model = CLIPModel.from_pretrained(folder, dtype="float32").eval()
    processor = CLIPProcessor.from_pretrained(folder)
    texts = ["a photo of a red dog", "the key on the left"]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    given = processor(text=texts, images=list(pixels), padding=True, return_tensors="pt")
    assert set(given) == {"input_ids", "attention_mask", "pixel_values"}
    own = build_clip(shape, vocabulary(), 0).eval()
    own.load_state_dict({name: value.half().float() for name, value in load_checkpoint(undisturbed)["average"].items()})
    with torch.no_grad():
        stock = model(**given)
        pictures = torch.nn.functional.normalize(picture_vectors(own, torch.from_numpy(pixels)), dim=-1)
        words = torch.nn.functional.normalize(text_vectors(own, given["input_ids"]), dim=-1)
    assert torch.allclose(stock.image_embeds, pictures, atol=1e-4)
    assert torch.allclose(stock.text_embeds, words, atol=1e-4)
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert (record["steps"], record["start"]) == (4, None)
    assert "--steps 4" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_padded_text_is_read_off_at_its_end(undisturbed):
    from transformers import CLIPModel, CLIPProcessor

    model = CLIPModel.from_pretrained(undisturbed / "export", dtype="float32").eval()
    processor = CLIPProcessor.from_pretrained(undisturbed / "export")
    with torch.no_grad():
        alone = model.text_model(**processor(text=["a dog"], return_tensors="pt")).pooler_output
        padded = model.text_model(
            **processor(text=["a dog", "a photo of a red dog"], padding=True, return_tensors="pt")
        ).pooler_output
    assert torch.allclose(alone[0], padded[0], atol=1e-5)
    assert not torch.allclose(padded[0], padded[1], atol=1e-3)


def test_a_run_is_never_trained_over(undisturbed, shape):
    with pytest.raises(StorageError, match="already holds"):
        train_clip(clip_config(steps=4, **SMALL, shape=shape), undisturbed)


def test_the_log_tells_steps_and_a_validation(undisturbed):
    entries = read_log(undisturbed)
    assert [entry["step"] for entry in entries if entry["event"] == "train"] == [1, 2, 3, 4]
    figures = [entry["figures"] for entry in entries if entry["event"] == "validate"][-1]
    assert {"count", "twins"} <= set(figures["whole"])


def test_a_start_of_another_shape_or_none_is_refused(shape, tmp_path):
    with pytest.raises(OptionError, match="position embeddings"):
        tower_weights("tiny", shape)
    with pytest.raises(OptionError, match="start from"):
        tower_weights(str(tmp_path), ModelShape())


def test_the_bundled_tower_is_taken_up(tmp_path):
    run = ClipRun(clip_config(steps=1, **{**SMALL, "shape": ModelShape(text_layers=1)}), "tiny")
    weights = tower_weights("tiny", run.config.shape)
    run.take_up(weights)
    place = "encoder.layers.0.mlp.fc1.weight"
    expected = weights[f"vision_model.{place}"].float()
    assert torch.equal(run.model.vision_model.state_dict()[place], expected)
    assert torch.equal(run.average[f"vision_model.{place}"], expected)


def test_the_command_trains_and_goes_on(monkeypatch, shape, tmp_path):
    from functools import partial

    from typer.testing import CliRunner

    from iterprime_xai.cli import app
    from iterprime_xai.training import clip_options

    small = {name: value for name, value in SMALL.items() if name not in ("workers", "threads", "device")}
    monkeypatch.setattr(clip_options, "clip_config", partial(clip_config, **small, shape=shape))
    monkeypatch.setattr(clip_options.os, "cpu_count", lambda: 1)
    out = tmp_path / "run"
    command = ["train-clip", str(out), "--steps", "1", "--start", "none", "--device", "cpu"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert (out / "export" / "model.safetensors").is_file()
    assert isinstance(CliRunner().invoke(app, command).exception, StorageError)
    more = CliRunner().invoke(app, ["train-clip", str(out), "--steps", "2", "--resume", "--device", "cpu"])
    assert more.exit_code == 0, more.output
    assert load_checkpoint(out)["step"] == 2
