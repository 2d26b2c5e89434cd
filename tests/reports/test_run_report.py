"""Running a report: in this Python, from the caller's folder, whole or not at all, and clear when a cell fails."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from iterprime_xai.records import MissingExtraError, OptionError, PhraseError, ReportError, StorageError
from iterprime_xai.reports import run, running

pytest.importorskip("papermill")

FACTS = """
import json, os, sys, tqdm
import iterprime_xai
print(json.dumps({
    "python": sys.executable, "folder": os.getcwd(), "package": iterprime_xai.__file__, "phrase": phrase,
    "bars": not tqdm.tqdm([]).disable, "file": open(path, encoding="utf-8").read() if path else None,
}))
"""
FAILS = """
from iterprime_xai.records import PhraseError
if kind == "ours":
    raise PhraseError("The phrase is empty; give one.")
if kind == "other":
    raise ValueError("first line\\nsecond line")
if kind == "dead":
    import os
    os._exit(1)
"""


def printed(path: Path) -> dict:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return json.loads("".join(cells[-1]["outputs"][0]["text"]))


def test_it_runs_in_this_python_from_the_callers_folder_whatever_kernel_is_registered(
    write_notebook, tmp_path, monkeypatch
):
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["no-such-python", "{connection_file}"], "display_name": "broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.chdir(tmp_path)
    Path("beside.txt").write_text("read me", encoding="utf-8")
    report = write_notebook(
        'phrase: str = ""\npath: str = ""',
        FACTS,
        kernelspec={"name": "broken", "display_name": "x", "language": "python"},
    )
    phrase = 'a "dog" \\n {left} ü 🐕'
    out = run(report, {"phrase": phrase, "path": "beside.txt"}, Path("made") / "on the way" / "{out}.ipynb")
    facts = printed(out)
    assert facts["phrase"] == phrase
    assert facts["file"] == "read me"
    assert facts["python"] == sys.executable
    assert Path(facts["folder"]) == tmp_path
    assert Path(facts["package"]).parent == Path(running.__file__).parent.parent
    assert facts["bars"] is False
    assert [each.name for each in out.parent.iterdir()] == ["{out}.ipynb"]
    record = json.loads(out.read_text(encoding="utf-8"))["metadata"]["papermill"]
    assert (record["input_path"], record["output_path"]) == ("small.ipynb", "{out}.ipynb")


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("ours", PhraseError, r"The phrase is empty; give one\. \(report 'small', cell \[3\]; .*page\.failed\.ipynb\)"),
        pytest.param(
            "other", ReportError, r"stopped with ValueError: first line\. The notebook", marks=pytest.mark.notebook
        ),
        pytest.param("dead", ReportError, r"DeadKernelError.* The notebook", marks=pytest.mark.notebook),
    ],
)
def test_a_failing_cell_is_one_sentence_and_leaves_what_ran(write_notebook, tmp_path, kind, error, said):
    report = write_notebook('kind: str = ""', "print('as far as here')\n" + FAILS)
    out = tmp_path / "page.html"
    out.write_text("an earlier report", encoding="utf-8")
    with pytest.raises(error, match=said):
        run(report, {"kind": kind}, out)
    assert out.read_text(encoding="utf-8") == "an earlier report"
    left = (tmp_path / "page.failed.ipynb").read_text(encoding="utf-8")
    if kind != "dead":
        assert "as far as here" in left
    assert "FAILS" not in left
    assert "PhraseError" in left
    assert sorted(each.name for each in tmp_path.iterdir()) == ["page.failed.ipynb", "page.html", "small.ipynb"]


@pytest.mark.notebook
def test_a_cell_that_takes_too_long_is_stopped(write_notebook, tmp_path):
    report = write_notebook("kind = ''", "import time; time.sleep(60)")
    with pytest.raises(ReportError, match="Timeout"):
        run(report, {}, tmp_path / "slow.html", cell_timeout=2)


@pytest.mark.notebook
def test_reports_run_side_by_side_and_inside_a_running_event_loop(write_notebook, tmp_path):
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    report = write_notebook('phrase: str = ""\npath: str = ""', FACTS)

    async def inside() -> Path:
        return run(report, {"phrase": "loop"}, tmp_path / "loop.ipynb")

    with ThreadPoolExecutor(2) as pool:
        # In a thread, since tests with a browser leave a loop running in this one.
        assert printed(pool.submit(lambda: asyncio.run(inside())).result())["phrase"] == "loop"
        runs = [pool.submit(run, report, {"phrase": str(n)}, tmp_path / f"{n}.ipynb") for n in range(3)]
        assert [printed(each.result())["phrase"] for each in runs] == ["0", "1", "2"]


def test_an_interrupt_stays_one_and_what_ran_is_left(write_notebook, tmp_path, monkeypatch):
    from iterprime_xai.reports import engine

    def interrupted(notebook, parameters, *, keep, **_):
        keep["notebook"] = notebook
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(write_notebook("a = 1"), {}, tmp_path / "x.html")
    assert (tmp_path / "x.failed.ipynb").is_file()
    assert not (tmp_path / "x.html").exists()


def test_what_stopped_a_report_is_the_first_cell_of_what_is_left(write_notebook, tmp_path, monkeypatch):
    from iterprime_xai.reports import engine

    def stopped(notebook, parameters, *, keep, **_):
        keep["notebook"] = notebook
        error = RuntimeError("as nbclient writes it")
        error.ename, error.evalue, error.exec_count = "ValueError", "\x1b[31mred\x1b[0m words\nand more", 4
        raise error

    monkeypatch.setattr(engine, "execute", stopped)
    with pytest.raises(
        ReportError, match=r"Report 'small', cell \[4\] stopped with ValueError: red words\. The notebook"
    ):
        run(write_notebook("a = 1", "1 / 0"), {}, tmp_path / "x.html")
    cells = json.loads((tmp_path / "x.failed.ipynb").read_text(encoding="utf-8"))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    first = "".join(cells[0]["source"])
    assert first.startswith("**This report stopped in cell [4].**")
    assert "ValueError: red words\nand more" in first
    assert len(cells) == 4


def test_a_folder_gets_a_page_with_the_reports_name(write_notebook, tmp_path, monkeypatch):
    from iterprime_xai.reports import engine

    monkeypatch.setattr(engine, "execute", lambda notebook, *_, **__: notebook)
    report = write_notebook("a = 1")
    (tmp_path / "v1.0").mkdir()
    assert run(report, {}, tmp_path / "v1.0") == tmp_path / "v1.0" / "small.html"
    assert run(report, {}, f"{tmp_path}/new/folder/") == tmp_path / "new" / "folder" / "small.html"
    assert (tmp_path / "new" / "folder" / "small.html").is_file()


def test_a_pdf_is_the_page_printed_and_nothing_is_left_where_printing_fails(write_notebook, tmp_path, monkeypatch):
    from iterprime_xai.reports import engine

    monkeypatch.setattr(engine, "execute", lambda notebook, *_, **__: notebook)
    monkeypatch.setattr(running, "browser", lambda: "a browser")
    monkeypatch.setattr(running, "printed", lambda html: b"%PDF of " + html.encode())
    report = write_notebook("a = 1")
    out = run(report, {}, tmp_path / "page.pdf")
    assert out.read_bytes().startswith(b"%PDF of <!DOCTYPE html>")
    out.unlink()

    def fails(html):
        raise ReportError("The PDF was not printed.")

    monkeypatch.setattr(running, "printed", fails)
    with pytest.raises(ReportError, match="not printed"):
        run(report, {}, out)
    assert [each.name for each in tmp_path.iterdir()] == ["small.ipynb"]


def test_a_stamp_and_a_title_stand_in_the_head(write_notebook, tmp_path, monkeypatch):
    from iterprime_xai.reports import engine
    from iterprime_xai.reports.stamps import stamped

    monkeypatch.setattr(engine, "execute", lambda notebook, *_, **__: notebook)
    out = run(write_notebook("a = 1"), {}, tmp_path / "x.html", title="<b> & title", stamp="0123abc")
    assert stamped(out) == "0123abc"
    assert "<title>&lt;b&gt; &amp; title</title>" in out.read_text(encoding="utf-8")


def test_outputs_of_an_earlier_run_are_no_part_of_the_source(write_notebook):
    import nbformat
    from nbformat import v4

    from iterprime_xai.reports.notebook_source import read_notebook

    path = write_notebook("a = 1", kernelspec={"name": "broken", "display_name": "x", "language": "python"})
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [v4.new_output("stream", text="old")]
    notebook.cells[1].execution_count = 7
    nbformat.write(notebook, path)
    found = read_notebook(path)
    assert (found.cells[1].outputs, found.cells[1].execution_count) == ([], None)
    assert found.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(
    ("parameters", "out", "error", "said"),
    [
        ({}, "report.docx", OptionError, r"\.html, \.ipynb or \.pdf, or into a folder, but out is '.*report\.docx'"),
        ({}, "no folder", OptionError, "give it one of these endings, or make the folder first"),
        ({"phrasee": "x"}, "x.html", OptionError, "Did you mean 'phrase'"),
        ({"phrase": 1}, "x.html", OptionError, "phrase should be text"),
    ],
)
def test_bad_input_is_refused_before_a_kernel_starts(
    write_notebook, tmp_path, monkeypatch, parameters, out, error, said
):
    from iterprime_xai.reports import engine

    monkeypatch.setattr(engine, "execute", lambda *_, **__: pytest.fail("a kernel was started"))
    with pytest.raises(error, match=said):
        run(write_notebook('phrase: str = ""'), parameters, tmp_path / out)


def test_a_place_that_cannot_be_written_is_refused_first(write_notebook, tmp_path):
    report = write_notebook("a = 1")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(StorageError, match="is a folder"):
        run(report, {}, tmp_path / "folder.html")
    with pytest.raises(StorageError, match="Cannot write"):
        run(report, {}, report / "below" / "a file.html")


def test_what_is_no_python_notebook_is_refused(write_notebook, tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("not json", encoding="utf-8")
    with pytest.raises(OptionError, match="should be a Jupyter notebook"):
        run(broken, {}, tmp_path / "x.html")
    other = write_notebook("a = 1", name="r.ipynb", kernelspec={"name": "ir", "display_name": "R", "language": "R"})
    with pytest.raises(OptionError, match="is written in R"):
        run(other, {}, tmp_path / "x.html")


def test_without_papermill_the_extra_is_named(tmp_path, monkeypatch):
    from importlib import util

    known = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name, *rest: None if name == "papermill" else known(name, *rest))
    with pytest.raises(MissingExtraError, match=r"need papermill.*iterprime-xai\[reports\]"):
        run("sample", {}, tmp_path / "x.html")


def test_the_kernel_finds_the_package_that_is_running_and_keeps_the_users_path(monkeypatch):
    from iterprime_xai.reports.engine import environment

    root = str(Path(running.__file__).parents[2])
    assert environment({"PYTHONPATH": "mine"})["PYTHONPATH"] == os.pathsep.join(["mine", root])
    assert environment({})["TQDM_DISABLE"] == "1"
    assert environment({})["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment({"OMP_WAIT_POLICY": "ACTIVE"})["OMP_WAIT_POLICY"] == "ACTIVE"
    assert environment({"TQDM_DISABLE": "0"})["TQDM_DISABLE"] == "0"
    monkeypatch.setattr("site.getsitepackages", lambda: [root])
    assert "PYTHONPATH" not in environment({})
