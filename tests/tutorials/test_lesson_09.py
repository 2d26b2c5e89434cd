"""Lesson 9: right answers pass, likely mistakes get the hint that is meant for them, dots stay open."""

from __future__ import annotations

import pytest
import torch

from iterprime_xai.tutorials.lesson_09 import (
    check_from_ref_to_masks,
    check_gradient,
    check_place_scores,
    check_what_is_shown,
)


def gradient(fit, known):
    return 10 * fit * known[:, None] / known.sum().clamp(min=1)


def places(word, rows, columns):
    across = torch.linspace(1, 0, columns).expand(rows, columns)
    down = torch.linspace(1, 0, rows)[:, None].expand(rows, columns)
    known = {"left": across, "right": 1 - across, "top": down, "bottom": 1 - down}
    return known.get(word, torch.zeros(rows, columns))


def join(ref, instances):
    images = {each["id"]: each for each in instances["images"]}
    annotations = {each["id"]: each for each in instances["annotations"]}
    meant = ref["ann_id"] if isinstance(ref["ann_id"], list) else [ref["ann_id"]]
    return images[ref["image_id"]]["file_name"], [annotations[each] for each in meant]


RIGHT = [
    (check_gradient, gradient),
    (check_place_scores, places),
    (check_from_ref_to_masks, join),
    (check_what_is_shown, {"b", "c", "e", "f"}),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes(check, answer):
    assert check(answer).status == "passed", check(answer).sentence


@pytest.mark.parametrize("check", [check for check, _ in RIGHT])
def test_dots_are_open(check):
    assert check(...).status == "open"


@pytest.mark.parametrize("check", [check_gradient, check_place_scores, check_from_ref_to_masks])
def test_a_function_of_dots_is_open(check):
    assert check(lambda *_: ...).status == "open"


def said(check, answer) -> str:
    verdict = check(answer)
    assert verdict.status == "wrong"
    return verdict.sentence


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda fit, known: fit * known[:, None] / known.sum().clamp(min=1), "ten times too small"),
        (lambda fit, known: 10 * fit * known[:, None], "the *mean*"),
        (lambda fit, known: 10 * fit / known.sum().clamp(min=1), "name no colour"),
        (lambda fit, known: 10 * fit * known[:, None] / known.sum(), "divide by"),
        (lambda fit, known: gradient(fit, known) - 7, "0.7 is still there"),
        (lambda fit, known: gradient(fit, known).clamp(min=0), "afterwards"),
        (lambda fit, known: gradient(fit, known).sum(), "tokens by patches"),
        (lambda fit, known: gradient(fit, known) ** 2, "read off"),
    ],
)
def test_hints_for_the_gradient(answer, hint):
    assert hint in said(check_gradient, answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda word, rows, columns: places(word, columns, rows), "Rows come first"),
        (lambda word, rows, columns: places({"left": "right"}.get(word, word), rows, columns), "wrong way round"),
        (lambda word, rows, columns: places({"left": "top"}.get(word, word), rows, columns), "about columns"),
        (lambda word, rows, columns: places("left" if word == "bike" else word, rows, columns), "names no place"),
        (lambda word, rows, columns: 3 * places(word, rows, columns), "from 0 to 1"),
        (lambda word, rows, columns: places(word, rows, columns).round().floor(), "all or nothing"),
        (lambda word, rows, columns: places(word, rows, columns) ** 2, "Not yet"),
    ],
)
def test_hints_for_words_of_place(answer, hint):
    assert hint in said(check_place_scores, answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda ref, instances: (ref["file_name"], join(ref, instances)[1]), "trap one"),
        (lambda ref, instances: (instances["images"][ref["image_id"]]["file_name"], []), "no place in a list"),
        (lambda ref, instances: (join(ref, instances)[0], join(ref, instances)[1][0]), "also where it holds one"),
        (lambda ref, instances: (join(ref, instances)[0], [ref["ann_id"]]), "not their identifiers"),
        (lambda ref, instances: (join(ref, instances)[0], instances["annotations"]), "Only some of them"),
        (lambda ref, instances: (join(ref, instances)[0], instances["annotations"][:1]), "Join by `ann_id`"),
        (lambda ref, instances: join(ref, instances)[1], "Two things"),
        (lambda ref, instances: join({**ref, "ann_id": ref["ann_id"] + 0}, instances), "a list, as in gRefCOCO"),
    ],
)
def test_hints_for_the_join(answer, hint):
    assert hint in said(check_from_ref_to_masks, answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ({"a", "b", "c", "e", "f"}, "5 of 6 are judged rightly. Think again about a"),
        ({"b", "c", "f"}, "about e"),
        ("bcef", "A set of letters"),
        ({"g"}, "no claim g"),
        (3, "A set of letters"),
    ],
)
def test_hints_for_the_claims(answer, hint):
    assert hint in said(check_what_is_shown, answer)
