"""Memory of the kernel while samples are looked at one after the other in the explorer.

    python -m benchmarks.explorer_memory RUN                500 samples, round and round if the run has fewer
    python -m benchmarks.explorer_memory RUN --count 50     whether it runs

Every sample is opened as the arrow key opens it (picture, maps, proposals and the other run's answer, if one is given), its
thumbnails are made, and what passes and words did is worked out. Printed is the resident size of the process.
"""

from __future__ import annotations

import argparse
import gc
from pathlib import Path
from time import perf_counter

from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.visualize.explorer.explorer_box import Explorer
from iterprime_xai.visualize.explorer.session import Session


def resident() -> float:
    """The resident size of this process in MB (10^6 bytes)."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise SystemExit("This system does not say how much memory a process takes (no VmRSS in /proc/self/status).")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("run")
    arguments.add_argument("--against")
    arguments.add_argument("--count", type=int, default=500)
    given = arguments.parse_args()
    session = Session(given.run, given.against)
    explorer = Explorer(session)
    rows, began = [], perf_counter()
    for number in range(1, given.count + 1):
        if session.state.position == len(session.state.places) - 1:
            explorer.act({"do": "open", "id": session.state.listed_ids()[0]})
        else:
            explorer.act({"do": "step", "by": 1})
        for line in session.listing()["rows"]:
            session.thumbnail(line["id"])
        session.blame()
        if number % max(1, given.count // 10) == 0:
            gc.collect()
            rows.append([str(number), f"{resident():.1f}", f"{(perf_counter() - began) / number * 1000:.0f}"])
    print(markdown(["samples looked at", "resident MB", "ms a sample"], rows))


if __name__ == "__main__":
    main()
