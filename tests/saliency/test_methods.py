"""Every method on every family: it answers, refuses what is wrong, and leaves the model as it was whatever happens."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress

import numpy as np
import pytest
import torch
from quick_methods import QUICK

from iterprime_xai import Grounder
from iterprime_xai.records import LayerError, OptionError
from iterprime_xai.saliency import METHODS, get_method, methods
from iterprime_xai.saliency.methods import FLOORS, method_from_text

TEXT = "the red dog left of the tree"
FAMILIES = ("blip", "blip2", "albef")
READS_LAYER = tuple(each.name for each in methods() if each.reads_layer)


def quick(name):
    return get_method(name, **QUICK.get(name, {}))


def state_of(model):
    """All that a careless method could change."""
    return (
        {name: value.clone() for name, value in model.state_dict().items()},
        [module.training for module in model.modules()],
        [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()],
        [len(module._backward_hooks) for module in model.modules()],
        [parameter.requires_grad for parameter in model.parameters()],
        [parameter.grad is None for parameter in model.parameters()],
        getattr(getattr(model, "config", None), "_attn_implementation", None),
    )


def same(one, other):
    weights = all(torch.equal(one[0][name], other[0][name]) for name in one[0])
    return weights and one[0].keys() == other[0].keys() and one[1:] == other[1:]


def tensors_alive():
    """How many tensors Python holds, and the numbers in them."""
    held = [each.numel() for each in gc.get_objects() if type(each) is torch.Tensor]
    return len(held), sum(held)


@pytest.fixture(params=FAMILIES)
def family(request, matchers):
    """A matcher whose model is in a state of the user's own: some modules in training, some weights frozen, a gradient."""
    matcher = matchers[request.param]
    model = matcher.model
    model.eval()
    matcher.model.itm_head.train()
    frozen = list(model.parameters())[::2]
    for parameter in frozen:
        parameter.requires_grad_(False)
    model.itm_head.weight.requires_grad_(True)
    model.itm_head.weight.grad = torch.ones_like(model.itm_head.weight)
    yield matcher
    model.itm_head.weight.grad = None
    model.eval()
    for parameter in frozen:
        parameter.requires_grad_(True)


