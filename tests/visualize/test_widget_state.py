from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from handmade_grounding import grounding
from PIL import Image

from iterprime_xai.records import Grounding
from iterprime_xai.visualize.colours import diverging, sequential
from iterprime_xai.visualize.widget_state import WidgetState, widget_state


def _maps(state: WidgetState) -> np.ndarray:
    return np.frombuffer(state.maps, "<f4").reshape(-1, *state.info["grid"])


@pytest.mark.parametrize("grid", [(14, 14), (24, 24), (6, 9)])
def test_every_map_is_sent_unchanged_on_its_coarse_grid(grid: tuple[int, int]) -> None:
    whole = grounding(grid)
    state = widget_state(whole)
    maps = _maps(state)
    assert len(maps) == 1 + len(whole.passes) * (2 + len(whole.words))
    np.testing.assert_array_equal(maps[state.info["result"]["heat"]], whole.heatmap)
    for look, sent in zip(whole.passes, state.info["passes"], strict=True):
        np.testing.assert_array_equal(maps[sent["heat"]], look.heatmap)
        np.testing.assert_array_equal(maps[sent["blend"]], look.blended)
        for word, index in zip(look.words, sent["words"], strict=True):
            np.testing.assert_array_equal(maps[index], word.heatmap)


def test_picture_is_sent_once_as_a_jpeg_of_bounded_size() -> None:
    state = widget_state(grounding(size=(2400, 1200)))
    with Image.open(io.BytesIO(state.picture)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == (1024, 512)
    assert state.info["size"] == [2400, 1200]


def test_colours_come_from_the_tables_of_the_figure() -> None:
    tables = np.frombuffer(widget_state(grounding()).tables, np.uint8).reshape(2, 256, 3)
    np.testing.assert_array_equal(tables[0], sequential())
    np.testing.assert_array_equal(tables[1], diverging())


def test_state_is_small() -> None:
    state = widget_state(grounding((24, 24)))
    assert len(state.picture) < 150_000
    assert len(json.dumps(state.info)) < 15_000


def test_info_is_plain_json_even_where_numbers_are_not_finite() -> None:
    whole = grounding(passes=1)
    broken = replace(whole, passes=(replace(whole.passes[0], probability=float("nan")),))
    info = json.loads(json.dumps(widget_state(broken).info, allow_nan=False))
    assert info["passes"][0]["probability"] is None
    assert info["passes"][0]["match"] == "not a number"


def test_passes_carry_what_was_hidden_and_whether_they_were_used() -> None:
    whole = grounding()
    passes = widget_state(whole).info["passes"]
    assert [each["accepted"] for each in passes] == [True, True, False]
    assert passes[0]["hidden"] == []
    assert passes[1]["hidden"] == np.flatnonzero(~whole.passes[1].keep).tolist()
    assert passes[2]["stopped"] == "the match probability fell"
    assert widget_state(whole).info["result"]["pass"] == 1


def test_words_without_a_map_are_none() -> None:
    whole = grounding()
    look = replace(whole.passes[0], words=whole.passes[0].words[:2])
    sent = widget_state(replace(whole, passes=(look,))).info["passes"][0]
    assert [index is None for index in sent["words"]] == [False, False] + [True] * 5
    assert sent["shades"][2:] == [None] * 5
    assert widget_state(grounding(words=False)).info["passes"][0]["words"] == [None] * 7


def test_outline_is_in_pixels_of_the_picture_and_empty_without_a_mask() -> None:
    (outline,) = widget_state(grounding()).info["outline"]
    x, y = np.array(outline).reshape(-1, 2).T
    assert (x.min(), x.max()) == pytest.approx((58, 145), abs=2)
    assert (y.min(), y.max()) == pytest.approx((216, 307), abs=2)
    assert widget_state(grounding(mask=False)).info["outline"] == []


def test_phrase_is_cut_into_words_without_characters_that_reorder_it() -> None:
    whole: Grounding = grounding(text="the <b>ball</b>\u202e, red")
    phrase = widget_state(whole).info["phrase"]
    assert "".join(piece["text"] for piece in phrase) == "the <b>ball</b>, red"
    assert [piece["word"] for piece in phrase] == [0, None, 1, None, 2]
