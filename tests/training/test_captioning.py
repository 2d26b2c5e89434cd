"""The captioner's training: what it is shown, what moves and what stays, and what is left in the model's folder."""

from __future__ import annotations

import json
import os
import shutil
import signal

import numpy as np
import pytest
import torch

from iterprime_xai.data.scenes import generate, vocabulary_words
from iterprime_xai.data.scenes.captions import scene_caption
from iterprime_xai.models.captioner import FOLDER, load_captioner, tower_print
from iterprime_xai.records import ModelLoadError, OptionError, StorageError
from iterprime_xai.training.caption_scenes import KEPT, Captioned, CaptionPool, captions_of, compose_captions, fitted
from iterprime_xai.training.captioning import CaptionRun, captioning_config, train_captions
from iterprime_xai.training.captioning_folder import export_captioner
from iterprime_xai.training.checkpoint import load_checkpoint, save_checkpoint
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.decoder import build_decoder, caption_loss, read_captions
from iterprime_xai.training.hub_folder import export
from iterprime_xai.training.log import read_log
from iterprime_xai.training.network import build_model
from iterprime_xai.training.tokenizer import build_tokenizer

SMALL = {
    "batch": 4,
    "part": 2,
    "pairs": 3,
    "chunk": 8,
    "pool": 8,
    "easy_chunks": 1,
    "reuse": 2.0,
    "workers": 0,
    "device": "cpu",
    "log_every": 1,
    "warmup": 2,
    "validation_scenes": 4,
    "bf16": False,
}


def finished_run(folder, shape, seed=0):
    """A checkpoint as a training of the retrieval model leaves it, with random weights."""
    words = sorted(vocabulary_words())
    model = build_model(shape, build_tokenizer(words, shape.max_tokens).get_vocab(), seed)
    state = {
        "config": json.dumps(TrainConfig(shape=shape, steps=1).to_dict()),
        "words": words,
        "hardware": "a test",
        "average": model.state_dict(),
        "step": 1,
        "seconds": 1.0,
        "figures": "{}",
    }
    save_checkpoint(folder, state)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, shape):
    """A run whose captioner was trained for six steps."""
    run = finished_run(tmp_path_factory.mktemp("captioned"), shape)
    result = train_captions(run, captioning_config(steps=6, **SMALL))
    assert result.finished
    return run


def test_a_chunk_shows_the_scenes_that_its_captions_tell(shape):
    config = captioning_config(steps=1, **{**SMALL, "shape": shape, "chunk": 3, "pool": 3, "batch": 2})
    chunk = compose_captions(1, config, "val")
    tokenizer = build_tokenizer(vocabulary_words(), 64)
    assert chunk.images.shape == (3, 32, 32, 3)
    assert chunk.captions.shape[:2] == (3, KEPT)
    assert set(chunk.captions[..., 0].ravel().tolist()) == {tokenizer.convert_tokens_to_ids("[DEC]")}
    for row, told in enumerate(chunk.captions):
        plain = tokenizer.decode(told[0], skip_special_tokens=True)
        assert plain == scene_caption(generate(config.seed, 3 + row, "val")).text
        assert told[0][(told[0] != 0).sum() - 1] == tokenizer.convert_tokens_to_ids("[SEP]")
    again = compose_captions(1, config, "val")
    assert np.array_equal(again.captions, chunk.captions)
    assert np.array_equal(again.images, chunk.images)


def test_descriptions_are_the_bulk_of_the_captions():
    scene = generate(0, 4)
    told = captions_of(scene, np.random.default_rng(0))
    descriptions = [text for text in told if text.split()[0] in ("a", "an") and " and " in f" {text} "]
    assert told[0] == scene_caption(scene).text
    assert len(told) == KEPT
    assert len(descriptions) >= KEPT / 2
    assert captions_of(scene, np.random.default_rng(0), 1) == told[:1]


def test_a_batch_has_every_plain_caption_and_looks_at_a_picture_once(shape):
    config = captioning_config(steps=9, **{**SMALL, "shape": shape})
    looked: list[int] = []

    def encode(images):
        looked.append(len(images))
        return images.reshape(len(images), -1)[:, :5].astype(np.float16)

    with CaptionPool(config, encode) as pool:
        batches = [pool.batch(step) for step in range(4)]  # 8 scenes a chunk, 4 a step, each twice: one chunk
        again = pool.batch(1)
    assert looked == [8]
    chunk = compose_captions(0, config)
    plain = {tuple(row[row != 0]) for row in chunk.captions[:, 0]}
    for batch in batches:
        assert batch.captions.shape[:2] == (4, 3)
        assert {tuple(row[row != 0]) for row in batch.captions[:, 0]} <= plain
    assert np.array_equal(again.captions, batches[1].captions)


