"""The sheet of a caption's words: what is on it, what it takes, and how notebooks show it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from iterprime_xai.records import CaptionMaps, CaptionWord, StorageError
from iterprime_xai.visualize import caption_sheet


def made(text="a red dog", size=(60, 40), grid=(3, 4), trace=(), heat=None):
    """Maps of a caption, each word's peak one patch further."""
    words, end = [], 0
    for number, word in enumerate(text.split()):
        start = text.index(word, end)
        end = start + len(word)
        heatmap = np.zeros(grid, np.float32)
        heatmap.flat[number % heatmap.size] = 0.25
        words.append(CaptionWord(word, (start, end), heatmap if heat is None else heat, 0.125 * (number % 8), (word,)))
    image = Image.new("RGB", size, "teal")
    return CaptionMaps(image, text, tuple(words), 3, True, trace, {"model": "tiny", "layer": 3})


def texts(drawn):
    from matplotlib.text import Text

    return [each.get_text() for each in drawn.findobj(Text) if each.get_text()]


def test_every_word_stands_over_its_map_with_its_probability():
    drawn = caption_sheet.figure(made(trace=("Read was layer 3, a guess: not validated for this checkpoint.",)))
    found = texts(drawn)
    assert {"a red dog", "the picture", "a", "red", "dog", "p 0.00", "p 0.12", "p 0.25"} <= set(found)
    assert found.count("peak 0.25") == 3
    assert "⚠ Read was layer 3, a guess: not validated for this checkpoint." in found
    assert len(drawn.axes) == 4
    assert any("3×4 patches" in each for each in found)


@pytest.mark.parametrize(
    "maps",
    [
        made("dog"),
        made("word " * 41, grid=(2, 2)),
        made("a dog", size=(900, 30)),
        made("a dog", size=(30, 900)),
        made("\u202ea 🐕 <b>$x_1^2$</b> שלום 犬"),
        made("a" * 300),
        made(heat=np.zeros((2, 2), np.float32)),
    ],
    ids=["one word", "41 words", "wide", "high", "strange characters", "long word", "blank"],
)
def test_every_caption_can_be_drawn(maps, recwarn):
    picture = Image.open(io.BytesIO(caption_sheet.png_bytes(maps, 40)))
    assert picture.width == round(40 * 11.8)
    assert picture.height < 40 * 40
    assert not [str(each.message) for each in recwarn if "Glyph" in str(each.message)]


def test_a_blank_map_says_so():
    drawn = caption_sheet.figure(made("dog", heat=np.zeros((2, 2), np.float32)))
    assert "blank" in texts(drawn)
    assert "blank map" in caption_sheet.alt_text(made("dog", heat=np.zeros((2, 2), np.float32)))


def test_the_sheet_in_words():
    assert caption_sheet.alt_text(made("a dog")) == (
        "Where the captioner looks for each word of “a dog”: a (probability 0.00, peak at 12 % from the left and 15 % from the top)"
        "; "
        "dog (probability 0.12, peak at 37 % from the left and 15 % from the top)."
    )


def test_the_record_draws_itself(tmp_path):
    maps = made('a <i>"dog"</i>')
    assert maps.to_png(tmp_path / "new" / "sheet.png") == tmp_path / "new" / "sheet.png"
    written = Image.open(tmp_path / "new" / "sheet.png")
    assert written.text["Title"] == 'a <i>"dog"</i>'
    fragment = maps._repr_html_()
    assert fragment.startswith('<img src="data:image/jpeg;base64,')
    assert "&lt;i&gt;&quot;dog&quot;" in fragment
    assert fragment.count("<") == 1
    shown = maps.show()
    assert shown._repr_html_() == fragment
    assert Image.open(io.BytesIO(shown._repr_jpeg_())).format == "JPEG"
    assert "to_png(path)" in repr(shown)
    with pytest.raises(StorageError):
        maps.to_png(tmp_path)
