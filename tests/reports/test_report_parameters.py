"""A notebook's parameters are read from its parameters cell, and values are checked before a kernel starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from iterprime_xai.records import OptionError

pytest.importorskip("papermill")

from iterprime_xai.reports import parameters_of
from iterprime_xai.reports.parameters import Parameter, check

CELL = """
phrase: str = "a dog"  # what to look for
limit: int = 4
threshold: float = 0.5
smoke: bool = False
layer = None  # type: int|None the layer to read
names = ["a"]
anything = None
"""
KNOWN = {
    "phrase": Parameter("phrase", ("str",), "", ""),
    "limit": Parameter("limit", ("int",), 4, ""),
    "threshold": Parameter("threshold", ("float",), 0.5, ""),
    "smoke": Parameter("smoke", ("bool",), False, ""),
    "layer": Parameter("layer", ("int", "None"), None, ""),
    "settings": Parameter("settings", (), None, ""),
}


def test_types_defaults_and_help_come_from_the_parameters_cell(write_notebook):
    found = {each.name: each for each in parameters_of(write_notebook(CELL))}
    assert found["phrase"] == Parameter("phrase", ("str",), "a dog", "what to look for")
    assert found["limit"] == Parameter("limit", ("int",), 4, "")
    assert found["threshold"].types == ("float",)
    assert found["smoke"].types == ("bool",)
    assert found["layer"] == Parameter("layer", ("int", "None"), None, "the layer to read")
    assert found["names"] == Parameter("names", ("list",), ["a"], "")
    assert found["anything"].types == ()


def test_right_values_pass_unchanged():
    values = {"phrase": "x", "limit": 2, "threshold": 1, "smoke": True, "layer": None, "settings": {"a": [1, None]}}
    assert check(values, KNOWN) == values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"phrace": "x"}, "no parameter 'phrace'. Did you mean 'phrase'"),
        ({"zzz": 1}, "It has: phrase, limit"),
        ({"phrase": 3}, "phrase should be text, but got 3"),
        ({"limit": 2.0}, "limit should be a whole number, but got 2.0"),
        ({"limit": True}, "limit should be a whole number, but got True"),
        ({"smoke": 1}, "smoke should be true or false, but got 1"),
        ({"layer": "2"}, r"layer should be a whole number or null \(None\), but got '2'"),
        ({"threshold": float("nan")}, "threshold should be a finite number, but got nan"),
        ({"phrase": Path("x")}, r"phrase should be a JSON value .* but got .*Path; convert it with str"),
        ({"limit": np.int64(3)}, "limit should be a JSON value .* but got int64"),
        ({"settings": {"a": (1, 2)}}, r"settings\['a'\] should be a JSON value .* but got tuple"),
        ({"settings": {1: 2}}, "keys of the report's parameter settings should be text"),
        ({"settings": [1, float("inf")]}, r"settings\[1\] should be a finite number"),
    ],
)
def test_wrong_values_are_refused_with_what_was_expected(values, said):
    with pytest.raises(OptionError, match=said):
        check(values, KNOWN)


def test_a_parameter_without_a_stated_type_takes_any_json_value(write_notebook):
    (found,) = parameters_of(write_notebook("start = compute()"))
    assert found.types == ()
    assert found.expects == "any JSON value"