def test_captions_are_padded_to_the_longest_only():
    rows = [np.array([[5, 9, 3, 0, 0]], np.int16), np.array([[5, 9, 9, 3]], np.int16)]
    assert fitted(rows).tolist() == [[[5, 9, 3, 0]], [[5, 9, 9, 3]]]


@pytest.fixture
def source(shape):
    return build_model(shape, build_tokenizer(vocabulary_words(), 64).get_vocab(), 0).eval()


def test_the_decoder_begins_with_the_text_encoders_weights(source):
    decoder = build_decoder(source)
    for name, value in source.text_encoder.state_dict().items():
        assert torch.equal(decoder.bert.state_dict()[name], value), name
    assert decoder.cls.predictions.decoder.weight is decoder.bert.embeddings.word_embeddings.weight


def test_captions_of_a_picture_are_read_as_by_the_stock_decoder(source):
    decoder = build_decoder(source).eval()
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(2, 17, 32, generator=generator)
    tokens = torch.randint(7, 90, (2, 3, 6), generator=generator)
    tokens[0, 1, 4:] = 0
    scores = read_captions(decoder, tokens, seen)
    for picture in range(2):
        for caption in range(3):
            one = tokens[picture, caption][tokens[picture, caption] != 0][None]
            stock = decoder(one, encoder_hidden_states=seen[picture][None]).logits[0]
            assert torch.allclose(scores[picture, caption, : one.shape[1]], stock, atol=1e-4)


def test_loss_is_over_words_and_the_end_and_not_over_padding():
    tokens = torch.tensor([[[5, 1, 3, 0]]])
    scores = torch.zeros(1, 1, 4, 8)
    scores[0, 0, 0, 1] = 2.0
    loss, accuracy = caption_loss(scores, tokens, smoothing=0.0)
    first = float(-torch.log_softmax(scores[0, 0, 0], 0)[1])
    assert float(loss) == pytest.approx((first + np.log(8)) / 2)
    assert float(accuracy) == 0.5
    scores[0, 0, 2:] = 100 * torch.rand(2, 8)  # what follows the end is not asked
    assert float(caption_loss(scores, tokens, smoothing=0.0)[0]) == pytest.approx((first + np.log(8)) / 2)


def test_the_image_tower_stays_and_the_decoder_moves(trained):
    tower = {
        name.removeprefix("vision_model."): value
        for name, value in load_checkpoint(trained)["average"].items()
        if name.startswith("vision_model.")
    }
    state = load_checkpoint(trained / FOLDER)
    assert all(torch.equal(state["tower"][name], value) for name, value in tower.items())
    before = load_checkpoint(trained)["average"]["text_encoder.embeddings.word_embeddings.weight"]
    assert not torch.equal(state["model"]["bert.embeddings.word_embeddings.weight"], before)


def test_some_steps_lower_the_loss(shape, tmp_path):
    config = captioning_config(steps=40, **{**SMALL, "reuse": 100.0, "rate": 3e-3})
    train_captions(finished_run(tmp_path, shape), config)
    losses = [entry["loss"] for entry in read_log(tmp_path / FOLDER) if entry["event"] == "train"]
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


def test_the_exported_captioner_says_what_the_averaged_weights_say(trained):
    from PIL import Image

    from iterprime_xai.data.scenes import render_image

    captioner = load_captioner(trained / "export", device="cpu")
    state = load_checkpoint(trained / FOLDER)["average"]
    found = captioner.model.text_decoder.state_dict()
    assert set(found) == set(state)
    assert all(torch.allclose(found[name], value, atol=2e-3) for name, value in state.items())
    assert isinstance(captioner.caption(Image.fromarray(render_image(generate(0, 0), 64)), max_words=3), str)


def test_the_decoders_folder_is_half_precision_and_without_the_image_tower(trained):
    from safetensors.torch import load_file

    weights = load_file(trained / "export" / FOLDER / "model.safetensors")
    assert all(name.startswith("text_decoder.") for name in weights)
    assert {value.dtype for value in weights.values()} == {torch.float16}
    record = json.loads((trained / "export" / FOLDER / "training.json").read_text(encoding="utf-8"))
    assert (record["steps"], record["parameters"]) == (6, sum(value.numel() for value in weights.values()))
    assert str(trained) not in (trained / "export" / FOLDER / "config.json").read_text(encoding="utf-8")


