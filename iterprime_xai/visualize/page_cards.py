"""The phrase, the passes and the words of a grounding as parts of a page."""

from __future__ import annotations

from collections.abc import Sequence

from iterprime_xai.records.expression import Expression
from iterprime_xai.records.grounding import Grounding, WordMap
from iterprime_xai.visualize import describe
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.page_panels import PagePicture, bar, heat_panel, hidden, lines
from iterprime_xai.visualize.tables import shown


def marked_phrase(expression: Expression, words: Sequence[WordMap], picture: PagePicture) -> str:
    """The phrase as HTML: every word marked by how much heat it holds, the primary word underlined."""
    shades = describe.shading(expression, words)
    parts = []
    for piece in describe.pieces(expression):
        text = shown(piece.text)
        shade = None if piece.word is None else shades[piece.word]
        primary = piece.word is not None and piece.word == expression.primary
        if shade:
            names = " ".join(["primary"] * primary + ["hot"] * (shade >= describe.DARK_TEXT_FROM))
            kind = f' class="{picture.css(names)}"' if names else ""
            parts.append(f'<mark{kind} style="--heat: {0.85 * shade:.2f}">{text}</mark>')
        else:
            parts.append(f'<b class="{picture.css("primary")}">{text}</b>' if primary else text)
    return f"<bdi>{''.join(parts)}</bdi>"


def pass_cards(picture: PagePicture, grounding: Grounding, said: Sequence[str] = ()) -> str:
    """Every pass with its map, match and hidden patches; nothing for a system that chooses among masks.

    ``said`` has a further line of text for each pass, to stand below its facts.
    """
    if describe.by_choice(grounding):
        return ""
    matches = describe.probabilities(grounding.passes)
    cards = "".join(
        _pass(picture, grounding, index, match, said[index] if said else "") for index, match in enumerate(matches)
    )
    title = "Pass by pass" if len(grounding.passes) > 1 else "One pass"
    note = "each map on its own colour scale; hatched: hidden from the model in this pass"
    return f'<h2>{title} <small>{note}</small></h2>\n<div class="{picture.css("cards")}">{cards}</div>'


def _pass(picture: PagePicture, grounding: Grounding, index: int, match: str, said: str) -> str:
    look = grounding.passes[index]
    label = f"Heat of pass {index + 1}, match {match}"
    drawn = lines(picture, hidden(picture, look.keep), small=True)
    panel = heat_panel(picture, look.heatmap, scale_of([look.heatmap]), 128, label, drawn)
    stopped = f"<br>Stopped: {shown(look.stopped)}" if look.stopped else ""
    status = f"{'✓' if look.accepted else '✗'} {describe.status(look)}"
    kind = "" if look.accepted else f' class="{picture.css("out")}"'
    facts = " · ".join(
        f'<span class="{picture.css("nowrap")}">{shown(fact)}</span>'
        for fact in (describe.hidden(look), describe.strength(look))
    )
    more = f"<br>{shown(said)}" if said else ""
    state = f'<span class="{picture.css("status")}">{status}</span>'
    return f"""<figure{kind}>
<figcaption style="margin: 0 0 5px"><b>Pass {index + 1}</b> {state}</figcaption>{panel}
<figcaption><b>match {shown(match)}</b>{bar(picture, look.probability)}
{facts}{stopped}{more}</figcaption></figure>
"""


def word_cards(
    picture: PagePicture, grounding: Grounding, said: Sequence[str] = (), most: int | None = None
) -> str:  # fmt: skip
    """Every word with its map and its share of the heat; nothing where there are no maps of words.

    ``said`` has a further line of text for each word. Of more than ``most`` words those with most heat are shown, in
    their order, and the number of the others is said.
    """
    if not grounding.words:
        return ""
    chosen = describe.final_pass(grounding)
    held = describe.shares(grounding.words)
    highest = max(held) or 1.0
    hatched = hidden(picture, grounding.passes[chosen].keep)
    kept = sorted(sorted(range(len(held)), key=lambda index: -held[index])[:most])
    cards = "".join(
        _word(picture, grounding, index, held[index], held[index] / highest, hatched, said[index] if said else "")
        for index in kept
    )
    left = len(held) - len(kept)
    more = f"\n<p>{left} more words hold less of the heat.</p>" if left else ""
    note = describe.words_note(grounding)
    return f'<h2>Word by word <small>{note}</small></h2>\n<div class="{picture.css("cards words")}">{cards}</div>{more}'


def _word(
    picture: PagePicture, grounding: Grounding, index: int, share: float, level: float, hatched: str, said: str
) -> str:  # fmt: skip
    word = grounding.words[index]
    primary = word.span == grounding.expression.words[grounding.expression.primary].span
    text = f"<bdi>{shown(word.text)}</bdi>"
    label = f"Heat of the word {describe.one_line(word.text)}: {describe.percent(share)} of the heat"
    drawn = lines(picture, hatched, small=True)
    panel = heat_panel(picture, word.heatmap, scale_of([word.heatmap]), 80, label, drawn)
    name = f'<b class="{picture.css("primary")}">{text}</b>' if primary else text
    value = "blank" if describe.blank(word.heatmap) else shown(describe.percent(share))
    more = f"<br>{shown(said)}" if said else ""
    return (
        f'<figure>{panel}<figcaption><span style="float: right">{value}</span>{name}{bar(picture, level)}{more}'
        f"</figcaption></figure>\n"
    )
