"""The run's system is asked as the run asked it: same proposals, same kind of answer; what cannot be asked is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from run_stand_ins import ToySystem
from toy_explored import made, toy_set

import iterprime_xai as ix
from iterprime_xai.evaluation.failures.case import open_case
from iterprime_xai.evaluation.runs.asking import Asker
from iterprime_xai.masks import proposers
from iterprime_xai.records import LayerError, OptionError, ProposalError


class Asked:
    """Keeps what it was asked with, and answers nothing."""

    name = "asked"

    def segment(self, image, text, **options):
        self.options = options


def asked_of(folder, name="5-0", **asked):
    run = ix.read_run(folder, data=toy_set())
    run.manifest.asked.update(asked)
    return run, open_case(run, name)


def test_a_run_of_an_unknown_system_says_what_to_give(toy_run):
    run, case = asked_of(toy_run)
    asker = Asker(run)
    assert (asker.methods, asker.layers) == ([], 0)
    with pytest.raises(
        OptionError, match=r"'toy', which is no system by name: give it to explore\(run, system=\.\.\.\)"
    ):
        asker.ask(case, "left thing")


def test_proposals_that_the_run_kept_are_chosen_among_again(toy_run):
    run, case = asked_of(toy_run)
    system = Asked()
    Asker(run, system).ask(case, case.text)
    assert system.options == {"proposals": case.grounding.proposals, "answer": "always"}
    found = Asker(run, ToySystem()).ask(case, case.text)
    assert (found.mask == case.grounding.mask).all()


@pytest.mark.parametrize("answer", ["always", "may_abstain"])
def test_the_answer_is_of_the_kind_that_the_run_asked_for(tmp_path, answer):
    never = {"setting": 1, "abstain_below": 2.0}
    run, case = asked_of(made(tmp_path / "run", system=ToySystem(**never), answer=answer, detail="full"))
    found = Asker(run, ToySystem(**never)).ask(case, case.text)
    assert (found.mask is None) == (answer == "may_abstain")
    assert (case.grounding.mask is None) == (found.mask is None)


def test_gold_proposals_are_the_masks_of_all_annotated_things_as_in_the_run(tmp_path):
    """Were it the gold mask alone, every phrase would be answered with it."""
    folder = made(tmp_path / "run", detail="light", proposals="gold")
    system = Asked()
    for name, count in (("5-0", 2), ("4-0", 1)):  # where nothing is meant, the other thing alone
        run, case = asked_of(folder, name)
        assert case.grounding.proposals is None
        Asker(run, system).ask(case, case.text)
        assert len(system.options["proposals"]) == count == case.row["proposal_count"]
    run, case = asked_of(folder, "3-0")
    with pytest.raises(ProposalError, match="has none"):
        Asker(run, system).ask(case, case.text)


def test_a_light_run_makes_its_proposals_again_with_its_own_proposer_once(tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr(
        proposers, "load_proposer", lambda *values, **options: loaded.append((values, options)) or "made"
    )
    run, case = asked_of(made(tmp_path / "run", detail="light"), proposals="classical", proposer_options={"most": 3})
    asker = Asker(run, SimpleNamespace(name="fake", segment=lambda *_, **options: options))
    for _ in range(2):
        assert asker.ask(case, "left thing")["proposals"] == "made"
    assert loaded == [(("classical",), {"most": 3})]


def test_a_light_run_with_its_systems_own_masks_leaves_them_to_the_system(tmp_path):
    run, case = asked_of(made(tmp_path / "run", detail="light"))
    system = Asked()
    Asker(run, system).ask(case, "left thing")
    assert system.options["proposals"] is None


def test_layers_and_methods_of_a_system_that_has_none_are_refused(toy_run):
    run, case = asked_of(toy_run)
    for more in ({"layer": 1}, {"method": "gradcam"}):
        with pytest.raises(OptionError, match="toy has no layers or methods"):
            Asker(run, ToySystem()).ask(case, "left thing", **more)


def test_a_picture_that_cannot_be_shown_cannot_be_asked_about(toy_run):
    run, case = asked_of(toy_run, "2-0")
    with pytest.raises(OptionError, match="There is no picture 2"):
        Asker(run, ToySystem()).ask(case, "left thing")


@pytest.fixture(scope="module")
def grounded(tmp_path_factory):
    """A run of the bundled model: two phrases, with masks of the system's own proposer."""
    folder = tmp_path_factory.mktemp("asked") / "run"
    ix.evaluate("gradcam", "scenes:val", folder, limit=2, data_options={"count": 20}, settings={"device": "cpu"})
    return folder


def test_a_run_of_the_registry_is_asked_again_and_answers_as_it_did(grounded):
    run = ix.read_run(grounded)
    name = next(run.rows(["sample_id"]))["sample_id"]
    case = open_case(run, name)
    asker = Asker(run)
    assert "gradcam" in asker.methods
    assert asker.layers > 1
    plain = asker.ask(case, case.text)
    assert np.allclose(
        plain.heatmap, case.grounding.heatmap, rtol=1e-2, atol=1e-2 * float(case.grounding.heatmap.max())
    )
    same = asker.ask(case, case.text, method="gradcam")
    assert same.heatmap.tolist() == plain.heatmap.tolist()
    assert len(same.proposals) == len(plain.proposals)
    assert (same.mask == plain.mask).all()
    other = asker.ask(case, case.text, layer=0)
    assert other.parameters["layer"] == 0
    assert other.heatmap.tolist() != plain.heatmap.tolist()
    with pytest.raises(OptionError, match="gradcan"):
        asker.ask(case, case.text, method="gradcan")
    with pytest.raises(LayerError, match="Layer 99"):
        asker.ask(case, case.text, layer=99)


def test_a_layer_is_read_over_the_masks_that_the_system_itself_would_make(grounded, monkeypatch):
    run = ix.read_run(grounded)
    case = open_case(run, next(run.rows(["sample_id"]))["sample_id"])
    asker = Asker(run)
    monkeypatch.setattr(asker.system.proposer, "made", lambda: [case.gold])
    for more in ({}, {"layer": 1}, {"method": "gradcam"}):
        assert len(asker.ask(case, case.text, **more).proposals) == 1
