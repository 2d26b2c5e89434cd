from __future__ import annotations

import base64
import io
import subprocess
import sys
from importlib import resources

import pytest
from handmade_grounding import grounding
from PIL import Image

from iterprime_xai import visualize

pytest.importorskip("anywidget")


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


def test_script_never_writes_to_the_model() -> None:
    script = resources.files("iterprime_xai.visualize").joinpath("live_widget.js").read_text(encoding="utf-8")
    for call in ("save_changes", "model.set", "model.send", "fetch(", "import(", "http:", "https:", "innerHTML"):
        assert call not in script


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
