"""One failure on one page: what it says, in which order, and what it says where something is missing."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from handmade_case import case, case_of, found, row_of, sample
from page_reader import read

from iterprime_xai.visualize.failure_proposals import listed
from iterprime_xai.visualize.failure_sheet import failure_fragment, failure_sheet

HOSTILE = "the <script>alert('1')</script> & \"ball\"\x00 </title></style>\u202e <img src=http://x.example/a.png>"


def text_of(page: str) -> str:
    return " ".join("".join(read(page).text).split())


@pytest.fixture(scope="module")
def sheet():
    return failure_sheet(case())


def test_sentence_comes_first_with_type_iou_and_the_best_possible_iou(sheet):
    (heading,) = re.findall(r"<h1>.*?</h1>", sheet)
    assert text_of(heading) == (
        'Position ignored. The heat peaks on another ball, although the phrase says "left of". '
        "IoU 0.00; the best proposal has IoU 1.00."
    )


def test_parts_stand_in_the_order_in_which_they_are_read(sheet):
    text = text_of(sheet)
    places = [
        text.index(part)
        for part in (
            "Position ignored. The heat",
            "the red ball left of the tree primary word: ball",
            "Show:",
            "the picture",
            "ring: the peak",
            "Misplaced and missing heat",
            "Pass by pass",
            "Word by word",
            "Ranked proposals",
            "Facts",
            "Notes",
        )
    ]
    assert places == sorted(places)


def test_gold_mask_and_answer_have_lines_of_their_own_over_every_picture(sheet):
    page = read(sheet)
    groups = [each["class"] for each in page.all("g")]
    # Photo, heat, signed map; three passes and seven words, small.
    for kind in ("gold", "answer"):
        assert groups.count(f"failure-outline failure-{kind}") == 3
        assert groups.count(f"failure-outline failure-{kind} failure-small") == 3 + 7
    assert "solid: answer" in text_of(sheet)
    assert "dashed: gold mask" in text_of(sheet)
    assert len(page.all("circle")) == 2


def test_best_eight_proposals_and_the_one_that_fits_best_are_listed_and_marked(sheet):
    assert [each["rank"] for each in listed(case().row)] == [*range(8), 10]
    rows = re.findall(r"<tr[^>]*>.*?</tr>", sheet, re.DOTALL)
    ranked = [row for row in rows if 'aria-label="Outline of proposal' in row]
    assert len(ranked) == 9
    assert text_of(ranked[0]) == "1chosen0.000.90.7"
    assert text_of(ranked[-1]) == "11fits best1.000.40.2"
    assert 'class="failure-chosen"' in ranked[0]
    assert 'class="failure-best"' in ranked[-1]
    assert sum("chosen" in row or "fits best" in row for row in ranked) == 2
    assert "3 more proposals, not shown." in sheet


def test_facts_say_where_the_peak_landed_and_who_parsed(sheet):
    text = text_of(sheet)
    for said in ("another ball, at pixel", "by hand (confidence 0.90)", "kind=relation", "rank 11 of 12"):
        assert said in text
    assert "⚠ layer 2, two thirds of the depth: not validated for this checkpoint" in text


def test_page_and_fragment_ask_the_network_for_nothing_and_run_nothing(sheet):
    for html in (sheet, failure_fragment(case())):
        addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')>\s]+)""", html)
        assert len(addresses) >= 10
        assert all(address.startswith(("data:image/", "#")) for address in addresses)
        assert "<script" not in html
        assert "@import" not in html
    assert "default-src 'none'" in sheet
    assert len(sheet) < 400_000


def test_every_class_and_id_of_the_fragment_is_its_own():
    fragment = failure_fragment(case())
    page = read(fragment)
    classes = {name for _, each in page.found for name in (each.get("class") or "").split()}
    ids = [each["id"] for _, each in page.found if each.get("id")]
    assert all(name.startswith("failure-") for name in classes)
    assert all(re.fullmatch(r"failure-[0-9a-f]{10}-(gold|answer|hatch)", each) for each in ids)
    assert len(set(ids)) == len(ids) == 3
    used = set(re.findall(r"#(failure-[\w-]+)", fragment))
    assert used == set(ids)
    another = failure_fragment(replace(case(), sample_id="meadow-2"))
    assert not used & set(re.findall(r"#(failure-[\w-]+)", another))
    style = fragment[fragment.index("<style>") : fragment.index("</style>")]
    selectors = re.findall(r"([^{}]+)\{", style.removeprefix("<style>"))
    assert all(
        part.strip().startswith(".failure-sheet")
        for each in selectors
        if not each.strip().startswith("@")
        for part in each.split(",")
    )


