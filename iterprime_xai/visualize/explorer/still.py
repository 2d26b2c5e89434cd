"""The explorer where no kernel runs: its tables, and small pictures of the worst phrases, as HTML without a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image, ImageDraw

from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.visualize.colours import overlay, scale_of
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.describe import one_line
from iterprime_xai.visualize.encoded import data_uri, fitting, jpeg
from iterprime_xai.visualize.explorer.session import Session
from iterprime_xai.visualize.explorer.view import facets
from iterprime_xai.visualize.tables import shown

LONGEST = 190
"""Longer side of a small picture, in pixels."""

MOST = 4
"""Worst phrases that a notebook shows."""

_GOLD, _ANSWER, _HALO = (255, 138, 216), (255, 255, 255), (16, 21, 28)
_CELL = 'style="text-align: left; vertical-align: top; padding: 4px 8px"'


def still_html(session: Session, most: int = MOST) -> str:
    """A run's types with what they cost, and the first phrases of the list with their pictures."""
    told = facets(session.state)
    figures = told["summary"]
    about = session.about()
    head = f"{about['run']}: {about['system']} on {about['data']}"
    if about["against"]:
        head += f", against {about['against']}"
    numbers = (
        "no gold masks"
        if figures["miou"] is None
        else f"{figures['labelled'] - figures['right']} of {figures['labelled']} wrong, mIoU {figures['miou']:.1f}"
    )
    types = "".join(
        _row(
            [
                shown(each["title"]),
                f"{each['count']:,}",
                f"{each['cost']:.1f}" if each["cost"] else "",
                shown(each["meaning"]),
            ]
        )
        for each in told["types"]
    )
    ids = session.state.phrases.rows["sample_id"].take(session.state.places[:most]).to_pylist()
    cases = [open_case(session.run, each, session.threshold) for each in ids]
    return (
        f"<p><b>{shown(head)}</b>: {numbers}</p>\n"
        f"<table><thead>{_head(['type', 'phrases', 'points of mIoU', 'what it is'])}</thead><tbody>{types}</tbody></table>\n"
        f"{cases_html(cases)}\n"
        "<p>The answer is outlined in white, the gold mask in pink. Run the cell for the live explorer.</p>"
    )


def cases_html(cases: Sequence[Case]) -> str:
    """Samples as a table: small picture, phrase, what went wrong, IoU."""
    rows = []
    for case in cases:
        iou = case.row["iou"]
        told = f"<b><bdi>{shown(one_line(case.text)[:300])}</bdi></b><br>{shown(case.failure.sentence)}"
        rows.append(_row([_picture(case), told, "" if iou is None else f"{iou:.2f}"]))
    return f"<table><thead>{_head(['', 'phrase', 'IoU'])}</thead><tbody>{''.join(rows)}</tbody></table>"


def small_picture(case: Case, longest: int = LONGEST) -> bytes:
    """A JPEG of a case's picture under its heat, with the outlines of answer and gold mask; empty where there is no picture."""
    if case.image is None:
        return b""
    picture = fitting(case.image, longest)
    pixels = np.asarray(picture)
    if case.grounding is not None:
        pixels = overlay(pixels, case.grounding.heatmap_at(pixels.shape[:2]), scale_of([case.grounding.heatmap]))
    drawn = Image.fromarray(pixels)
    pen, across = ImageDraw.Draw(drawn), picture.width / case.image.width
    answer = None if case.grounding is None else case.grounding.mask
    for mask, colour in ((case.gold, _GOLD), (answer, _ANSWER)):
        for points in contours(mask) if mask is not None else ():
            line = [(float(x) * across, float(y) * across) for x, y in points]
            pen.line(line, _HALO, 4)
            pen.line(line, colour, 2)
    return jpeg(drawn, quality=75)


def _picture(case: Case) -> str:
    picture = small_picture(case)
    if not picture:
        return shown(case.problem)
    alt = escape(f"{one_line(case.text)[:200]}: {case.failure.sentence}", quote=True)
    return f'<img src="{data_uri(picture, "image/jpeg")}" alt="{alt}" style="max-width: {LONGEST}px">'


def _row(cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<td {_CELL}>{cell}</td>' for cell in cells)}</tr>"


def _head(names: Sequence[str]) -> str:
    cells = "".join(f'<th scope="col" {_CELL}>{name}</th>' for name in names)
    return f"<tr>{cells}</tr>"
