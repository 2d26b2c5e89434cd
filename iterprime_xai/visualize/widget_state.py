"""What the live widget shows, as plain data: the picture once, every map on its coarse grid, and the words to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from iterprime_xai.records.grounding import Grounding, Pass, WordMap
from iterprime_xai.visualize import colours, describe
from iterprime_xai.visualize.contours import contours
from iterprime_xai.visualize.encoded import fitting, jpeg

LONGEST = 1024
"""Longer side of the picture that is sent, in pixels."""


@dataclass(frozen=True)
class WidgetState:
    """Everything the browser needs: no question goes back to the kernel.

    ``picture`` is a JPEG. ``maps`` holds all maps one after the other as little-endian float32, each of the grid in
    ``info``; ``tables`` the sequential and the diverging colour table as 2 x 256 x 3 bytes. ``info`` is JSON.
    """

    picture: bytes
    maps: bytes
    tables: bytes
    info: dict[str, Any]


def widget_state(grounding: Grounding) -> WidgetState:
    """The state of a widget that shows ``grounding``."""
    maps: list[np.ndarray] = []

    def add(heatmap: np.ndarray) -> int:
        maps.append(np.asarray(heatmap, dtype="<f4"))
        return len(maps) - 1

    chosen = describe.final_pass(grounding)
    result = add(grounding.heatmap)
    matches = describe.probabilities(grounding.passes)
    looks = [_look(grounding, look, match, add) for look, match in zip(grounding.passes, matches, strict=True)]
    expression = grounding.expression
    info = {
        "size": list(grounding.image.size),
        "grid": list(grounding.heatmap.shape),
        "phrase": [{"text": describe.safe(piece.text), "word": piece.word} for piece in describe.pieces(expression)],
        "primary": expression.primary,
        "result": {"heat": result, "pass": chosen, "note": describe.safe(" ".join(describe.headline(grounding)[1:]))},
        "passes": looks,
        "matchWord": describe.match_word(grounding),
        "outline": outline_of(grounding.mask),
        "alt": describe.alt_text(grounding),
        "caveats": [describe.safe(line) for line in describe.caveats(grounding.trace)],
        "settings": describe.safe(describe.main_settings(grounding)),
        "drawing": {
            "opacity": colours.OPACITY,
            "coldOpacity": colours.COLD_OPACITY,
            "fade": colours.FADE,
            "signedFrom": colours.SIGNED_FROM,
            "darkTextFrom": describe.DARK_TEXT_FROM,
        },
    }
    tables = np.stack([colours.sequential(), colours.diverging()]).tobytes()
    return WidgetState(jpeg(fitting(grounding.image, LONGEST)), np.stack(maps).tobytes(), tables, info)


def _look(grounding: Grounding, look: Pass, match: str, add: Any) -> dict[str, Any]:
    expression = grounding.expression
    by_span = {word.span: add(word.heatmap) for word in look.words}
    return {
        "heat": add(look.heatmap),
        "blend": add(look.blended),
        "words": [by_span.get(word.span) for word in expression.words],
        "shades": list(describe.shading(expression, look.words)),
        "shares": _shares(grounding, look.words),
        "probability": look.probability if math.isfinite(look.probability) else None,
        "match": match,
        "hidden": np.flatnonzero(~look.keep).tolist(),
        "seen": describe.hidden(look),
        "accepted": bool(look.accepted),
        "status": describe.status(look),
        "stopped": None if look.stopped is None else describe.safe(look.stopped),
    }


def _shares(grounding: Grounding, words: tuple[WordMap, ...]) -> list[str | None]:
    held = {word.span: describe.percent(share) for word, share in zip(words, describe.shares(words), strict=True)}
    return [held.get(word.span) for word in grounding.expression.words]


def outline_of(mask: np.ndarray | None) -> list[list[float]]:
    """A mask's outlines as flat lists x, y, x, y, ... in pixels of the picture; none for no mask."""
    if mask is None:
        return []
    tolerance = max(0.25, max(mask.shape) / 3000)
    return [np.round(points.ravel(), 1).tolist() for points in contours(mask, tolerance)]
