"""One sample of a run as a self-contained web page that says and shows why it failed. No script, no network."""

from __future__ import annotations

from hashlib import sha256

from PIL import Image

from iterprime_xai.evaluation.failures.blame import pass_changes, word_blame
from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.evaluation.runs.coding import read_mask
from iterprime_xai.evaluation.runs.regrounding import regrounded
from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize import describe, failure_facts
from iterprime_xai.visualize.blame_lines import pass_lines, word_lines
from iterprime_xai.visualize.encoded import data_uri, faded_jpeg
from iterprime_xai.visualize.failure_pictures import caveat, large_pictures, signed_map
from iterprime_xai.visualize.failure_proposals import ranked_table
from iterprime_xai.visualize.html_page import html_page
from iterprime_xai.visualize.page import page_css
from iterprime_xai.visualize.page_cards import marked_phrase, pass_cards, word_cards
from iterprime_xai.visualize.page_panels import Outline, PagePicture, bar, definitions
from iterprime_xai.visualize.scoped_css import scoped
from iterprime_xai.visualize.scripts import style
from iterprime_xai.visualize.tables import shown, table

ROOT, PREFIX = "failure-sheet", "failure-"
"""Class of the element that holds everything, and what every other class begins with."""

MOST_WORDS = 24
"""Words whose maps are shown; of a longer phrase those with most heat."""

_LONG, _ENDLESS = 90, 1200
_USED = {True: "used", False: "left out"}


def failure_sheet(case: Case) -> str:
    """A self-contained HTML page about one sample: the sentence that says what went wrong, and everything behind it."""
    title = f"{shown(failure_facts.title(case))}: {shown(describe.one_line(case.text or case.sample_id))}"
    return html_page(title, _css(), _content(case), attributes=f'class="{ROOT}"{_faded(case)}')


def failure_fragment(case: Case) -> str:
    """The same as one element with its style inside, to put into another page; all its classes and ids are its own."""
    return f'<div class="{ROOT}"{_faded(case)}>\n<style>\n{_css()}</style>\n{_content(case)}\n</div>\n'


def _css() -> str:
    return scoped(page_css() + style("failure_sheet.css"), PREFIX, ROOT)


def _faded(case: Case) -> str:
    """The picture that lies under all panels, as a style of the element around them."""
    if case.image is None:
        return ""
    uri = data_uri(faded_jpeg(case.image, 900), "image/jpeg")
    return f" style=\"--faded: url('{uri}')\""


def _content(case: Case) -> str:
    grounding, picture = _grounding(case), _picture(case)
    ground = "" if case.image is not None else f' class="{picture.css("plain")}"'
    missing = failure_facts.not_kept_line(case.row)
    parts = [
        _header(case, picture),
        _phrase(case, grounding, picture),
        caveat(picture, case.problem),
        definitions(picture),
        f"<main{ground}>",
        large_pictures(case, grounding, picture),
        signed_map(case, grounding, picture),
        f'<p class="{picture.css("missing")}">{shown(missing)}</p>' if missing else "",
        _passes(case, grounding, picture),
        _words(case, grounding, picture),
        _proposals(case, picture),
        _facts(case, picture),
        "</main>",
    ]
    return "\n".join(part for part in parts if part)


def _grounding(case: Case) -> Grounding | None:
    """What was found; where the picture cannot be shown, over an empty one, of which nothing is drawn."""
    row = case.row
    if case.grounding is not None or row["error"] is not None or case.image is not None:
        return case.grounding
    return regrounded(row, Image.new("RGB", (row["width"], row["height"])), {"run": case.run})


def _picture(case: Case) -> PagePicture:
    if case.image is not None:
        size = case.image.size
    else:
        size = (case.row["width"] or 1, case.row["height"] or 1)
    gold, answer = case.gold, read_mask(case.row["chosen"])
    key = sha256(f"{case.run}\n{case.sample_id}".encode("utf-8", "surrogatepass")).hexdigest()[:10]
    # The gold mask is dashed and lies above: where both run along the same edge, both are seen.
    outlines = (
        Outline("answer", answer if answer is not None and answer.any() else None, "answer"),
        Outline("gold", gold if gold is not None and gold.any() else None, "gold"),
    )
    return PagePicture(*size, outlines, PREFIX, f"{PREFIX}{key}-")


