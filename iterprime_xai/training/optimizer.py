"""Which optimiser moves which weight, and how fast."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from iterprime_xai.training.config import TrainConfig

FLOOR = 0.02
"""Learning rate at the very end, as a share of its peak."""

DECAY_FROM = 0.4
"""Share of the budget after which the learning rate falls."""


def rate_at(step: int, progress: float, warmup: int) -> float:
    """Learning rate as a share of its peak: linear warm-up over ``warmup`` steps, flat, then a cosine fall to the end.

    ``progress`` (0 to 1) is the share of the budget that is used up.
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    tail = min(1.0, max(0.0, (progress - DECAY_FROM) / (1 - DECAY_FROM)))
    return rise * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * tail)) / 2)


def build_optimisers(modules: list[nn.Module], config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the transformer layers, AdamW for embeddings, heads, norms and biases.

    Muon (Jordan et al., 2024) orthogonalises each matrix's step. With ``muon_rate`` 0 AdamW moves everything.
    """
    matrices, plain, bare = [], [], []
    for module in modules:
        for name, weight in module.named_parameters():
            if config.muon_rate and weight.ndim == 2 and ".layer" in name and "norm" not in name.lower():
                matrices.append(weight)
            elif weight.ndim >= 2 and "embedding" not in name:
                plain.append(weight)
            else:
                bare.append(weight)
    groups = [{"params": plain, "weight_decay": config.weight_decay}, {"params": bare, "weight_decay": 0.0}]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=config.rate, betas=(0.9, 0.98))]
    # Two of them, which two threads can step side by side.
    for share in (matrices[::2], matrices[1::2]):
        if share:
            optimisers.append(
                torch.optim.Muon(
                    share, lr=config.muon_rate, weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw"
                )
            )
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return optimisers


def set_rate(optimisers: list[torch.optim.Optimizer], share: float) -> None:
    """Set every group's learning rate to this share of its peak."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * share


@torch.no_grad()
def follow(average: dict[str, torch.Tensor], model: nn.Module, decay: float, step: int) -> None:
    """Move the exponential moving average of the weights, in place; in the first steps the window is shorter."""
    decay = min(decay, (1 + step) / (10 + step))
    state = model.state_dict()
    names = [name for name in average if state[name].is_floating_point()]
    torch._foreach_lerp_([average[name] for name in names], [state[name] for name in names], 1 - decay)


def start_average(model: nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the weights, to be moved by :func:`follow`."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def plain_state(optimisers: list[torch.optim.Optimizer]) -> list[dict[str, Any]]:
    """The optimisers' states as tensors, numbers, lists and dicts."""
    return [optimiser.state_dict() for optimiser in optimisers]
