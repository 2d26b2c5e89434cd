"""Runs side by side on what they share, with paired differences, and published figures only where they belong."""

from __future__ import annotations

import json

import pytest
from run_stand_ins import ToySet, ToySystem

from iterprime_xai.evaluation.measures import PUBLISHED, compare
from iterprime_xai.evaluation.measures.comparison_tables import as_json, written
from iterprime_xai.evaluation.measures.metrics import METRICS
from iterprime_xai.evaluation.measures.published import published_for
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.records import OptionError


def run(out, data=None, system=None, **options):
    return evaluate(system or ToySystem(), data or ToySet(), out, threads=None, progress=False, **options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return (
        run(folder / "hash_%1"),
        run(folder / "gold", proposals="gold"),
        run(folder / "short", limit=8),
    )


def test_differences_are_paired_on_the_same_samples(runs):
    one, other, short = runs
    found = compare([one, other, short], by="kind")
    assert found.count == 8
    assert found.left_out == {"hash_%1": 4, "gold": 4, "short": 0}
    whole = found.groups[0]
    assert [each.group for each in found.groups] == ["all", "even", "odd"]
    ious = [{row["sample_id"]: row["iou"] for row in each} for each in (one, other)]
    shared = [row["sample_id"] for row in short]
    difference = sum(ious[1][name] - ious[0][name] for name in shared) / 8
    assert whole.runs[0].differences is None
    assert whole.runs[1].differences["miou"].mean == pytest.approx(difference)
    same = whole.runs[2].differences["oiou"]
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    assert any("differ in proposals" in note for note in found.notes)
    assert compare([one, other], against=1).groups[0].runs[0].differences["miou"].mean == pytest.approx(
        -compare([one, other]).groups[0].runs[1].differences["miou"].mean
    )


def test_runs_on_other_data_are_refused(runs, tmp_path):
    class Other(ToySet):
        def samples_of(self, entry):
            found = super().samples_of(entry)
            for sample in found:
                object.__setattr__(sample, "text", "another phrase")
            return found

    with pytest.raises(OptionError, match=r"'0-0' has another phrase in other than in hash_%1 \(12 of 12"):
        compare([runs[0], run(tmp_path / "other", Other())])
    with pytest.raises(OptionError, match="at least two"):
        compare([runs[0]])
    with pytest.raises(OptionError, match="given twice"):
        compare([runs[0], runs[0].path])
    with pytest.raises(OptionError, match="no measured sample in common"):
        compare([runs[0], run(tmp_path / "none", ToySet(missing=range(6)))])


def test_every_format_names_every_run_and_metric(runs):
    found = compare(runs[:2], by="kind")
    for form in ("text", "markdown", "latex"):
        text = written(found, form)
        for metric in ("oIoU", "mIoU", "P@0.5", "peak"):
            assert metric in text
        assert "gold" in text
        assert "12 phrases that all runs have" in text
    latex = written(found, "latex")
    assert r"hash\_\%1" in latex
    assert r"\toprule" in latex
    assert r"\textbf{" in latex
    assert "**+" in written(found, "markdown")
    json.dumps(as_json(found), allow_nan=False)
    with pytest.raises(OptionError, match="text, markdown, latex"):
        written(found, "word")


def test_published_figures_stand_beside_the_very_split_only(tmp_path):
    class RefCoco(ToySet):
        def describe(self):
            return {"data": "refcoco", "split_by": "unc", "split": "testA", "text": "sent"}

    found = compare([run(tmp_path / "a", RefCoco()), run(tmp_path / "b", RefCoco(), ToySystem(setting=2))])
    assert {(each.system.split(" ")[0], each.metric, each.value) for each in found.published} >= {
        ("TAS", "oiou", 30.3),
        ("Global-Local", "oiou", 23.6),
        ("Global-Local", "miou", 24.94),
    }
    assert {(each.data, each.split) for each in found.published} == {("refcoco", "testA")}
    text = written(found)
    assert "check them there" in text
    assert "30.3" in text
    limited = compare([run(tmp_path / "c", RefCoco(), limit=4), run(tmp_path / "d", RefCoco(), limit=4, answer="set")])
    assert limited.published == ()


def test_published_figures_have_a_metric_and_a_source_and_name_conflicts():
    assert all(each.metric in METRICS and each.source and 0 < each.value < 100 for each in PUBLISHED)
    twice = {}
    for each in PUBLISHED:
        twice.setdefault((each.system, each.metric, each.data, each.split), []).append(each)
    conflicts = [found for found in twice.values() if len(found) > 1]
    assert [sorted(each.value for each in found) for found in conflicts] == [[35.8, 48.7]]
    assert all("conflict" in each.note for found in conflicts for each in found)
    assert not any("IteRPrimE" in each.system for each in PUBLISHED)
    assert published_for({"data": "refcoco", "split_by": "google", "split": "val"}) == []
    assert published_for({"data": "scenes", "split": "val"}) == []
