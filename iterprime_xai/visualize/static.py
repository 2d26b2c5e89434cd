"""The static figure as something that notebooks show: a JPEG with its alternative text, and a line of plain text."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize.describe import alt_text
from iterprime_xai.visualize.encoded import jpeg
from iterprime_xai.visualize.figure import png_bytes

DOTS_PER_INCH = 90
"""Resolution of the embedded figure: 1062 pixels wide, so that a saved notebook stays small."""


def figure_jpeg(grounding: Grounding) -> bytes:
    """The figure as a JPEG, several times smaller than the PNG."""
    return jpeg(Image.open(io.BytesIO(png_bytes(grounding, DOTS_PER_INCH))), quality=80)


def figure_bundle(grounding: Grounding) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figure as Jupyter's (data, metadata): a JPEG, plain text, and the alternative text for nbconvert."""
    from base64 import b64encode

    text = alt_text(grounding)
    picture = b64encode(figure_jpeg(grounding)).decode("ascii")
    return {"image/jpeg": picture, "text/plain": text}, {"image/jpeg": {"alt": text}}


@dataclass(frozen=True, eq=False)
class StaticFigure:
    """A grounding's figure. Notebooks show it as a picture; a terminal shows it as a sentence.

    ``hint`` is a sentence shown with it, such as how to get the live widget.
    """

    grounding: Grounding
    hint: str = ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = figure_bundle(self.grounding)
        return data | {"text/plain": repr(self)}, metadata

    def _repr_jpeg_(self) -> bytes:
        return figure_jpeg(self.grounding)

    def __repr__(self) -> str:
        return f"{alt_text(self.grounding)} {self.hint}".strip()
