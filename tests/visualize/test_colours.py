from __future__ import annotations

import numpy as np
import pytest

from iterprime_xai.visualize.colours import (
    COLD_OPACITY,
    Scale,
    diverging,
    faded,
    heat_layer,
    overlay,
    scale_of,
    sequential,
)


def test_sequential_table_is_viridis_and_rises_evenly_in_lightness() -> None:
    table = sequential()
    assert table.dtype == np.uint8
    assert table.shape == (256, 3)
    assert table[0].tolist() == [68, 1, 84]
    assert table[-1].tolist() == [253, 231, 37]
    lightness = table @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness[::8]) > 0).all()


def test_diverging_table_goes_from_blue_over_near_white_to_orange() -> None:
    table = diverging().astype(int)
    red, green, blue = table[0]
    assert blue > red
    red, green, blue = table[-1]
    assert red > green > blue
    assert table[127:129].min() > 220


def test_tables_cannot_be_changed_by_a_caller() -> None:
    for table in (sequential(), diverging()):
        with pytest.raises(ValueError, match="read-only"):
            table[0, 0] = 1


@pytest.mark.parametrize("magnitude", [1.0, 1e-10, 1e-38, 1e30])
def test_scale_of_one_map_spans_its_own_range_at_any_magnitude(magnitude: float) -> None:
    heatmap = (np.array([[1.0, 2.0], [3.0, 5.0]]) * magnitude).astype(np.float32)
    scale = scale_of([heatmap])
    assert not scale.flat
    assert not scale.signed
    np.testing.assert_allclose(scale.levels(heatmap), [[0, 0.25], [0.5, 1]], atol=1e-6)


def test_scale_of_several_maps_is_shared_so_that_a_weak_map_looks_weak() -> None:
    strong, weak = np.array([[0.0, 1.0]], np.float32), np.array([[0.0, 0.1]], np.float32)
    scale = scale_of([strong, weak])
    np.testing.assert_allclose(scale.levels(weak), [[0, 0.1]], atol=1e-6)


def test_map_with_a_real_negative_part_is_signed_about_zero() -> None:
    heatmap = np.array([[-1.0, 0.0, 4.0]], np.float32)
    scale = scale_of([heatmap])
    assert (scale.low, scale.high, scale.signed) == (-4.0, 4.0, True)
    np.testing.assert_allclose(scale.levels(heatmap), [[0.375, 0.5, 1.0]])
    np.testing.assert_allclose(scale.strength(scale.levels(heatmap)), [[0.25, 0, 1]])
    assert scale.table is diverging()


def test_map_with_a_trace_of_negative_heat_stays_sequential() -> None:
    scale = scale_of([np.array([[-0.05, 0.0, 1.0]], np.float32)])
    assert not scale.signed
    assert scale.low == pytest.approx(-0.05)


@pytest.mark.parametrize("values", [[[0.0, 0.0]], [[3.0, 3.0]], [[np.nan, 1.0]], [[np.inf, 1.0]]])
def test_map_without_evidence_is_flat_and_has_no_strength(values: list[list[float]]) -> None:
    heatmap = np.array(values, np.float32)
    scale = scale_of([heatmap])
    assert scale.flat
    assert scale.strength(scale.levels(heatmap)).max() == 0


def test_heat_layer_is_more_opaque_where_it_is_hotter() -> None:
    layer = heat_layer(np.array([[0.0, 1.0]], np.float32), Scale(0, 1), opacity=0.5)
    assert layer[0, 0].tolist() == [68, 1, 84, round(255 * 0.5 * COLD_OPACITY)]
    assert layer[0, 1].tolist() == [253, 231, 37, 128]


def test_threshold_leaves_out_what_is_weaker_on_either_side_of_zero() -> None:
    sequential_layer = heat_layer(np.array([[0.2, 0.6]], np.float32), Scale(0, 1), threshold=0.5)
    assert (sequential_layer[0, :, 3] > 0).tolist() == [False, True]
    signed = heat_layer(np.array([[-1.0, -0.2, 0.2, 1.0]], np.float32), Scale(-1, 1, signed=True), threshold=0.5)
    assert (signed[0, :, 3] > 0).tolist() == [True, False, False, True]


def test_overlay_mixes_the_faded_picture_with_the_colour_of_the_heat() -> None:
    picture = np.full((1, 1, 3), 100, np.uint8)
    result = overlay(picture, np.ones((1, 1), np.float32), Scale(0, 1), opacity=1.0)
    assert result.tolist() == [[[253, 231, 37]]]
    untouched = overlay(picture, np.ones((1, 1), np.float32), Scale(0, 1), opacity=0.0)
    assert untouched.tolist() == [[[100, 100, 100]]]


def test_fading_keeps_grey_and_draws_colours_towards_their_grey() -> None:
    picture = np.array([[[80, 80, 80], [255, 0, 0]]], np.uint8)
    assert faded(picture, 1.0).tolist() == [[[80, 80, 80], [76, 76, 76]]]
    assert faded(picture, 0.0).tolist() == picture.tolist()
