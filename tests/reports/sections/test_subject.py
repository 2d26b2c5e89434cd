"""What a report about one sample shows: samples of runs of every kind, by the notebook's own cells."""

from __future__ import annotations

import numpy as np
import pytest

import iterprime_xai as ix
from iterprime_xai.evaluation.runs.asking import Asker
from iterprime_xai.records import OptionError
from iterprime_xai.reports.sections import failure_exhibits, looks, subject
from iterprime_xai.reports.sections.subject import subject_of

pytest.importorskip("papermill")

HOSTILE = '<img src=x onerror="window.broken=1"> & <b>dog</b>'
ARABIC = "الكلب على اليسار"


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    """Two runs of one scene's phrase: the system of this project, which kept all maps or the final ones."""
    folder = tmp_path_factory.mktemp("looked")
    for detail in ("full", "light"):
        ix.evaluate("iterprime", "scenes:testA", folder / detail, limit=1, detail=detail, progress=False)
    return folder


@pytest.fixture
def of_toy(toy_run, monkeypatch):
    """The subject of a toy run's sample, whose phrase may be another."""

    def of(name: str, sample: str = "", text: str | None = None):
        run = toy_run(name)
        if text is not None:
            real = type(run).row
            monkeypatch.setattr(type(run), "row", lambda self, key: real(self, key) | {"text": text})
        monkeypatch.setattr(subject, "_opened", lambda path: (run, Asker(run)))
        return subject_of(run="any", sample=sample)

    return of


class TestWhatGoesTogether:
    @pytest.mark.parametrize("own", [{"image": "a.png"}, {"phrase": "dog"}])
    def test_a_run_brings_its_pictures_and_phrases(self, own):
        with pytest.raises(OptionError, match="give either run and sample, or image and phrase"):
            subject_of(run="runs/a", **own)

    def test_a_sample_needs_its_run(self):
        with pytest.raises(OptionError, match="'testA-0' is an id in a run: say which with run"):
            subject_of(sample="testA-0")

    def test_a_run_that_is_not_there_is_said(self, tmp_path):
        from iterprime_xai.records import StorageError

        with pytest.raises(StorageError, match="no such run"):
            subject_of(run=str(tmp_path / "no such run"))


