from __future__ import annotations

import pytest

from iterprime_xai.visualize.lettering import SETTINGS, Style, drawable, flow, shortened, width_of, wrapped

STYLE = Style(12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red ball", "red ball"),
        ("a\nb\x00c", "a b c"),
        ("a\u202eb\u200d\ufe0f", "ab"),
        ("$x_1^2$ \\frac", "$x_1^2$ \\frac"),
        ("\U0001f9ff", "[nazar amulet]"),
        ("\ue000", "\N{WHITE VERTICAL RECTANGLE}"),
        ("הכדור", "הכדור"),
    ],
)
def test_drawable_keeps_what_has_a_glyph_and_names_or_boxes_the_rest(text: str, expected: str) -> None:
    assert drawable(text) == expected


def test_width_counts_spaces_at_the_ends_and_grows_with_the_text() -> None:
    assert width_of("", STYLE) == 0
    assert width_of(" a ", STYLE) > width_of("a", STYLE)
    assert width_of("ball" * 10, STYLE) == pytest.approx(10 * width_of("ball", STYLE), rel=0.05)


def test_width_does_not_depend_on_the_resolution_it_is_drawn_at() -> None:
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import RendererAgg

    text = "pass 1: match probability 0.108, 36 of 36 patches seen"
    with rc_context(SETTINGS):
        for dots in (45, 90, 130):
            width = RendererAgg(1, 1, dots).get_text_width_height_descent(text, STYLE.font(), ismath=False)[0] / dots
            assert width == pytest.approx(width_of(text, STYLE), rel=0.01)


def test_width_of_dollar_signs_is_that_of_letters_not_of_mathematics() -> None:
    assert width_of("$x^2$", STYLE) > width_of("x^2", STYLE)


def test_shortened_text_fits_and_says_that_something_is_missing() -> None:
    assert shortened("ball", STYLE, 5) == "ball"
    short = shortened("ball " * 50, STYLE, 1)
    assert short.endswith("…")
    assert width_of(short, STYLE) <= 1


def test_wrapped_lines_fit_and_hold_every_word_in_order() -> None:
    text = "the red ball that lies left of the very old tree"
    lines = wrapped(text, STYLE, 1.2)
    assert len(lines) > 2
    assert all(width_of(line, STYLE) <= 1.2 for line in lines)
    assert " ".join(lines) == text


def test_wrapped_text_that_is_too_long_ends_with_an_ellipsis() -> None:
    lines = wrapped("word " * 200, STYLE, 2, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")


def test_flow_breaks_lines_and_drops_gaps_at_their_start() -> None:
    runs = [(text, STYLE) for text in ("alpha", " ", "beta", " ", "gamma")]
    room = width_of("alpha beta", STYLE) + 0.01
    placed, lines = flow(runs, room, most=5)
    assert lines == 2
    assert [(each.text, each.line) for each in placed] == [("alpha", 0), ("beta", 0), ("gamma", 1)]
    assert placed[2].left == 0
    assert placed[1].left == pytest.approx(width_of("alpha", STYLE) + width_of(" ", STYLE))


def test_flow_from_right_to_left_starts_at_the_right_edge() -> None:
    placed, _ = flow([("א", STYLE), (" ", STYLE), ("ב", STYLE)], 5, most=1, leftwards=True)
    assert placed[0].left + placed[0].width == pytest.approx(5)
    assert placed[1].left < placed[0].left


def test_flow_that_is_too_long_ends_with_an_ellipsis() -> None:
    runs = [(text, STYLE) for _ in range(100) for text in ("word", " ")]
    placed, lines = flow(runs, 2, most=2)
    assert lines == 2
    assert placed[-1].text.strip() == "…"
