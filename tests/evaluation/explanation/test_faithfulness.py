"""Infidelity and max-sensitivity on scores whose best map is known."""

from __future__ import annotations

import math
import sys

import pytest
import torch

from iterprime_xai.evaluation.explanation import infidelity, max_sensitivity
from iterprime_xai.records import MissingExtraError, OptionError

pytest.importorskip("captum", reason="captum is not installed: the extra attributions")

GENERATOR = torch.Generator().manual_seed(0)
PIXELS = torch.rand((1, 3, 12, 12), generator=GENERATOR)
WEIGHTS = torch.rand((1, 3, 12, 12), generator=GENERATOR)


def linear(pixels):
    return (pixels * WEIGHTS).sum((1, 2, 3))


def worth(pixels):
    """What each of 3 x 4 patches brings to the linear score over the mean."""
    gain = (pixels - pixels.mean((2, 3), keepdim=True)) * WEIGHTS
    return gain.sum(1).reshape(-1, 3, 4, 4, 3).sum((2, 4))


def test_the_map_of_what_each_patch_brings_is_faithful_without_fitting():
    assert infidelity(linear, worth, PIXELS, normalise=False) == pytest.approx(0, abs=1e-9)
    assert infidelity(linear, lambda given: 2 * worth(given), PIXELS, normalise=False) > 0.01


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e8])
def test_the_fit_makes_scale_irrelevant(scale):
    assert infidelity(linear, lambda given: scale * worth(given), PIXELS) == pytest.approx(0, abs=1e-5)
    other = torch.arange(12.0).reshape(1, 3, 4)
    assert infidelity(linear, lambda given: scale * other, PIXELS) == pytest.approx(
        infidelity(linear, lambda given: other, PIXELS), rel=1e-3
    )


def test_figures_are_those_worked_out_here():
    """The same patches, drawn from the same seed, with the formula of the paper in double precision."""
    heatmap = torch.linspace(0, 1, 12).reshape(1, 3, 4)
    found = infidelity(linear, lambda given: heatmap, PIXELS, normalise=False, samples=20, share=0.3, seed=5)
    fitted = infidelity(linear, lambda given: heatmap, PIXELS, samples=20, share=0.3, seed=5)
    generator = torch.Generator().manual_seed(5)
    # Batches of 16 and 4 draw in turn what 20 draw at once.
    gone = torch.cat([torch.rand((count, 3, 4), generator=generator) for count in (16, 4)]) < 0.3
    said = (gone * heatmap.double()).sum((1, 2))
    lost = (gone * worth(PIXELS).double()).sum((1, 2))
    assert found == pytest.approx(float(((said - lost) ** 2).mean()), rel=1e-4)
    best = (said @ lost) / (said @ said)
    assert fitted == pytest.approx(float(((best * said - lost) ** 2).mean()), rel=1e-3)


def test_a_map_of_zeros_gets_the_mean_squared_loss_which_no_fitted_map_exceeds():
    nothing = infidelity(linear, lambda given: torch.zeros(1, 3, 4), PIXELS)
    assert nothing > 0
    for seed in range(5):
        drawn = torch.rand((1, 3, 4), generator=torch.Generator().manual_seed(seed))
        assert infidelity(linear, lambda given, drawn=drawn: drawn, PIXELS) <= nothing * (1 + 1e-6)


def test_a_score_that_does_not_move_is_explained_by_nothing():
    assert infidelity(lambda given: torch.ones(len(given)), lambda given: torch.zeros(1, 3, 4), PIXELS) == 0


def test_maps_may_come_from_gradients_and_the_map_is_asked_once():
    asked = []

    def explain(pixels):
        asked.append(len(pixels))
        leaf = pixels.clone().requires_grad_()
        gradient = torch.autograd.grad(linear(leaf).sum(), leaf)[0]
        return gradient.sum(1).reshape(-1, 3, 4, 4, 3).sum((2, 4))

    assert infidelity(linear, explain, PIXELS) > 0
    assert asked == [1]
    assert max_sensitivity(explain, PIXELS) == 0.0
    assert asked == [1, 1, 8, 2]


