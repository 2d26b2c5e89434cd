"""Runs of the toy system to explore: a plain one with every kind of row, and one whose texts try to break out of a page."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from run_stand_ins import ToySet, ToySystem

import iterprime_xai as ix
from iterprime_xai.visualize.explorer.session import Session

BREAKOUT = "</script><img src=x onerror=alert(1)>"
HOSTILE_TEXTS = (
    BREAKOUT,
    "line\u2028separator \u2029 and <!--<script>",
    "]]> --> </style></noscript></title>",
    "🦒 giraffe 👩‍👩‍👧",
    "\u202enihton שלום \u2066x",
    "long " * 2000,
    "\"quoted\" 'twice' & {{braces}} ${x} \\u003c",
    "nul\x00 tab\t newline\n end",
)


def toy_set() -> ToySet:
    """Eight pictures of two phrases: one bad phrase, one picture unreadable, one without gold masks, one where nothing is meant."""
    return ToySet(8, bad=[1], broken=[2], missing=[3], empty=[4])


class HostileSet(ToySet):
    """Phrases, ids, tags and categories that are hostile, one kind a picture."""

    def pictures(self):
        found = []
        for number, entry in enumerate(super().pictures()):
            ids = tuple(f"{name} {BREAKOUT}" for name in entry.sample_ids)
            found.append(replace(entry, sample_ids=ids) if number else entry)
        return found

    def samples_of(self, entry):
        number = int(entry.image_id.rpartition("-")[2])
        text = HOSTILE_TEXTS[number % len(HOSTILE_TEXTS)]
        tags = {"kind": f"{number % 3} {BREAKOUT}\n\u202e", f"tag {BREAKOUT}": str(number % 2), "category": BREAKOUT}
        return [replace(each, text=text, tags=tags) for each in super().samples_of(entry)]


def made(folder: Path, data: ToySet | None = None, system: ToySystem | None = None, **options) -> Path:
    """A run folder of the toy system."""
    ix.evaluate(system or ToySystem(), data or toy_set(), folder, **options)
    return folder


def session(folder: Path, data: ToySet | None = None, **options) -> Session:
    """A session on a run of the toy system that can show its pictures."""
    options = {"author": "ann", "system": ToySystem()} | options
    return Session(ix.read_run(folder, data=data or toy_set()), **options)


def copied(folder: Path, place: Path) -> Path:
    """A copy that may be written into."""
    return Path(shutil.copytree(folder, place))
