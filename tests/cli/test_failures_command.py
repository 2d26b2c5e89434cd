"""``failures`` with its further tables, as a person runs it."""

from __future__ import annotations

import pytest
from run_stand_ins import ToySet, ToySystem
from typer.testing import CliRunner

import iterprime_xai as ix
from iterprime_xai import cli
from iterprime_xai.records import OptionError


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["failures", *(str(each) for each in arguments)])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "toy"
    ix.evaluate(ToySystem(), ToySet(10, bad=[1]), out)
    return out


def test_only_the_prices_are_printed_unless_more_is_asked_for(run):
    plain = invoke(run)
    assert plain.exit_code == 0, plain.output
    assert "20 phrases, oIoU" in plain.output
    assert "phrases failed" not in plain.output


def test_words_places_and_slices_follow_the_prices_in_the_order_of_the_options(run):
    found = invoke(run, "--slices", "tag:kind", "--words", "--where", "--slices", "clutter")
    assert found.exit_code == 0, found.output
    marks = (
        "oIoU gained",
        "| thing | ",
        "by the middle of the gold mask's box",
        "by the peak of the heat",
        "| even | 10 |",
        "| other things |",
    )
    places = [found.output.index(each) for each in marks]
    assert places == sorted(places)
    assert found.output.endswith("|\n")


def test_a_slice_that_there_is_not_is_refused_before_anything_is_printed(run):
    found = invoke(run, "--slices", "tag:knd")
    assert isinstance(found.exception, OptionError)
    assert "did you mean 'kind'" in str(found.exception)
    assert found.output == ""
