"""The ranked proposals of one sample as a table with small pictures: the best, the chosen and the one that fits best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.visualize import describe
from iterprime_xai.visualize.page_panels import PagePicture, box, frame, panel, path_of
from iterprime_xai.visualize.tables import shown

MOST = 8
"""Proposals listed from the top of the ranking; the chosen and the best-fitting one are listed wherever they rank."""


def listed(row: Mapping[str, Any], most: int = MOST) -> list[Mapping[str, Any]]:
    """The best ranked proposals, and those that were chosen or fit best, by rank; unranked ones last."""
    wanted = {*(row["chosen_indices"] or ()), row["best_index"]}
    found = [
        each
        for each in row["proposals"] or ()
        if each["index"] in wanted or (each["rank"] is not None and each["rank"] < most)
    ]
    return sorted(found, key=lambda each: (each["rank"] is None, each["rank"], each["index"]))


def ranked_table(picture: PagePicture, row: Mapping[str, Any]) -> str:
    """The table; ``picture`` is the sample's, which lies under every small one. Empty without proposals."""
    shown_ones = listed(row)
    if not shown_ones:
        return ""
    terms = list(dict.fromkeys(name for each in shown_ones for name in each["terms"]))
    measured = any(each["iou"] is not None for each in shown_ones)
    columns = ["", "rank", "", *(["IoU"] if measured else []), "score", *terms]
    head = "".join(f'<th scope="col">{shown(name)}</th>' for name in columns)
    body = "".join(_row(picture, row, each, terms, measured) for each in shown_ones)
    left = row["proposal_count"] - len(shown_ones)
    more = f"<p>{left} more proposals, not shown.</p>" if left > 0 else ""
    return (
        f'<div class="{picture.css("ranked")}" tabindex="0" role="region" aria-label="Ranked proposals"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _row(
    picture: PagePicture, row: Mapping[str, Any], proposal: Mapping[str, Any], terms: Sequence[str], measured: bool
) -> str:  # fmt: skip
    chosen = proposal["index"] in (row["chosen_indices"] or ())
    # Of a phrase that means nothing no proposal can fit.
    best = proposal["index"] == row["best_index"] and not row["no_target"] and bool(row["best_iou"])
    names = picture.css(" ".join(["chosen"] * chosen + ["best"] * best))
    tags = " ".join(
        f'<span class="{picture.css("tag")}">{name}</span>'
        for name, held in (("chosen", chosen), ("fits best", best))
        if held
    )
    cells = [
        _small(picture, proposal),
        "–" if proposal["rank"] is None else str(proposal["rank"] + 1),
        tags,
        *([_number(proposal["iou"], ".2f")] if measured else []),
        _number(proposal["score"]),
        *(_number(proposal["terms"].get(name)) for name in terms),
    ]
    kind = f' class="{names}"' if names else ""
    return f"<tr{kind}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"


def _number(value: float | None, form: str = "") -> str:
    if value is None:
        return ""
    return shown(format(value, form) if form else describe.number(value))


def _small(picture: PagePicture, proposal: Mapping[str, Any]) -> str:
    """The proposal's outline over the picture; its box where the run kept no masks."""
    mask = read_mask(proposal["mask"])
    what = "Outline" if mask is not None else "Box"
    if mask is None:
        edge = None if proposal["box"] is None else (*proposal["box"],)
        drawn = box(picture, edge)
    else:
        path = path_of(mask)
        uses = "".join(f'<path d="{path}" class="{picture.css(kind)}"/>' for kind in ("halo", "edge"))
        drawn = f'<g class="{picture.css("outline small")}">{uses}</g>'
    size = f"0 0 {picture.width} {picture.height}"
    svg = f'<svg viewBox="{size}" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'
    return panel(picture, svg, f"{what} of proposal {proposal['index']}", frame(picture.aspect, 92))
