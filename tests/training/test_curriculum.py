"""The curriculum: words first, then places, then everything."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data.scenes import generate, phrase_pairs, statement_pairs, statements
from iterprime_xai.training.curriculum import EVERYTHING, PLACES, WORDS, grade_of, graded_pairs
from iterprime_xai.training.pool import compose_chunk


def _scene(least: int, most: int):
    return next(
        scene for scene in (generate(0, index, "train") for index in range(200)) if least <= len(scene.things) <= most
    )


def test_grades_follow_the_number_of_the_chunk():
    assert [grade_of(number, 2, 4) for number in range(6)] == [WORDS, WORDS, PLACES, PLACES, EVERYTHING, EVERYTHING]


@pytest.mark.parametrize("grade", [WORDS, PLACES])
def test_a_grade_has_its_kinds_only(grade):
    told, named = graded_pairs(_scene(2, 3), np.random.default_rng(0), 12, 9, grade)
    assert (len(told), len(named)) == (12, 9)
    assert {pair.kind for pair in (*told, *named)} <= set(grade.kinds or ())


def test_crowded_scenes_wait_for_their_grade():
    crowded = _scene(6, 8)
    assert graded_pairs(crowded, np.random.default_rng(0), 4, 3, WORDS) == ([], [])
    told, named = graded_pairs(crowded, np.random.default_rng(0), 4, 3, EVERYTHING)
    assert (len(told), len(named)) == (4, 3)


def test_everything_is_what_the_scenes_give():
    scene, ours, theirs = _scene(3, 8), np.random.default_rng(5), np.random.default_rng(5)
    told, named = graded_pairs(scene, ours, 6, 4, EVERYTHING)
    assert told == statement_pairs(scene, theirs, 6)
    assert named == phrase_pairs(scene, theirs, 4)


def test_what_a_scene_proves_is_repeated_where_it_proves_too_little(monkeypatch):
    scene = _scene(2, 4)
    some = phrase_pairs(scene, np.random.default_rng(0), 3)
    monkeypatch.setattr(statements, "phrase_pairs", lambda *asked: some[:2])
    _, named = graded_pairs(scene, np.random.default_rng(0), 2, 5, EVERYTHING)
    assert named == [some[0], some[1], some[0], some[1], some[0]]
    monkeypatch.setattr(statements, "phrase_pairs", lambda *asked: [])
    assert graded_pairs(scene, np.random.default_rng(0), 2, 5, EVERYTHING) == ([], [])


def test_easy_chunks_of_a_training_hold_words_only(settings):
    chunk = compose_chunk(0, settings(chunk=4, pool=4), grade=WORDS)
    assert set(np.unique(chunk.kinds)) <= {"category", "attribute", "category phrase", "attribute phrase"}
