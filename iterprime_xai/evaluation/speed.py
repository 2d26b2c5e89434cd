"""How long one model takes on this machine: encoding a picture, its first phrase, a further one, and several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from iterprime_xai.models import Ask
from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.models import ImageTextMatcher


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: seconds, the median of ``repeats`` and the fastest and slowest of them; the first call of all is not counted."""

    name: str
    seconds: float
    fastest: float
    slowest: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Every stage, on ``device`` with ``threads`` torch threads; ``tokens`` of each phrase, special ones included."""

    stages: tuple[Stage, ...]
    tokens: tuple[int, ...]
    device: str
    threads: int


def measure_speed(
    matcher: ImageTextMatcher, picture: Image.Image, phrases: Sequence[str], layer: int, repeats: int = 9
) -> Speed:
    """Time a matcher on one picture.

    "First phrase" has to compute what the text asks of the picture in every layer, which further phrases find there. Both include
    the gradient down to ``layer``, as Grad-CAM needs it; "match alone" does not.

    Raises ``OptionError`` for no phrase or no repeat.
    """
    import torch

    if not phrases or repeats < 1:
        raise OptionError(
            f"At least one phrase and one repeat are needed, but got {len(phrases)} phrases and {repeats} repeats."
        )
    texts = [matcher.tokenize(each) for each in phrases]
    warm = matcher.encode_image(picture)
    matcher.match(warm, texts[0], layers=(layer,))

    def fresh() -> Any:
        return matcher.encode_image(picture)

    def nothing() -> Any:
        return warm

    asks = [Ask(warm, each) for each in texts]
    ways: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
        "encode the picture": (nothing, lambda _: matcher.encode_image(picture)),
        "first phrase": (fresh, lambda tokens: matcher.match(tokens, texts[0], layers=(layer,))),
        "a further phrase": (nothing, lambda tokens: matcher.match(tokens, texts[0], layers=(layer,))),
        "match alone, without a map": (nothing, lambda tokens: matcher.match(tokens, texts[0])),
    }
    if len(texts) > 1:
        ways[f"{len(texts)} phrases at once"] = (nothing, lambda _: matcher.match_all(asks, layers=(layer,)))
    cuda = torch.cuda.is_available()
    stages = []
    for name, (before, work) in ways.items():
        work(before())
        seconds = [_timed(before(), work, cuda) for _ in range(repeats)]
        stages.append(Stage(name, median(seconds), min(seconds), max(seconds), repeats))
    device = str(matcher.describe().get("device", ""))
    return Speed(tuple(stages), tuple(len(each) for each in texts), device, torch.get_num_threads())


def _timed(given: Any, work: Callable[[Any], object], cuda: bool) -> float:
    import torch

    if cuda:
        torch.cuda.synchronize()
    began = perf_counter()
    work(given)
    if cuda:
        torch.cuda.synchronize()
    return perf_counter() - began
