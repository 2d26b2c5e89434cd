"""The failure explorer at 100,000 phrases: opening, filtering, charts and one row, as a Markdown table.

    python -m benchmarks.explorer                          two runs of 100,000 rows, made from small ones and measured
    python -m benchmarks.explorer --count 2000             whether it runs
    python -m benchmarks.explorer --small RUN RUN          made from these small runs
    python -m benchmarks.explorer --run RUN --against RUN  two runs as they are

Rows are those of small real runs ("largest" and "random" on 400 phrases of scenes:val), copied under new ids of sample and
picture and written as an evaluation writes them. Everything is measured in one process on one core, after its imports; the
pictures of such copies cannot be drawn again, so that reading a sample is its row alone. The first opening is measured in a
process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
REPEATS = 5


def enlarged(small: Any, folder: Path, count: int) -> Path:
    """A run of ``count`` rows: those of a small one, copied under new ids, in parts as large as those of an evaluation."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from iterprime_xai.evaluation.runs.folder import RunFolder
    from iterprime_xai.evaluation.runs.parts import part_of_table
    from iterprime_xai.evaluation.runs.shards import usual_size

    rows = small.table()
    size = usual_size(count)
    shards, target = [], RunFolder(folder)
    target.parts.mkdir(parents=True)
    for number, first in enumerate(range(0, count, size)):
        places = [place % len(rows) for place in range(first, min(first + size, count))]
        copies = pa.array([f"copy-{place // len(rows)}" for place in range(first, min(first + size, count))])
        part = rows.take(places).combine_chunks()

        def renamed(values: Any, copies: Any = copies) -> Any:
            return pc.binary_join_element_wise(values, copies, "-")

        tags = part["tags"].combine_chunks()
        owners = copies.take(pa.array(np.repeat(np.arange(len(tags)), np.diff(np.asarray(tags.offsets)))))
        pictures = pc.equal(tags.keys, "image_id")  # as in a real run, every picture is a value of this tag
        items = pc.if_else(pictures, pc.binary_join_element_wise(tags.items, owners, "-"), tags.items)
        new = {
            "sample_id": renamed(part["sample_id"].combine_chunks()),
            "image_id": renamed(part["image_id"].combine_chunks()),
            "position": pa.array(range(first, first + len(places)), pa.int64()),
            "shard": pa.array([number] * len(places), pa.int32()),
            "tags": pa.MapArray.from_arrays(tags.offsets, tags.keys, items),
        }
        for name, values in new.items():
            part = part.set_column(part.schema.get_field_index(name), part.schema.field(name), values)
        target.write(part_of_table(part, number, small.key, small.manifest.versions))
        shards.append(
            {"number": number, "first_picture": 0, "pictures": 0, "first_sample": first, "samples": len(places)}
        )
    replace(small.manifest, shard_size=size, shards=tuple(shards)).write(folder)
    return folder


def made(folder: Path, count: int, small: list[Path]) -> list[Path]:
    """Two runs of ``count`` rows."""
    from iterprime_xai.evaluation.runs import evaluate, read_run

    runs = [read_run(path) for path in small]
    if not runs:
        runs = [
            evaluate(name, "scenes:val", folder / f"small-{name}", limit=400, progress=False)
            for name in ("largest", "random")
        ]
    return [enlarged(run, folder / f"run-{at}", count) for at, run in enumerate(runs)]


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # what Linux says of itself: getrusage goes by the process that started this one too
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def first_opening(path: str) -> dict[str, Any]:
    """Classify a run whose table is not kept."""
    from iterprime_xai.evaluation.failures import failure_table
    from iterprime_xai.visualize.explorer.query import Phrases  # noqa: F401

    started = perf_counter()
    failure_table(path)
    return {"classifying, the first time a run is opened": [perf_counter() - started], "peak": peak()}


