"""Rows of the quality table for one split of the scenes, measured by one or several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from iterprime_xai.data.scenes import MatchingPair, matching_pairs, samples
from iterprime_xai.evaluation.looking import LookRow, by_picture, look
from iterprime_xai.evaluation.matching import PairRow, matcher_score, score_pair
from iterprime_xai.evaluation.presence import PhraseRow, PhrasesOfPicture, phrases, score_phrases
from iterprime_xai.evaluation.ways import Way
from iterprime_xai.evaluation.workers import Crew
from iterprime_xai.models import load_matcher
from iterprime_xai.records.sample import Sample

Row = TypeVar("Row")
Seen = Callable[[int], object]
"""Told after every picture how many rows it gave: a progress bar's ``update``."""


def crew(model: str, workers: int = 1) -> Crew:
    """Processes that loaded ``model`` (bundled name, folder or hub id) on the CPU, each with one torch thread."""
    return Crew(partial(_load, str(model)), workers)


def look_rows(
    workers: Crew,
    split: str,
    count: int,
    ways: Sequence[Way],
    seed: int = 0,
    *,
    classical: bool = True,
    seen: Seen | None = None,
) -> list[LookRow]:
    """``count`` expressions of a split, each looked at in every way; see `looking.look`."""
    work = partial(_look, ways=tuple(ways), classical=classical)
    return _collect(workers.each(work, by_picture(samples(split, count, seed))), seen)


def pair_rows(workers: Crew, split: str, count: int, seed: int = 0, *, seen: Seen | None = None) -> list[PairRow]:
    """``count`` pairs of a true text and its false twin, one pair a picture."""
    return _collect(workers.each(partial(_pair, split=split), matching_pairs(split, count, seed)), seen)


def phrase_rows(workers: Crew, split: str, count: int, seed: int = 0, *, seen: Seen | None = None) -> list[PhraseRow]:
    """``count`` pairs of a phrase of something present and one of something absent: two rows each."""
    return _collect(workers.each(_phrases, phrases(split, count, seed)), seen)


def _load(model: str) -> Any:
    import torch

    torch.set_num_threads(1)
    return load_matcher(model, device="cpu")


def _look(matcher: Any, found: list[Sample], ways: tuple[Way, ...], classical: bool) -> list[LookRow]:
    return look(matcher, found, ways, classical=classical)


def _pair(matcher: Any, pair: MatchingPair, split: str) -> list[PairRow]:
    return [score_pair(matcher_score(matcher), pair, split)]


def _phrases(matcher: Any, picture: PhrasesOfPicture) -> list[PhraseRow]:
    return score_phrases(matcher_score(matcher), picture)


def _collect(results: Iterable[list[Row]], seen: Seen | None) -> list[Row]:
    found: list[Row] = []
    for rows in results:
        found += rows
        if seen is not None:
            seen(len(rows))
    return found
