"""The training as the command line offers it: few options, a progress bar, a clear last word."""

from __future__ import annotations

import os
from pathlib import Path

from torch.cuda import is_available as cuda_available

from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.progress import Entry, last_word, shown
from iterprime_xai.training.trainer import TrainResult, train

MINUTES = 107.0
"""Length when none is given: what the bundled model was trained for."""


def train_from_options(
    out: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: str | None = None,
    threads: int | None = None,
    resume: bool = False,
) -> TrainResult:
    """Train into ``out`` with a progress bar, and say where the model is.

    Without ``minutes`` and ``steps`` it takes 107 minutes. Raises ``KeyboardInterrupt`` when it was stopped, after the
    checkpoint is written and the way to go on is named.
    """
    if minutes is None and steps is None:
        minutes = MINUTES
    cores = os.cpu_count() or 1
    on_gpu = device == "cuda" or (device is None and cuda_available())
    config = TrainConfig(
        minutes=minutes,
        steps=steps,
        seed=seed,
        device=device,
        threads=threads or min(4, cores),
        # A GPU is fed by all cores but two; on the CPU composing would only take them from the training.
        workers=max(1, cores - 2) if on_gpu else 1,
    )

    def step(entry: Entry) -> str:
        return f"step {entry['step']}  matching loss {entry['matching']:.3f}  {entry['step_seconds']:.2f} s a step"

    def validation(entry: Entry) -> str:
        kinds = "  ".join(f"{kind} {row['twins']:.2f}" for kind, row in entry["figures"].items())
        return f"step {entry['step']}: true above its twin: {kinds}"

    with shown(step, validation) as listen:
        result = train(config, out, resume, listen)
    last_word(result.steps, result.seconds, result.finished, out / "export", f"iterprime-xai train {out}")
    return result
