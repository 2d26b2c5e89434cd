"""Work on many pictures: those that follow each other together, and the next ones prepared while these are looked at, if asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from os import PathLike
from typing import Any, TypeVar

from iterprime_xai.records import IterprimeError

Given = TypeVar("Given")
Made = TypeVar("Made")
Found = TypeVar("Found")

Window = list[tuple[Any, list[str]]]
"""Images, each with the texts asked of it."""


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


def in_windows(
    pairs: Iterable[tuple[Any, str]],
    size: int,
    prepare: Callable[[Window], Made],
    look: Callable[[Made], list[Found]],
    *,
    prefetch: bool,
) -> Iterator[Found]:
    """What is found for each pair, in order: ``size`` images at a time are looked at, with ``prefetch`` while the next ones
    are prepared.

    An error of a pair, or of ``pairs`` itself, is raised after everything before it was yielded: where a window cannot be prepared
    or looked at as a whole, its pairs are taken one by one.
    """
    broken: list[Exception] = []

    def whole() -> Iterator[tuple[Any, str]]:
        try:
            yield from pairs
        except Exception as error:
            broken.append(error)

    def try_to_prepare(window: Window) -> tuple[Window, Made | None]:
        try:
            return window, prepare(window)
        except IterprimeError:
            return window, None

    for window, prepared in (ahead if prefetch else map)(try_to_prepare, batched(by_image(whole()), size)):
        found = None
        if prepared is not None:
            with suppress(IterprimeError):
                found = look(prepared)
        if found is not None:
            yield from found
            continue
        for image, texts in window:
            for text in texts:
                yield from look(prepare([(image, [text])]))
    if broken:
        raise broken[0]