class TestSamplesOfRuns:
    def test_without_an_id_it_is_the_failure_with_the_lowest_iou(self, of_toy, monkeypatch):
        from made_failures import line, table

        from iterprime_xai.evaluation import failures

        named = [("error", 0.0, "1-0"), ("scattered", 0.3, "0-1"), ("part_only", 0.1, "2-0"), ("right", 0.05, "2-1")]
        lines = [line(0, kind, value, sample_id=name) for kind, value, name in named]
        monkeypatch.setattr(failures, "failure_table", lambda run: table(*lines))
        assert of_toy("mixed").case.sample_id == "2-0"

    def test_where_nothing_failed_it_is_the_first_phrase(self, of_toy):
        assert of_toy("right").case.sample_id == "0-0"
        assert of_toy("unlabelled").case.sample_id == "0-0"

    def test_a_wrong_id_is_refused(self, of_toy):
        with pytest.raises(OptionError, match="0-9"):
            of_toy("mixed", "0-9")

    def test_of_an_error_row_there_is_nothing_to_show_and_it_is_said_why(self, of_toy):
        with pytest.raises(
            OptionError, match=r"nothing to show of '1-0': .*That is a bad phrase.*Choose another sample"
        ):
            of_toy("mixed", "1-0")

    def test_without_a_gold_mask_nobody_knows_the_truth(self, of_toy):
        found = of_toy("unlabelled")
        assert found.sample is None
        assert "IoU" not in repr(failure_exhibits.facts(found)) or found.case.gold is None

    def test_a_full_run_is_shown_as_it_was_kept(self, looked):
        found = subject_of(run=str(looked / "full"))
        kept = found.case.grounding
        assert found.grounding is kept
        assert found.note == ""
        assert [len(each.words) for each in kept.passes] == [len(kept.expression.words)] * len(kept.passes)

    def test_a_light_run_is_looked_at_again_and_told_to_agree(self, looked):
        found = subject_of(run=str(looked / "light"))
        assert found.note.endswith("(detail light), so this was looked at again: the same mask.")
        assert np.array_equal(found.grounding.mask, found.case.grounding.mask)
        assert found.grounding.words
        assert not found.case.grounding.words
        said = failure_exhibits.verdict(found).html
        assert "the same mask" in said
        assert "⚠" not in said

    def test_a_light_run_whose_system_answers_otherwise_now_is_a_caveat(self, looked, monkeypatch):
        from dataclasses import replace

        real = Asker.ask
        monkeypatch.setattr(Asker, "ask", lambda self, *a, **k: replace(found := real(self, *a, **k), mask=~found.mask))
        found = subject_of(run=str(looked / "light"))
        assert "ANOTHER mask than the run's (IoU 0.00 with it)" in found.note
        assert "⚠" in failure_exhibits.verdict(found).html
        monkeypatch.setattr(Asker, "ask", lambda self, *a, **k: replace(real(self, *a, **k), mask=None))
        assert "ANOTHER answer" in subject_of(run=str(looked / "light")).note

    def test_looking_again_keeps_the_proposals_and_changes_what_is_asked(self, looked):
        found = subject_of(run=str(looked / "full"))
        named = dict(looks.with_and_without_emphasis(found))
        assert list(named) == ["as it is", "emphasis on", "emphasis off"]
        assert named["as it is"] is found.grounding
        for each in named.values():
            assert np.array_equal(each.proposals.masks, found.grounding.proposals.masks)
        assert not np.array_equal(named["emphasis on"].heatmap, named["emphasis off"].heatmap)

    def test_layers_are_spread_over_the_depth_and_hold_the_one_that_was_read(self, looked):
        found = subject_of(run=str(looked / "full"))
        there, read = found.grounder.matcher.layers, looks.layer_read(found)
        assert list(looks.layer_looks(found, 99)) == list(there)
        for most in (1, 2, 3):
            chosen = looks.layer_looks(found, most)
            assert read in chosen
            assert len(chosen) <= most
            assert list(chosen) == sorted(chosen)
        picture = looks.layer_sheet(found, looks.layer_looks(found, 2))
        assert picture.alt.startswith("The first look, read from layers ")


class TestPages:
    """Whole pages by the cells of the sample notebook."""

    @pytest.fixture
    def page(self, of_toy, prepared, monkeypatch):
        def of(name: str, sample: str = "", text: str | None = None, **how) -> str:
            of_toy(name, sample or "0-0", text)
            return prepared("sample").html({"run": "any", "sample": sample or "0-0"}, **how)

        return of

    def test_a_system_without_text_layers_says_that_there_is_nothing_to_compare(self, page):
        html = page("mixed")
        assert html.count(looks.NO_LAYERS) == 2
        assert "left thing 0" in html

    def test_a_system_that_does_not_look_at_all_has_a_page_too(self, tmp_path, prepared):
        run = ix.evaluate("largest", "scenes:testA", tmp_path / "largest", limit=1, progress=False)
        html = prepared("sample").html({"run": str(run.path)})
        assert html.count(looks.NO_LAYERS) == 2
        assert html.count("<img") >= 2

    def test_hostile_text_is_escaped_wherever_it_stands(self, page):
        html = page("wrong", text=HOSTILE, title=HOSTILE)
        assert "<img src=x" not in html
        assert "<b>dog" not in html
        assert "&lt;img src=x" in html.partition("</title>")[0]

    def test_a_phrase_from_right_to_left_keeps_its_direction_to_itself(self, page):
        html = page("wrong", text=ARABIC, title=ARABIC)
        assert f"<title>{ARABIC}</title>" in html
        assert "<bdi>" in html
        assert ARABIC in html

    def test_without_a_gold_mask_there_is_no_overlap_with_it(self, page):
        assert "gold mask (IoU)" not in page("unlabelled")
        assert "gold mask (IoU) 1.00" in page("right")
