"""How soon there is an answer: help, the first grounding of a fresh process, and groundings in a warm one.

    python -m benchmarks.start              about a minute
    python -m benchmarks.start --repeats 3

Every line is the smallest of the repeats, as wall time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIRST = "import iterprime_xai as ix; from iterprime_xai.data.scenes import bundled_samples; s = bundled_samples()[0]; "
FIRST += "print(ix.load('tiny').ground(s.image, s.text).box, flush=True)"


def least(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest call."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def process(*arguments: str) -> Callable[[], Any]:
    """Run this Python with ``arguments`` and wait for it."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def answer(code: str) -> Callable[[], Any]:
    """Run ``code`` in a fresh Python until it has printed a line; what Python does to end is nobody's wait."""

    def work() -> None:
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as started:
            assert started.stdout is not None
            if not started.stdout.readline():
                raise RuntimeError("The fresh process ended without an answer.")
            started.kill()

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats

    import iterprime_xai as ix
    from iterprime_xai.data.scenes import bundled_samples

    sample = bundled_samples()[0]
    grounder = ix.load("tiny")
    matcher = grounder.matcher
    grounder.ground(sample.image, sample.text)
    grounding = grounder.ground(sample.image, sample.text)
    seven = [f"{word} {sample.text}" for word in ("a", "the", "this", "that", "some", "one", "my")]
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder))
        rows = {
            "iterprime-xai --help, fresh process": process("-m", "iterprime_xai.cli", "--help"),
            "first grounding, fresh process, until its answer": answer(FIRST),
            "the same, until the process has ended": process("-c", FIRST),
            "iterprime-xai ground with its figure, fresh process": process(
                "-m", "iterprime_xai.cli", "ground", "--out", out
            ),
            "load the bundled model, warm": lambda: ix.load("tiny"),
            "one phrase with its mask, warm": lambda: grounder.ground(sample.image, sample.text),
            "one phrase, heatmap only, warm": lambda: grounder.ground(sample.image, sample.text, proposals=False),
            "seven phrases of one picture, warm": lambda: grounder.ground_many(sample.image, seven),
            "the picture alone, warm": lambda: matcher.encode_image(sample.image),
            "the page of a live widget, warm": grounding.to_html,
        }
        print(f"| what | ms (least of {repeats}) |\n| --- | ---: |")
        for name, work in rows.items():
            print(f"| {name} | {1e3 * least(work, repeats):.0f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
