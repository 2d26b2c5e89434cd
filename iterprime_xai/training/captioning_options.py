"""The captioner's training as the command line offers it: few options, a progress bar, a clear last word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from iterprime_xai.training.captioning import CaptioningResult, captioning_config, train_captions

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
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    if minutes is None and steps is None:
        minutes = MINUTES
    config = captioning_config(minutes, steps, seed=seed, device=device, threads=threads or min(4, os.cpu_count() or 1))
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("composing scenes", total=1.0)

        def listen(entry: dict[str, Any]) -> None:
            if entry["event"] == "train":
                said = f"step {entry['step']}  loss {entry['loss']:.3f}  {entry['step_seconds']:.2f} s a step"
                progress.update(task, completed=entry["progress"], description=said)
            elif entry["event"] == "validate":
                right = entry["figures"]["accuracy"]
                progress.console.print(f"step {entry['step']}: next word of unseen captions right: {right:.3f}")

        result = train_captions(run, config, resume, listen)
        if result.finished:
            progress.update(task, completed=1.0)
    if not result.finished:
        console.print(
            f"Stopped after {result.steps} steps; go on with: iterprime-xai train-captions {run} --resume "
            "(and the same length)."
        )
        raise KeyboardInterrupt
    where = Path(run) / "export"
    console.print(f"Trained {result.steps} steps in {result.seconds / 60:.1f} minutes. The model: {where}")
    return result
