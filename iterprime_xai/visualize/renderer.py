"""Draws records: the module that ``iterprime_xai.records.rendering`` names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.records.grounding import Grounding

if TYPE_CHECKING:
    from iterprime_xai.saliency.atlas import Atlas

NO_WIDGET = 'For the live widget: pip install "iterprime-xai[notebook]" and restart the kernel.'
OUTSIDE = "Write it to a file with .to_png(path), or show it in a Jupyter notebook."


def show(grounding: Grounding) -> Any:
    """A live widget in a Jupyter kernel that has anywidget; elsewhere the static figure."""
    return _shown(grounding, lambda live_widget: live_widget.widget(grounding))


def live(grounding: Grounding, ask: Callable[[str], Grounding]) -> Any:
    """The same, with a field for other phrases, which ``ask`` grounds."""
    return _shown(grounding, lambda live_widget: live_widget.GroundingWidget(grounding, ask))


def _shown(grounding: Grounding, build: Callable[[Any], Any]) -> Any:
    from iterprime_xai.visualize.static import StaticFigure

    def live_view() -> Any:
        from iterprime_xai.visualize import live_widget

        return build(live_widget)

    return live_or(lambda hint: StaticFigure(grounding, hint), live_view)


def live_or(still: Callable[[str], Any], live_view: Callable[[], Any]) -> Any:
    """What ``live_view`` makes in a Jupyter kernel that has anywidget; elsewhere what ``still`` makes, given the reason."""
    if not _in_jupyter():
        return still(OUTSIDE)
    if find_spec("anywidget") is None:
        return still(NO_WIDGET)
    return live_view()


def to_png(grounding: Grounding, path: str | Path) -> Path:
    """Draw the static figure into a PNG file, whole or not at all. Raises ``StorageError``."""
    from iterprime_xai.visualize import figure

    return figure.to_png(grounding, path)


def to_html(grounding: Grounding) -> str:
    """A self-contained page with everything about one grounding."""
    from iterprime_xai.visualize import page

    return page.to_html(grounding)


def to_fragment(grounding: Grounding) -> str:
    """A short piece of HTML: the static figure, for notebooks and GitHub."""
    from iterprime_xai.visualize import page

    return page.to_fragment(grounding)


def show_atlas(atlas: Atlas) -> Any:
    """The atlas as a picture that notebooks show."""
    from iterprime_xai.visualize.atlas import ShownAtlas

    return ShownAtlas(atlas)


def atlas_to_png(atlas: Atlas, path: str | Path) -> Path:
    """Draw an atlas into a PNG file, whole or not at all. Raises ``StorageError``."""
    from iterprime_xai.visualize.atlas import to_png as write

    return write(atlas, path)


def _in_jupyter() -> bool:
    """Whether this is a Jupyter kernel, found without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
