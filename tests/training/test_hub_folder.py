"""Exported folders: stock transformers load them, and they say what they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from iterprime_xai.records import StorageError
from iterprime_xai.training import export, train
from iterprime_xai.training.card import card
from iterprime_xai.training.checkpoint import load_checkpoint
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.network import build_model


@pytest.fixture(scope="module")
def run(tmp_path_factory, shape):
    folder = tmp_path_factory.mktemp("run")
    config = TrainConfig(
        steps=2, shape=shape, batch=4, part=2, pairs=2, pairs_kept=4, phrases=2, phrases_kept=3,
        workers=0, chunk=8, pool=8, easy_chunks=1,
        validation_scenes=4, device="cpu",
    )  # fmt: skip
    train(config, folder)
    return folder


def test_exported_model_answers_as_the_averaged_weights_do(run):
    from transformers import BlipForImageTextRetrieval, BlipProcessor

    folder = run / "export"
    loaded = BlipForImageTextRetrieval.from_pretrained(folder, dtype=torch.float32).eval()
    processor = BlipProcessor.from_pretrained(folder)
    state = load_checkpoint(run)
    config = TrainConfig.from_dict(json.loads(state["config"]))
    source = build_model(config.shape, processor.tokenizer.get_vocab(), 0).eval()
    source.load_state_dict(state["average"])
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8))
    inputs = processor(images=picture, text="the dog left of the red tree", return_tensors="pt")
    with torch.no_grad():
        found, expected = loaded(**inputs).itm_score, source(**inputs).itm_score
    assert torch.allclose(found, expected, atol=5e-3)
    assert float(expected.abs().max()) > 1e-2


def test_exported_weights_are_half_precision_and_small(run):
    from safetensors.torch import load_file

    weights = load_file(run / "export" / "model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.float16}


def test_export_loads_as_a_grounder_that_knows_its_words_and_its_domain(run):
    from iterprime_xai.models import load_matcher

    matcher = load_matcher(run / "export")
    assert matcher.unknown_words(("dog", "zzebra", "t-shirt", "left")) == {"zzebra": "zebra"}
    assert matcher.profile.domain == "drawn scenes"
    assert matcher.tokenize("the left dog").ids.shape == (1, 5)


def test_chosen_layer_travels_in_the_profile(run, tmp_path):
    from iterprime_xai.models.profiles import read

    profile = read(export(run, tmp_path / "m", layer=0, validated="heat-in-object on scenes val"))
    assert (profile.layer, profile.validated, profile.closed_vocabulary) == (0, "heat-in-object on scenes val", True)


def test_picture_settings_are_there_under_the_old_name_too(run):
    settings = json.loads((run / "export" / "preprocessor_config.json").read_text(encoding="utf-8"))
    assert settings["size"] == {"height": 32, "width": 32}
    assert settings["resample"] == 3


def test_nothing_in_the_folder_tells_where_it_was_made(run):
    for path in (run / "export").glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert str(run) not in text
        assert "is_local" not in text


def test_loading_needs_no_torchvision(run):
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from iterprime_xai.models import load_matcher\n"
        "print(load_matcher(sys.argv[1]).grid)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(run / "export")], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("(")


def test_card_tells_length_command_and_measured_tables(run, tmp_path):
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps({"markdown": {"Matching, val": "| kind |\n| --- |\n| left |\n"}}), encoding="utf-8")
    text = (export(run, tmp_path / "m", figures) / "README.md").read_text(encoding="utf-8")
    for expected in (
        "2 steps of 4 pictures",
        "--steps 2 --seed 0",
        "### Matching, val",
        "| left |",
        "2 pairs of statements and 2 pairs of phrases",
        "| all |",
    ):
        assert expected in text


def test_card_says_what_was_labelled_and_what_was_not(run):
    text = " ".join((run / "export" / "README.md").read_text(encoding="utf-8").split())
    for expected in (
        "The image tower was taught what each cell of 8 x 8 pixels holds",
        "so the image tower did see where things are",
        "No box, mask or position was shown to the cross-attention",
        "what every cell holds (weight 0.5; it alone for the first 10% of the run)",
        "5% of the pictures hold noise and blots",
        "50% are redrawn by one of 16",
    ):
        assert expected in text


def test_card_without_a_validation_says_so(run):
    record = json.loads((run / "export" / "training.json").read_text(encoding="utf-8"))
    assert "Not validated yet" in card({**record, "validation": {}})


def test_unreadable_figures_are_named(run, tmp_path):
    with pytest.raises(StorageError, match=r"none\.json"):
        export(run, tmp_path / "m", tmp_path / "none.json")
    listed = tmp_path / "list.json"
    listed.write_text("[]", encoding="utf-8")
    with pytest.raises(StorageError, match="JSON object"):
        export(run, tmp_path / "m", listed)


def test_export_over_an_older_one_replaces_it_and_leaves_nothing_beside(run, tmp_path):
    export(run, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").write_bytes(b"old")
    export(run, tmp_path / "m")
    assert (tmp_path / "m" / "model.safetensors").stat().st_size > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_every_exported_file_can_be_read_by_others(run):
    if os.name != "posix":
        pytest.skip("modes are a matter of posix")
    assert {path.stat().st_mode & 0o777 for path in (run / "export").iterdir()} == {0o644}


def test_a_file_in_the_place_of_the_folder_is_a_storage_error(run, tmp_path):
    (tmp_path / "m").write_text("mine", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written"):
        export(run, tmp_path / "m")
    with pytest.raises(StorageError, match="cannot be written"):
        export(run, tmp_path / "m" / "inside")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m").read_text(encoding="utf-8") == "mine"


def test_card_names_the_minutes_that_were_really_trained(run):
    record = json.loads((run / "export" / "training.json").read_text(encoding="utf-8"))
    config = {**record["config"], "steps": None, "minutes": 70.0}
    assert "--minutes 41 --seed 0" in card({**record, "config": config, "seconds": 41 * 60 + 3.0})


def test_measured_threshold_travels_in_the_profile(run, tmp_path):
    from iterprime_xai.models.profiles import read

    figures = tmp_path / "card.json"
    figures.write_text('{"threshold": 0.375, "markdown": {"Matching, val": "| kind |"}}', encoding="utf-8")
    folder = export(run, tmp_path / "m", figures)
    assert read(folder).threshold == 0.375
    assert "### Matching, val\n\n| kind |" in (folder / "README.md").read_text(encoding="utf-8")
    assert read(export(run, tmp_path / "without")).threshold is None
