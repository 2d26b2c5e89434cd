"""Asking a model many things in batches that fit into memory."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import torch

from iterprime_xai.models.matcher import Ask, ImageTextMatcher, ImageTokens, Match

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.models.reading_matcher import ReadingMatcher

Given = TypeVar("Given")
Found = TypeVar("Found")

TEXTS, IMAGES = 64, 16
"""Texts and images in a batch to begin with on a CPU: beyond it nothing gets faster, while the graph grows with every text."""

ON_GPU = 1024, 32
"""The same elsewhere, where few texts leave the cores waiting for orders."""

MEMORY_RAN_OUT = ("out of memory", "ALLOC_FAILED", "can't allocate memory", "not enough memory")
"""What PyTorch says: CUDA's libraries and MPS, the CPU on Linux and macOS, the CPU on Windows."""


class Cutting:
    """Cuts work into batches, halves them for good when memory runs out, and says so each time.

    ``most`` says how many of what are worked on at once at most.
    """

    def __init__(self, **most: int) -> None:
        self.most = most

    def cut(self, what: str, given: Sequence[Given], work: Callable[[list[Given]], Sequence[Found]]) -> list[Found]:
        """What ``work`` finds for each of ``given``, in order; of ``given`` only one batch is taken at a time."""
        found: list[Found] = []
        while len(found) < len(given):
            some = [given[place] for place in range(len(found), min(len(given), len(found) + self.most[what]))]
            try:
                found += work(some)
                continue
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if len(some) == 1 or not ran_out_of_memory(error):
                    raise
            # Behind the block, where the error no longer holds on to what filled the memory.
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self.most[what] = len(some) // 2
            warnings.warn(
                f"{len(some)} {what} at once do not fit into memory; going on with {self.most[what]}.", stacklevel=4
            )
        return found


class Batches(Cutting):
    """A matcher asked in batches: ``texts`` are matched at once at most, and ``images`` encoded."""

    def __init__(self, matcher: ImageTextMatcher, texts: int | None = None, images: int | None = None) -> None:
        usual = (TEXTS, IMAGES) if on_cpu(matcher) else ON_GPU
        super().__init__(texts=texts or usual[0], images=images or usual[1])
        self.matcher = matcher

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> list[Match]:
        """:meth:`ImageTextMatcher.match_all`, in batches."""
        return self.cut("texts", asks, lambda some: self.matcher.match_all(some, layers=layers))

    def encode_images(self, images: Sequence[Image.Image]) -> list[ImageTokens]:
        """:meth:`ImageTextMatcher.encode_images`, in batches."""
        return self.cut("images", images, self.matcher.encode_images)

    def encode_pixels(self, pixels: Sequence[torch.Tensor]) -> list[ImageTokens]:
        """Images whose pixels were prepared ahead, each (1, 3, side, side), in batches."""
        matcher = cast("ReadingMatcher", self.matcher)
        return self.cut("images", pixels, lambda some: matcher.encode_pixels(torch.cat(some)))


def on_cpu(matcher: object) -> bool:
    """Whether a matcher computes on the CPU, which one that does not say so is taken to do."""
    return getattr(matcher, "device", torch.device("cpu")).type == "cpu"


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether this error means that memory ran out; on the CPU PyTorch has no error class of its own for it."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in MEMORY_RAN_OUT)
