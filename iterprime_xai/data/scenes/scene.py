"""What a scene is: things with a place, a size and a colour, back to front, on a background."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from iterprime_xai.data.scenes.sprites import aspect


@dataclass(frozen=True, slots=True)
class Thing:
    """One drawing. ``x`` and ``y`` are its centre and ``extent`` its longest side, all as shares of the picture."""

    noun: str
    colour: str
    size: str
    x: float
    y: float
    extent: float
    flipped: bool = False


@dataclass(frozen=True, slots=True)
class Background:
    """``kind`` is flat, gradient, texture or clutter; ``colours`` are RGB, 0 to 255; ``seed`` fixes its pattern."""

    kind: str
    colours: tuple[tuple[int, int, int], ...]
    seed: int


@dataclass(frozen=True)
class Scene:
    """Things from back to front on a background.

    ``atlas`` names the artist. ``hidden`` lists (front, back, share): how much of one thing's pixels another one in
    front of it covers, where it covers any. ``split``, ``seed`` and ``index`` say where the scene came from.
    """

    things: tuple[Thing, ...]
    background: Background
    atlas: str = "main"
    hidden: tuple[tuple[int, int, float], ...] = ()
    split: str = "val"
    seed: int = 0
    index: int = 0

    @cached_property
    def spans(self) -> tuple[tuple[float, float], ...]:
        """(width, height) of every thing's visible drawing as shares of the picture."""
        shapes = (aspect(self.atlas, thing.noun) for thing in self.things)
        return tuple((thing.extent * w, thing.extent * h) for thing, (w, h) in zip(self.things, shapes, strict=True))

    @cached_property
    def memory(self) -> dict[object, object]:
        """What ``truth`` has already worked out about this scene."""
        return {}

    @property
    def name(self) -> str:
        """A name that no other scene has."""
        return f"{self.split}-{self.seed}-{self.index:06d}"
