"""The one door from a record to its picture: records import nothing from above, so the renderer is found by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

RENDERER = "iterprime_xai.visualize.renderer"
"""Module that draws records; imported only when something is drawn."""


CAPTION_RENDERER = "iterprime_xai.visualize.caption_sheet"
"""Module that draws the maps of a caption's words."""


class Renderer(Protocol):
    """What a module must offer to draw a grounding or an atlas."""

    def show(self, grounding: Any) -> Any: ...

    def live(self, grounding: Any, ask: Callable[[str], Any]) -> Any: ...

    def to_png(self, grounding: Any, path: str | Path) -> Path: ...

    def to_html(self, grounding: Any) -> str: ...

    def to_fragment(self, grounding: Any) -> str: ...

    def show_atlas(self, atlas: Any) -> Any: ...

    def atlas_to_png(self, atlas: Any, path: str | Path) -> Path: ...


def renderer() -> Renderer:
    """The module that draws records, imported on first use."""
    return import_module(RENDERER)  # type: ignore[return-value]


class CaptionRenderer(Protocol):
    """What a module must offer to draw the maps of a caption's words."""

    def show(self, maps: Any) -> Any: ...

    def to_png(self, maps: Any, path: str | Path) -> Path: ...

    def to_fragment(self, maps: Any) -> str: ...


def caption_renderer() -> CaptionRenderer:
    """The module that draws the maps of a caption's words, imported on first use."""
    return import_module(CAPTION_RENDERER)  # type: ignore[return-value]
