"""The static figure: phrase, picture, heat, mask, every pass and every word on one sheet. Matplotlib without pyplot."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from iterprime_xai.records.grounding import Grounding
from iterprime_xai.records.writing import write_whole
from iterprime_xai.visualize import describe, panels
from iterprime_xai.visualize.blocks import footer_block, header_block, main_block, pass_block, word_block
from iterprime_xai.visualize.lettering import SETTINGS
from iterprime_xai.visualize.panels import Canvas
from iterprime_xai.visualize.sheet import stacked

DOTS_PER_INCH = 130


def figure(grounding: Grounding) -> Any:
    """Draw a grounding on a new matplotlib ``Figure`` (object interface, no global state) and return it."""
    from matplotlib import rc_context

    canvas = Canvas.of(grounding.image, grounding.mask, longest=1100)
    with rc_context(SETTINGS):
        blocks = [header_block(grounding), main_block(grounding, canvas)]
        small = Canvas(np.asarray(panels.sized(grounding.image, 420)), canvas.width, canvas.height, canvas.outlines)
        if not describe.by_choice(grounding):
            blocks.append(pass_block(grounding, small))
        if grounding.words:
            blocks.append(word_block(grounding, small))
        blocks.append(footer_block(grounding))
        return stacked(blocks, gap=0.3)


def png_bytes(grounding: Grounding, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """The figure as a PNG with its alternative text in the metadata."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    drawn = figure(grounding)
    FigureCanvasAgg(drawn)
    metadata = {
        "Title": describe.one_line(grounding.expression.text),
        "Description": describe.alt_text(grounding),
        "Software": "iterprime_xai",
    }
    buffer = io.BytesIO()
    with rc_context(SETTINGS):
        drawn.savefig(buffer, format="png", dpi=dots_per_inch, metadata=metadata)
    return buffer.getvalue()


def to_png(grounding: Grounding, path: str | Path) -> Path:
    """Write the figure to a PNG file, whole or not at all, and return its path.

    Missing folders are made. Raises ``StorageError`` when the folder cannot be written or the disk is full.
    """
    return write_whole(path, png_bytes(grounding))
