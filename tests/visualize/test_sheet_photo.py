"""A picture on a sheet, dot for dot, and lines in the picture's own coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle

from iterprime_xai.visualize.sheet import Sheet


def painted(sheet):
    canvas = FigureCanvasAgg(sheet.figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


@pytest.mark.parametrize(("left", "top"), [(0.0, 0.0), (0.237, 0.118)])
def test_every_dot_of_the_picture_is_on_the_paper_as_it_is(left, top):
    sheet = Sheet(1.5, 100)
    photo = sheet.photo(left, top, 0.6, 0.4, (30, 20))
    assert photo.dots == (60, 40)
    pixels = np.random.default_rng(0).integers(0, 200, (40, 60, 3), dtype=np.uint8)
    photo.show(pixels)
    paper = painted(sheet)
    rows, columns = (np.flatnonzero((paper < 255).any(2).any(axis)) for axis in (1, 0))
    assert np.array_equal(paper[rows[0] : rows[0] + 40, columns[0] : columns[0] + 60], pixels)
    assert (len(rows), len(columns)) == (40, 60)
    # 0.4 in of margin; a place between two dots goes to the nearest.
    assert abs(columns[0] - (0.4 + left) * 100) <= 1
    assert abs(rows[0] - (0.4 + top) * 100) <= 1


def test_what_is_drawn_stands_where_the_pictures_pixels_are():
    sheet = Sheet(1.5, 100)
    photo = sheet.photo(0, 0, 0.6, 0.4, (30, 20))  # two dots a pixel
    photo.show(np.zeros((40, 60, 3), np.uint8))
    photo.add_patch(Rectangle((20, 2), 5, 3, facecolor="#00ff00", linewidth=0, antialiased=False))
    paper = painted(sheet)
    rows, columns = (np.flatnonzero((paper == (0, 255, 0)).all(2).any(axis)) for axis in (1, 0))
    assert (columns[0], columns[-1]) == (40 + 40, 40 + 49)
    assert (rows[0], rows[-1]) == (40 + 4, 40 + 9)


def test_a_picture_is_never_less_than_one_dot():
    assert Sheet(1, 100).photo(0, 0, 0.001, 0.001, (3, 3)).dots == (1, 1)
