"""Sheets of small pictures: the right number of panels, honest scales, a text for those who do not see them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.reports import sheets
from iterprime_xai.reports.sheets import Panel


def pixels(picture: sheets.Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.content))).astype(int)


@pytest.fixture
def two(grounding):
    g = grounding()
    return g, [Panel("strong", heatmap=g.heatmap), Panel("weak", heatmap=g.heatmap / 50)]


def halves(picture):
    drawn = pixels(picture)
    half = drawn.shape[1] // 2
    return drawn[:, :half], drawn[:, half : 2 * half]


def yellow(drawn) -> int:
    """Pixels in the hottest colours."""
    red, green, blue = np.moveaxis(drawn, -1, 0)
    return int(((red > 180) & (green > 160) & (blue < 110)).sum())


def test_on_one_scale_a_weak_map_looks_weak_and_on_its_own_it_does_not(two):
    g, panels = two
    strong, weak = halves(sheets.sheet(g.image, panels, alt="x", columns=2, shared=True))
    assert yellow(strong) > 200
    assert yellow(weak) < 0.02 * yellow(strong)
    strong, weak = halves(sheets.sheet(g.image, panels, alt="x", columns=2))
    assert yellow(weak) > 0.5 * yellow(strong) > 100


def test_more_panels_make_more_rows(two):
    g, panels = two
    one, three = (sheets.sheet(g.image, panels * count, alt="x", columns=2) for count in (1, 3))
    assert pixels(three).shape[0] > 2.5 * pixels(one).shape[0]


def test_hidden_patches_are_marked(two):
    g, (panel, _) = two
    keep = np.ones(g.heatmap.shape, bool)
    plain = pixels(sheets.sheet(g.image, [Panel("a", heatmap=panel.heatmap, keep=keep)], alt="x"))
    keep[:7] = False
    hatched = pixels(sheets.sheet(g.image, [Panel("a", heatmap=panel.heatmap, keep=keep)], alt="x"))
    assert plain.shape == hatched.shape
    assert (np.abs(plain - hatched).sum(-1) > 60).mean() > 0.2


def test_word_maps_name_every_word_with_its_share(grounding):
    alt = sheets.word_maps(grounding()).alt
    assert "ball (primary): 28 % of the heat" in alt
    assert "tree" in alt
    assert "tree" not in sheets.word_maps(grounding(), most=2).alt


def test_candidates_are_drawn_in_order_with_their_scores(grounding):
    alt = sheets.candidates(grounding()).alt
    assert "1. proposal 0 (the answer): score 0.83, 2. proposal 1: score 0.34" in alt
    assert "no proposals" in sheets.candidates(grounding(mask=False)).alt


def test_a_picture_shows_itself_as_a_small_jpeg_with_its_text(grounding):
    shown = sheets.photo(grounding(size=(2000, 1000)).image, "a meadow")
    data, metadata = shown._repr_mimebundle_()
    assert set(data) == {"image/jpeg", "text/plain"}
    assert metadata["image/jpeg"]["alt"] == repr(shown) == "a meadow"
    assert pixels(shown).shape == (320, 640, 3)
