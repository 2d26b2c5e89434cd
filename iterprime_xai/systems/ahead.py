"""Work on many pictures: those that follow each other together, and the next ones prepared while these are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from os import PathLike
from typing import Any, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def by_image(pairs: Iterable[tuple[Any, str]]) -> Iterator[tuple[Any, list[str]]]:
    """Each image with the texts asked of it: pairs that follow each other and name the same file or hold the same object."""
    image: Any = None
    texts: list[str] = []
    for other, text in pairs:
        if texts and not _same(image, other):
            yield image, texts
            texts = []
        image = other
        texts.append(text)
    if texts:
        yield image, texts


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str | PathLike) and isinstance(other, str | PathLike):
        return str(one) == str(other)
    return one is other


def batched(given: Iterable[Given], size: int) -> Iterator[list[Given]]:
    """Lists of ``size``, the last one perhaps shorter."""
    rest = iter(given)
    while some := list(islice(rest, size)):
        yield some


def ahead(make: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """``make`` of each, in order, the next one under way in a thread; its error is raised when its turn comes."""
    with ThreadPoolExecutor(1) as executor:
        coming = None
        for each in given:
            following = executor.submit(make, each)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()
