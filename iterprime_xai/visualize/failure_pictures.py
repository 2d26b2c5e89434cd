"""The pictures of one sample of a run: gold mask and answer, the heat, and what is wrong with the heat."""

from __future__ import annotations

from html import escape

from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize import describe, failure_facts
from iterprime_xai.visualize.colours import diverging, scale_of
from iterprime_xai.visualize.encoded import data_uri, fitting, jpeg
from iterprime_xai.visualize.page_panels import PagePicture, frame, heat_panel, lines, panel, ring, scale_bar
from iterprime_xai.visualize.signed_heat import SCALE, signed_heat
from iterprime_xai.visualize.tables import shown

_NAMES = {"gold": "gold mask", "answer": "answer"}


def large_pictures(case: Case, grounding: Grounding | None, picture: PagePicture) -> str:
    """The picture with both outlines, and the heat beside it; for an error row the picture alone."""
    if case.image is None and case.row["width"] is None:
        return ""
    said = escape(describe.one_line(failure_facts.verdict(case)), quote=True)
    figures = [_photo(case, picture, said)]
    if grounding is not None:
        figures.append(_heat(grounding, picture))
    shape = "main wide" if picture.aspect > 2.4 else "main"
    keys = _keys(picture)
    return f"{_toggles(grounding, picture)}\n{keys}\n" + f'<div class="{picture.css(shape)}">{"".join(figures)}</div>'


def _photo(case: Case, picture: PagePicture, alt: str) -> str:
    size = frame(picture.aspect)
    if case.image is None:
        shape, below = panel(picture, lines(picture), alt, size), "no picture"
    else:
        photo = data_uri(jpeg(fitting(case.image, 1100)), "image/jpeg")
        drawn = f'<img src="{photo}" alt="{alt}">{lines(picture)}'
        shape, below = f'<div class="{picture.css("panel")}" style="{size}">{drawn}</div>', "the picture"
    return f"<figure>{shape}\n<figcaption>{below}</figcaption></figure>\n"


def _heat(grounding: Grounding, picture: PagePicture) -> str:
    scale = scale_of([grounding.heatmap])
    rows, columns = grounding.heatmap.shape
    drawn = heat_panel(
        picture, grounding.heatmap, scale, 310, "Heat over the picture", lines(picture, ring(picture, grounding.point))
    )
    peak = " · ring: the peak" if grounding.point is not None else ""
    nothing = describe.evidence(grounding.heatmap)
    below = caveat(picture, nothing) if nothing is not None else scale_bar(picture, scale)
    caption = f"{shown(describe.heat_words(grounding))} ({rows}×{columns} patches){peak}"
    return f"<figure>{drawn}\n<figcaption>{caption}</figcaption>{below}</figure>"


def _toggles(grounding: Grounding | None, picture: PagePicture) -> str:
    names = [] if grounding is None else [("heat", describe.heat_word(grounding))]
    names += [(each.kind, _NAMES[each.kind]) for each in picture.outlines if each.mask is not None]
    if grounding is not None and any(not look.keep.all() for look in grounding.passes):
        names.append(("hidden", "hidden patches"))
    boxes = "\n".join(
        f'<label><input type="checkbox" class="{picture.css("show-" + kind)}" checked> {name}</label>'
        for kind, name in names
    )
    return f'<p class="{picture.css("toggles")}">Show:\n{boxes}</p>' if names else ""


def _keys(picture: PagePicture) -> str:
    """What the lines stand for, and which of them there is not."""
    parts = []
    for each in picture.outlines:
        name = _NAMES[each.kind]
        if each.mask is None:
            parts.append(f"<span>no {name}</span>")
            continue
        strokes = "".join(f'<path class="{picture.css(kind)}" d="M3 7H43"/>' for kind in ("halo", "edge"))
        line = f'<svg viewBox="0 0 46 14" aria-hidden="true"><g class="{picture.css(each.kind)}">{strokes}</g></svg>'
        how = "dashed" if each.kind == "gold" else "solid"
        parts.append(f"<span>{line}{how}: {name}</span>")
    return f'<p class="{picture.css("keys")}">{"".join(parts)}</p>'


def signed_map(case: Case, grounding: Grounding | None, picture: PagePicture) -> str:
    """Heat beside the target and cold on it, with how to read it; without a gold mask, why there is no such map."""
    if grounding is None:
        return ""
    head = "<h2>Misplaced and missing heat</h2>\n"
    if case.gold is None:
        return f"{head}<p>There is no gold mask, so nobody knows where the heat should lie.</p>"
    found = signed_heat(grounding.heatmap, case.gold)
    drawn = heat_panel(picture, found, SCALE, 420, "Heat outside the gold mask, and cold inside it", lines(picture))
    orange, blue = ("rgb({},{},{})".format(*diverging()[place]) for place in (200, 55))
    share = case.row["heat_in_mask"]
    held = "" if share is None else f"<li>{describe.percent(share)} of the heat lies on the target.</li>\n"
    key = f'<i class="{picture.css("key")}" style="background: '
    return f"""{head}<div class="{picture.css("beside")}">
<figure>{drawn}{scale_bar(picture, SCALE, ("missing", "misplaced"))}</figure>
<ul>
{held}<li>{key}{orange}"></i>Orange, outside the gold mask: heat that lies where it should not, up to the map's own peak.</li>
<li>{key}{blue}"></i>Blue, inside it: heat that is missing, darkest where there is none.</li>
<li>Pale: as it should be. A blue rim is usual, since heat rarely fills a thing to its border; a target that is blue all over
was not looked at. How strong the heat is at all is not shown here.</li>
</ul>
</div>"""


def caveat(picture: PagePicture, text: str) -> str:
    """A warning, or nothing."""
    return f'<p class="{picture.css("caveat")}">⚠ {shown(text)}</p>' if text else ""
