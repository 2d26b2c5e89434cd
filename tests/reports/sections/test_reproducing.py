"""Result tables made again: which runs are asked for, and what is said of them; no model is loaded."""

from __future__ import annotations

import shutil

import pytest

import iterprime_xai as ix
from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.records import OptionError
from iterprime_xai.reports import charts
from iterprime_xai.reports.sections import reproducing, run_source
from iterprime_xai.reports.sections.reproducing import BASE, Cell


@pytest.fixture
def evaluated(monkeypatch, toy_run):
    """Stand-in for `evaluate`: notes what it was asked and gives a toy run."""
    calls, made = [], toy_run("right")

    def evaluate(system, data, out, **how):
        calls.append((system, data, out, how))
        return made

    monkeypatch.setattr("iterprime_xai.evaluation.runs.evaluate", evaluate)
    return calls


@pytest.fixture
def runs(tmp_path, toy_run):
    """Three runs over the same four phrases: all wrong, the same again, and all right."""
    named = {BASE: "wrong", "the same": "wrong", "better": "right"}
    return [ix.read_run(shutil.copytree(toy_run(of).path, tmp_path / name)) for name, of in named.items()]


class TestWhatIsEvaluated:
    def test_each_system_on_each_data_set_with_each_proposer_has_a_folder_of_its_own(self, evaluated, tmp_path):
        found = reproducing.cells(["a", "b"], ["scenes:val"], ["", "gold", "slic"], str(tmp_path / "runs"), 5)
        assert [(each.data, each.proposals, len(each.runs)) for each in found] == [
            ("scenes:val", "the system's own", 2),
            ("scenes:val", "gold", 2),
            ("scenes:val", "slic", 2),
        ]
        places = [call[2].relative_to(tmp_path / "runs").as_posix() for call in evaluated]
        assert places == [
            f"scenes-val-first-5/{masks}/{system}" for masks in ("own", "gold", "slic") for system in ("a", "b")
        ]
        assert [(call[0], call[3]["proposals"], call[3]["limit"]) for call in evaluated[:3]] == [
            ("a", None, 5),
            ("b", None, 5),
            ("a", "gold", 5),
        ]
        # Proposed masks are kept for the next system; annotated ones need not be.
        assert [call[3]["mask_cache"] is not None for call in evaluated] == [False] * 4 + [True] * 2

    def test_other_limits_never_share_a_folder(self, evaluated, tmp_path):
        for limit in (None, 3):
            reproducing.cells(["a"], ["scenes:val"], [""], str(tmp_path), limit)
        assert len({call[2] for call in evaluated}) == 2

    @pytest.mark.parametrize("empty", ["systems", "data", "proposers"])
    def test_nothing_to_evaluate_is_refused(self, evaluated, empty):
        given = {"systems": ["a"], "data": ["b"], "proposers": [""], empty: []}
        with pytest.raises(OptionError, match=f"{empty} is empty; name at least one"):
            reproducing.cells(**given, folder="", limit=None)

    def test_each_question_begins_with_the_system_as_it_is(self, evaluated, tmp_path, monkeypatch):
        monkeypatch.setattr(reproducing, "_layers", lambda: (0, 1))
        asked = dict(reproducing.answers("scenes:val", "gold", str(tmp_path), 5))
        assert list(asked) == ["Which text layer?", *reproducing.QUESTIONS]
        assert evaluated[0][3]["settings"] is None
        settings = [call[3]["settings"] for call in evaluated]
        assert settings[:3] == [None, {"layer": 0}, {"layer": 1}]
        assert [each for each in settings if each and "passes" in each] == [{"passes": number} for number in (1, 2, 5)]
        assert len(evaluated) == sum(1 + len(each) for each in reproducing.QUESTIONS.values()) + 3
        evaluated.clear()
        few = dict(reproducing.answers("scenes:val", "gold", str(tmp_path), 5, small=True))
        assert all(len(each) == 2 for each in few.values())

    def test_what_is_asked_are_settings_that_the_system_takes(self):
        from iterprime_xai.saliency.recipe import Recipe

        known = {*Recipe.__dataclass_fields__, "layer", "passes", "emphasis"}
        for variants in reproducing.QUESTIONS.values():
            for settings in variants.values():
                assert set(settings) <= known


