"""Retrieval and gold crops: an encoder that knows is right, one that knows nothing is at chance, and the command runs."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from iterprime_xai.data.scenes import generate, render
from iterprime_xai.data.scenes.captions import scene_caption
from iterprime_xai.data.scenes.cut_out import MEAN_COLOUR, cut_out
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS
from iterprime_xai.evaluation.encoder_quality import GROUP, encoder_markdown, encoder_rows
from iterprime_xai.models.finding import BUNDLED_FOLDER

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "encoder_quality.py"
WIDTH = 512
NAMES = [noun.name for noun in NOUNS]


def look(noun, colour):
    """A thing as a vector: its noun, its colour."""
    vector = np.zeros(WIDTH)
    vector[NAMES.index(noun)] = vector[64 + COLOURS.index(colour)] = 1
    return vector


class Oracle:
    """Knows the scenes of a split in their order; texts by the noun and colour that they name, captions by their number."""

    def __init__(self, split, scenes, right=True):
        self.scenes = iter([(index, generate(0, index, split)) for index in range(scenes)])
        self.captions = {scene_caption(generate(0, index, split)).text: index for index in range(scenes)}
        self.right = right

    def pictures(self, images):
        index, scene = next(self.scenes)
        assert len(images) == 1 + 2 * len(scene.things)
        whole = np.zeros(WIDTH)
        whole[100 + index] = 1
        things = [look(thing.noun, thing.colour) for thing in scene.things]
        found = np.stack([whole, *things, *things])
        return found if self.right else np.ones_like(found)

    def texts(self, texts):
        found = np.zeros((len(texts), WIDTH))
        for row, text in enumerate(texts):
            if text in self.captions:
                found[row, 100 + self.captions[text]] = 1
                continue
            nouns = [name for name in NAMES if f" {name} " in f" {text} "]
            for name in [max(nouns, key=len)] if nouns else []:
                found[row, NAMES.index(name)] = 1
            for colour in COLOURS:
                found[row, 64 + COLOURS.index(colour)] = colour in text.split()
        return found + 1e-9


def shares(rows):
    return {(row.question, row.detail): row for row in rows}


def test_an_encoder_that_knows_is_always_right():
    oracle = Oracle("val", GROUP)
    found = shares(encoder_rows(oracle.pictures, oracle.texts, "val", GROUP))
    for question in ("thing -> name, mean", "thing -> name, black", "name -> thing, black"):
        assert found[question, "colour and noun"].share.mean == 1.0
    assert found["retrieval", f"picture -> its caption of {GROUP}"].share.mean == 1.0
    assert found["retrieval", f"caption -> its picture of {GROUP}"].share.mean == 1.0
    things = sum(len(generate(0, index, "val").things) for index in range(GROUP))
    assert found["thing -> name, mean", "noun"].count == things
    assert found["thing -> name, mean", "noun"].chance == pytest.approx(1 / 49)
    # What tells things apart by their place cannot be seen in a crop.
    assert found["expression -> thing, mean", "all kinds"].share.mean < 0.9
    table = encoder_markdown(list(found.values()))
    assert "| thing -> name, mean: noun | 1.000 [1.000, 1.000] | 0.020 |" in table


def test_pictures_that_all_look_alike_are_not_told_apart():
    oracle = Oracle("val", GROUP, right=False)
    found = shares(encoder_rows(oracle.pictures, oracle.texts, "val", GROUP))
    assert found["retrieval", f"caption -> its picture of {GROUP}"].share.mean == 0.0  # a tie is no find
    assert found["thing -> name, mean", "noun"].share.mean < 0.15


def test_a_thing_is_cut_out_by_its_mask():
    image = np.full((6, 8, 3), 200, np.uint8)
    mask = np.zeros((6, 8), bool)
    mask[1:3, 2:6] = True
    mask[1, 2] = False
    plain = np.asarray(cut_out(image, mask, "mean"))
    assert plain.shape == (2, 4, 3)
    assert plain[0, 0].tolist() == list(MEAN_COLOUR)
    assert (plain.reshape(-1, 3)[1:] == 200).all()
    square = np.asarray(cut_out(image, mask, "black"))
    assert square.shape == (4, 4, 3)
    assert not square[[0, 3]].any()
    assert square[1, 0].tolist() == [0, 0, 0]
    assert (square[2] == 200).all()


def command(name="benchmark_encoder_quality"):
    spec = importlib.util.spec_from_file_location(name, SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_writes_its_tables(monkeypatch, tmp_path, capsys):
    options = ["--splits", "val", "--scenes", "3", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["encoder_quality.py", *options])
    command().main()
    record = json.loads((tmp_path / "encoder_quality.json").read_text(encoding="utf-8"))
    assert {row["split"] for row in record["rows"]} == {"val"}
    card = json.loads((tmp_path / "card.json").read_text(encoding="utf-8"))
    assert "thing -> name" in next(iter(card["markdown"].values()))
    assert "thing -> name" in capsys.readouterr().out


def test_the_bundled_clip_names_gold_crops():
    clip = command().StockClip(BUNDLED_FOLDER / "tiny-clip")
    names = clip.texts([f"{colour} {noun}" for noun in NAMES for colour in COLOURS])
    right = []
    for index in range(3):
        scene = generate(11, index, "testA")
        drawn = render(scene, 336)
        for ground in ("mean", "black"):
            pictures = clip.pictures([cut_out(drawn.image, mask, ground) for mask in drawn.masks])
            unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (pictures, names)]
            best = (unit[0] @ unit[1].T).argmax(1)
            right += [
                divmod(int(one), len(COLOURS)) == (NAMES.index(thing.noun), COLOURS.index(thing.colour))
                for one, thing in zip(best, scene.things, strict=True)
            ]
    assert len(right) >= 12
    assert np.mean(right) >= 0.9


def test_the_bundled_clip_is_whole_and_no_matcher():
    from iterprime_xai.models import bundled_models

    folder = BUNDLED_FOLDER / "tiny-clip"
    files = {path.name for path in folder.iterdir()}
    wanted = {"config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"}
    assert wanted | {"README.md", "training.json"} <= files
    assert (folder / "model.safetensors").stat().st_size < 6_000_000
    assert "tiny-clip" not in bundled_models()