@pytest.mark.parametrize("name", METHODS)
class TestEveryMethod:
    def test_answers_on_the_native_grid_and_leaves_no_trace(self, name, family, picture):
        before = state_of(family.model)
        generator = torch.get_rng_state()
        found = Grounder(family).ground(picture, TEXT, method=quick(name), proposals=False)
        assert found.heatmap.dtype == np.float32
        assert found.heatmap.shape == family.grid
        assert np.isfinite(found.heatmap).all()
        assert bool(found.heatmap.min() == found.heatmap.max()) is (name == "uniform")
        assert found.parameters["method"] == name
        match = family.match(family.encode_image(picture), family.tokenize(TEXT))
        assert found.passes[0].logit == pytest.approx(match.logit, abs=1e-4)
        assert same(before, state_of(family.model))
        assert torch.equal(generator, torch.get_rng_state())
        with torch.inference_mode():
            again = Grounder(family).ground(picture, TEXT, method=quick(name), proposals=False)
        np.testing.assert_array_equal(found.heatmap, again.heatmap)

    def test_refuses_a_layer_that_is_not_there_or_is_not_read(self, name, family, picture):
        before = state_of(family.model)
        wrong = LayerError if name in READS_LAYER else OptionError
        with pytest.raises(wrong, match="99"):
            Grounder(family).ground(picture, TEXT, method=quick(name), layer=99, proposals=False)
        assert same(before, state_of(family.model))

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt], ids=["exception", "abandoned"])
    def test_an_end_inside_the_forward_pass_leaves_no_trace(self, name, family, picture, monkeypatch, error):
        before = state_of(family.model)
        grounder = Grounder(family)
        judge = type(family)._judge
        calls = []

        def broken(matcher, states):
            calls.append(len(states))
            # Half-way for methods that ask often, at once for those that ask once.
            if len(calls) == (2 if name in QUICK else 1):
                raise error("pulled the plug")
            return judge(matcher, states)

        with monkeypatch.context() as patch:
            patch.setattr(type(family), "_judge", broken)
            with pytest.raises(error, match="pulled the plug"):
                grounder.ground(picture, TEXT, method=quick(name), proposals=False)
        assert same(before, state_of(family.model))
        assert np.isfinite(grounder.ground(picture, TEXT, method=quick(name), proposals=False).heatmap).all()

    def test_two_at_once_find_what_each_finds_alone(self, name, family, picture):
        before = state_of(family.model)
        texts = (TEXT, "a small blue ball")
        alone = [Grounder(family).ground(picture, text, method=quick(name), proposals=False).heatmap for text in texts]
        found = [None, None]

        def look(place):
            with suppress(AttributeError):
                found[place] = (
                    Grounder(family).ground(picture, texts[place], method=quick(name), proposals=False).heatmap
                )

        threads = [threading.Thread(target=look, args=(place,)) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_array_equal(one, other)
        assert same(before, state_of(family.model))

    def test_looks_once_and_refuses_refinement(self, name, family, picture):
        grounder = Grounder(family)
        with pytest.raises(OptionError, match="passes=3 goes with method 'gradcam'"):
            grounder.ground(picture, TEXT, method=quick(name), passes=3, proposals=False)
        with pytest.raises(OptionError, match="emphasis='both'"):
            grounder.ground(picture, TEXT, method=quick(name), emphasis="both", proposals=False)

    def test_depends_on_the_phrase_unless_it_is_a_floor(self, name, family, picture):
        grounder = Grounder(family)
        one, other = (
            grounder.ground(picture, text, method=quick(name), proposals=False).heatmap
            for text in (TEXT, "a small blue ball")
        )
        assert np.array_equal(one, other) is (name in ("uniform", "centre", "edges"))


@pytest.mark.parametrize("name", METHODS)
def test_no_tensor_is_kept_from_picture_to_picture(name, matchers, picture):
    grounder = Grounder(matchers["blip"])
    width, height = picture.size

    def look(pictures):
        for place in range(pictures):
            turned = picture.resize((width + place, height))
            grounder.ground(turned, TEXT, method=quick(name), proposals=False)
        gc.collect()
        return tensors_alive()

    look(1)  # what is made once stays
    assert look(3) == look(1)


def test_the_list_names_every_method_with_its_cost_and_its_paper():
    known = methods()
    assert tuple(each.name for each in known) == (*METHODS, "contrast")
    assert all(each.title and each.cost and each.paper for each in known)
    assert tuple(each.name for each in known if each.floor) == FLOORS


def test_a_name_with_a_slip_gets_the_nearest():
    with pytest.raises(OptionError, match="Did you mean 'occlusion'"):
        get_method("oclusion")


def test_an_option_that_a_method_does_not_have_is_refused_with_those_that_it_has():
    with pytest.raises(OptionError, match="rise has no option 'mask'; its options: masks, cells, keep, seed, over"):
        get_method("rise", mask=3)
    with pytest.raises(OptionError, match="legrad has no option 'x'; it has no options"):
        get_method("legrad", x=3)


@pytest.mark.parametrize(
    "wrong", [None, 3, object(), type(get_method("legrad"))], ids=["none", "number", "object", "class"]
)
def test_what_is_no_method_is_refused(wrong):
    with pytest.raises(OptionError, match="method must be one of"):
        get_method(wrong)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("occlusion", {"window": -1}),
        ("occlusion", {"stride": 1.5}),
        ("occlusion", {"over": "words"}),
        ("ablation", {"regions": 1}),
        ("rise", {"masks": True}),
        ("rise", {"keep": 1.0}),
        ("rise", {"cells": 1}),
        ("integrated_gradients", {"steps": 0}),
        ("smoothgrad", {"samples": 0}),
        ("smoothgrad", {"noise": -1}),
        ("contrast", {"instead": " "}),
        ("contrast", {"by": "rise", "instead": "dog"}),
        ("rise", {"keep": "half"}),
        ("rise", {"seed": -1}),
        ("smoothgrad", {"seed": 0.5}),
        ("random", {"seed": "x"}),
        ("centre", {"width": 0}),
        ("gradcam", {"layers": ()}),
        ("gradcam", {"gradient": "sideways"}),
        ("gradcam", {"emphasis": "loud"}),
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(name, options):
    with pytest.raises(OptionError, match=next(iter(options))):
        get_method(name, **options)


def test_options_are_read_from_text():
    assert method_from_text("rise", {"masks": "12", "keep": "0.25", "over": "keys"}) == get_method(
        "rise", masks=12, keep=0.25, over="keys"
    )
    assert method_from_text("gradcam", {"layers": "1,2"}) == get_method("gradcam", layers=(1, 2))
    with pytest.raises(OptionError, match="masks must be a number such as 256, but got 'many'"):
        method_from_text("rise", {"masks": "many"})
    with pytest.raises(OptionError, match="layers must be whole numbers such as 1,2"):
        method_from_text("gradcam", {"layers": "all"})
