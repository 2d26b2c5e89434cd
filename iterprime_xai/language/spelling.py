"""Slips of the fingers: which listed word a misspelled one was meant to be."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from iterprime_xai.language import nouns

_CLOSED = tuple(
    """
left right bottom middle center upper lower front third second fourth first behind between beside under above below without
holding wearing sitting standing walking riding eating looking leaning facing carrying sleeping swinging smiling talking
drinking crouching kneeling closest nearest farthest furthest largest biggest smallest tallest white black green brown yellow
orange purple striped little small large parked covered background someone other number
""".split()
)


@lru_cache(maxsize=8192)
def repair(word: str) -> str:
    """The closed-class or very common word that ``word`` misspells by one slip, or an empty string.

    Slips: two letters swapped, one left out, one doubled or added; one replaced only in words of six letters or more.
    """
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return ""
    for target in _CLOSED:
        if len(word) == len(target) + 1 and _once_doubled(word, target):
            return target
        if abs(len(target) - len(word)) <= 1 and len(target) >= 5 and word[0] == target[0] and one_slip(word, target):
            return target
    return ""


def _once_doubled(word: str, target: str) -> bool:
    return any(a == b and word[:i] + word[i + 1 :] == target for i, (a, b) in enumerate(pairwise(word)))


_COMMON = tuple(sorted(nouns.PEOPLE | nouns.ANIMALS | nouns.CLOTHING))


@lru_cache(maxsize=8192)
def repair_noun(word: str) -> str:
    """The person, animal or worn thing that ``word`` misspells by one slip: it decides how compounds are cut."""
    if len(word) < 4 or not word.isalpha():
        return ""
    for target in _COMMON:
        if abs(len(target) - len(word)) <= 1 and len(target) >= 5 and word[0] == target[0] and one_slip(word, target):
            return target
    return ""


def one_slip(word: str, target: str) -> bool:
    """Whether one slip of the fingers turns ``target`` into ``word``."""
    if len(word) == len(target):
        wrong = [i for i, (a, b) in enumerate(zip(word, target, strict=True)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
            return word[wrong[0]] == target[wrong[1]] and word[wrong[1]] == target[wrong[0]]
        return len(wrong) == 1 and len(target) >= 6
    short, long = sorted((word, target), key=len)
    if len(word) > len(target) and word == target + "s":
        return False
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
