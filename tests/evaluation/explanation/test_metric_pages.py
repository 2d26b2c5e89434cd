"""Every metric is defined once, has a page, and the lines on its page run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import iterprime_xai as ix
from iterprime_xai.evaluation import explanation
from iterprime_xai.evaluation.explanation import METRICS, Metric

PAGES = Path(__file__).parents[3] / "docs" / "metrics"
RESULTS = {"METRICS", "Metric", "Curve", "SanityCheck", "ThresholdIou"}
TOOLS = {"cascading", "from_the_top", "randomised", "shuffled"}
"""Public names that are no metrics: records, and what metrics are made of."""

needs_captum = {"infidelity", "max_sensitivity"}


def test_every_public_function_is_a_metric_with_an_entry_and_every_entry_a_function():
    assert {metric.function for metric in METRICS.values()} == set(explanation.__all__) - RESULTS - TOOLS
    for name, metric in METRICS.items():
        assert callable(getattr(explanation, metric.function))
        assert metric.function == name or metric.function == "curve"
    assert {name for name, metric in METRICS.items() if metric.function == "curve"} == {"deletion", "insertion"}


@pytest.mark.parametrize("name", METRICS)
def test_entries_are_whole(name):
    metric = METRICS[name]
    assert isinstance(metric, Metric)
    assert all((metric.title, metric.definition, metric.cost, metric.paper, metric.misleads))
    assert metric.range[0] < metric.range[1]
    assert metric.direction in ("higher", "lower")


def test_every_metric_has_a_page_and_no_page_is_without_a_metric():
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_a_page_has_its_parts_and_the_table_repeats_the_definition(name):
    page, table = (PAGES / f"{name}.md").read_text(encoding="utf-8"), (PAGES / "README.md").read_text(encoding="utf-8")
    metric = METRICS[name]
    assert page.startswith(f"# {metric.title[0].upper()}{metric.title[1:]}\n")
    for part in ("\n    ", "```python\n", "](../images/metrics-", "**When it misleads.**", "\nPaper"):
        assert part in page, part
    row = next(line for line in table.splitlines() if f"]({name}.md)" in line)
    low, high = metric.range
    assert (f"| {low} to {high} |" if high < float("inf") else f"| from {low} |") in row
    assert f"| {metric.direction} | {metric.cost} |" in row


@pytest.fixture(scope="module")
def one_grounder():
    """The pages all load the same model; here it is loaded once."""
    return ix.load("tiny")


@pytest.mark.parametrize("name", METRICS)
def test_the_lines_on_a_page_run(name, one_grounder, monkeypatch):
    if name in needs_captum:
        pytest.importorskip("captum", reason="captum is not installed: the extra attributions")
    monkeypatch.setattr(ix, "load", lambda which: one_grounder, raising=False)
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGES / f"{name}.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, f"{name}.md", "exec"), {})
