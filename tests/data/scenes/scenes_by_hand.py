"""Small scenes whose truths can be read off the numbers."""

from __future__ import annotations

from iterprime_xai.data.scenes import Background, Thing, compose

PLAIN = Background("flat", ((170, 170, 170),), 0)

TWO_BIKES = compose(
    [
        Thing("tree", "green", "large", 0.5, 0.4, 0.4),
        Thing("bike", "red", "medium", 0.2, 0.5, 0.25),
        Thing("bike", "blue", "medium", 0.8, 0.5, 0.25),
    ],
    PLAIN,
)
"""0: tree in the middle; 1: red bike left of it; 2: blue bike right of it."""

ROW = compose(
    [
        Thing("cat", "red", "small", 0.1, 0.5, 0.16),
        Thing("cat", "green", "medium", 0.35, 0.5, 0.25),
        Thing("cat", "blue", "large", 0.75, 0.5, 0.4),
    ],
    PLAIN,
)
"""Three cats in a row, each larger than the one before."""
