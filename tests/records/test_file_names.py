"""A slug is a part of a file name on every system, whatever the text."""

from __future__ import annotations

import pytest

from iterprime_xai.records.file_names import slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The red dog!", "the-red-dog"),
        ("../../etc/passwd", "etc-passwd"),
        ("собака 左边", "собака-左边"),
        ("COM¹", "com1"),
        ("a\0b\nc\udc80d\u202ee", "a-b-c-d-e"),
        ("🦊", ""),
        ("", ""),
    ],
)
def test_letters_and_numbers_stay_and_all_else_becomes_a_hyphen(text, expected):
    assert slug(text, 40) == expected


def test_it_is_cut_in_bytes_between_two_characters():
    assert slug("ü" * 40, 9) == "ü" * 4
    assert slug("abc def", 4) == "abc"
