"""The explorer as one file for people without the run: its worst phrases with all maps, working in any browser, offline."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from typing import Any

import numpy as np

from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.records.errors import OptionError
from iterprime_xai.visualize.colours import diverging, sequential
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.encoded import fitting, jpeg
from iterprime_xai.visualize.explorer.sample_view import sample_view
from iterprime_xai.visualize.explorer.session import THUMBNAIL, Session
from iterprime_xai.visualize.explorer.state import PAGE
from iterprime_xai.visualize.explorer.still import cases_html
from iterprime_xai.visualize.explorer.view import facets, line_of
from iterprime_xai.visualize.html_page import html_page
from iterprime_xai.visualize.scripts import script, style
from iterprime_xai.visualize.tables import shown

MOST = 60
"""Phrases that a page holds unless it is told otherwise: some 50 kB each."""

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 12px 20px; max-width: 1500px; font-family: system-ui, sans-serif; }
"""


def explorer_page(session: Session, most: int = MOST) -> str:
    """A self-contained HTML page with the first phrases of the session's list. It loads nothing, and runs no script but its own.

    Filters, order, overlays and sliders work as in a notebook; what needs the run (notes, asking again) is left out.

    Args:
        session: what is explored; its rule and order decide which phrases are taken.
        most: how many.

    Raises:
        OptionError: fewer than one phrase, or none that the rule leaves.
    """
    if most < 1:
        raise OptionError(f"A page needs at least one phrase, but was asked for {most}.")
    state = session.state
    places = state.places[:most]
    if not len(places):
        raise OptionError("No phrase meets the rule: there is nothing to put on a page.")
    ids = state.phrases.rows["sample_id"].take(places).to_pylist()
    cases = [open_case(session.run, each, session.threshold) for each in ids]
    told = facets(state)
    content = {
        "about": session.about() | {"offline": True, "against": None, "methods": [], "layers": 0},
        "whole": {"total": len(state.phrases), "matching": len(state.places), "summary": told["summary"]},
        "page": PAGE,
        "metrics": told["metrics"],
        "lines": _lines(session, places),
        "samples": [_packed(case) for case in cases],
        "tables": b64encode(np.stack([sequential(), diverging()]).tobytes()).decode("ascii"),
    }
    code = script("explorer_page.js")
    allowed = b64encode(hashlib.sha256(f"\n{code}".encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'; "
    policy += "base-uri 'none'; form-action 'none'"
    data = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    title = shown(f"Failures of {session.run.name}")
    body = f"""<h1>{title}</h1>
<main id="explorer"></main>
<noscript>{cases_html(cases)}</noscript>
<script type="application/json" id="content">{data}</script>
<script type="module">
{code}</script>"""
    look = f"{_STYLE}{style('live_widget.css')}{style('explorer_widget.css')}"
    return html_page(title, look, body, policy=policy)


def _lines(session: Session, places: np.ndarray) -> list[dict[str, Any]]:
    """The list's lines with every figure and tag, for the page to filter and sort by."""
    phrases, found = session.state.phrases, []
    for place, row in zip(places.tolist(), phrases.lines(places), strict=True):
        tags = dict(row["tags"] or {})
        found.append(
            line_of(session.state, place, row, {})
            | {
                "figures": {name: phrases.figure(name, place) for name in phrases.metric_names()},
                "tags": {safe(name): safe(tags[name]) for name in phrases.choices if name in tags},
                "meaning": TYPES[row["type"]].rule,
                "selected": False,
            }
        )
    return found


def _packed(case: Case) -> dict[str, Any]:
    """One sample: what is said of it, and its pictures and maps as base64."""
    view = sample_view(case)
    thumbnail = b"" if case.image is None else jpeg(fitting(case.image, THUMBNAIL), 80)
    packed = {"picture": view.picture, "maps": view.maps, "thumbnail": thumbnail}
    return {"info": view.info} | {name: b64encode(value).decode("ascii") for name, value in packed.items()}
