"""Captioners from the hub's layout and beside a retrieval model: what they say, and what is said when there is none."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from random_models import SHAPES, build_processor
from safetensors.torch import load_file, save_file

import iterprime_xai as ix
from iterprime_xai.models import load_matcher
from iterprime_xai.models.captioner import FOLDER, TIED, TOWER, Captioner, load_captioner, tower_print, trained_on
from iterprime_xai.records import ImageInputError, ModelLoadError, OptionError


def random_captioner(folder):
    """A random `BlipForConditionalGeneration` with the config of a saved retrieval model."""
    from transformers import BlipConfig, BlipForConditionalGeneration

    torch.manual_seed(3)
    model = BlipForConditionalGeneration(BlipConfig.from_pretrained(folder))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.normal_(0, 0.3)
    return model.eval()


@pytest.fixture(scope="module")
def hub_captioner(tmp_path_factory, model_folder, tokenizer):
    """A whole captioning checkpoint in the hub's layout, and the model that was saved."""
    folder = tmp_path_factory.mktemp("captioner") / "blip"
    model = random_captioner(model_folder)
    model.save_pretrained(folder)
    build_processor(SHAPES[0], tokenizer).save_pretrained(folder)
    build_processor(SHAPES[0], tokenizer).image_processor.save_pretrained(folder)
    return folder, model


@pytest.fixture
def both(tmp_path, model_folder):
    """A retrieval model whose folder holds a decoder too, and that decoder's weights."""
    folder = shutil.copytree(model_folder, tmp_path / "both")
    model = random_captioner(model_folder)
    weights = {
        name: value.contiguous()
        for name, value in model.state_dict().items()
        if not name.startswith("vision_model.") and name not in TIED
    }
    model.config.save_pretrained(folder / FOLDER)
    save_file(weights, folder / FOLDER / "model.safetensors", {"format": "pt", TOWER: tower_print(folder)})
    return folder, weights


def greedy(model, tokenizer, pixels, most):
    """Words of highest score one by one, without the stock generation."""
    tokens = [5]
    with torch.no_grad():
        seen = model.vision_model(pixel_values=pixels).last_hidden_state
        for _ in range(most):
            scores = model.text_decoder(torch.tensor([tokens]), encoder_hidden_states=seen).logits
            tokens.append(int(scores[0, -1].argmax()))
            if tokens[-1] == 3:
                break
    return tokenizer.decode(tokens[1:], skip_special_tokens=True)


def test_a_hub_captioner_says_what_its_weights_say(hub_captioner, picture, tokenizer):
    folder, saved = hub_captioner
    captioner = load_captioner(folder, device="cpu")
    pixels = build_processor(SHAPES[0], tokenizer).image_processor(images=picture, return_tensors="pt")["pixel_values"]
    said = captioner.caption(picture, max_words=3)
    assert said == " ".join(greedy(saved, tokenizer, pixels, 12).split()[:3])
    assert said
    assert all(torch.equal(value, saved.state_dict()[name]) for name, value in captioner.model.state_dict().items())
    assert not captioner.model.training


def test_a_decoder_beside_a_retrieval_model_takes_its_image_tower(both, picture, tokenizer):
    from transformers import BlipForConditionalGeneration

    folder, weights = both
    captioner = ix.load_captioner(folder, device="cpu")
    matcher = load_matcher(folder, device="cpu")
    assert type(captioner.model) is BlipForConditionalGeneration
    state = captioner.model.state_dict()
    lent = {f"vision_model.{name}": value for name, value in matcher.model.vision_model.state_dict().items()}
    assert set(state) == {*weights, *lent, *TIED}
    assert all(torch.equal(state[name], value) for name, value in {**weights, **lent}.items())
    decoder = captioner.model.text_decoder
    assert decoder.cls.predictions.decoder.weight is decoder.bert.embeddings.word_embeddings.weight
    pixels = matcher.image_processor(images=picture, return_tensors="pt")["pixel_values"]
    assert captioner.caption(picture, max_words=2).split() == greedy(captioner.model, tokenizer, pixels, 8).split()[:2]


def test_the_whole_can_be_saved_as_an_ordinary_hub_folder(both, picture, tmp_path):
    from transformers import BlipForConditionalGeneration

    captioner = load_captioner(both[0], device="cpu")
    captioner.model.save_pretrained(tmp_path / "whole")
    again, report = BlipForConditionalGeneration.from_pretrained(tmp_path / "whole", output_loading_info=True)
    assert not report["missing_keys"]
    state = again.state_dict()
    assert all(torch.equal(state[name], value) for name, value in captioner.model.state_dict().items())


def test_a_sentence_is_cut_at_a_word_and_beams_are_followed(both, picture):
    captioner = load_captioner(both[0], device="cpu")
    assert len(captioner.caption(picture, max_words=1).split()) == 1
    assert captioner.caption(picture, max_words=4, num_beams=2) == captioner.caption(picture, max_words=4, num_beams=2)
    for settings in ({"max_words": 0}, {"num_beams": 1.5}, {"max_words": True}):
        with pytest.raises(OptionError, match="whole number above 0"):
            captioner.caption(picture, **settings)
    with pytest.raises(ImageInputError):
        captioner.caption("no such picture.png")


