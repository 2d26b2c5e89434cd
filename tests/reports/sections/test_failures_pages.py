"""The failures report by its own cells, over runs of every kind; its notebook is executed whole elsewhere."""

from __future__ import annotations

import re

import pytest

from iterprime_xai.records import OptionError
from iterprime_xai.reports.sections import run_source

pytest.importorskip("papermill")


@pytest.fixture
def page(toy_run, prepared, monkeypatch):
    """The page about a toy run."""

    def of(name: str, **given):
        monkeypatch.setattr(run_source, "opened", lambda *_, **__: toy_run(name))
        return prepared("failures").html({"run": name, "smoke": True, **given})

    return of


def tables(html):
    return re.findall(r"<table.*?</table>", html, re.DOTALL)


def test_a_run_with_failures_shows_them_and_twice_makes_the_same_page(page):
    first = page("mixed")
    assert "phrases failed</b>" in first
    assert 'class="failure"' in first
    assert len(tables(first)) >= 6
    assert page("mixed") == first


def test_a_run_in_which_nothing_failed(page):
    html = page("right")
    assert "0 of 4 phrases failed" in html
    assert 'class="failure"' not in html
    assert "There is no failure to show." in html


def test_a_run_in_which_all_failed(page):
    html = page("wrong")
    assert "4 of 4 phrases failed" in html
    assert html.count('class="failure"') == 1  # smoke: one of each type, and all have one


def test_a_run_without_gold_masks_says_that_nobody_knows(page):
    html = page("unlabelled")
    assert "No phrase has a gold mask, without which nobody knows what failed" in html
    assert "No phrase failed" not in html
    assert 'class="failure"' not in html


def test_only_phrases_with_the_tags_are_reported_and_the_page_says_which(page):
    html = page("mixed", where={"kind": "odd"})
    assert "of 6 phrases failed" in html
    assert "only kind = odd" in html
    assert "<td>even" not in html
    with pytest.raises(OptionError, match="Did you mean 'odd'"):
        page("mixed", where={"kind": "ood"})


def test_a_higher_threshold_counts_more_failures(page):
    assert "0 of 4 phrases failed" in page("right", threshold=1.0)
    (at_half,), (at_all,) = (
        re.findall(r"<b>(\d+) of \d+ phrases failed", page("mixed", threshold=each)) for each in (0.5, 1.0)
    )
    assert int(at_all) > int(at_half)
