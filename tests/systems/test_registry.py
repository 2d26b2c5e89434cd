"""Systems by name: what there is, what they take, and how a wrong word is answered."""

from __future__ import annotations

import json

import numpy as np
import pytest
from handmade_encoder import ColourCaptioner, ColourEncoder
from random_models import SHAPES, build_model, build_processor

from iterprime_xai.models import load_matcher
from iterprime_xai.records import MissingExtraError, ModelLoadError, OptionError
from iterprime_xai.saliency.recipe import RECIPES
from iterprime_xai.systems.grounder import Grounder
from iterprime_xai.systems.registry import SYSTEMS, load_system, presets_of, settings_of, system_names

CLIP_SYSTEMS = ("global_local_clip", "tas", "clip_gradcam", "clip_score_map", "clip_region_token", "clip_crop")
FLOORS = ("random", "centre", "largest")


def _in_memory(name: str) -> dict:
    """Settings that need no bundled model."""
    if name in FLOORS:
        return {}
    return {"model": ColourEncoder()} | ({"captioner": ColourCaptioner()} if name == "tas" else {})


@pytest.fixture(scope="module")
def plain(tokenizer):
    return load_matcher(build_model(SHAPES[0], tokenizer), build_processor(SHAPES[0], tokenizer))


def test_every_system_has_settings_and_presets_that_are_its_own():
    for name in system_names():
        settings = {each.name: each for each in settings_of(name)}
        assert "preset" in settings
        assert "proposer" in settings
        assert set(presets_of(name)) == set(settings["preset"].choices)
        for values in presets_of(name).values():
            for key, value in values.items():
                assert settings[key].check(name, value) == value
        assert all(each.meaning for each in settings.values())
        for each in settings.values():
            if each.default is not None:
                assert each.check(name, each.default) == each.default


def test_a_typo_is_answered_with_the_nearest_name():
    with pytest.raises(OptionError, match=r"no system 'tass'\. Did you mean tas\?"):
        load_system("tass")
    with pytest.raises(OptionError, match=r"tas has no setting 'p_wait'\. Did you mean p_weight\?"):
        load_system("tas", {"p_wait": 0.1})
    with pytest.raises(OptionError, match=r"preset must be one of .*'papr'\. Did you mean paper\?"):
        load_system("tas", {"preset": "papr"})
    with pytest.raises(OptionError, match="mapping"):
        load_system("tas", ["preset"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "setting", "value", "message"),
    [
        ("global_local_clip", "alpha", 1.5, "a number from 0 to 1"),
        ("global_local_clip", "alpha", "0.9", "a number from 0 to 1"),
        ("global_local_clip", "alpha", float("nan"), "a number"),
        ("global_local_clip", "blocks", 0, "of at least 1"),
        ("global_local_clip", "blocks", True, "whole number"),
        ("tas", "rectify", 1, "true or false"),
        ("tas", "spatial_words", "most", "one of paper, more"),
        ("tas", "model", None, "a model in memory"),
        ("random", "seed", 0.5, "whole number"),
        ("iterprime", "passes", 0, "of at least 1"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_refused(name, setting, value, message):
    with pytest.raises(OptionError, match=message):
        load_system(name, {setting: value})


def test_what_a_system_says_of_itself_is_json_and_holds_every_setting():
    for name in (*CLIP_SYSTEMS, *FLOORS):
        system = load_system(name, _in_memory(name))
        said = json.loads(json.dumps(system.describe()))
        hidden = {"model", "captioner", "proposer", "proposer_checkpoint", "device"}
        assert set(said["settings"]) == {each.name for each in settings_of(name)} - hidden
        assert said["system"] == system.name == name


def test_a_whole_number_becomes_the_number_that_it_is():
    one, other = (load_system("global_local_clip", {"model": ColourEncoder(), "alpha": value}) for value in (1, 1.0))
    assert json.dumps(one.describe()) == json.dumps(other.describe())


def test_the_paper_preset_of_iterprime_is_the_papers_recipe(plain):
    with pytest.raises(OptionError, match=r"ALBEF.*paper-offline"):
        load_system("iterprime", {"preset": "paper"})
    system = load_system("iterprime", {"preset": "paper-offline", "model": plain})
    for field in ("prompt", "gradient", "emphasis", "local_weight", "passes", "keep_rejected", "selection"):
        assert getattr(system.recipe, field) == getattr(RECIPES["paper"], field), field
    said = system.describe()["substitutes"]
    assert "Stanza" in said["parser"]
    assert "model" not in said  # it was named
    found = system.segment(np.full((32, 32, 3), 90, np.uint8), "a dog", proposals=np.ones((1, 32, 32), bool))
    assert said["parser"] in found.trace
    assert load_system("iterprime", {"model": plain}).describe()["substitutes"] == {}


@pytest.mark.parametrize("name", ["global_local_clip", "tas", "iterprime"])
def test_a_paper_preset_without_its_parser_or_lexicon_names_what_to_install_and_the_offline_one(
    name, plain, monkeypatch
):
    import sys

    monkeypatch.setitem(sys.modules, "stanza", None)
    monkeypatch.setitem(sys.modules, "nltk", None)
    model = plain if name == "iterprime" else ColourEncoder()
    more = {"captioner": ColourCaptioner()} if name == "tas" else {}
    with pytest.raises(MissingExtraError, match=r"(pip install|spacy download).*paper-offline"):
        load_system(name, {"preset": "paper", "model": model} | more)


def test_a_paper_preset_whose_model_is_not_here_names_the_offline_one(monkeypatch):
    from iterprime_xai.models import encoder_loading

    def missing(name, **_):
        raise ModelLoadError(f"{name} is not here.")

    monkeypatch.setattr(encoder_loading, "load_encoder", missing)
    with pytest.raises(ModelLoadError, match=r"openai/clip-vit-base-patch32 is not here\..*paper-offline"):
        load_system("clip_crop", {"preset": "paper"})
    for asked in ({"preset": "paper", "model": "mine"}, {"model": "mine"}):
        with pytest.raises(ModelLoadError, match=r"^mine is not here\.$"):
            load_system("clip_crop", asked)


def test_a_paper_preset_never_takes_other_masks_silently(picture):
    system = load_system("clip_crop", {"preset": "paper", "model": ColourEncoder()})
    with pytest.raises(OptionError, match="FreeSOLO"):
        system.segment(picture, "the red square")
    offline = load_system("clip_crop", {"preset": "paper-offline", "model": ColourEncoder()})
    assert set(offline.describe()["substitutes"]) == {"proposer"}  # the model was given


def test_gradcam_is_one_pass_of_the_published_gradient_without_emphasis(plain, picture, boxes):
    system = load_system("gradcam", {"model": plain, "layer": 1})
    found = system.segment(picture, "the red dog", proposals=boxes)
    by_hand = Grounder(plain).ground(
        picture, "the red dog", layer=1, recipe=system.recipe, passes=1, emphasis="sentence", proposals=boxes
    )
    assert len(found.passes) == 1
    assert system.recipe.gradient == "attention"
    assert (found.heatmap == by_hand.heatmap).all()
    assert (found.mask == by_hand.mask).all()
    assert found.parameters["system"] == "gradcam"


def test_a_setting_reaches_the_recipe(plain, picture, boxes):
    found = load_system("iterprime", {"model": plain, "layer": 1, "passes": 1, "selection": "paper"}).segment(
        picture, "the red dog", proposals=boxes
    )
    assert len(found.passes) == 1
    assert found.selection.rule == "paper"


def test_the_registry_names_where_each_was_published():
    assert all(each.source for each in SYSTEMS.values() if each.name not in FLOORS)
