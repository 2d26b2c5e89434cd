"""What every training here has in common: a device, a budget, steps that share out their parts, averaged weights, a way back."""

from __future__ import annotations

import json
import platform
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from iterprime_xai.records.errors import OptionError
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.optimizer import build_optimisers, follow, plain_state, rate_at, set_rate, start_average

RENEWED = ("steps", "minutes", "threads", "workers", "device")
"""Settings that a resumed run takes from the new ones; all others stay as they were."""


class Descent(ABC):
    """A network on its way down: how far it is, and one step at a time.

    ``learner`` is the network whose weights are averaged and exported; ``helpers`` learn beside it and are left behind.
    """

    def __init__(self, config: TrainConfig, learner: nn.Module, helpers: Sequence[nn.Module] = ()) -> None:
        self.config = config
        self.device = training_device(config)
        self.learner = learner
        modules = [learner, *helpers]
        self.weights = [weight for module in modules for weight in module.parameters()]
        self.optimisers = build_optimisers(modules, config)
        self.average = start_average(learner)
        self.step = 0
        self.seconds = 0.0
        self.figures: dict[str, Any] = {}

    @property
    def hardware(self) -> str:
        """What it runs on, in words for the model card."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return f"{self.config.threads} CPU threads ({platform.machine()})"

    @property
    def progress(self) -> float:
        """Share of the budget that is used up, 0 to 1."""
        if self.config.steps is not None:
            return min(1.0, self.step / self.config.steps)
        assert self.config.minutes is not None
        return min(1.0, self.seconds / (60 * self.config.minutes))

    @abstractmethod
    def part(self, rows: slice, batch: Any) -> tuple[Sequence[torch.Tensor | None], dict[str, float]]:
        """Gradients, one for each of ``weights``, and figures of a part of the batch."""

    def descend(self, batch: Any, lanes: ThreadPoolExecutor) -> dict[str, float]:
        """One step; returns the figures, averaged over the parts, and the gradient's ``norm``.

        On the CPU the parts of a batch are shared out among threads as these get free: on a machine that is busy with other
        things this is far faster than threads that wait for each other in every operation. Gradients are added in a fixed
        order, so that the result does not depend on who was faster.
        """
        config = self.config
        set_rate(self.optimisers, rate_at(self.step, self.progress, config.warmup))
        parts = [slice(start, start + config.part) for start in range(0, config.batch, config.part)]
        found = list(lanes.map(lambda rows: self.part(rows, batch), parts))
        for weight, *gradients in zip(self.weights, *(gradients for gradients, _ in found), strict=True):
            present = [gradient for gradient in gradients if gradient is not None]
            weight.grad = sum(present[1:], present[0]) / len(parts) if present else None
        norm = float(torch.nn.utils.clip_grad_norm_(self.weights, config.clip))
        list(lanes.map(lambda optimiser: optimiser.step(), self.optimisers))
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        follow(self.average, self.learner, config.ema, self.step)
        figures = [figures for _, figures in found]
        return {name: sum(each[name] for each in figures) / len(figures) for name in figures[0]} | {"norm": norm}

    def state(self) -> dict[str, Any]:
        """Everything that every resumed run, or an export, needs; a training adds its own."""
        return {
            "config": json.dumps(self.config.to_dict()),
            "hardware": self.hardware,
            "model": self.learner.state_dict(),
            "average": self.average,
            "optimisers": plain_state(self.optimisers),
            "step": self.step,
            "seconds": self.seconds,
            "figures": json.dumps(self.figures),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that :meth:`state` gave."""
        self.learner.load_state_dict(state["model"])
        for optimiser, values in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(values)
        self.average = {name: value.to(self.device) for name, value in state["average"].items()}
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.figures = json.loads(state["figures"])

    @contextmanager
    def averaged(self) -> Iterator[nn.Module]:
        """The learner with its averaged weights, for validation and export; the training weights are put back."""
        kept = start_average(self.learner)
        self.learner.load_state_dict(self.average)
        self.learner.eval()
        try:
            yield self.learner
        finally:
            self.learner.load_state_dict(kept)
            self.learner.train()


def training_device(config: TrainConfig) -> torch.device:
    """Where a run works; raises ``OptionError`` when CUDA was asked for and there is none."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise OptionError(
            "The device 'cuda' was asked for, but torch finds none; leave --device out to train on the CPU."
        )
    return torch.device(config.device or ("cuda" if torch.cuda.is_available() else "cpu"))


def settings_kept(state: dict[str, Any], config: TrainConfig) -> TrainConfig:
    """The settings of a checkpoint's state, with only those ``RENEWED`` taken from ``config``."""
    kept = TrainConfig.from_dict(json.loads(state["config"]))
    return replace(kept, **{name: getattr(config, name) for name in RENEWED})