def test_hyphens_close_up_as_they_were_written():
    class Words:
        def decode(self, ids, skip_special_tokens):
            return "a white t - shirt - "

    class Model:
        def __init__(self):
            self.vision_model = torch.nn.Module()
            self.vision_model.embeddings = torch.nn.Module()
            self.vision_model.embeddings.patch_embedding = torch.nn.Conv2d(3, 1, 1)
            part = type("Part", (), {"image_size": 4, "max_position_embeddings": 8})
            self.config = type("Config", (), {"vision_config": part, "text_config": part})

        def generate(self, pixel_values, **settings):
            return torch.zeros(1, 2, dtype=torch.long)

    processed = {"pixel_values": torch.zeros(1, 3, 4, 4)}
    captioner = Captioner(Model(), lambda images, return_tensors: processed, Words())
    from PIL import Image

    assert captioner.caption(Image.new("RGB", (4, 4))) == "a white t-shirt -"


def test_a_folder_without_a_captioner_says_what_to_do(model_folder, tmp_path):
    with pytest.raises(ModelLoadError, match=r"holds no captioner, it is a BlipForImageTextRetrieval.*train-captions"):
        load_captioner(model_folder)
    unnamed = shutil.copytree(model_folder, tmp_path / "unnamed")
    config = json.loads((unnamed / "config.json").read_text(encoding="utf-8"))
    del config["architectures"]
    (unnamed / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelLoadError, match=r"holds no captioner: \d+ weights .* missing"):
        load_captioner(unnamed)


@pytest.mark.parametrize(
    ("source", "message"),
    [("tinny", "Did you mean 'tiny'"), (7, "Expected a model name"), ("nobody/nothing", "nobody/nothing")],
)
def test_what_is_no_model_is_named(source, message):
    with pytest.raises(ModelLoadError, match=message):
        load_captioner(source, local_files_only=True)


def test_another_family_is_named(model_folder, tmp_path):
    other = shutil.copytree(model_folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text(encoding="utf-8"))
    (other / "config.json").write_text(json.dumps({**config, "model_type": "bert"}), encoding="utf-8")
    with pytest.raises(ModelLoadError, match="'bert' model"):
        load_captioner(other)


def test_no_weight_of_the_decoder_is_random_silently(both):
    folder, weights = both
    file = folder / FOLDER / "model.safetensors"
    gone = "text_decoder.bert.encoder.layer.1.crossattention.self.key.weight"
    save_file({name: value for name, value in weights.items() if name != gone}, file, {"format": "pt"})
    with pytest.raises(ModelLoadError, match=rf"lacks 1 weights.*{gone}"):
        load_captioner(folder)
    save_file({**weights, "text_decoder.more": torch.zeros(1)}, file, {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"1 unknown ones \(first: text_decoder\.more"):
        load_captioner(folder)
    save_file({**weights, gone: torch.zeros(2, 2)}, file, {"format": "pt"})
    with pytest.raises(ModelLoadError, match="does not fit its config"):
        load_captioner(folder)
    file.write_bytes(b"broken")
    with pytest.raises(ModelLoadError, match="cannot be loaded"):
        load_captioner(folder)


def test_a_decoder_of_another_image_tower_is_refused(both):
    folder, _ = both
    assert trained_on(folder / FOLDER) == tower_print(folder)
    file = folder / "model.safetensors"
    weights = load_file(file)
    weights["vision_model.post_layernorm.bias"] += 1
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"another image tower.*train-captions"):
        load_captioner(folder)


def test_a_towers_fingerprint_is_that_of_its_half_precision(both):
    folder, _ = both
    tower = load_matcher(folder, device="cpu").model.vision_model.state_dict()
    assert tower_print(tower) == tower_print(folder)
    assert tower_print({name: value.half() for name, value in tower.items()}) == tower_print(folder)
    assert tower_print({name: value + 1 for name, value in tower.items()}) != tower_print(folder)
    with pytest.raises(ModelLoadError, match="cannot be read"):
        tower_print(folder / "nothing")


def test_a_profile_says_which_layer_to_read(both, hub_captioner, tmp_path):
    from iterprime_xai.models import profiles

    beside, _ = both
    profiles.write(profiles.Profile(1, validated="matching", closed_vocabulary=True, threshold=0.4), beside)
    shared = load_captioner(beside, device="cpu").profile  # the matcher's words, but not its layer
    assert shared == profiles.Profile(closed_vocabulary=True)
    own = profiles.Profile(2, validated="captions")
    profiles.write(own, beside / FOLDER)
    assert load_captioner(beside, device="cpu").profile == own
    whole = shutil.copytree(hub_captioner[0], tmp_path / "whole")
    assert load_captioner(whole, device="cpu").profile == profiles.Profile()
    profiles.write(own, whole)
    assert load_captioner(whole, device="cpu").profile == own


def test_what_was_said_comes_with_its_tokens(both, picture):
    captioner = load_captioner(both[0], device="cpu")
    text, ids = captioner.said(picture, max_words=3)
    assert text == captioner.caption(picture, max_words=3)
    assert captioner.tokenizer.decode(ids, skip_special_tokens=True).startswith(text)
    assert not set(ids) & {0, 3, 5}
    with pytest.raises(OptionError, match="whole number above 0"):
        captioner.said(picture, num_beams=0)
