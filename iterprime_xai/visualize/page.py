"""A grounding as a self-contained web page, and as a short fragment for notebooks. No script, no network."""

from __future__ import annotations

from html import escape
from importlib import resources

import numpy as np

from iterprime_xai.records.grounding import Grounding, WordMap
from iterprime_xai.visualize import describe, tables
from iterprime_xai.visualize.colours import Scale, scale_of
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.encoded import data_uri, faded_jpeg, fitting, heat_png, jpeg
from iterprime_xai.visualize.panels import aspect_of
from iterprime_xai.visualize.tables import shown

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page may load nothing and run nothing, whatever a phrase contains."""


def to_html(grounding: Grounding) -> str:
    """A self-contained HTML page: picture, heat, passes, words, and tables of everything the record holds."""
    title = shown(describe.one_line(grounding.expression.text))
    style = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    faded = data_uri(faded_jpeg(grounding.image, 900), "image/jpeg")
    caveats = "".join(f'<p class="caveat">⚠ {shown(line)}</p>' for line in describe.caveats(grounding.trace))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{shown(_capital(describe.heat_words(grounding)))}: {title}</title>
<style>
{style}:root {{ --faded: url("{faded}"); }}
</style>
</head>
<body class="page">
{_header(grounding)}
{_definitions(grounding)}
<main>
{_main(grounding)}
{_passes(grounding)}
{_words(grounding)}
<h2>Details</h2>
{tables.details(grounding)}
</main>
<footer>
<p>{shown(describe.main_settings(grounding))}</p>
{caveats}
</footer>
</body>
</html>
"""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def to_fragment(grounding: Grounding) -> str:
    """The static figure as one ``<img>`` with its alternative text: what notebooks and GitHub show for a grounding."""
    from iterprime_xai.visualize.static import figure_jpeg

    picture = data_uri(figure_jpeg(grounding), "image/jpeg")
    alt = escape(describe.alt_text(grounding), quote=True)
    return f'<img src="{picture}" alt="{alt}" style="width: 100%; max-width: 1062px; height: auto;">'


def phrase(grounding: Grounding) -> str:
    """The phrase as HTML: every word marked by how much heat it holds, the primary word underlined."""
    expression = grounding.expression
    shades = describe.shading(expression, grounding.words)
    parts = []
    for piece in describe.pieces(expression):
        text = shown(piece.text)
        shade = None if piece.word is None else shades[piece.word]
        primary = piece.word is not None and piece.word == expression.primary
        if shade:
            names = " ".join(["primary"] * primary + ["hot"] * (shade >= describe.DARK_TEXT_FROM))
            kind = f' class="{names}"' if names else ""
            parts.append(f'<mark{kind} style="--heat: {0.85 * shade:.2f}">{text}</mark>')
        else:
            parts.append(f'<b class="primary">{text}</b>' if primary else text)
    return f"<bdi>{''.join(parts)}</bdi>"


def _header(grounding: Grounding) -> str:
    size = ' class="long"' if len(grounding.expression.text) > 90 else ""
    match = shown(describe.probability(grounding.probability))
    return f"""<header>
<div>
<h1 dir="auto"{size}>{phrase(grounding)}</h1>
<p>{shown(" ".join(describe.headline(grounding)[1:]))}</p>
<p class="legend" style="margin-left: 0">{shown(describe.legend(grounding))}</p>
</div>
<div class="match">{describe.match_word(grounding)} <strong>{match}</strong>{_bar(grounding.probability)}</div>
</header>"""


def _bar(share: float) -> str:
    width = 100 * min(max(share, 0.0), 1.0) if np.isfinite(share) else 0.0
    return f'<div class="bar"><i style="width: {width:.1f}%"></i></div>'


