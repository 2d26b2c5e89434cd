"""The captioner's training as the command line offers it: few options, a progress bar, a clear last word."""

from __future__ import annotations

import os
from pathlib import Path

from iterprime_xai.training.captioning import CaptioningResult, captioning_config, train_captions
from iterprime_xai.training.progress import Entry, last_word, shown

MINUTES = 10.0
"""Length when none is given: what the bundled captioner was trained for."""


def train_captions_from_options(
    run: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: str | None = None,
    threads: int | None = None,
    resume: bool = False,
) -> CaptioningResult:
    """Train a captioner for the model in ``run`` with a progress bar, and say where it is.

    Without ``minutes`` and ``steps`` it takes 10 minutes. Raises ``KeyboardInterrupt`` when it was stopped, after the
    checkpoint is written and the way to go on is named.
    """
    if minutes is None and steps is None:
        minutes = MINUTES
    config = captioning_config(minutes, steps, seed=seed, device=device, threads=threads or min(4, os.cpu_count() or 1))

    def step(entry: Entry) -> str:
        return f"step {entry['step']}  loss {entry['loss']:.3f}  {entry['step_seconds']:.2f} s a step"

    def validation(entry: Entry) -> str:
        return f"step {entry['step']}: next word of unseen captions right: {entry['figures']['accuracy']:.3f}"

    with shown(step, validation) as listen:
        result = train_captions(run, config, resume, listen)
    model, again = Path(run) / "export", f"iterprime-xai train-captions {run}"
    last_word(result.steps, result.seconds, result.finished, model, again)
    return result
