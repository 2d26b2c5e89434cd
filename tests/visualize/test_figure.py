from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from handmade_grounding import grounding
from PIL import Image

from iterprime_xai.records import Grounding, Selection, StorageError
from iterprime_xai.visualize import figure


def _texts(drawn: object) -> list[str]:
    from matplotlib.text import Text

    return [each.get_text() for each in drawn.findobj(Text) if each.get_text()]  # type: ignore[attr-defined]


def _hatched(drawn: object) -> int:
    from matplotlib.patches import PathPatch

    return sum(each.get_hatch() is not None for each in drawn.findobj(PathPatch))  # type: ignore[attr-defined]


def _blank() -> Grounding:
    whole = grounding(mask=False)
    zeros = np.zeros((14, 14), np.float32)
    passes = tuple(
        replace(look, heatmap=zeros, words=tuple(replace(word, heatmap=zeros) for word in look.words))
        for look in whole.passes
    )
    return replace(whole, heatmap=zeros, point=None, passes=passes)


def _without_probability() -> Grounding:
    whole = grounding(passes=1)
    return replace(whole, passes=(replace(whole.passes[0], probability=float("nan")),))


LONG = "the big red ball that lies in the short grass far to the left of the very old green tree and not the blue one"
CASES: dict[str, Callable[[], Grounding]] = {
    "fine grid, no mask, one pass": lambda: grounding((24, 24), mask=False, passes=1),
    "abstained": lambda: grounding(mask=False, selection=Selection((), None, 0.0, "heat", "The match is unlikely.")),
    "blank": _blank,
    "not finite": lambda: grounding(heatmap=np.full((14, 14), np.nan, np.float32), point=None),
    "signed": lambda: grounding(heatmap=grounding().heatmap - np.float32(8e-11)),
    "probability not a number": _without_probability,
    "one word": lambda: grounding(text="ball", passes=2),
    "no words": lambda: grounding(words=False),
    "24 words, 10 passes": lambda: grounding(text=LONG, passes=10),
    "very long phrase": lambda: grounding(text="ball " * 600, passes=1, words=False),
    "one endless word": lambda: grounding(text="b" * 5000),
    "tall": lambda: grounding(size=(60, 900)),
    "wide": lambda: grounding(size=(900, 60), passes=4),
    "one pixel": lambda: grounding(size=(1, 1), mask=False, point=(0, 0)),
    "right to left": lambda: grounding(text="הכדור האדום משמאל לעץ", primary="הכדור"),
    "hostile characters": lambda: grounding(
        text="$x_1^2$ 🐕\u202eball\x00 <script>alert('1')</script> _b_ \\frac{a}{b} % & 日本 \udcff $"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_grounding_is_drawn_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        content = figure.png_bytes(CASES[name](), dots_per_inch=45)
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        assert picture.width == pytest.approx(11.8 * 45, abs=2)
        assert picture.height > 200


def test_figure_says_the_phrase_the_probabilities_and_what_became_of_each_pass() -> None:
    texts = _texts(figure.figure(grounding()))
    for expected in ("ball", "0.94", "Pass 1", "Pass 2", "Pass 3", "match 0.80", "✗ left out", "2.2×10⁻¹⁰"):
        assert expected in texts
    assert texts.count("✓ used") == 2
    assert "Stopped: the match probability fell" in texts
    assert any(text.startswith("⚠ layer 2") and "not validated" in text for text in texts)
    assert any("model handmade" in text and "layer 2" in text for text in texts)


def test_hidden_patches_are_hatched_in_the_passes_and_words_that_did_not_see_them() -> None:
    whole = grounding()
    assert _hatched(figure.figure(whole)) == 2 + len(whole.words)
    assert _hatched(figure.figure(grounding(passes=1))) == 0


def test_blank_map_says_that_there_is_no_evidence() -> None:
    texts = _texts(figure.figure(_blank()))
    assert any("No evidence: the map is blank." in text for text in texts)
    assert texts.count("blank") == len(grounding().words)


def test_no_text_is_read_as_mathematics() -> None:
    from matplotlib.text import Text

    drawn = figure.figure(CASES["hostile characters"]())
    assert [each.get_text() for each in drawn.findobj(Text) if each.get_text() and each.get_parse_math()] == []


def test_mask_is_outlined_in_white_on_dark_in_every_picture() -> None:
    from matplotlib.collections import PolyCollection

    drawn = figure.figure(grounding())
    colours = [each.get_edgecolor()[0][:3].tolist() for each in drawn.findobj(PolyCollection)]
    assert len(colours) == 2 * (2 + 3 + len(grounding().words))
    assert colours.count([1.0, 1.0, 1.0]) == len(colours) // 2
    assert max(map(sum, (each for each in colours if each != [1.0, 1.0, 1.0]))) < 0.4


def test_huge_picture_is_reduced_before_it_is_drawn() -> None:
    whole = grounding()
    huge = replace(whole, image=Image.new("RGB", (8_000, 6_000), "teal"), mask=np.ones((6_000, 8_000), bool))
    drawn = figure.figure(huge)
    assert max(max(image.get_size()) for axes in drawn.axes for image in axes.images) <= 1100


def test_drawing_needs_no_pyplot_and_leaves_global_settings_alone(tmp_path: Path) -> None:
    here = Path(__file__).parent
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from matplotlib import rcParams\n"
        "def settings(): return {name: rcParams[name] for name in rcParams if name != 'backend'}\n"  # asking imports pyplot
        "before = settings()\n"
        "from handmade_grounding import grounding\n"
        "grounding(passes=1, words=False).to_png(sys.argv[2])\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot was imported'\n"
        "assert settings() == before, 'settings changed'\n"
    )
    subprocess.run([sys.executable, "-c", code, str(here), str(tmp_path / "a.png")], check=True, timeout=120)
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_png_carries_its_alternative_text(tmp_path: Path) -> None:
    path = grounding().to_png(tmp_path / "new folder" / "figure.png")
    assert path == tmp_path / "new folder" / "figure.png"
    with Image.open(path) as picture:
        assert picture.info["Title"] == "the red ball left of the tree"
        assert "Primary word: ball." in picture.info["Description"]


def test_png_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="Free some space"):
        grounding(passes=1, words=False).to_png(path)
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["figure.png"]


def test_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(StorageError, match="choose another place"):
        grounding(passes=1, words=False).to_png(tmp_path / "file" / "figure.png")
