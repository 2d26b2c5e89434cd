from __future__ import annotations

import base64
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from handmade_grounding import grounding
from PIL import Image

from iterprime_xai.records import rendering
from iterprime_xai.visualize import renderer
from iterprime_xai.visualize.static import StaticFigure


def _kernel(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def test_records_find_this_renderer() -> None:
    assert rendering.renderer() is renderer


def test_show_outside_jupyter_gives_a_figure_that_prints_as_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    shown = grounding().show()
    assert isinstance(shown, StaticFigure)
    assert repr(shown).startswith("Where the model looks for “the red ball left of the tree”.")
    assert ".to_png(path)" in repr(shown)
    assert capsys.readouterr() == ("", "")


def test_show_in_a_terminal_ipython_gives_the_static_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    _kernel(monkeypatch, SimpleNamespace())
    assert isinstance(grounding().show(), StaticFigure)


def test_show_in_a_jupyter_kernel_gives_the_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("anywidget")
    _kernel(monkeypatch, SimpleNamespace(kernel=object()))
    shown = grounding(passes=1).show()
    assert type(shown).__name__ == "GroundingWidget"
    shown.close()


def test_show_in_jupyter_without_anywidget_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _kernel(monkeypatch, SimpleNamespace(kernel=object()))
    monkeypatch.setattr(renderer, "find_spec", lambda name: None)
    shown = grounding().show()
    assert isinstance(shown, StaticFigure)
    assert "iterprime-xai[notebook]" in repr(shown)


def test_static_figure_is_a_picture_with_alternative_text_in_a_notebook() -> None:
    data, metadata = StaticFigure(grounding(passes=1, words=False))._repr_mimebundle_()
    with Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))) as picture:
        assert picture.width == 1062
    assert "Primary word: ball." in metadata["image/jpeg"]["alt"]


def test_grounding_draws_itself_through_the_renderer(tmp_path: Path) -> None:
    whole = grounding(passes=1, words=False)
    assert whole.to_png(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert whole.to_html().startswith("<!DOCTYPE html>")
    assert whole._repr_html_().startswith("<img ")


def test_live_outside_jupyter_is_the_figure_and_inside_the_widget_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("anywidget")
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    asked = grounding(passes=2)
    assert isinstance(renderer.live(grounding(passes=1), lambda text: asked), StaticFigure)
    _kernel(monkeypatch, SimpleNamespace(kernel=object()))
    shown = renderer.live(grounding(passes=1), lambda text: asked)
    shown._handle_custom_msg({"ask": "the tree"}, [])
    assert shown.grounding is asked
    shown.close()
