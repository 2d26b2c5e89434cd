from __future__ import annotations

import re
from dataclasses import replace

import pytest
from handmade_grounding import grounding
from page_reader import read

from iterprime_xai.records import RankedProposal, Selection

HOSTILE = "the <script>alert('1')</script> & \"ball\"\x00 </title></style>\u202e <img src=http://x.example/a.png>"


def test_page_has_language_title_alternative_text_and_everything_about_the_grounding() -> None:
    page = read(grounding().to_html())
    assert page.all("html") == [{"lang": "en"}]
    text = " ".join("".join(page.text).split())
    assert "Where the model looks: the red ball left of the tree" in text
    assert any("Primary word: ball." in (image["alt"] or "") for image in page.all("img"))
    for expected in (
        "match 0.80",
        "✗ left out",
        "not validated for this checkpoint",
        "heat inside",
        "0.83",
        "recipe.blend",
    ):
        assert expected in text
    assert len(page.all("details")) == 5
    assert len(page.all("figure")) == 2 + 3 + 7


def test_page_and_fragment_ask_the_network_for_nothing_and_run_nothing() -> None:
    for html in (grounding().to_html(), grounding()._repr_html_()):
        addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')>\s]+)""", html)
        assert len(addresses) >= 1
        assert all(address.startswith(("data:image/", "#")) for address in addresses)
        assert "<script" not in html
        assert "@import" not in html
    assert "default-src 'none'" in grounding().to_html()


def test_hostile_phrase_is_shown_as_text() -> None:
    hostile = replace(grounding(text=HOSTILE), trace=(HOSTILE,), parameters={"model": HOSTILE, HOSTILE: HOSTILE})
    page = read(hostile.to_html())
    assert page.all("script") == []
    assert all((image["src"] or "").startswith("data:") for image in page.all("img"))
    assert "<script>alert('1')</script>" in "".join(page.text)
    for html in (hostile.to_html(), hostile._repr_html_()):
        assert "\x00" not in html
        assert "\u202e" not in html
    assert read(hostile._repr_html_()).found[0][0] == "img"


def test_fragment_is_one_picture_that_fits_its_cell() -> None:
    ((tag, attributes),) = read(grounding()._repr_html_()).found
    assert tag == "img"
    assert (attributes["src"] or "").startswith("data:image/jpeg;base64,")
    assert "Match probability 0.94." in (attributes["alt"] or "")
    assert "max-width" in (attributes["style"] or "")


def test_page_is_small_enough_to_mail() -> None:
    assert len(grounding().to_html()) < 400_000
    assert len(grounding()._repr_html_()) < 350_000


def test_primary_word_is_marked_and_words_are_shaded_by_their_heat() -> None:
    marks = {
        text: (name, float(heat))
        for name, heat, text in re.findall(
            r'<mark(?: class="([^"]*)")? style="--heat: ([\d.]+)">(\w+)</mark>', grounding().to_html()
        )
    }
    assert "primary" in marks["ball"][0]
    assert "primary" not in marks["tree"][0]
    assert marks["ball"][1] == 0.85
    assert marks["the"][1] < marks["red"][1] < marks["ball"][1]


def test_page_without_a_mask_says_why_and_draws_no_outline() -> None:
    reason = "The match is unlikely."
    html = grounding(mask=False, selection=Selection((), None, 0.0, "heat", reason)).to_html()
    assert "No mask: the selection abstained (The match is unlikely)." in html
    assert '<g class="outline' not in html


def test_long_ranking_is_cut_and_says_so() -> None:
    ranking = tuple(RankedProposal(index, 1 - index / 50, {"heat": 0.5}) for index in range(40))
    html = grounding(selection=Selection(ranking, 0, 0.5, "heat", "It is hot.")).to_html()
    assert "28 more proposals ranked lower." in html
    assert html.count("<tr class=chosen>") == 1


@pytest.mark.parametrize("size", [(60, 900), (900, 60), (1, 1)])
def test_page_takes_pictures_of_any_shape(size: tuple[int, int]) -> None:
    assert "<h1" in grounding(size=size, mask=False, passes=1).to_html()
