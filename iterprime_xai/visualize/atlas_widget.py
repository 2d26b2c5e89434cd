"""The layer atlas live: every layer and head as a small map, and the one that is picked over the picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from iterprime_xai.records import Grounding, MissingExtraError, Pass
from iterprime_xai.saliency.atlas import Atlas
from iterprime_xai.visualize.atlas import ShownAtlas, alt_text
from iterprime_xai.visualize.scripts import script, style
from iterprime_xai.visualize.widget_state import widget_state

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingExtraError(
        'The live atlas needs anywidget, which is not installed; run pip install "iterprime-xai[notebook]". '
        "Without it Atlas.show() and .to_png() give the picture."
    ) from error


class AtlasWidget(anywidget.AnyWidget):
    """An `Atlas` to click through, without a message to the kernel; where no widget can run, its picture is shown."""

    _esm = script("atlas_widget.js")
    _css = style("live_widget.css") + style("atlas_widget.css")
    picture = traitlets.Bytes(read_only=True).tag(sync=True)
    maps = traitlets.Bytes(read_only=True).tag(sync=True)
    tables = traitlets.Bytes(read_only=True).tag(sync=True)
    info = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        grids = np.stack([_with_mean(atlas.gradcam), _with_mean(atlas.attention)])
        layer = atlas.layers.index(atlas.marked) if atlas.marked in atlas.layers else len(atlas.layers) - 1
        state = widget_state(_looked(atlas, grids[0, layer, -1]))
        first = len(state.maps) // (4 * grids[0, 0, 0].size)
        points = [None if each is None else each.tolist() for each in (atlas.points, atlas.attention_points)]
        told = {
            "titles": ["Grad-CAM", "attention"],
            "layers": list(atlas.layers),
            "heads": atlas.gradcam.shape[1],
            "first": first,
            "marked": atlas.marked,
            "points": points,
            "picked": layer,
            "read": atlas.word or "every token",
        }
        self.set_trait("picture", state.picture)
        self.set_trait("tables", state.tables)
        self.set_trait("maps", state.maps + grids.astype("<f4").tobytes())
        self.set_trait("info", state.info | {"atlas": told})
        super().__init__()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = ShownAtlas(self._atlas)._repr_mimebundle_()
        live = None if self.comm is None else super()._repr_mimebundle_(**options)
        return (data, metadata) if live is None else (live[0] | data, live[1] | metadata)

    def __repr__(self) -> str:
        return alt_text(self._atlas)


def _with_mean(maps: np.ndarray) -> np.ndarray:
    """(layers, heads, rows, columns) with the mean over heads as a last head."""
    return np.concatenate([maps, maps.mean(1, keepdims=True)], 1)


def _looked(atlas: Atlas, heatmap: np.ndarray) -> Grounding:
    """One look at the picture, as far as a view of a single map needs it."""
    seen = np.ones(heatmap.shape, bool)
    look = Pass(heatmap, heatmap, seen, float("nan"), atlas.probability)
    return Grounding(atlas.image, atlas.expression, heatmap, (look,), None, None, mask=atlas.mask)