def _header(case: Case, picture: PagePicture) -> str:
    row = case.row
    iou = None if row["no_target"] or row["gold_area"] is None else row["iou"]
    measured = (
        f'<div class="{picture.css("match")}">IoU <strong>{iou:.2f}</strong>{bar(picture, iou)}</div>'
        if iou is not None
        else ""
    )
    return f"""<header>
<div>
<p class="{picture.css("kicker")}">run {shown(case.run)} · sample {shown(case.sample_id)}</p>
<h1><b>{shown(failure_facts.title(case))}.</b> {shown(failure_facts.problem(case))} {shown(failure_facts.figures(case))}</h1>
</div>
{measured}
</header>"""


def _phrase(case: Case, grounding: Grounding | None, picture: PagePicture) -> str:
    text = case.text or ""
    names = " ".join(["phrase"] + ["long"] * (len(text) > _LONG) + ["endless"] * (len(text) > _ENDLESS))
    reachable = ' tabindex="0"' if len(text) > _ENDLESS else ""
    if grounding is None:
        marked, legend = f"<bdi>{shown(text)}</bdi>", ""
    else:
        marked = marked_phrase(grounding.expression, grounding.words, picture)
        legend = shown(describe.legend(grounding))
    roles = " · ".join(f"{name}: <bdi>{shown(value)}</bdi>" for name, value in failure_facts.roles(case.row))
    direction = "rtl" if describe.right_to_left(text) else "ltr"
    below = "<br>".join(part for part in (roles, legend) if part)
    return (
        f'<p class="{picture.css(names)}" dir="{direction}"{reachable}>{marked}</p>\n'
        f'<p class="{picture.css("legend")}" style="margin-left: 0">{below}</p>'
    )


def _passes(case: Case, grounding: Grounding | None, picture: PagePicture) -> str:
    """Every pass with its map; where the row kept no maps, their matches in words."""
    if grounding is None or describe.by_choice(grounding):
        return ""
    kept = case.row["passes"] or []
    if kept and kept[0]["map"] is None:
        rows = [
            [str(number), describe.probability(each["probability"], 4), _USED[each["accepted"]], each["stopped"] or ""]
            for number, each in enumerate(kept, 1)
        ]
        return f"<h2>Pass by pass</h2>\n{table(('pass', 'match', 'final map', 'stopped'), rows)}"
    said = pass_lines(pass_changes(grounding, case.gold, case.threshold))
    return pass_cards(picture, grounding, said)


def _words(case: Case, grounding: Grounding | None, picture: PagePicture) -> str:
    """Every word with its map."""
    if grounding is None:
        return ""
    said = word_lines(word_blame(grounding, case.gold))
    return word_cards(picture, grounding, said, MOST_WORDS)


def _proposals(case: Case, picture: PagePicture) -> str:
    ranked = ranked_table(picture, case.row)
    if not ranked:
        return ""
    reason = (case.row["reason"] or "").strip()
    note = (
        f'<p class="{picture.css("legend")}" style="margin-left: 0">Why this answer: {shown(reason)}</p>'
        if reason
        else ""
    )
    return f"<h2>Ranked proposals</h2>\n{note}{ranked}"


def _facts(case: Case, picture: PagePicture) -> str:
    rows = "".join(
        f'<tr><td>{shown(name)}</td><td dir="auto">{shown(value)}</td></tr>'
        for name, value in failure_facts.facts(case)
    )
    notes = case.row["notes"] or []
    caveats = set(describe.caveats(notes))
    listed = "".join(
        f'<li class="{picture.css("caveat")}">⚠ {shown(note)}</li>' if note in caveats else f"<li>{shown(note)}</li>"
        for note in notes
    )
    tail = f"<h2>Notes <small>what was decided on the way</small></h2>\n<ol>{listed}</ol>" if notes else ""
    body = f"<table><tbody>{rows}</tbody></table>"
    return f'<h2>Facts</h2>\n<div class="{picture.css("facts")}">{body}</div>\n{tail}'