def _definitions(grounding: Grounding) -> str:
    """The mask's outline and the hatching, drawn once and used by every panel."""
    outline = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
        for points in (contours(grounding.mask) if grounding.mask is not None else ())
    )
    unit = max(grounding.image.size) / 60
    size = f'width="{unit:.2f}" height="{unit:.2f}"'
    return f"""<svg width="0" height="0" style="position: absolute" aria-hidden="true"><defs>
<path id="outline" d="{outline}" vector-effect="non-scaling-stroke"/>
<pattern id="hatch" {size} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect {size} fill="#8b919a" fill-opacity=".8"/><rect width="{unit / 4:.2f}" height="{unit:.2f}" fill="#fff"/>
</pattern>
</defs></svg>"""


def _lines(grounding: Grounding, extra: str = "", small: bool = False) -> str:
    """The vector layer of a panel: the mask's outline and what else is drawn over the picture."""
    outline = ""
    if grounding.mask is not None:
        uses = "".join(f'<use href="#outline" class="{kind}" fill="none"/>' for kind in ("halo", "edge"))
        outline = f'<g class="outline{" small" if small else ""}">{uses}</g>'
    width, height = grounding.image.size
    return f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" aria-hidden="true">{extra}{outline}</svg>'


def _panel(grounding: Grounding, heatmap: np.ndarray, scale: Scale, longest: int, label: str, lines: str) -> str:
    aspect = aspect_of(grounding.image)
    shape = (longest, max(1, round(longest * aspect))) if aspect < 1 else (max(1, round(longest / aspect)), longest)
    layer = data_uri(heat_png(heatmap, scale, shape), "image/png")
    return (
        f'<div class="panel under" role="img" aria-label="{shown(label)}" style="{_frame(aspect, 2 * longest)}">'
        f'<img class="heat" src="{layer}" alt="">{lines}</div>'
    )


def _frame(aspect: float, tallest: int = 620) -> str:
    """The place of a picture on the page; tall ones are kept to ``tallest`` CSS pixels."""
    return f"aspect-ratio: {aspect:.4f}" + (f"; max-width: {tallest * aspect:.0f}px" if aspect < 1 else "")


def _main(grounding: Grounding) -> str:
    aspect = aspect_of(grounding.image)
    scale = scale_of([grounding.heatmap])
    picture = data_uri(jpeg(fitting(grounding.image, 1100)), "image/jpeg")
    alt = escape(describe.alt_text(grounding), quote=True)
    rows, columns = grounding.heatmap.shape
    answer = ["outline: the mask"] if grounding.mask is not None else []
    if grounding.box is not None:
        answer.append("dashed: its box" if grounding.mask is not None else "dashed: box of the hottest region")
    ring = " · ring: the peak" if grounding.point is not None else ""
    heat = _panel(
        grounding, grounding.heatmap, scale, 310, "Heat over the picture", _lines(grounding, _peak(grounding))
    )
    drawn = f'<img src="{picture}" alt="{alt}">{_lines(grounding, _box(grounding))}'
    # A system that chooses among masks hides no patch from itself.
    box = '<label><input type="checkbox" id="show-hidden" checked> hidden patches</label>'
    hidden = "" if describe.by_choice(grounding) else box
    return f"""<p class="toggles">Show:
<label><input type="checkbox" id="show-heat" checked> {describe.heat_word(grounding)}</label>
<label><input type="checkbox" id="show-outline" checked> mask outline</label>
{hidden}</p>
<div class="main{" wide" if aspect > 2.4 else ""}">
<figure><div class="panel" style="{_frame(aspect)}">{drawn}</div>
<figcaption>{" · ".join(["the picture", *answer])}</figcaption></figure>
<figure>{heat}
<figcaption>{shown(describe.heat_words(grounding))} ({rows}×{columns} patches){ring}</figcaption>{_scale(grounding, scale)}</figure>
</div>"""


def _scale(grounding: Grounding, scale: Scale) -> str:
    nothing = describe.evidence(grounding.heatmap)
    if nothing is not None:
        return f'<p class="caveat">{shown(nothing)}</p>'
    stops = ", ".join("rgb({},{},{})".format(*scale.table[index]) for index in range(0, 256, 15))
    low, high = describe.number(scale.low), describe.number(scale.high)
    return f'<div class="scale">{low}<i style="background: linear-gradient(to right, {stops})"></i>{high}</div>'