def test_the_retrieval_model_is_as_it_was(trained):
    from iterprime_xai.models import load_matcher

    assert load_matcher(trained / "export", device="cpu").grid == (4, 4)


def test_resumed_training_takes_the_very_steps_of_an_uninterrupted_one(trained, shape, tmp_path):
    def stop_at_three(entry):
        if entry["event"] == "train" and entry["step"] == 3:
            os.kill(os.getpid(), signal.SIGTERM) if os.name == "posix" else signal.raise_signal(signal.SIGINT)

    run = finished_run(tmp_path, shape)
    first = train_captions(run, captioning_config(steps=6, **SMALL), listen=stop_at_three)
    assert (first.finished, first.steps) == (False, 3)
    assert not (run / "export").exists()
    second = train_captions(run, captioning_config(steps=6, **SMALL), resume=True)
    assert second.finished
    one, two = (load_checkpoint(each / FOLDER)["average"] for each in (trained, run))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_captioner_is_neither_trained_over_nor_on_a_run_that_went_on(trained, shape, tmp_path):
    with pytest.raises(StorageError, match="already holds a captioner"):
        train_captions(trained, captioning_config(steps=6, **SMALL))
    run = shutil.copytree(trained, tmp_path / "run")
    finished_run(run, shape, seed=1)
    with pytest.raises(StorageError, match="trained further"):
        train_captions(run, captioning_config(steps=7, **SMALL), resume=True)
    export(run, run / "export")
    with pytest.raises(StorageError, match="is not the one"):
        export_captioner(run, run / "export")


def test_a_folder_without_a_training_is_named(tmp_path):
    with pytest.raises(StorageError, match="Expected a checkpoint"):
        train_captions(tmp_path, captioning_config(steps=1, **SMALL))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without")
def test_a_device_that_is_not_there_is_named(shape, tmp_path):
    with pytest.raises(OptionError, match="'cuda' was asked for"):
        train_captions(finished_run(tmp_path, shape), captioning_config(steps=1, **{**SMALL, "device": "cuda"}))


def test_a_run_of_another_vocabulary_is_refused(shape, tmp_path):
    state = load_checkpoint(finished_run(tmp_path, shape))
    with pytest.raises(StorageError, match="another vocabulary"):
        CaptionRun(captioning_config(steps=1, **{**SMALL, "shape": shape}), {**state, "words": ["a"]})


def test_a_new_export_brings_the_runs_captioner_along(trained, tmp_path):
    folder = export(trained, tmp_path / "m")
    assert load_captioner(folder, device="cpu").name == "m"


def test_a_new_export_of_other_weights_removes_a_captioner_that_no_longer_fits(trained, shape, tmp_path):
    folder = export(trained, tmp_path / "m")
    export(finished_run(tmp_path / "other", shape, seed=1), folder)
    assert not (folder / FOLDER).exists()
    with pytest.raises(ModelLoadError, match="holds no captioner"):
        load_captioner(folder)
    same = export(trained, tmp_path / "n")
    shutil.copy(trained / "checkpoint.pt", tmp_path / "alone.pt")
    export(tmp_path / "alone.pt", same)
    assert tower_print(same) == tower_print(trained / "export")
    assert (same / FOLDER / "config.json").is_file()


def test_a_model_of_an_earlier_step_is_exported_anew(shape, tmp_path):
    run = finished_run(tmp_path, shape, seed=1)
    export(run, run / "export")
    earlier = tower_print(run / "export")
    train_captions(finished_run(run, shape), captioning_config(steps=1, **SMALL))
    assert tower_print(run / "export") != earlier
    assert load_captioner(run / "export", device="cpu").name == "export"


def test_validation_is_on_plain_captions_and_leaves_the_weights(shape, tmp_path):
    config = captioning_config(steps=1, **{**SMALL, "shape": shape})
    own = CaptionRun(config, load_checkpoint(finished_run(tmp_path, shape)))
    before = {name: value.clone() for name, value in own.decoder.state_dict().items()}
    seen = np.zeros((3, 17, 32), np.float16)
    figures = own.validate(Captioned(seen, np.array([[[5, 9, 3]]] * 3, np.int16)))
    assert figures == own.figures
    assert figures["loss"] > 0
    assert all(torch.equal(own.decoder.state_dict()[name], value) for name, value in before.items())
