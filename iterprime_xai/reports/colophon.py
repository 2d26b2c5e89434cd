"""The foot of a report: where its numbers come from, so that each can be traced to a run, a key and a setting."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.reports.exhibits import Exhibit, table
from iterprime_xai.visualize.tables import dotted

if TYPE_CHECKING:
    from iterprime_xai.evaluation.runs.reading import Run

PACKAGES = (
    "iterprime-xai",
    "torch",
    "transformers",
    "spacy",
    "scikit-image",
    "numpy",
    "pillow",
    "matplotlib",
    "papermill",
)
"""Packages whose versions a report records."""


def colophon(settings: Mapping[str, Any], runs: Sequence[Run] = ()) -> Exhibit:
    """What was asked, the runs that were read with their keys and what made them, and the versions of what computes here.

    ``settings`` may be nested; names are joined with dots.
    """
    found = Exhibit("")
    if runs:
        columns = ("run", "key", "system", "data", "phrases", "made with")
        found += table(columns, [_of_run(run) for run in runs])
    rows = [[name, value] for name, value in dotted("", dict(settings)) if name != "version"]
    rows += [["python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"]]
    rows += [[name, version_of(name)] for name in PACKAGES]
    return found + table(("setting", "value"), rows)


@cache
def version_of(package: str) -> str:
    """The version of a package that is running, or that it is not installed."""
    if package == "iterprime-xai":  # of the code that runs, which need not be the one that was installed
        from iterprime_xai import __version__

        return __version__
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _of_run(run: Run) -> list[Any]:
    decides, asked = run.manifest.decides, run.manifest.asked
    rows = f"{run.manifest.samples}" if run.complete else f"{len(run)} of {run.manifest.samples}"
    seen = [
        f"{name} {version}"
        for each in run.versions()
        for name, version in each.items()
        if name in ("torch", "transformers")
    ]
    # Only the folder's name: a path is of one machine, the key is not.
    made = ", ".join([f"iterprime-xai {decides['code']['version']}", *dict.fromkeys(seen)])
    return [Path(run.path).resolve().name, run.key, asked["system"], decides["data"]["name"], rows, made]
