"""A run's phrases looked at again with one setting changed, by a grounder that answers as it is told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from run_stand_ins import ToySet, ToySystem, rectangle

import iterprime_xai as ix
from iterprime_xai.evaluation.failures.switches import SWITCHES, switched
from iterprime_xai.records import OptionError
from iterprime_xai.systems import iterprime

GOLD, ELSEWHERE = rectangle(2, 2, 6, 10), rectangle(10, 2, 14, 10)


class Told:
    """A grounder that answers by the change that it is given, and notes what it was given."""

    def __init__(self):
        self.given = []

    def prepare(self, image, proposals):
        assert proposals is False  # those of the run go with each question
        return image

    def ground(self, image, text, **given):
        self.given.append((text, given))
        mask = {1: GOLD, 2: ELSEWHERE}.get(given.get("passes"))
        return SimpleNamespace(mask=mask, proposals="the same masks")


@pytest.fixture
def asker(tmp_path, monkeypatch):
    """Of a toy run: pictures 0 to 3 are measured, 4 has no gold mask, 5 means nothing, the first phrase of 1 is an error."""
    data = ToySet(6, missing=[4], empty=[5], bad=[1])
    ix.evaluate(ToySystem(), data, tmp_path / "run", detail="full", progress=False)

    class System(SimpleNamespace):
        pass

    monkeypatch.setattr(iterprime, "GrounderSystem", System)
    system = System(
        settings={"layer": 3}, recipe="paper", grounder=Told(), proposer=SimpleNamespace(made=lambda: "made")
    )
    return SimpleNamespace(
        run=ix.read_run(tmp_path / "run", data), looks=True, system=system, proposals=lambda case: None
    )


def test_what_a_change_fixes_and_breaks_is_counted_on_the_same_phrases(asker):
    ids = [each["sample_id"] for each in asker.run]
    seen = []
    found = switched(asker, ids, {"better": {"passes": 1}, "worse": {"passes": 2}}, seen=seen.append)
    before = {each["sample_id"]: each["iou"] for each in asker.run if each["error"] is None and each["gold_area"]}
    assert set(before) == {"0-0", "0-1", "1-1", "2-0", "2-1", "3-0", "3-1"}
    right = sum(each >= 0.5 for each in before.values())
    assert 0 < right < 7
    better, worse = found.rows
    assert (better.name, better.phrases, better.right, better.fixed, better.broke) == ("better", 7, right, 7 - right, 0)
    assert (worse.phrases, worse.right, worse.fixed, worse.broke) == (7, right, 0, right)
    assert better.chance == pytest.approx(min(1, 2 * 0.5 ** (7 - right)))
    mean = sum(before.values()) / 7
    assert (better.gain.mean, worse.gain.mean) == (pytest.approx(1 - mean), pytest.approx(-mean))
    assert seen[-1] == len(ids)


def test_every_change_looks_as_the_run_did_among_the_same_proposals(asker):
    switched(asker, ["0-1"], {"a": {"passes": 1}, "b": {"passes": 2, "layer": 0}})
    (text, first), (_, second) = asker.system.grounder.given
    assert text == "left thing 1"
    assert first == {"layer": 3, "recipe": "paper", "answer": "always", "passes": 1, "proposals": "made"}
    assert second == first | {"passes": 2, "layer": 0, "proposals": "the same masks"}


def test_the_threshold_decides_what_is_right(asker):
    kept = asker.run.row("0-0")["iou"]
    (at,) = switched(asker, ["0-0"], {"a": {"passes": 1}}, threshold=max(kept, 0.01)).rows
    (above,) = switched(asker, ["0-0"], {"a": {"passes": 1}}, threshold=0.99).rows
    assert (at.right, above.right) == (int(kept > 0), 0)
    assert above.fixed == 1


def test_the_table_tells_chance_and_points_and_small_chances_as_such(asker):
    text = str(switched(asker, [each["sample_id"] for each in asker.run], {"no|thing": {}}))
    assert text.startswith("| changed to | phrases | right as it ran | fixed | broke | chance p | mIoU |")
    row = text.splitlines()[2]
    assert "| 7 |" in row
    from dataclasses import replace

    found = switched(asker, ["0-0"], {"a": {"passes": 1}})
    rare = replace(found, rows=(replace(found.rows[0], chance=0.001),))
    assert "| <0.01 |" in str(rare)


def test_phrases_of_which_none_can_be_compared_are_said(asker):
    found = switched(asker, ["4-0", "5-0", "1-0"], {"a": {"passes": 1}})
    assert found.rows == ()
    assert asker.system.grounder.given == []
    assert str(found) == "No phrase could be compared: each needs a gold mask, a picture and a result.\n"


def test_a_system_without_text_layers_is_refused(asker):
    asker.looks = False
    with pytest.raises(OptionError, match="no settings of refinement and emphasis"):
        switched(asker, ["0-0"])


def test_the_changes_of_a_report_are_settings_that_a_grounder_takes():
    import inspect

    from iterprime_xai.systems import Grounder

    known = inspect.signature(Grounder.ground).parameters
    for change in SWITCHES.values():
        assert set(change) <= set(known)
