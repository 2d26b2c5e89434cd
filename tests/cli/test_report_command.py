"""``iterprime-xai report``: one clear message and exit code for every mistake, and what it says when it is done."""

from __future__ import annotations

import errno
import os
import sys

import pytest
from run_stand_ins import ToySet, ToySystem

import iterprime_xai as ix
from iterprime_xai import cli, reports
from iterprime_xai.cli import exits

pytest.importorskip("papermill")


@pytest.fixture
def report(monkeypatch, capsys, tmp_path):
    """Runs the command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def of(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["iterprime-xai", "report", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return of


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "toy"
    ix.evaluate(ToySystem(), ToySet(2), folder, progress=False)
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Stand-ins for what the command calls; notes what they were given."""
    calls = []

    def note(name):
        def stand_in(*given, **options):
            calls.append((name, given, options))
            return "the page"

        return stand_in

    for name in ("run", "run_each", "sample_pages"):
        monkeypatch.setattr(reports, name, note(name))
    return calls


class TestWhatIsCalled:
    def test_without_a_name_reports_are_listed_with_their_titles(self, report):
        code, out, _ = report()
        assert code == 0
        listed = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines() if line}
        assert listed["failures"] == "Why a run fails"
        assert listed["sample"] == "One grounding, from the phrase to the mask"
        assert report("list")[1] == out

    def test_reports_and_lessons_are_listed_where_nothing_can_run_them(self, report, monkeypatch):
        monkeypatch.setitem(sys.modules, "nbformat", None)
        monkeypatch.setitem(sys.modules, "papermill", None)
        code, out, _ = report("list")
        assert (code, "Why a run fails" in out) == (0, True)
        from typer.testing import CliRunner

        from iterprime_xai.cli.tutorials import tutorials_app

        assert "01  What does the model look at?" in CliRunner().invoke(tutorials_app, ["list"]).output

    def test_parameters_are_listed_with_type_default_and_help(self, report):
        code, out, _ = report("failures", "--parameters")
        assert code == 0
        assert "threshold  IoU from which an answer is right\n           (a number; default 0.5)" in out

    def test_one_report(self, report, asked):
        code, out, _ = report(
            "failures", "--param", "run=runs/a", "--param", 'where={"kind": "odd"}', "--code", "hidden"
        )
        assert (code, out) == (0, "wrote the page\n")
        ((name, (report_, given, path), options),) = asked
        assert (name, report_, given) == ("run", "failures", {"run": "runs/a", "where": {"kind": "odd"}})
        assert (str(path), options["code"]) == ("failures.html", "hidden")

    def test_a_notebook_of_ones_own_is_named_by_its_file(self, report, asked):
        report("mine/own.ipynb")
        assert str(asked[0][1][2]) == "own.html"

    def test_every_value_of_a_tag(self, report, asked):
        assert report("failures", "--param", "run=a", "--each", "tag.kind", "--out", "pages", "--jobs", 2)[0] == 0
        ((name, (report_, given, out, each), options),) = asked
        assert (name, report_, given, str(out), each) == ("run_each", "failures", {"run": "a"}, "pages", "tag.kind")
        assert options["jobs"] == 2

    def test_many_samples(self, report, asked):
        words = ["sample", "--param", "run=a", "--param", "limit=3", "--samples", "worst:9", "--out"]
        assert report(*words, "pages v1.0")[0] == 0
        ((name, (run, which, out), options),) = asked
        assert (name, run, which, str(out)) == ("sample_pages", "a", "worst:9", "pages v1.0")
        assert options["limit"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["failurs"], "No report 'failurs'. Did you mean 'failures'?"),
        (["gone.ipynb"], "There is no notebook file gone.ipynb"),
        (["failures", "--param", "thresold=1"], "has no parameter 'thresold'. Did you mean 'threshold'?"),
        (["failures", "--param", "worst=many"], "parameter worst should be a whole number, but got 'many'"),
        (["failures", "--param", "worst"], "--param must be key=value, but got 'worst'"),
        (["failures", "--out", "a.docx"], "written as .html, .ipynb or .pdf, or into a folder"),
        (["failures", "--code", "open"], "code must be folded, shown or hidden, but got 'open'"),
        (["failures", "--jobs", "2"], "--jobs is for many pages: give --each or --samples too"),
        (["failures", "--each", "tag.kind"], "give a folder with --out"),
        (["failures", "--each", "tag.kind", "--out", "a.html"], "give a folder with --out"),
        (["sample", "--samples", "worst:3", "--each", "tag.kind", "--out", "a"], "Give --each or --samples, not both"),
        (["failures", "--each", "tag.kind", "--code", "shown", "--out", "a"], "--code is for one page"),
        (["failures", "--param", "run=TOY", "--each", "tag.knd", "--out", "a"], "Did you mean 'kind'?"),
        (["failures", "--each", "tag.kind", "--out", "a"], "say of which run: run=FOLDER"),
        (["failures", "--samples", "worst:3", "--out", "a"], "--samples is for the report 'sample'"),
        (["sample", "--samples", "worst:3", "--out", "a"], "With --samples the parameters are run=FOLDER and limit=N"),
        (["sample", "--param", "run=TOY", "--samples", "worst", "--out", "a"], "worst:N, first:N, random:N"),
        (
            ["sample", "--param", "run=TOY", "--param", "limit=x", "--samples", "first:2", "--out", "a"],
            "parameter limit should be a whole number, but got 'x'",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2_and_nothing_is_written(report, toy, tmp_path, monkeypatch, words, said):
    from iterprime_xai.reports import engine

    monkeypatch.setattr(engine, "execute", lambda *_, **__: pytest.fail("a kernel was started"))
    code, out, err = report(*(word.replace("TOY", str(toy)) for word in words))
    assert code == exits.BAD_INPUT
    assert out == ""
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        "words", [["failures", "--each", "tag.kind"], ["sample", "--samples", "first:2"]], ids=["each", "samples"]
    )
    def test_a_missing_run_is_one_line_and_exit_code_4(self, report, words):
        code, _, err = report(*words, "--param", "run=runs/gone", "--out", "a")
        assert code == exits.NO_STORAGE
        assert "gone" in err
        assert err.count("\n") == 1

    def test_a_missing_run_that_the_notebook_meets_is_one_line_and_exit_code_4(self, report, monkeypatch):
        from iterprime_xai.reports import engine

        def stopped(notebook, parameters, *, keep, **_):
            keep["notebook"] = notebook
            error = RuntimeError()
            error.ename, error.evalue, error.exec_count = "StorageError", "runs/gone is no run.", 3
            raise error

        monkeypatch.setattr(engine, "execute", stopped)
        code, _, err = report("failures", "--param", "run=runs/gone")
        assert code == exits.NO_STORAGE
        assert "runs/gone is no run. (report 'failures', cell [3]; " in err
        assert err.count("\n") == 1

    def test_a_kernel_that_is_broken_is_one_line(self, report, monkeypatch):
        from iterprime_xai.reports import engine

        def stopped(notebook, parameters, *, keep, **_):
            keep["notebook"] = notebook
            raise RuntimeError("Kernel died before replying to kernel_info")

        monkeypatch.setattr(engine, "execute", stopped)
        code, _, err = report("failures")
        assert code == exits.BAD_INPUT
        assert "Report 'failures' stopped with RuntimeError: Kernel died before replying" in err
        assert err.count("\n") == 1

    @pytest.mark.parametrize("name", ["page.html", "page.ipynb"])
    def test_a_full_disk_is_one_line_and_exit_code_4(self, report, monkeypatch, tmp_path, name):
        from iterprime_xai.reports import engine

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(engine, "execute", lambda notebook, *_, **__: notebook)
        monkeypatch.setattr(os, "replace", full)
        code, _, err = report("failures", "--out", name)
        assert code == exits.NO_STORAGE
        assert f"Cannot write {name}: No space left on device" in err
        assert err.count("\n") == 1
        assert list(tmp_path.iterdir()) == []

    def test_without_a_browser_a_pdf_is_one_line(self, report, monkeypatch):
        from iterprime_xai.reports import printing

        monkeypatch.setattr(printing.shutil, "which", lambda name: None)
        monkeypatch.setattr(printing, "PLACES", ())
        code, _, err = report("failures", "--out", "a.pdf")
        assert code == exits.BAD_INPUT
        assert "none of them was found" in err
        assert err.count("\n") == 1


def test_a_folder_gets_a_page_with_the_reports_name(report, monkeypatch, tmp_path):
    from iterprime_xai.reports import engine

    (tmp_path / "pages v1.0").mkdir()
    monkeypatch.setattr(engine, "execute", lambda notebook, *_, **__: notebook)
    code, out, _ = report("failures", "--out", "pages v1.0")
    assert (code, out.strip().replace(os.sep, "/")) == (0, "wrote pages v1.0/failures.html")
    assert "<h1" in (tmp_path / "pages v1.0" / "failures.html").read_text(encoding="utf-8")
