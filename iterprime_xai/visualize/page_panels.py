"""A picture on a page with what is drawn over it: outlines, heat, hidden patches, ring, box, and the scale of the colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from iterprime_xai.visualize import describe
from iterprime_xai.visualize.colours import Scale
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.encoded import data_uri, heat_png
from iterprime_xai.visualize.panels import drawn_aspect
from iterprime_xai.visualize.tables import shown


@dataclass(frozen=True, eq=False)
class Outline:
    """The outline of a mask, drawn once on a page under the id ``name``; ``kind`` is a class of its lines.

    Without a mask there is nothing to draw.
    """

    name: str
    mask: np.ndarray | None
    kind: str = ""


@dataclass(frozen=True, eq=False)
class PagePicture:
    """The picture under the panels of a page: its size in pixels, and the outlines that lie over every panel, first below.

    ``prefix`` comes before every class and ``key`` before every id, so that a page that is put into another one keeps its
    own looks and its own drawings.
    """

    width: int
    height: int
    outlines: tuple[Outline, ...] = ()
    prefix: str = ""
    key: str = ""

    @property
    def aspect(self) -> float:
        """Width over height as drawn."""
        return drawn_aspect(self.width, self.height)

    def css(self, names: str) -> str:
        """Class names, parted by spaces, with this page's prefix."""
        return " ".join(self.prefix + name for name in names.split())


def definitions(picture: PagePicture) -> str:
    """The outlines and the hatching, drawn once and used by every panel."""
    paths = "\n".join(
        f'<path id="{picture.key}{each.name}" d="{path_of(each.mask)}" vector-effect="non-scaling-stroke"/>'
        for each in picture.outlines
    )
    unit = max(picture.width, picture.height) / 60
    size = f'width="{unit:.2f}" height="{unit:.2f}"'
    return f"""<svg width="0" height="0" style="position: absolute" aria-hidden="true"><defs>
{paths}
<pattern id="{picture.key}hatch" {size} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect {size} fill="#8b919a" fill-opacity=".8"/><rect width="{unit / 4:.2f}" height="{unit:.2f}" fill="#fff"/>
</pattern>
</defs></svg>"""


def path_of(mask: np.ndarray | None) -> str:
    """The outline of a mask as the ``d`` of an SVG path, in the picture's pixels."""
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
        for points in (contours(mask) if mask is not None else ())
    )


def lines(picture: PagePicture, extra: str = "", small: bool = False) -> str:
    """The vector layer of a panel: the outlines over what else is drawn on the picture."""
    outlines = "".join(_outline(picture, each, small) for each in picture.outlines if each.mask is not None)
    size = f"0 0 {picture.width} {picture.height}"
    return f'<svg viewBox="{size}" preserveAspectRatio="none" aria-hidden="true">{extra}{outlines}</svg>'


def _outline(picture: PagePicture, outline: Outline, small: bool) -> str:
    uses = "".join(
        f'<use href="#{picture.key}{outline.name}" class="{picture.css(kind)}" fill="none"/>'
        for kind in ("halo", "edge")
    )
    names = picture.css(f"outline {outline.kind}{' small' if small else ''}")
    return f'<g class="{names}">{uses}</g>'


def heat_panel(
    picture: PagePicture, heatmap: np.ndarray, scale: Scale, longest: int, label: str, lines: str
) -> str:  # fmt: skip
    """Heat over the picture and ``lines`` over both; the heat's longer side has ``longest`` pixels."""
    aspect = picture.aspect
    shape = (longest, max(1, round(longest * aspect))) if aspect < 1 else (max(1, round(longest / aspect)), longest)
    layer = data_uri(heat_png(heatmap, scale, shape), "image/png")
    heat = f'<img class="{picture.css("heat")}" src="{layer}" alt="">'
    return panel(picture, f"{heat}{lines}", label, frame(aspect, 2 * longest))


def panel(picture: PagePicture, content: str, label: str, style: str) -> str:
    """The faded picture with ``content`` over it."""
    return (
        f'<div class="{picture.css("panel under")}" role="img" aria-label="{shown(label)}" style="{style}">'
        f"{content}</div>"
    )


def frame(aspect: float, tallest: int = 620) -> str:
    """The place of a picture on the page; tall ones are kept to ``tallest`` CSS pixels."""
    return f"aspect-ratio: {aspect:.4f}" + (f"; max-width: {tallest * aspect:.0f}px" if aspect < 1 else "")


def box(picture: PagePicture, box: tuple[int, int, int, int] | None) -> str:
    """A dashed box (left, top, right, bottom)."""
    if box is None:
        return ""
    left, top, right, bottom = box
    place = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
    return "".join(f'<rect class="{picture.css("box " + kind)}" {place}/>' for kind in ("halo", "edge"))


def ring(picture: PagePicture, point: tuple[int, int] | None) -> str:
    """A ring about a pixel (x, y)."""
    if point is None:
        return ""
    x, y = point
    place = f'cx="{x + 0.5}" cy="{y + 0.5}" r="{max(picture.width, picture.height) / 70:.2f}"'
    return "".join(
        f'<circle class="{picture.css("box " + kind)}" style="stroke-dasharray: none" {place}/>'
        for kind in ("halo", "edge")
    )


def hidden(picture: PagePicture, keep: np.ndarray) -> str:
    """Hatching over the patches that a pass was not allowed to see."""
    rows, columns = keep.shape
    wide, tall = picture.width / columns, picture.height / rows
    cells = "".join(f"M{x * wide:.1f} {y * tall:.1f}h{wide:.1f}v{tall:.1f}h{-wide:.1f}z" for y, x in np.argwhere(~keep))
    names = picture.css("hidden")
    return f'<path class="{names}" d="{cells}" fill="url(#{picture.key}hatch)"/>' if cells else ""


def scale_bar(picture: PagePicture, scale: Scale, ends: tuple[str, str] | None = None) -> str:
    """The colours of a scale with ``ends`` in words, or its lowest and highest value."""
    stops = ", ".join("rgb({},{},{})".format(*scale.table[index]) for index in range(0, 256, 15))
    low, high = ends or (describe.number(scale.low), describe.number(scale.high))
    return (
        f'<div class="{picture.css("scale")}">{low}'
        f'<i style="background: linear-gradient(to right, {stops})"></i>{high}</div>'
    )


def bar(picture: PagePicture, share: float) -> str:
    """A level bar filled to a share from 0 to 1; empty for what is no number."""
    width = 100 * min(max(share, 0.0), 1.0) if np.isfinite(share) else 0.0
    return f'<div class="{picture.css("bar")}"><i style="width: {width:.1f}%"></i></div>'
