"""Where a run stands is said in lines where there is no terminal."""

from __future__ import annotations

import io

from iterprime_xai.evaluation.runs.progress import Progress


def test_a_line_now_and_then_with_rate_and_time_left():
    now, stream = [0.0], io.StringIO()
    with Progress(1000, 100, "scenes:val", stream=stream, clock=lambda: now[0], every=30) as bar:
        for seconds in (10, 29, 31, 40, 62):
            now[0] = float(seconds)
            bar.seen(10)
        bar.errors(2)
        now[0] = 93.0
        bar.seen(12)
    assert stream.getvalue().splitlines() == [
        "scenes:val: 130 of 1000 phrases, 0.97 a second, 0:14:59 left",
        "scenes:val: 150 of 1000 phrases, 0.81 a second, 0:17:34 left",
        "scenes:val: 162 of 1000 phrases, 0.67 a second, 0:20:57 left, 2 errors",
    ]


def test_nothing_is_said_when_that_is_asked():
    stream = io.StringIO()
    with Progress(10, 0, "x", show=False, stream=stream, every=0) as bar:
        bar.note("note")
        bar.seen(5)
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with Progress(10, 4, "scenes:val", stream=stream) as bar:
        bar.note("a note")
        bar.seen(3)
        bar.errors(1)
    text = stream.getvalue()
    assert "a note" in text
    assert "7/10" in text
