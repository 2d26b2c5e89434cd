"""Small widgets for lessons: live in Jupyter, a picture elsewhere, and of the same parts as the large ones."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from handmade_grounding import blob, disc, expression, grounding, picture

from iterprime_xai.saliency.atlas import Atlas
from iterprime_xai.visualize import renderer
from iterprime_xai.visualize.atlas import ShownAtlas, alt_text
from iterprime_xai.visualize.small_widgets import layer_atlas, refinement_stepper, show, word_shader
from iterprime_xai.visualize.static import StaticFigure

pytest.importorskip("anywidget")

from iterprime_xai.visualize.atlas_widget import AtlasWidget
from iterprime_xai.visualize.live_widget import GroundingWidget

SIZE = (240, 180)


def atlas(**changes) -> Atlas:
    """Two layers (3 and 5) of two heads on a grid of 7 x 7: no two maps are the same."""
    maps = np.stack(
        [np.stack([(1 + 2 * row + head) * blob((7, 7), 0.2, 0.7) for head in range(2)]) for row in range(2)]
    )
    known = {
        "image": picture(*SIZE), "expression": expression(), "target": None, "layers": (3, 5), "gradcam": maps,
        "attention": 10 * maps, "gradient": "scores", "probability": 0.9, "mask": disc(*SIZE), "marked": 3,
    }  # fmt: skip
    return Atlas(**(known | changes))


@pytest.fixture
def jupyter(monkeypatch):
    monkeypatch.setattr(renderer, "_in_jupyter", lambda: True)


def maps_of(widget: AtlasWidget) -> np.ndarray:
    return np.frombuffer(widget.maps, "<f4").reshape(-1, 7, 7)


@pytest.mark.parametrize(("make", "part"), [(refinement_stepper, "steps"), (word_shader, "words")])
def test_in_jupyter_a_grounding_is_shown_live_with_the_part_that_a_lesson_needs(jupyter, make, part):
    whole = grounding(passes=2)
    widget = make(whole)
    assert isinstance(widget, GroundingWidget)
    assert (widget.part, widget.grounding, widget.asks) == (part, whole, False)
    widget.close()


def test_in_jupyter_showing_is_what_the_grounding_does_itself(jupyter):
    whole = grounding(passes=1)
    assert show(whole) is whole.show()
    whole.show().close()


@pytest.mark.parametrize("make", [show, refinement_stepper, word_shader])
def test_elsewhere_a_grounding_is_a_picture(make):
    assert isinstance(make(grounding(passes=1)), StaticFigure)


def test_an_atlas_is_live_in_jupyter_and_a_picture_elsewhere(monkeypatch):
    assert isinstance(layer_atlas(atlas()), ShownAtlas)
    monkeypatch.setattr(renderer, "_in_jupyter", lambda: True)
    widget = layer_atlas(atlas())
    assert isinstance(widget, AtlasWidget)
    widget.close()


def test_every_map_of_an_atlas_is_sent_with_the_mean_of_a_layers_heads_last():
    found = atlas()
    widget = AtlasWidget(found)
    told, maps = widget.info["atlas"], maps_of(widget)
    assert {name: told[name] for name in ("layers", "heads", "marked", "picked", "read")} == {
        "layers": [3, 5], "heads": 2, "marked": 3, "picked": 0, "read": "every token",
    }  # fmt: skip
    sent = maps[told["first"] :].reshape(2, 2, 3, 7, 7)
    for at, known in enumerate((found.gradcam, found.attention)):
        assert np.array_equal(sent[at, :, :2], known)
        assert np.allclose(sent[at, :, 2], known.mean(1))
    assert np.array_equal(maps[widget.info["result"]["heat"]], sent[0, 0, 2])  # what is on show first
    assert told["points"] == [found.points.tolist(), found.attention_points.tolist()] == [[[True, True]] * 2] * 2
    assert repr(widget) == alt_text(found)
    widget.close()


@pytest.mark.parametrize(("marked", "picked"), [(5, 1), (None, 1), (3, 0), (9, 1)])
def test_the_layer_that_is_read_is_picked_first_else_the_last(marked, picked):
    widget = AtlasWidget(atlas(marked=marked))
    assert widget.info["atlas"]["picked"] == picked
    widget.close()


def test_without_a_mask_nobody_knows_which_heads_point():
    widget = AtlasWidget(atlas(mask=None, target=2))
    assert widget.info["atlas"]["points"] == [None, None]
    assert widget.info["atlas"]["read"] == "ball"
    assert widget.info["outline"] == []
    widget.close()


def test_where_no_widget_runs_the_atlas_has_its_picture():
    widget = AtlasWidget(atlas())
    data, _ = widget._repr_mimebundle_()
    assert data.items() >= ShownAtlas(atlas())._repr_mimebundle_()[0].items()
    assert data["text/plain"].startswith(repr(widget))
    widget.close()


def test_a_closed_atlas_is_freed():
    widget = AtlasWidget(atlas())
    gone = weakref.ref(widget)
    widget.close()
    del widget
    gc.collect()
    assert gone() is None
