"""Groundings to look at: static figure, web page and live widget, all drawn from the records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iterprime_xai.records.grounding import Grounding


def widget(grounding: Grounding) -> Any:
    """The live widget. Raises ``MissingExtraError`` without the notebook extra; ``Grounding.show()`` never does."""
    from iterprime_xai.visualize.live_widget import widget as build

    return build(grounding)
