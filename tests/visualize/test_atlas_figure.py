"""The drawn atlas: every head has its panel, what points is marked, and odd maps draw without a warning."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
from handmade_grounding import PHRASE, blob, disc, expression, picture
from PIL import Image

from iterprime_xai.records import StorageError
from iterprime_xai.saliency.atlas import Atlas
from iterprime_xai.visualize import atlas as drawing


def handmade(rows=3, heads=2, *, size=(240, 180), mask=True, **changes) -> Atlas:
    """Heads that look at evenly spread places; the first of layer 1 looks at the red ball."""
    maps = np.stack(
        [
            np.stack([blob((7, 7), 0.6 + 0.3 * head / heads, 0.1 + 0.2 * layer / rows) for head in range(heads)])
            for layer in range(rows)
        ]
    ) * np.float32(1e-9)
    maps[1, 0] = 4 * maps.max() * blob((7, 7), 0.21, 0.72)
    made = Atlas(
        image=picture(*size),
        expression=expression(),
        target=None,
        layers=tuple(range(rows)),
        gradcam=maps,
        attention=maps[::-1].copy(),
        gradient="scores",
        probability=0.9,
        model="by hand",
        mask=disc(*size) if mask else None,
        marked=1,
    )
    return replace(made, **changes)


def _texts(drawn) -> list[str]:
    from matplotlib.text import Text

    return [each.get_text() for each in drawn.findobj(Text) if each.get_text()]


def test_there_is_a_panel_for_every_head_and_mean_of_both_grids_and_what_points_is_marked():
    drawn = drawing.figure(handmade())
    assert len(drawn.axes) == 1 + 2 * 3 * (2 + 1)
    said = _texts(drawn)
    assert said.count("head 1") == said.count("mean") == 2
    assert said.count("▸ layer 1") == 2
    assert said.count("✓") == 2 + 2  # one head and its layer's mean, in each grid
    assert said.count("1 of 2 ✓") == 2
    assert said.count("0 of 2 ✓") == 4


def test_without_a_mask_nothing_is_marked():
    said = _texts(drawing.figure(handmade(mask=False)))
    assert not any("✓" in each for each in said)
    assert not any("object" in each for each in said)


def test_the_sentences_say_which_heads_point_and_which_is_hottest():
    said = drawing.alt_text(handmade())
    assert said == (
        f"Heads for '{PHRASE}'. 3 layers of 2 heads, read for every token. 1 of 6 heads peak on the object by Grad-CAM, 1 by their "
        "attention alone. The hottest is layer 1, head 0."
    )
    assert "read for the word 'ball'" in drawing.alt_text(handmade(target=2))


BLANK = np.zeros((3, 2, 7, 7), np.float32)
ODD = {
    "all blank": {"gradcam": BLANK},
    "not finite": {"gradcam": np.full_like(BLANK, np.nan)},
    "no layer marked": {"marked": None},
    "hostile phrase": {"expression": expression("$x_1^2$ \u202eball\x00 <b>")},
    "very long phrase": {"expression": expression("ball " * 300)},
}


@pytest.mark.parametrize("name", ODD)
def test_odd_atlases_are_drawn_without_a_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = drawing.png_bytes(handmade(**ODD[name]), 40)
    with Image.open(io.BytesIO(content)) as image:
        assert image.width == pytest.approx(11.8 * 40, abs=2)


def test_blank_maps_say_so():
    some = handmade().gradcam.copy()
    some[2] = 0
    drawn = drawing.figure(handmade(gradcam=some))
    assert _texts(drawn).count("blank") == 3
    assert "2 Grad-CAM maps are blank." in drawing.alt_text(handmade(gradcam=some))
    assert "all Grad-CAM maps are blank" in drawing.alt_text(handmade(gradcam=BLANK))


@pytest.mark.parametrize(("heads", "size"), [(5, (240, 180)), (2, (60, 500)), (6, (500, 60))])
def test_many_heads_and_odd_shapes_stay_on_the_sheet(heads, size):
    drawn = drawing.figure(handmade(rows=2, heads=heads, size=size))
    for axes in drawn.axes:
        left, bottom, width, height = axes.get_position().bounds
        assert left >= 0 and bottom >= 0 and left + width <= 1 and bottom + height <= 1  # noqa: PT018


def test_the_bar_is_the_share_of_the_largest_maximum():
    from matplotlib.patches import FancyBboxPatch

    maps = np.zeros((1, 2, 7, 7), np.float32)
    maps[0, 0, 3, 3], maps[0, 1, 2, 2] = 4e-9, 1e-9
    drawn = drawing.figure(handmade(mask=False, layers=(0,), gradcam=maps, attention=maps))
    bars = [each for each in drawn.patches if isinstance(each, FancyBboxPatch) and each.get_height() == 0.045]
    tracks, filled = [each.get_width() for each in bars[0:6:2]], [each.get_width() for each in bars[1:6:2]]
    assert [part / whole for part, whole in zip(filled, tracks, strict=True)] == pytest.approx([1, 0.25, 1])


def test_shown_and_written(tmp_path):
    made = handmade()
    data, metadata = made.show()._repr_mimebundle_()
    assert metadata["image/jpeg"]["alt"] == drawing.alt_text(made)
    assert ".to_png(path)" in data["text/plain"]
    path = made.to_png(tmp_path / "new" / "atlas.png")
    with Image.open(path) as image:
        assert image.text["Description"] == drawing.alt_text(made)
    with pytest.raises(StorageError):
        made.to_png(tmp_path)
