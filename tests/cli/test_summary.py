"""What is said of a grounding is valid JSON."""

from __future__ import annotations

from iterprime_xai.cli.summary import finite


def test_json_has_no_numbers_that_json_does_not_know():
    assert finite({"a": float("nan"), "b": (1, float("inf")), "c": [0.5, None, "x"]}) == {
        "a": None,
        "b": [1, None],
        "c": [0.5, None, "x"],
    }
