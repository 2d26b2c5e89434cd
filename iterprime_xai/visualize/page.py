"""A grounding as a self-contained web page, and as a short fragment for notebooks. No script, no network."""

from __future__ import annotations

from html import escape

from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize import describe, tables
from iterprime_xai.visualize.colours import Scale, scale_of
from iterprime_xai.visualize.encoded import data_uri, faded_jpeg, fitting, jpeg
from iterprime_xai.visualize.html_page import html_page
from iterprime_xai.visualize.page_cards import marked_phrase, pass_cards, word_cards
from iterprime_xai.visualize.page_panels import (
    Outline,
    PagePicture,
    bar,
    box,
    definitions,
    frame,
    heat_panel,
    lines,
    ring,
    scale_bar,
)
from iterprime_xai.visualize.scripts import style
from iterprime_xai.visualize.tables import shown


def to_html(grounding: Grounding) -> str:
    """A self-contained HTML page: picture, heat, passes, words, and tables of everything the record holds."""
    title = shown(describe.one_line(grounding.expression.text))
    picture = PagePicture(*grounding.image.size, (Outline("outline", grounding.mask),))
    faded = data_uri(faded_jpeg(grounding.image, 900), "image/jpeg")
    caveats = "".join(f'<p class="caveat">⚠ {shown(line)}</p>' for line in describe.caveats(grounding.trace))
    look = f'{page_css()}:root {{ --faded: url("{faded}"); }}\n'
    body = f"""{_header(grounding, picture)}
{definitions(picture)}
<main>
{_main(grounding, picture)}
{pass_cards(picture, grounding)}
{word_cards(picture, grounding)}
<h2>Details</h2>
{tables.details(grounding)}
</main>
<footer>
<p>{shown(describe.main_settings(grounding))}</p>
{caveats}
</footer>"""
    head = f"{shown(_capital(describe.heat_words(grounding)))}: {title}"
    return html_page(head, look, body, attributes='class="page"')


def page_css() -> str:
    """The style sheet of a page."""
    return style("page.css")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def to_fragment(grounding: Grounding) -> str:
    """The static figure as one ``<img>`` with its alternative text: what notebooks and GitHub show for a grounding."""
    from iterprime_xai.visualize.static import figure_jpeg

    picture = data_uri(figure_jpeg(grounding), "image/jpeg")
    alt = escape(describe.alt_text(grounding), quote=True)
    return f'<img src="{picture}" alt="{alt}" style="width: 100%; max-width: 1062px; height: auto;">'


def _header(grounding: Grounding, picture: PagePicture) -> str:
    size = ' class="long"' if len(grounding.expression.text) > 90 else ""
    match = shown(describe.probability(grounding.probability))
    return f"""<header>
<div>
<h1 dir="auto"{size}>{marked_phrase(grounding.expression, grounding.words, picture)}</h1>
<p>{shown(" ".join(describe.headline(grounding)[1:]))}</p>
<p class="legend" style="margin-left: 0">{shown(describe.legend(grounding))}</p>
</div>
<div class="match">{describe.match_word(grounding)} <strong>{match}</strong>{bar(picture, grounding.probability)}</div>
</header>"""


def _main(grounding: Grounding, picture: PagePicture) -> str:
    aspect = picture.aspect
    scale = scale_of([grounding.heatmap])
    photo = data_uri(jpeg(fitting(grounding.image, 1100)), "image/jpeg")
    alt = escape(describe.alt_text(grounding), quote=True)
    rows, columns = grounding.heatmap.shape
    answer = ["outline: the mask"] if grounding.mask is not None else []
    if grounding.box is not None:
        answer.append("dashed: its box" if grounding.mask is not None else "dashed: box of the hottest region")
    peak = " · ring: the peak" if grounding.point is not None else ""
    peaked = lines(picture, ring(picture, grounding.point))
    heat = heat_panel(picture, grounding.heatmap, scale, 310, "Heat over the picture", peaked)
    drawn = f'<img src="{photo}" alt="{alt}">{lines(picture, box(picture, grounding.box))}'
    # A system that chooses among masks hides no patch from itself.
    hiding = '<label><input type="checkbox" id="show-hidden" checked> hidden patches</label>'
    hidden = "" if describe.by_choice(grounding) else hiding
    below = f"{shown(describe.heat_words(grounding))} ({rows}×{columns} patches){peak}"
    return f"""<p class="toggles">Show:
<label><input type="checkbox" id="show-heat" checked> {describe.heat_word(grounding)}</label>
<label><input type="checkbox" id="show-outline" checked> mask outline</label>
{hidden}</p>
<div class="main{" wide" if aspect > 2.4 else ""}">
<figure><div class="panel" style="{frame(aspect)}">{drawn}</div>
<figcaption>{" · ".join(["the picture", *answer])}</figcaption></figure>
<figure>{heat}
<figcaption>{below}</figcaption>{_scale(grounding, picture, scale)}</figure>
</div>"""


def _scale(grounding: Grounding, picture: PagePicture, scale: Scale) -> str:
    nothing = describe.evidence(grounding.heatmap)
    if nothing is not None:
        return f'<p class="caveat">{shown(nothing)}</p>'
    return scale_bar(picture, scale)
