"""The widget's own mathematics against the package's: what the browser computes is what the figure shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from iterprime_xai.records.heatmap import resize
from iterprime_xai.visualize.colours import scale_of
from iterprime_xai.visualize.describe import number
from iterprime_xai.visualize.scripts import script

pytestmark = pytest.mark.browser


def _call(page: Any, name: str, *arguments: Any) -> Any:
    return page.evaluate(
        """async ([script, name, given]) => {
            const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
            const found = (await import(address))[name](...given);
            return found instanceof Float64Array ? [...found] : found;
        }""",
        [script("drawing.js"), name, list(arguments)],
    )


@pytest.mark.parametrize(
    ("grid", "size"), [((14, 14), (90, 120)), ((24, 24), (384, 512)), ((24, 30), (10, 7)), ((1, 3), (5, 9))]
)
def test_upsampling_in_the_browser_equals_the_one_of_the_figure(
    offline_page: Any, grid: tuple[int, int], size: tuple[int, int]
) -> None:
    heatmap = np.random.default_rng(3).normal(0, 1, grid).astype(np.float32) * np.float32(1e-10)
    found = np.array(_call(offline_page, "bicubic", heatmap.ravel().tolist(), list(grid), *size)).reshape(size)
    expected = resize(heatmap, size)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize(
    "maps",
    [
        [[0.0, 1e-10, 3e-10]],
        [[0.0, 1.0], [0.0, 5.0]],
        [[-1.0, 4.0]],
        [[-0.05, 1.0]],
        [[-2.0, -1.0]],
        [[2.0, 2.0]],
    ],
)
def test_scale_in_the_browser_equals_the_one_of_the_figure(offline_page: Any, maps: list[list[float]]) -> None:
    expected = scale_of([np.array(each) for each in maps])
    found = _call(offline_page, "scaleOf", maps, 0.1)
    assert found == {name: getattr(expected, name) for name in ("low", "high", "signed", "flat")}


@pytest.mark.parametrize(
    "value", [0.0, 1.0, 0.4321, -0.5, 999.4, 1234.0, 25000.0, 3.14e-10, -2e-38, 1e30, float("inf")]
)
def test_numbers_in_the_browser_read_as_in_the_figure(offline_page: Any, value: float) -> None:
    assert _call(offline_page, "number", value) == number(value)
