"""What a method holds at most, beyond the model: the peak of a fresh process before one map and after it."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.records.sample import Sample


def memory_of(
    methods: Sequence[Any], sample: Sample, *, model: str = "tiny", layer: int | None = None, device: str | None = None
) -> dict[str, float | None]:
    """Megabytes by method's name, one process each: of the GPU where the model is on one, else of the process.

    Before is the loaded model with the picture encoded. On macOS the peak of loading cannot be forgotten, so that 0 means that the
    map took no more than loading did. ``None`` where the system does not tell (Windows, on a CPU).
    """
    spawn = multiprocessing.get_context("spawn")
    found = {}
    for method in methods:
        with ProcessPoolExecutor(1, spawn) as fresh:
            found[method.name] = fresh.submit(_grown, method, sample, model, layer, device).result()
    return found


def _grown(method: Any, sample: Sample, model: str, layer: int | None, device: str | None) -> float | None:
    import torch

    from iterprime_xai.data.images import read_image
    from iterprime_xai.evaluation.explanation.judging import subject_of
    from iterprime_xai.models import load_matcher
    from iterprime_xai.saliency import get_method

    torch.set_num_threads(1)
    matcher = load_matcher(model, device=device)
    picture = read_image(sample.image).image
    at, _ = matcher.choose_layer(layer)
    subject = subject_of(matcher, picture, matcher.encode_image(picture), sample.text, at)
    # What the first use of anything brings along (threads, imports) is not the method's.
    get_method("uniform").look(matcher, subject)
    _forget_peak(matcher.device)
    before = _peak(matcher.device)
    method.look(matcher, subject)
    after = _peak(matcher.device)
    return None if before is None or after is None else after - before


def _forget_peak(device: Any) -> None:
    """Begin anew, where the system can: on a GPU and on Linux. Else the peak of loading the model stays, and hides smaller ones."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak(device: Any) -> float | None:
    """The most memory that was held since the peak was forgotten, in megabytes."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    held = process_peak()
    return None if held is None else held / 2**20


def process_peak() -> int | None:
    """The most memory that this process has held so far, in bytes; ``None`` where the system does not tell (Windows)."""
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count what the process that started this one had held
        held = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return 1024 * int(held.split()[1])
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
