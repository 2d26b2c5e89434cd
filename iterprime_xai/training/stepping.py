"""Step after step until the budget is used up or a stop is asked for, with log, validation and checkpoints on the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iterprime_xai.training.checkpoint import save_checkpoint
from iterprime_xai.training.descent import Descent
from iterprime_xai.training.log import Log, log_steps


def take_steps(
    own: Descent,
    out: Path,
    log: Log,
    stop: list[int],
    *,
    advance: Callable[[], dict[str, float]],
    validate: Callable[[], Any],
    export: Callable[[], object] | None = None,
) -> bool:
    """Train ``own`` to the end (true) or until ``stop`` holds something (false), and leave a checkpoint in ``out``.

    ``advance`` takes one step and gives its losses, ``validate`` gives figures for the log, and ``export`` makes the last
    checkpoint a model, now and then and at the end.
    """
    config = own.config
    exported = own.seconds
    since: list[tuple[float, dict[str, float]]] = []
    while own.progress < 1 and not stop:
        began = time.perf_counter()
        values = advance()
        ended = time.perf_counter()
        since.append((ended - began, values))
        own.seconds += ended - began
        if own.step % config.log_every == 0:
            log_steps(log, own, since)
            since.clear()
        if own.step % config.validate_every == 0:
            log("validate", step=own.step, seconds=own.seconds, figures=validate())
        if own.step % config.checkpoint_every == 0:
            save_checkpoint(out, own.state())
        if export is not None and own.seconds - exported > 60 * config.export_minutes:
            exported = own.seconds
            save_checkpoint(out, own.state())
            export()
            log("export", step=own.step, seconds=own.seconds)
        own.seconds += time.perf_counter() - ended
    finished = not stop
    if finished:
        log("validate", step=own.step, seconds=own.seconds, figures=validate())
    save_checkpoint(out, own.state())
    if finished and export is not None:
        export()
    log("end" if finished else "stopped", step=own.step, seconds=own.seconds)
    return finished