def test_hostile_text_is_shown_as_text_wherever_it_stands():
    made = replace(found(text=HOSTILE, primary=None), trace=(HOSTILE,))
    row = row_of(sample(made), made)
    row |= {
        "category": HOSTILE,
        "reason": HOSTILE,
        "proposal_source": HOSTILE,
        "parser": HOSTILE,
        "tags": {HOSTILE: HOSTILE},
    }
    for each in row["proposals"]:
        each["terms"] = {HOSTILE: 0.5}
    hostile = replace(case_of(row, made.image, HOSTILE), run=HOSTILE, sample_id=HOSTILE)
    for html in (failure_sheet(hostile), failure_fragment(hostile)):
        page = read(html)
        assert page.all("script") == []
        assert all((image["src"] or "").startswith("data:") for image in page.all("img"))
        assert "".join(page.text).count("<script>alert('1')</script>") >= 9
        assert "\x00" not in html
        assert "\u202e" not in html


@pytest.mark.parametrize("text", ["ball " * 2000, "الكرة الحمراء على يسار الشجرة", "🟥 👩‍👩‍👧 ball 🏳️‍🌈", "x" * 10_000])
def test_phrases_of_any_length_and_script_are_shown_whole(text):
    page = failure_sheet(case(text=text.strip(), passes=1, magnitude=1.0, grid=(4, 4)))
    (whole,) = re.findall(r'<p class="failure-phrase[^>]*>.*?</p>', page, re.DOTALL)
    assert "".join(read(whole).text) == text.strip()
    assert ('dir="rtl"' in whole) == text.startswith("ال")
    words = len(text.split())
    assert page.count('aria-label="Heat of the word') == min(words, 24)
    assert (f"{words - 24} more words hold less of the heat." in page) == (words > 24)
    assert len(page) < 900_000


def test_what_a_light_row_did_not_keep_is_said_with_what_keeps_it():
    light = failure_sheet(case(full=False))
    text = text_of(light)
    assert (
        "This run did not keep the maps of passes and words and the masks of proposals (detail light): "
        "iterprime-xai evaluate ... --detail full does."
    ) in text
    assert "did not keep" not in text_of(failure_sheet(case()))
    assert "Heat of pass" not in light
    assert "Heat of the word" not in light
    # The matches of the passes and the boxes of the proposals are there.
    assert "30.8000left outthe match probability fell" in text
    assert light.count('aria-label="Box of proposal') == 9


def test_error_row_shows_picture_phrase_and_error():
    asked = sample(found())
    broken = failure_sheet(case_of(row_of(asked, ValueError("the <cable> is loose")), asked.image))
    text = text_of(broken)
    assert "Error. There is no result: the <cable> is loose IoU 0.00" in text
    assert "the red ball left of the tree" in text
    assert "ValueError: the <cable> is loose" in text
    assert len(read(broken).all("img")) == 1
    assert "no answer" in text
    for absent in ("Misplaced", "Pass by pass", "Word by word", "Ranked proposals"):
        assert absent not in text


def test_row_of_a_picture_that_could_not_be_read_is_a_page_too():
    row = dict.fromkeys(case().row) | {
        "sample_id": "s",
        "iou": 0.0,
        "error": {"kind": "E", "message": "cut", "trace": []},
    }
    page = failure_sheet(case_of(row, None, "The picture is damaged."))
    text = text_of(page)
    assert "⚠ The picture is damaged." in text
    assert "There is no result: cut" in text
    assert read(page).all("img") == []


def test_without_a_picture_everything_that_needs_none_is_there():
    problem = "There is no picture 'meadow.png'."
    page = failure_sheet(case_of(case().row, None, problem))
    text = text_of(page)
    assert f"⚠ {problem}" in text
    assert "--faded: url" not in page
    assert 'alt="Position' not in page
    groups = [each["class"] for each in read(page).all("g")]
    assert groups.count("failure-outline failure-gold") == 3
    for part in ("Misplaced and missing heat", "Pass by pass", "Word by word", "Ranked proposals", "Facts"):
        assert part in text


def test_unlabelled_sample_has_no_signed_map_and_says_why():
    page = failure_sheet(case(labelled=False))
    text = text_of(page)
    assert "Unlabelled. There is no gold mask, so nobody knows whether the answer is right." in text
    assert "There is no gold mask, so nobody knows where the heat should lie." in text
    assert "Heat outside the gold mask" not in page
    assert "no gold mask" in text
    assert "fits best" not in text
    assert ">IoU<" not in page


def test_nothing_meant_and_nothing_answered_have_no_outline():
    made = replace(found(), mask=None)
    asked = replace(sample(made), mask=np.zeros((90, 120), bool))
    page = failure_sheet(case_of(row_of(asked, made), asked.image))
    text = text_of(page)
    assert "Right. Nothing is meant, and nothing was answered. Nothing is meant, so no IoU says how good" in text
    assert "no gold mask" in text
    assert "no answer" in text
    assert read(page).all("use") == []
    assert "fits best" not in text


def test_a_blank_map_is_said_and_the_target_is_cold():
    page = failure_sheet(case(magnitude=0.0, passes=1))
    assert "⚠ No evidence: the map is blank." in text_of(page)
    assert read(page).all("circle") == []


@pytest.mark.parametrize("size", [(60, 900), (900, 60)])
def test_pictures_of_any_shape_are_taken(size):
    made = found()
    stretched = replace(case_of(row_of(sample(made), made), made.image.resize(size)), gold=None)
    assert "Misplaced" in failure_sheet(stretched)
