"""A threshold comes from a val run, is refused from any other, and a run says which one it used."""

from __future__ import annotations

import pytest
from run_stand_ins import ToySet, ToySystem, rectangle

from iterprime_xai.evaluation.auroc import balanced_threshold
from iterprime_xai.evaluation.measures import choose_threshold, summarise
from iterprime_xai.evaluation.measures.set_shares import best_share
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.evaluation.runs.coding import write_mask
from iterprime_xai.evaluation.runs.threshold import NAME, Threshold, applied, load_threshold
from iterprime_xai.records import OptionError, StorageError

EMPTY = (1, 4, 5)


def run(out, **options):
    data = ToySet(8, 2, empty=EMPTY, **options)
    return evaluate(ToySystem(), data, out, threads=None, progress=False, shard_size=4)


@pytest.fixture
def named(monkeypatch):
    """The stand-in as a system by name."""
    from iterprime_xai.systems import registry

    monkeypatch.setattr(registry, "load_system", lambda name, settings: ToySystem(name, **settings))


def test_it_is_the_balanced_one_of_the_rows(tmp_path):
    made = run(tmp_path / "val")
    found = choose_threshold(made)
    scores = [row["probability"] for row in made]
    assert (found.value, found.accuracy) == balanced_threshold(scores, [not row["no_target"] for row in made])
    assert (found.present, found.absent, found.run, found.system, found.data) == (10, 6, made.key, "toy", "toy:val")
    assert load_threshold(found.save(tmp_path / "val" / NAME).parent) == found


def test_anything_but_a_whole_val_run_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"on val only, but .* holds testA"):
        choose_threshold(run(tmp_path / "test", split="testA"))
    made = run(tmp_path / "val")
    made.files[1].unlink()
    with pytest.raises(OptionError, match="not done"):
        choose_threshold(tmp_path / "val")
    whole = evaluate(ToySystem(), ToySet(4), tmp_path / "one-sided", threads=None, progress=False)
    with pytest.raises(OptionError, match="mean something"):
        choose_threshold(whole)


def test_a_run_uses_it_and_says_where_it_is_from(tmp_path, named):
    made = run(tmp_path / "val")
    found = choose_threshold(made)
    found.save(made.path / NAME)
    test = evaluate(
        "toy", ToySet(8, 2, empty=EMPTY, split="test"), tmp_path / "test", answer="may_abstain", threshold=made.path,
        threads=None, progress=False,
    )  # fmt: skip
    assert test.manifest.decides["threshold"] == {"value": found.value, "from": found.said()}
    assert [row["abstained"] for row in test] == [row["probability"] < found.value for row in test]
    assert any(made.key in note for note in summarise(test).notes)
    with pytest.raises(OptionError, match=r"threshold.value: .* here, 0.5 asked for"):
        evaluate(
            "toy", ToySet(8, 2, empty=EMPTY, split="test"), tmp_path / "test", answer="may_abstain", threshold=0.5,
            threads=None, progress=False,
        )  # fmt: skip


def test_the_share_of_a_set_is_the_one_that_unites_the_right_masks_by_hand():
    def code(*box):
        return write_mask(rectangle(*box))

    def proposal(index, score, *box):
        return {"index": index, "rank": index, "score": score, "terms": {}, "mask": code(*box)}

    masks = [proposal(0, 1.0, 0, 0, 4, 12), proposal(1, 0.62, 6, 0, 10, 12), proposal(2, 0.4, 12, 0, 16, 12)]
    both = write_mask(rectangle(0, 0, 4, 12) | rectangle(6, 0, 10, 12))
    meant = {"proposals": masks, "gold": both, "no_target": False, "evidence": 0.9, "error": None}
    # 0.45 to 0.6 unite the first two, 1.0 of gold; of these the largest
    assert best_share([meant], 0.5) == (0.6, 1.0)
    # below the threshold nothing is answered, which is right where nothing is meant; an error counts 0
    silent = {**meant, "evidence": 0.1}
    nothing = {**silent, "no_target": True, "gold": code(0, 0, 0, 0)}
    assert best_share([meant, silent, nothing, {**nothing, "evidence": 0.9}], 0.5) == (0.6, 0.5)
    assert best_share([meant, {**meant, "error": {"kind": "x"}}], 0.5) == (0.6, 0.5)
    # a share of its own among the terms goes before the score
    shares = [{**each, "terms": {"share": share}} for each, share in zip(masks, (0.5, 0.45, 0.05), strict=True)]
    assert best_share([{**meant, "proposals": shares}], 0.5) == (0.9, 1.0)


def test_a_full_val_run_gives_the_share_too(tmp_path):
    data = ToySet(8, 2, empty=EMPTY)
    full = evaluate(ToySystem(), data, tmp_path / "full", detail="full", threads=None, progress=False)
    found = choose_threshold(full)
    assert found.set_share is not None
    assert 0 < found.giou <= 1
    found.save(full.path / NAME)
    settings, kept = applied("toy", {}, "set", full.path)
    assert settings == {"abstain_below": found.value, "set_share": found.set_share}
    assert kept["set_share"] == found.set_share
    assert applied("toy", {}, "may_abstain", full.path)[0] == {"abstain_below": found.value}
    assert choose_threshold(run(tmp_path / "light")).set_share is None


def test_what_makes_no_sense_is_refused(tmp_path):
    found = Threshold(0.5, 0.9, "toy", "toy:val", "key", 1, 1).save(tmp_path / NAME)
    assert applied("toy", {"x": 1}, "set", 0.25) == (
        {"x": 1, "abstain_below": 0.25},
        {"value": 0.25, "from": "given by hand"},
    )
    for message, arguments in {
        "decides nothing": ("toy", {}, "always", 0.5),
        "by name": (ToySystem(), {}, "set", 0.5),
        "given twice": ("toy", {"abstain_below": 1}, "set", 0.5),
        "means nothing to tas": ("tas", {}, "set", found),
    }.items():
        with pytest.raises(OptionError, match=message):
            applied(*arguments)
    with pytest.raises(StorageError, match="iterprime-xai threshold"):
        load_threshold(tmp_path / "nowhere")
    found.write_text("{}")
    with pytest.raises(StorageError, match="holds no threshold"):
        load_threshold(tmp_path)
