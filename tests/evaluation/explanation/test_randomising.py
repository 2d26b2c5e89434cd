"""Random weights come layer by layer, and every bit goes back."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from iterprime_xai.evaluation.explanation import cascading, from_the_top, randomised
from iterprime_xai.records import LayerError


class Tower(nn.Module):
    """Three layers, a norm with buffers, a shared weight, a frozen one, a NaN, half precision and a count."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
        self.layers.append(nn.Linear(4, 4).half())
        self.norm = nn.BatchNorm1d(4)
        self.head = nn.Linear(4, 4)
        self.head.weight = self.layers[0].weight
        self.layers[1].weight.requires_grad_(False)
        self.register_buffer("odd", torch.tensor([float("nan"), -0.0]))
        self.register_buffer("count", torch.tensor(3))


@pytest.fixture
def tower():
    return Tower()


def bits(model):
    """Every parameter and buffer as bytes, with what else could change."""
    return {
        name: (
            bytes(each.detach().contiguous().reshape(-1).view(torch.uint8).tolist()),
            each.dtype,
            each.requires_grad,
            each.data_ptr(),
            each.grad is None,
        )
        for name, each in (*model.named_parameters(remove_duplicate=False), *model.named_buffers())
    }


def changed(model, before):
    return {name.rsplit(".", 1)[0] for name, found in bits(model).items() if found[0] != before[name][0]}


def test_the_named_part_is_random_and_everything_goes_back(tower):
    before = bits(tower)
    with randomised(tower, ["layers.1"]):
        assert changed(tower, before) == {"layers.1"}
        assert tower.layers[1].weight.requires_grad is False
        assert all(bool(each.isfinite().all()) for each in tower.parameters())
    assert bits(tower) == before


def test_everything_goes_back_after_an_exception(tower):
    before = bits(tower)

    def fail():
        with randomised(tower, ["layers", "head"]):
            tower.norm(torch.rand(8, 4))  # moves the running statistics
            assert changed(tower, before) >= {"layers.0", "layers.3", "head", "norm"}
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    assert bits(tower) == before


def test_a_cascade_goes_down_and_stays_random_on_the_way(tower):
    before, seen = bits(tower), []
    with cascading(tower, from_the_top(tower, "layers")) as levels:
        for name in levels:
            seen.append((name, changed(tower, before)))
    assert seen == [
        ("layers.3", {"layers.3"}),
        ("layers.2", {"layers.3", "layers.2"}),
        ("layers.1", {"layers.3", "layers.2", "layers.1"}),
        ("layers.0", {"layers.3", "layers.2", "layers.1", "layers.0", "head"}),
    ]
    assert bits(tower) == before


def test_a_cascade_abandoned_half_way_goes_back(tower):
    before = bits(tower)
    with cascading(tower, ["layers.3", "layers.2", "layers.1"]) as levels:
        for name in levels:
            if name == "layers.2":
                break
        assert changed(tower, before) == {"layers.3", "layers.2"}
    assert bits(tower) == before


def test_one_inside_another_goes_back_in_turn(tower):
    before = bits(tower)
    with randomised(tower, ["layers.1"], seed=1):
        between = bits(tower)
        with randomised(tower, ["layers"], seed=2):
            assert changed(tower, between) >= {"layers.0", "layers.1"}
        assert bits(tower) == between
    assert bits(tower) == before


def test_a_shared_weight_is_random_in_every_part_that_has_it(tower):
    with randomised(tower, ["head"]):
        assert tower.head.weight is tower.layers[0].weight
        under_one_name = tower.head.weight.clone()
    with randomised(tower, ["layers.0"]):
        assert torch.equal(tower.head.weight, under_one_name)


def test_what_is_drawn_depends_on_seed_and_name_alone(tower):
    def drawn(groups, seed):
        with randomised(tower, groups, seed=seed):
            return tower.layers[1].weight.clone()

    assert torch.equal(drawn(["layers.1"], 0), drawn(["layers.3", "layers"], 0))
    assert not torch.equal(drawn(["layers.1"], 0), drawn(["layers.1"], 1))
    twins = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
    twins[1].load_state_dict(twins[0].state_dict())
    with randomised(twins, ["0", "1"]):
        assert not torch.allclose(twins[0].weight, twins[1].weight, atol=0.1)


def test_mean_and_spread_are_kept_and_constants_stay(tower):
    layer = nn.Linear(200, 200)
    nn.init.normal_(layer.weight, 3.0, 0.5)
    nn.init.zeros_(layer.bias)
    with randomised(nn.ModuleDict({"a": layer}), ["a"]):
        assert float(layer.weight.detach().mean()) == pytest.approx(3.0, abs=0.02)
        assert float(layer.weight.detach().std()) == pytest.approx(0.5, abs=0.02)
        assert not bool(layer.bias.any())


def test_torchs_own_random_numbers_are_left_alone(tower):
    before = torch.get_rng_state()
    with randomised(tower, ["layers"]):
        pass
    assert torch.equal(before, torch.get_rng_state())


def test_wrong_names_are_refused_with_the_nearest_right_one(tower):
    before = bits(tower)
    with pytest.raises(LayerError, match=r"'layer.1'.*'layers.1'"), randomised(tower, ["layers.0", "layer.1"]):
        pytest.fail("entered")
    with pytest.raises(LayerError, match="at least one name"), randomised(tower, []):
        pytest.fail("entered")
    with pytest.raises(LayerError, match="at least one name"), randomised(tower, "layers"):
        pytest.fail("entered")
    with pytest.raises(LayerError, match=r"matcher\.model"), randomised(object(), ["a"]):  # type: ignore[arg-type]
        pytest.fail("entered")
    with pytest.raises(LayerError, match=r"'layer' is no stack.*'layers'"):
        from_the_top(tower, "layer")
    assert bits(tower) == before


def test_layers_from_the_top_of_several_stacks():
    model = nn.ModuleDict(
        {"text": nn.Sequential(nn.Linear(1, 1), nn.ReLU()), "image": nn.ModuleList([nn.Linear(1, 1)])}
    )
    assert from_the_top(model, "text", "image") == ("text.1", "text.0", "image.0")
