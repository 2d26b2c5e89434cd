"""Known words on photographs: what is asked, what is left out, and what is counted."""

from __future__ import annotations

import pytest
from PIL import Image

from iterprime_xai.data.scenes.vocabulary import NOUN_INDEX
from iterprime_xai.data.scenes.wording import vocabulary_words
from iterprime_xai.evaluation.photographs import (
    PACKAGED,
    PHRASES,
    PhotographRow,
    packaged_photographs,
    photographs_in,
    photographs_markdown,
    summarise,
)
from iterprime_xai.records import ImageInputError


def test_sixty_phrases_of_known_words_about_known_nouns():
    known = set(vocabulary_words())
    assert len(PHRASES) == 60
    assert {word for text in PHRASES for word in text.split()} <= known
    assert {noun for _, noun in PHRASES.values()} <= set(NOUN_INDEX)
    assert {noun for shown in PACKAGED.values() for noun in shown} <= set(NOUN_INDEX)


def test_at_least_ten_photographs_travel_in_the_packages():
    found = packaged_photographs()
    assert len(found) >= 10
    assert {each.image.mode for each in found} == {"RGB"}
    assert all(min(each.image.size) > 100 for each in found)


def test_a_folder_is_read_by_name_and_an_empty_one_refused(tmp_path):
    for name in ("b.png", "a.JPG", "notes.txt"):
        if not name.endswith("txt"):
            Image.new("RGB", (8, 8)).save(tmp_path / name)
    assert [each.name for each in photographs_in(tmp_path)] == ["a.JPG", "b.png"]
    with pytest.raises(ImageInputError, match="holds no"):
        photographs_in(tmp_path / "none")


def test_what_is_shown_is_left_out_and_the_threshold_counts_as_a_match():
    rows = [
        PhotographRow("cat.png", "category", "a cat", True, 0.9),
        PhotographRow("cat.png", "category", "a dog", False, 0.6),
        PhotographRow("cat.png", "position", "the left dog", False, 0.1),
        PhotographRow("sea.png", "category", "a cat", False, 0.2),
        PhotographRow("sea.png", "category", "a dog", False, 0.59),
    ]
    found = {each.name: each for each in summarise(rows, 0.6)}
    assert list(found) == ["all", "category", "position", "cat.png", "sea.png"]
    assert (found["all"].matches.mean, found["all"].highest, found["all"].count) == (0.25, 0.6, 4)
    assert found["cat.png"].matches.mean == 0.5
    assert found["sea.png"].matches.mean == 0.0
    assert "| sea.png | 0.000 | 0.590 | 2 |" in photographs_markdown(list(found.values()))