def test_sensitivity_is_the_largest_relative_change():
    def explain(pixels):
        return pixels.mean(1)

    found = max_sensitivity(explain, PIXELS, radius=0.1, samples=6, seed=3, batch=4)
    generator = torch.Generator().manual_seed(3)
    noise = torch.cat([2 * torch.rand((count, 3, 12, 12), generator=generator) - 1 for count in (4, 2)]) * 0.1
    expected = noise.mean(1).flatten(1).norm(dim=1).max() / PIXELS.mean(1).norm()
    assert found == pytest.approx(float(expected), rel=1e-4)
    assert max_sensitivity(lambda given: explain(given) * 1e-30, PIXELS, radius=0.1, samples=6, seed=3, batch=4) == (
        pytest.approx(found, rel=1e-3)
    )


def test_what_cannot_be_told_is_nan():
    assert math.isnan(max_sensitivity(lambda given: torch.zeros(len(given), 2, 2), PIXELS))
    assert math.isnan(max_sensitivity(lambda given: torch.full((len(given), 2, 2), torch.nan), PIXELS))
    assert math.isnan(infidelity(linear, lambda given: torch.full((1, 3, 4), torch.inf), PIXELS))


def test_seeds_repeat_and_leave_torchs_own_numbers_alone():
    def peaked(pixels):
        return pixels[:, 0, ::4, ::4] ** 2

    before = torch.get_rng_state()
    assert infidelity(linear, peaked, PIXELS) == infidelity(linear, peaked, PIXELS)
    assert infidelity(linear, peaked, PIXELS, seed=1) != infidelity(linear, peaked, PIXELS, seed=2)
    assert max_sensitivity(peaked, PIXELS) == max_sensitivity(peaked, PIXELS)
    assert torch.equal(before, torch.get_rng_state())


def test_without_captum_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum.metrics", None)
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(MissingExtraError, match=r"iterprime-xai\[attributions\]"):
        infidelity(linear, worth, PIXELS)
    with pytest.raises(MissingExtraError, match=r"iterprime-xai\[attributions\]"):
        max_sensitivity(worth, PIXELS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pixels": PIXELS[0]}, r"\(1, channels, height, width\), but got torch.float32 \(3, 12, 12\)"),
        ({"pixels": PIXELS.repeat(2, 1, 1, 1)}, r"\(2, 3, 12, 12\)"),
        ({"pixels": (PIXELS * 255).byte()}, "uint8"),
        ({"pixels": PIXELS.numpy()}, "ndarray"),
        ({"share": 0}, "share"),
        ({"share": 1}, "share"),
        ({"samples": 0}, "samples"),
        ({"batch": 1.5}, "batch"),
        ({"explain": lambda given: torch.ones(3, 4)}, r"\(1, rows, columns\), but gave \(3, 4\)"),
        ({"explain": lambda given: torch.ones(1, 5, 5)}, "multiples"),
        ({"explain": lambda given: torch.ones(1, 24, 24)}, "multiples"),
        ({"score": lambda given: given.sum()}, r"score must give.*\(1?6?,?\)"),
    ],
)
def test_what_does_not_fit_is_refused(change, said):
    with pytest.raises(OptionError, match=said):
        infidelity(**{"score": linear, "explain": worth, "pixels": PIXELS, **change})


def test_what_max_sensitivity_cannot_use_is_refused():
    with pytest.raises(OptionError, match="radius"):
        max_sensitivity(worth, PIXELS, radius=0)
    with pytest.raises(OptionError, match=r"\(8, 3, 4\), but gave \(8, 2, 2\)"):
        max_sensitivity(lambda given: torch.ones(len(given), *((3, 4) if len(given) == 1 else (2, 2))), PIXELS)
