"""The curriculum: words first, then places, then everything."""

from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.data.scenes import generate, statement_pairs
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
    pairs = graded_pairs(_scene(2, 3), np.random.default_rng(0), 12, grade)
    assert len(pairs) > 3
    assert {pair.kind for pair in pairs} <= set(grade.kinds or ())


def test_crowded_scenes_wait_for_their_grade():
    crowded = _scene(6, 8)
    assert graded_pairs(crowded, np.random.default_rng(0), 4, WORDS) == []
    assert len(graded_pairs(crowded, np.random.default_rng(0), 4, EVERYTHING)) == 4


def test_everything_is_what_the_scenes_give():
    scene = _scene(3, 8)
    ours = graded_pairs(scene, np.random.default_rng(5), 6, EVERYTHING)
    assert ours == statement_pairs(scene, np.random.default_rng(5), 6)


def test_easy_chunks_of_a_training_hold_words_only(settings):
    chunk = compose_chunk(0, settings(chunk=4, pool=4), grade=WORDS)
    assert set(np.unique(chunk.kinds)) <= {"category", "attribute"}
