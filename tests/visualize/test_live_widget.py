from __future__ import annotations

import base64
import io
import subprocess
import sys
import weakref

import pytest
from handmade_grounding import grounding
from PIL import Image

from iterprime_xai import visualize
from iterprime_xai.records import Grounding, PhraseError

pytest.importorskip("anywidget")

from iterprime_xai.visualize import live_widget
from iterprime_xai.visualize.live_widget import GroundingWidget
from iterprime_xai.visualize.scripts import script


def test_widget_carries_the_state_and_its_own_script() -> None:
    whole = grounding(passes=1)
    view = visualize.widget(whole)
    assert view.picture[:2] == b"\xff\xd8"
    assert len(view.maps) == 4 * 14 * 14 * (1 + 2 + 7)
    assert view.info["alt"] == repr(view)
    assert "export default" in view._esm
    assert ".ixw" in view._css
    view.close()


def test_asking_again_gives_the_same_widget_until_it_is_closed() -> None:
    whole = grounding(passes=1)
    first = visualize.widget(whole)
    assert visualize.widget(whole) is first
    first.close()
    second = visualize.widget(whole)
    assert second is not first
    assert second.comm is not None
    second.close()


def test_display_offers_the_live_view_and_a_picture_with_alternative_text() -> None:
    view = visualize.widget(grounding(passes=1))
    data, metadata = view._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    with Image.open(io.BytesIO(base64.b64decode(data["image/jpeg"]))) as picture:
        assert picture.width > 1000
    assert "Primary word: ball." in metadata["image/jpeg"]["alt"]
    assert data["text/plain"] == repr(view)
    assert len(data["image/jpeg"]) < 300_000
    view.close()


def test_closed_widget_still_shows_its_picture() -> None:
    view = visualize.widget(grounding(passes=1, words=False))
    view.close()
    data, _ = view._repr_mimebundle_()
    assert set(data) == {"image/jpeg", "text/plain"}


def test_closing_twice_is_harmless() -> None:
    view = visualize.widget(grounding(passes=1, words=False))
    view.close()
    view.close()


def test_script_never_writes_to_the_model_and_sends_the_phrase_alone() -> None:
    whole = script("live_widget.js")
    for call in ("save_changes", "model.set", "fetch(", "import(", "http:", "https:", "innerHTML"):
        assert call not in whole
    assert whole.count(".send(") == whole.count("model.send({ ask: this.field.value })") == 1


def test_without_anywidget_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from iterprime_xai import visualize\n"
        "from iterprime_xai.records import MissingExtraError\n"
        "try:\n    visualize.widget(None)\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert 'pip install "iterprime-xai[notebook]"' in done.stdout


def test_a_phrase_that_is_asked_takes_the_place_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(text: str) -> Grounding:
        asked.append(text)
        return grounding(passes=2)

    first = grounding(passes=1)
    view = GroundingWidget(first, ask)
    assert view.asks
    assert view.grounding is first
    maps, picture, sent = view.maps, view.picture, []
    monkeypatch.setattr(view, "send_state", lambda key=None: sent.append(set(key)))
    view._handle_custom_msg({"ask": "the tree"}, [])
    assert asked == ["the tree"]
    assert len(view.grounding.passes) == 2
    assert len(view.maps) > len(maps)
    assert (view.answered, view.refused) == (1, "")
    assert view.picture == picture
    assert len(sent) == 1  # all at once, and not the picture again
    assert {"maps", "info", "answered"} <= sent[0]
    assert "picture" not in sent[0]
    view.close()


def test_what_cannot_be_grounded_is_told_and_the_last_grounding_stays() -> None:
    def ask(text: str) -> Grounding:
        raise PhraseError("The phrase is empty.")

    first = grounding(passes=1)
    view = GroundingWidget(first, ask)
    view._handle_custom_msg({"ask": ""}, [])
    assert (view.answered, view.refused) == (1, "The phrase is empty.")
    assert view.grounding is first
    view.close()


def test_an_error_of_ours_is_told_too_and_reaches_the_kernel() -> None:
    def ask(text: str) -> Grounding:
        raise ZeroDivisionError("division by zero")

    view = GroundingWidget(grounding(passes=1), ask)
    with pytest.raises(ZeroDivisionError):
        view._asked(view, {"ask": "the tree"}, [])
    assert view.answered == 1
    assert "ZeroDivisionError" in view.refused
    view.close()


def test_an_interrupt_is_told_and_goes_on() -> None:
    def ask(text: str) -> Grounding:
        raise KeyboardInterrupt

    view = GroundingWidget(grounding(passes=1), ask)
    with pytest.raises(KeyboardInterrupt):
        view._asked(view, {"ask": "the tree"}, [])
    assert view.answered == 1
    assert view.refused.startswith("Interrupted")
    view.close()


def test_a_grounding_that_cannot_be_drawn_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    first = grounding(passes=1)
    view = GroundingWidget(first, lambda text: grounding(passes=2))
    monkeypatch.setattr(live_widget, "widget_state", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        view._asked(view, {"ask": "the tree"}, [])
    assert view.grounding is first
    view.close()


def test_closing_lets_go_of_what_is_asked() -> None:
    class Ask:
        def __call__(self, text: str) -> Grounding:
            return grounding(passes=1)

    ask = Ask()
    held = weakref.ref(ask)
    view = GroundingWidget(grounding(passes=1), ask)
    del ask
    view.close()
    assert held() is None
    view._asked(view, {"ask": "the tree"}, [])
    assert view.answered == 0


def test_a_grounding_alone_asks_nothing() -> None:
    view = visualize.widget(grounding(passes=1))
    assert not view.asks
    view._handle_custom_msg({"ask": "the tree"}, [])
    assert view.answered == 0
    view.close()
