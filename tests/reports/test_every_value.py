"""A report for every value of a tag: one page each, kept when nothing changed, and failures told once."""

from __future__ import annotations

import re

import pytest

from iterprime_xai.records import OptionError, PhraseError, ReportError, StorageError
from iterprime_xai.records.writing import write_whole
from iterprime_xai.reports import every_value, run_each

pytest.importorskip("papermill")


@pytest.fixture
def made(monkeypatch):
    """Pages by a stand-in for `run`, which notes what it was asked; it fails for the values in ``made.broken``."""

    class Made(list):
        broken = frozenset()

    asked = Made()

    def run(name, parameters, out, *, title, stamp, **_):
        asked.append(parameters["where"])
        if parameters["where"]["kind"] in asked.broken:
            raise PhraseError("The cell stopped.\nIts second line.")
        return write_whole(out, f'<meta name="iterprime-xai-stamp" content="{stamp}"><title>{title}</title>'.encode())

    monkeypatch.setattr(every_value, "run", run)
    return asked


def rows(index):
    """The cells of an index's first table, without tags."""
    table = re.search(r"<tbody>(.*?)</tbody>", index.read_text(encoding="utf-8"), re.DOTALL)[1]
    lines = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)] for line in lines]


def given(run, **more):
    return {"run": str(run.path), **more}


def test_there_is_a_page_a_value_and_an_index_with_its_numbers(toy_run, made, tmp_path):
    run = toy_run("mixed")
    index = run_each("failures", given(run, worst=1), tmp_path / "out", "tag.kind", jobs=1)
    assert index == tmp_path / "out" / "index.html"
    assert sorted(each.name for each in index.parent.iterdir()) == ["even.html", "index.html", "odd.html"]
    assert made == [{"kind": "even"}, {"kind": "odd"}]
    assert "<title>Why a run fails: kind = odd</title>" in (tmp_path / "out" / "odd.html").read_text(encoding="utf-8")
    text = index.read_text(encoding="utf-8")
    assert "2 were made, 0 were there already, 0 failed." in text
    assert 'href="even.html"' in text
    assert run.key in text
    found = {each[0]: each[1:] for each in rows(index)}
    for kind in ("even", "odd"):
        own = [each for each in run if each["tags"] and dict(each["tags"])["kind"] == kind]
        known = [each for each in own if each["gold_area"] is not None]
        failed = sum(each["iou"] < 0.5 for each in known)
        share, miou = 100 * failed / len(known), 100 * sum(each["iou"] for each in known) / len(known)
        assert found[kind] == [str(len(own)), str(failed), f"{share:.1f}", f"{miou:.1f}", ""]


def test_what_is_there_is_kept_and_made_again_for_other_parameters(toy_run, made, tmp_path):
    run = toy_run("mixed")
    run_each("failures", given(run), tmp_path, "tag.kind")
    made.clear()
    index = run_each("failures", given(run), tmp_path, "tag.kind")
    assert made == []
    assert "0 were made, 2 were there already, 0 failed." in index.read_text(encoding="utf-8")
    (tmp_path / "odd.html").unlink()
    run_each("failures", given(run), tmp_path, "tag.kind")
    assert made == [{"kind": "odd"}]
    run_each("failures", given(run, worst=1), tmp_path, "tag.kind")
    assert len(made) == 3


def test_pages_that_fail_are_told_once_the_others_are_there_and_only_they_are_made_again(
    toy_run, made, tmp_path, capsys
):
    run = toy_run("mixed")
    made.broken = {"even"}
    with pytest.raises(
        ReportError, match=r"1 of 2 pages were not made; .*index\.html says which\. The first: The cell stop"
    ):
        run_each("failures", given(run), tmp_path, "tag.kind")
    assert (tmp_path / "odd.html").is_file()
    assert not (tmp_path / "even.html").exists()
    found = {each[0]: each[-1] for each in rows(tmp_path / "index.html")}
    assert found["odd"] == ""
    assert "The cell stopped." in found["even"]
    assert 'href="even.html"' not in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "1 of 2: even.html not made: The cell stopped.\n2 of 2: odd.html made\n" in capsys.readouterr().err
    made.clear()
    made.broken = frozenset()
    run_each("failures", given(run), tmp_path, "tag.kind")
    assert made == [{"kind": "even"}]
    assert "1 were made, 1 were there already, 0 failed." in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_where_narrows_all_pages_further(toy_run, made, tmp_path):
    run_each("failures", given(toy_run("mixed"), where={"kind": "odd"}), tmp_path, "tag.split")
    assert made == [{"kind": "odd", "split": "val"}]


def test_values_that_are_no_file_names_get_some_and_hostile_ones_are_escaped(toy_run, made, tmp_path, monkeypatch):
    import pyarrow as pa

    from iterprime_xai.evaluation import failures
    from iterprime_xai.evaluation.failures.table import FailureTable, failure_table

    hostile = "<b>a</b>"
    real = failure_table(toy_run("mixed")).rows
    tags = pa.array(
        [[("kind", hostile if at % 2 else "A/B")] for at in range(len(real))], real.schema.field("tags").type
    )
    changed = real.set_column(real.schema.get_field_index("tags"), "tags", tags)
    monkeypatch.setattr(failures, "failure_table", lambda run: FailureTable(changed, 0.5))
    index = run_each("failures", given(toy_run("mixed")), tmp_path, "tag.kind")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a-b.html", "b-a-b.html", "index.html"]
    assert hostile not in index.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "parameters", "each", "said"),
    [
        ("failures", {}, "tag.kind", "say of which run: run=FOLDER"),
        ("failures", {"run": "RUN", "wosrt": 1}, "tag.kind", "Did you mean 'worst'"),
        ("failures", {"run": "RUN"}, "tag.kinds", "Did you mean 'kind'"),
        ("failures", {"run": "RUN"}, "kind", "such as \"tag.kind\", but got 'kind'"),
        ("failures", {"run": "RUN"}, "tag.", "but got 'tag.'"),
        ("failures", {"run": "RUN", "where": {"kind": "ood"}}, "tag.kind", "Did you mean 'odd'"),
        ("sample", {"run": "RUN"}, "tag.kind", "has no parameter 'where'"),
        ("failurs", {"run": "RUN"}, "tag.kind", "Did you mean 'failures'"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_is_written(toy_run, made, tmp_path, name, parameters, each, said):
    if "run" in parameters:
        parameters = parameters | {"run": str(toy_run("mixed").path)}
    with pytest.raises(OptionError, match=said):
        run_each(name, parameters, tmp_path / "out", each)
    assert made == []
    assert not (tmp_path / "out").exists()


def test_no_jobs_and_no_run_are_refused(toy_run, made, tmp_path):
    with pytest.raises(OptionError, match="jobs must be at least 1, but got 0"):
        run_each("failures", given(toy_run("mixed")), tmp_path, "tag.kind", jobs=0)
    with pytest.raises(StorageError, match="no such run"):
        run_each("failures", {"run": str(tmp_path / "no such run")}, tmp_path, "tag.kind")


def test_a_full_disk_is_one_error(toy_run, made, tmp_path, monkeypatch):
    import errno
    import os

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError, match=r"Cannot write .*: No space left on device\. Free some space"):
        run_each("failures", given(toy_run("mixed")), tmp_path, "tag.kind")
    assert list(tmp_path.iterdir()) == []