class TestWhatIsSaid:
    def test_a_change_whose_interval_leaves_out_0_is_marked_in_table_chart_and_finding(self, runs):
        picture, shown = reproducing.answer("How?", runs)
        assert "+100.0 [+100.0, +100.0] *" in shown.html
        assert "+0.0 [+0.0, +0.0]<" in shown.html
        assert "4 phrases. * the interval leaves out 0." in shown.html
        assert picture.alt == "How? Change of mIoU: the same: +0.0; better: +100.0."
        said = repr(reproducing.finding([("How?", runs)]))
        assert (
            "Better than as it is: better (+100.0). Worse: none. The very same IoU on every phrase: the same." in said
        )
        assert "No question was asked" in repr(reproducing.finding([]))

    def test_where_nothing_changed_that_is_said_instead_of_drawn(self, runs):
        (said,) = reproducing.answer("How?", runs[:2])
        assert repr(said) == "the same: the very same IoU on every one of 4 phrases."

    def test_systems_stand_side_by_side_and_one_alone_has_its_metrics(self, runs):
        several = Cell("toy:val", "gold", tuple(runs))
        assert "+100.0 [+100.0, +100.0] *" in reproducing.results(several).html
        assert reproducing.results_chart(several).alt == (
            "mIoU on toy:val, proposals gold: as it is 0.0; the same 0.0; better 100.0."
        )
        one = reproducing.results(Cell("toy:val", "gold", (runs[2],))).html
        assert "100.0 [100.0, 100.0]" in one
        assert "more than" not in one

    def test_the_best_system_is_told_with_those_that_it_cannot_be_told_from(self, runs):
        best = repr(reproducing.best(Cell("toy:val", "gold", tuple(runs))))
        assert best.endswith("The highest mIoU is that of better, 100.0, surely above all others.")
        same = repr(reproducing.best(Cell("toy:val", "gold", tuple(runs[:2]))))
        assert same.endswith("that of as it is, 0.0; it can't be told from the same on 4 phrases.")

    def test_data_without_published_figures_are_said_to_have_none(self, runs):
        assert "None of these data sets" in repr(reproducing.published([Cell("toy:val", "gold", tuple(runs))]))

    def test_settings_are_those_of_the_projects_own_system(self, runs):
        assert reproducing.settings_as_they_are(runs) == {}


class TestRunSource:
    def test_a_run_that_is_there_is_read_and_one_that_is_not_is_said(self, toy_run, tmp_path):
        from iterprime_xai.records import StorageError

        path = toy_run("right").path
        assert run_source.opened(str(path)).key == toy_run("right").key
        with pytest.raises(StorageError, match="no such run"):
            run_source.opened(str(tmp_path / "no such run"))

    def test_without_one_a_small_run_is_made_once(self, evaluated, monkeypatch):
        run_source._made.cache_clear()
        first = run_source.opened("", phrases=3)
        assert run_source.opened("", phrases=3) is first
        ((system, data, _, how),) = evaluated
        assert (system, data, how["limit"], how["detail"]) == ("iterprime", run_source.DATA, 3, "full")
        run_source._made.cache_clear()


class TestIntervalRows:
    def test_a_row_without_a_value_is_empty_and_names_are_never_read_as_mathematics(self):
        nothing = Interval(float("nan"), float("nan"), float("nan"))
        found = charts.interval_rows(["$x^{$", "b"], [nothing, Interval(1, 0, 2)], axis="points", alt="the numbers")
        assert found.alt == "the numbers"
        assert found.content.startswith(b"\xff\xd8")

    def test_the_line_marks_and_zero_change_the_picture(self):
        def drawn(**how):
            return charts.interval_rows(["a", "b"], [Interval(5, 4, 6)] * 2, axis="x", alt="", **how).content

        plain = drawn()
        assert drawn() == plain
        for how in ({"line": 5.0}, {"marked": [True, False]}, {"from_zero": True}, {"decimals": 3}):
            assert drawn(**how) != plain, how

    def test_no_rows_are_an_empty_chart(self):
        assert charts.interval_rows([], [], axis="x", alt="").content