def operations(path: str, against: str) -> dict[str, Any]:
    """Seconds of everything else: the first time, and the times after it."""
    from iterprime_xai.evaluation.failures import failure_table
    from iterprime_xai.evaluation.runs import read_run
    from iterprime_xai.visualize.explorer.charts.registry import CHARTS, drawing
    from iterprime_xai.visualize.explorer.charts_widget import ChartsWidget
    from iterprime_xai.visualize.explorer.query import Phrases
    from iterprime_xai.visualize.explorer.rule import Place, Rule
    from iterprime_xai.visualize.explorer.state import ExplorerState
    from iterprime_xai.visualize.explorer.view import facets, listing

    found: dict[str, Any] = {}

    def shown(state: ExplorerState) -> None:
        facets(state)
        listing(state)

    def opened(*paths: str) -> tuple[Any, ExplorerState]:
        runs = [read_run(each) for each in paths]
        state = ExplorerState(Phrases(*(failure_table(run) for run in runs)))
        shown(state)
        return runs[0], state

    def timed(name: str, act: Callable[[int], Any], between: Callable[[], Any] | None = None) -> Any:
        times = []
        for at in range(REPEATS):
            began = perf_counter()
            last = act(at)
            times.append(perf_counter() - began)
            if between is not None:
                between()
        found[name] = times
        return last

    run, state = timed("opening a run that was opened before", lambda _: opened(path))
    found["memory of one run"] = peak()
    phrases = state.phrases
    counts = {name: count for name, count in phrases.counts(state.keep).items() if name != "right"}
    kind = max(counts, key=counts.__getitem__)
    tag = "kind" if "kind" in phrases.choices else phrases.choices[0]
    _, _, words = phrases.content_words
    del phrases.__dict__["content_words"]
    some = tuple(phrases.rows["sample_id"][:1000].to_pylist())
    rules = {
        "a type": Rule(types=(kind,)),
        "a tag": Rule(tags={tag: (phrases.tag(tag)[1][0],)}),
        "a range": Rule(ranges={"iou": (0.2, 0.6)}),
        "text": Rule(search="left"),
        "a word": Rule(words=(words[0],)),
        "a place": Rule(place=Place("gold", 0.25, 0.25, 0.5, 0.5)),
        "1,000 ids": Rule(ids=some),
        "type, tag, range and text": Rule(
            types=(kind,), tags={tag: (phrases.tag(tag)[1][0],)}, ranges={"iou": (None, 0.5)}, search="the"
        ),
    }
    everything = lambda: state.filter(Rule())  # noqa: E731

    def filtered(rule: Rule) -> None:
        state.filter(rule)
        shown(state)

    for name, rule in rules.items():
        timed(f"filter by {name}", lambda _, rule=rule: filtered(rule), everything)
    timed("all phrases again", lambda _: filtered(Rule()))
    figures = ("iou", "gain", "best_iou", "seconds", "margin")
    timed("sort", lambda at: (state.sort(figures[at], bool(at % 2)), listing(state)))
    timed("the next sample in the list", lambda _: (state.step(1), listing(state)))
    ids = [str(phrases.rows["sample_id"][at * len(phrases) // REPEATS]) for at in range(REPEATS)]
    timed("one row of the run", lambda at: run.row(ids[at]))
    fresh = read_run(path)
    timed("one row, of a run whose table was not asked for", lambda at: fresh.row(ids[at]))
    _, state = timed("opening two runs", lambda _: opened(path, against))
    timed(
        "two runs: filter by what became of a phrase",
        lambda _: filtered(Rule(change="fixed")),
        lambda: state.filter(Rule()),
    )
    for name, chart in CHARTS.items():
        timed(f"chart: {chart.title.lower()}", lambda _, name=name: drawing(state, name))
    charts = ChartsWidget(state, state.filter)
    for name in ("cost", "best"):
        charts.chart = name

        def drawn(at: int) -> None:
            charts.update(state)

        def other() -> None:
            state.filter(replace(state.rule, search="" if state.rule.search else "the"))

        other()
        timed(f"the widget takes up another rule: {CHARTS[name].title.lower()}", drawn, other)
    if charts.problem:
        raise RuntimeError(charts.problem)
    found["peak"] = peak()
    return found


def alone(what: str, *paths: Path) -> dict[str, Any]:
    """What a fresh process on one core measures."""
    command = [sys.executable, "-m", "benchmarks.explorer", "--measure", what, *map(str, paths)]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=variables)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def start() -> float:
    """Seconds to start Python and to import what the explorer needs, in a fresh process."""
    program = (
        "import plotly.graph_objects, iterprime_xai.evaluation.failures, iterprime_xai.evaluation.runs.reading, "
        "iterprime_xai.visualize.explorer.charts_widget, iterprime_xai.visualize.explorer.view"
    )
    began = perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return perf_counter() - began


def written(times: dict[str, Any]) -> str:
    """The times as a Markdown table."""

    def said(seconds: float) -> str:
        return (
            f"{seconds:.1f} s"
            if seconds >= 0.9995
            else f"{1000 * seconds:.0f} ms"
            if seconds >= 0.01
            else f"{1000 * seconds:.1f} ms"
        )

    lines = ["| | first time | then (median) |", "|---|---:|---:|"]
    for name, found in times.items():
        if isinstance(found, list):
            later = said(median(found[1:])) if len(found) > 1 else ""
            lines.append(f"| {name} | {said(found[0])} | {later} |")
        else:
            lines.append(f"| {name} | {found:.0f} MB | |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--small", type=Path, nargs=2, default=[])
    parser.add_argument("--keep", type=Path, help="make the runs here, and leave them")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        with contextlib.suppress(AttributeError, OSError):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        import pyarrow as pa

        pa.set_cpu_count(1)
        what, *paths = asked.measure
        print(json.dumps({"first_opening": first_opening, "operations": operations}[what](*paths)))
        return
    folder = asked.keep or Path(tempfile.mkdtemp())
    try:
        if asked.run:
            paths = [asked.run, asked.against or asked.run]
        elif (folder / "run-1" / "manifest.json").exists():
            paths = [folder / "run-0", folder / "run-1"]
        else:
            paths = made(folder, asked.count, asked.small)
        for path in paths:
            shutil.rmtree(path / "failures", ignore_errors=True)
        first, *_ = (alone("first_opening", path) for path in paths)
        first["memory of that"] = first.pop("peak")
        first["starting Python and its imports (not in the times below)"] = [start() for _ in range(REPEATS)]
        rest = alone("operations", *paths)
        rest["memory after all this"] = rest.pop("peak")
        print(written(first | rest))
    finally:
        if asked.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
