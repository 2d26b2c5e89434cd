"""Captions on the command line: what is printed, and how it fails."""

from __future__ import annotations

import json

import pytest
import torch
from random_models import SHAPES, build_processor
from typer.testing import CliRunner

from iterprime_xai import cli
from iterprime_xai.models.captioner import load_captioner
from iterprime_xai.records import ModelLoadError, OptionError, StorageError


def invoke(*arguments):
    return CliRunner().invoke(cli.app, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def captioner_folder(tmp_path_factory, model_folder, tokenizer):
    """A random captioner in the hub's layout."""
    from transformers import BlipConfig, BlipForConditionalGeneration

    folder = tmp_path_factory.mktemp("captioner")
    torch.manual_seed(0)
    BlipForConditionalGeneration(BlipConfig.from_pretrained(model_folder)).save_pretrained(folder)
    build_processor(SHAPES[0], tokenizer).save_pretrained(folder)
    build_processor(SHAPES[0], tokenizer).image_processor.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"] == "blip"
    return folder


def test_a_caption_is_one_line(captioner_folder, picture, tmp_path):
    picture.save(tmp_path / "photo.png")
    result = invoke("caption", tmp_path / "photo.png", "--model", captioner_folder, "--max-words", 5, "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [load_captioner(captioner_folder, device="cpu").caption(picture, max_words=5)]


def test_without_a_picture_a_bundled_scene_is_told(captioner_folder):
    from iterprime_xai.data.scenes import bundled_samples

    result = invoke("caption", "--model", captioner_folder, "--beams", 2, "--max-words", 3)
    expected = load_captioner(captioner_folder).caption(bundled_samples()[0].image, max_words=3, num_beams=2)
    assert result.output.strip() == expected


def test_a_model_without_a_captioner_and_a_folder_without_a_run_are_named(model_folder, tmp_path):
    assert isinstance(invoke("caption", "--model", model_folder).exception, ModelLoadError)
    assert isinstance(invoke("train-captions", tmp_path, "--steps", 1).exception, StorageError)
    assert invoke("caption", "--beams", 0).exit_code == 2


def test_maps_are_drawn_and_told(captioner_folder, picture, tmp_path):
    picture.save(tmp_path / "My photo.png")
    shared = ("caption", tmp_path / "My photo.png", "--model", captioner_folder, "--device", "cpu", "--maps")
    result = invoke(*shared, "--out", tmp_path / "out", "--text", "a red dog", "--layer", 1)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "a red dog"
    assert [line.split()[0] for line in lines[1:4]] == ["a", "red", "dog"]
    assert all("p=" in line and "peak at x=" in line for line in lines[1:4])
    assert lines[4:6] == ["The caption was given.", "Read was layer 1, as asked."]
    assert lines[6] == f"figure: {tmp_path / 'out' / 'my-photo-a-red-dog.caption.png'}"
    assert (tmp_path / "out" / "my-photo-a-red-dog.caption.png").read_bytes().startswith(b"\x89PNG")
    named = invoke(*shared, "--out", tmp_path / "sheet.png", "--max-words", 3, "--gradient", "scores")
    assert named.exit_code == 0, named.output
    assert (tmp_path / "sheet.png").is_file()
    assert named.output.splitlines()[0] == load_captioner(captioner_folder, device="cpu").caption(picture, max_words=3)


def test_options_that_do_not_go_together_are_refused():
    for extra in (("--text", "a dog"), ("--layer", 1), ("--out", "x.png"), ("--gradient", "scores")):
        assert isinstance(invoke("caption", *extra).exception, OptionError)
    for extra in (("--beams", 2), ("--max-words", 3)):
        assert isinstance(invoke("caption", "--maps", "--text", "a dog", *extra).exception, OptionError)
