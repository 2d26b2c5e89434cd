"""The contrastive training as the command line offers it: few options, a progress bar, a clear last word."""

from __future__ import annotations

import os
from pathlib import Path

from iterprime_xai.training.clip_training import ClipResult, clip_config, train_clip
from iterprime_xai.training.progress import Entry, last_word, shown

MINUTES = 50.0
"""Length when none is given: what the bundled model was trained for."""


def train_clip_from_options(
    out: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: str | None = None,
    resume: bool = False,
    start: str | None = "tiny",
) -> ClipResult:
    """Train the miniature CLIP into ``out`` with a progress bar, and say where the model is.

    Without ``minutes`` and ``steps`` it takes 50 minutes. Raises ``KeyboardInterrupt`` when it was stopped, after the checkpoint
    is written and the way to go on is named.
    """
    if minutes is None and steps is None:
        minutes = MINUTES
    # All views of a step are contrasted with each other, so there is nothing to share out among threads; the other
    # processors compose.
    workers = max(1, min(4, (os.cpu_count() or 1) - 1))
    config = clip_config(minutes, steps, seed=seed, device=device, threads=1, workers=workers)

    def step(entry: Entry) -> str:
        return f"step {entry['step']}  contrastive loss {entry['total']:.3f}  {entry['step_seconds']:.2f} s a step"

    def validation(entry: Entry) -> str:
        kinds = "  ".join(f"{kind} {row['twins']:.2f}" for kind, row in entry["figures"].items() if "twins" in row)
        return f"step {entry['step']}: true above its twin: {kinds}"

    with shown(step, validation) as listen:
        result = train_clip(config, out, resume, listen, start)
    last_word(result.steps, result.seconds, result.finished, Path(out) / "export", f"iterprime-xai train-clip {out}")
    return result
