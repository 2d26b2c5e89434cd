"""The files of a result are named after picture and phrase."""

from __future__ import annotations

import pytest

from iterprime_xai.cli.naming import file_stem


@pytest.mark.parametrize(
    ("phrase", "picture", "stem"),
    [
        ("the bike left of the tree", None, "the-bike-left-of-the-tree"),
        ("The red dog!", "My Photo.JPG", "my-photo-the-red-dog"),
        ("собака слева", "été/Über.png", "über-собака-слева"),
        ("左边的狗", None, "左边的狗"),
        ("nul", None, "phrase-nul"),
        ("COM¹", None, "phrase-com1"),
        ("?!", "...", "picture-phrase"),
    ],
)
def test_the_files_are_named_after_picture_and_phrase(phrase, picture, stem):
    assert file_stem(phrase, picture) == stem


def test_the_name_of_the_files_stays_short():
    assert len(file_stem("the dog " * 60, "p" * 300 + ".png")) <= 181
    assert len(file_stem("左边的狗" * 60, "ü" * 200 + ".png").encode("utf-8")) <= 181
