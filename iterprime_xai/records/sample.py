"""One referring expression of a data set, with its picture and its truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image


@dataclass(frozen=True, eq=False)
class Sample:
    """What a data set knows of one expression.

    ``image`` is a path or an upright RGB picture. ``mask`` is the gold mask (bool, height x width) or ``None``
    where it is not known. ``others`` are the masks of the other annotated things in the picture and
    ``other_categories`` their names. ``tags`` holds ``split``, ``kind`` of expression, ``domain`` and ``category``;
    scenes add ``primary`` (the gold primary word) and ``context`` (context words, comma-separated).
    """

    id: str
    image: Path | Image.Image
    text: str
    mask: np.ndarray | None = None
    others: tuple[np.ndarray, ...] = ()
    other_categories: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