def _box(grounding: Grounding) -> str:
    if grounding.box is None:
        return ""
    left, top, right, bottom = grounding.box
    place = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
    return "".join(f'<rect class="box {kind}" {place}/>' for kind in ("halo", "edge"))


def _peak(grounding: Grounding) -> str:
    if grounding.point is None:
        return ""
    x, y = grounding.point
    place = f'cx="{x + 0.5}" cy="{y + 0.5}" r="{max(grounding.image.size) / 70:.2f}"'
    return "".join(f'<circle class="box {kind}" style="stroke-dasharray: none" {place}/>' for kind in ("halo", "edge"))


def _hidden(grounding: Grounding, keep: np.ndarray) -> str:
    rows, columns = keep.shape
    wide, tall = grounding.image.width / columns, grounding.image.height / rows
    cells = "".join(f"M{x * wide:.1f} {y * tall:.1f}h{wide:.1f}v{tall:.1f}h{-wide:.1f}z" for y, x in np.argwhere(~keep))
    return f'<path class="hidden" d="{cells}" fill="url(#hatch)"/>' if cells else ""


def _passes(grounding: Grounding) -> str:
    if describe.by_choice(grounding):
        return ""
    matches = describe.probabilities(grounding.passes)
    cards = "".join(_pass(grounding, index, match) for index, match in enumerate(matches))
    title = "Pass by pass" if len(grounding.passes) > 1 else "One pass"
    note = "each map on its own colour scale; hatched: hidden from the model in this pass"
    return f'<h2>{title} <small>{note}</small></h2>\n<div class="cards">{cards}</div>'


def _pass(grounding: Grounding, index: int, match: str) -> str:
    look = grounding.passes[index]
    label = f"Heat of pass {index + 1}, match {match}"
    lines = _lines(grounding, _hidden(grounding, look.keep), small=True)
    panel = _panel(grounding, look.heatmap, scale_of([look.heatmap]), 128, label, lines)
    stopped = f"<br>Stopped: {shown(look.stopped)}" if look.stopped else ""
    status = f"{'✓' if look.accepted else '✗'} {describe.status(look)}"
    kind = "" if look.accepted else ' class="out"'
    facts = " · ".join(
        f'<span class="nowrap">{shown(fact)}</span>' for fact in (describe.hidden(look), describe.strength(look))
    )
    return f"""<figure{kind}>
<figcaption style="margin: 0 0 5px"><b>Pass {index + 1}</b> <span class="status">{status}</span></figcaption>{panel}
<figcaption><b>match {shown(match)}</b>{_bar(look.probability)}
{facts}{stopped}</figcaption></figure>
"""


def _words(grounding: Grounding) -> str:
    if not grounding.words:
        return ""
    chosen = describe.final_pass(grounding)
    held = describe.shares(grounding.words)
    most = max(held) or 1.0
    hidden = _hidden(grounding, grounding.passes[chosen].keep)
    cards = "".join(
        _word(grounding, word, share, share / most, hidden) for word, share in zip(grounding.words, held, strict=True)
    )
    note = describe.words_note(grounding)
    return f'<h2>Word by word <small>{note}</small></h2>\n<div class="cards words">{cards}</div>'


def _word(grounding: Grounding, word: WordMap, share: float, bar: float, hidden: str) -> str:
    primary = word.span == grounding.expression.words[grounding.expression.primary].span
    text = f"<bdi>{shown(word.text)}</bdi>"
    label = f"Heat of the word {describe.one_line(word.text)}: {describe.percent(share)} of the heat"
    panel = _panel(grounding, word.heatmap, scale_of([word.heatmap]), 80, label, _lines(grounding, hidden, small=True))
    name = f'<b class="primary">{text}</b>' if primary else text
    value = "blank" if describe.blank(word.heatmap) else shown(describe.percent(share))
    return (
        f'<figure>{panel}<figcaption><span style="float: right">{value}</span>{name}{_bar(bar)}</figcaption></figure>\n'
    )
