"""Reports of runs, executed whole: the same tables each time, and the very pages that are made without a kernel."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest

pytest.importorskip("papermill")

from notebook_files import MOST_BYTES, loaded_from_elsewhere

import iterprime_xai as ix
from iterprime_xai.records import ReportError, StorageError
from iterprime_xai.reports import run, run_each, sample_pages
from iterprime_xai.reports.prepared import Prepared

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A small run of the project's own system that kept all maps, on drawings that it partly fails on."""
    folder = tmp_path_factory.mktemp("runs") / "scenes"
    return ix.evaluate("iterprime", "scenes:ood", folder, limit=10, detail="full", progress=False)


class _Read(HTMLParser):
    """What a page says, however its tags are written: a table's tags and texts, and every picture."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: list[list[object]] = []
        self.pictures: list[list[tuple[str, str | None]]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(sorted(attrs))
        if tag == "table":
            self.tables.append([])
            self._inside = True
        if self._inside:
            self.tables[-1].append((tag, sorted(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "table"

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.tables[-1].append(" ".join(data.split()))


def tables(page: str) -> list[list[object]]:
    return _Read(page).tables


def pictures(page: str) -> list[list[tuple[str, str | None]]]:
    """Every attribute of every picture: its bytes, alternative text and size."""
    return _Read(page).pictures


def paragraphs(page: str) -> list[str]:
    return [unescape(re.sub(r"<[^>]*>", "", each)) for each in re.findall(r"<p\b[^>]*>(.*?)</p>", page, re.DOTALL)]


@pytest.mark.parametrize("name", ["sample", "failures"])
def test_the_pages_without_a_kernel_hold_what_the_executed_notebook_does(scenes, tmp_path, monkeypatch, name):
    # As many threads as here: sums in another order differ in the seventh digit, and local emphasis can be the sign of that.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    given = {"run": str(scenes.path), "smoke": True}
    executed = run(name, given, tmp_path / "executed.html").read_text(encoding="utf-8")
    made = Prepared(name).html(given)
    assert len(tables(executed)) >= 6
    assert tables(made) == tables(executed)
    assert len(pictures(executed)) >= 5
    assert pictures(made) == pictures(executed)
    assert paragraphs(made) == paragraphs(executed)
    assert loaded_from_elsewhere(made) == loaded_from_elsewhere(executed) == []
    assert len(executed.encode("utf-8")) < MOST_BYTES
    assert name != "failures" or 'class="failure"' in executed


def test_sample_pages_are_those_very_pages_from_several_processes(scenes, tmp_path):
    index = sample_pages(scenes.path, "first:2", tmp_path, jobs=2, limit=2, progress=False)
    text = index.read_text(encoding="utf-8")
    ids = [each["sample_id"] for each in scenes][:2]
    links = re.findall(r'href="([^"]*)"', text)
    assert len(links) == 2
    report = Prepared("sample")
    for name, file in zip(ids, links, strict=True):
        page = (tmp_path / file).read_text(encoding="utf-8")
        whole = report.html({"run": str(scenes.path.resolve()), "sample": name, "limit": 2})
        assert tables(page) == tables(whole)
        assert pictures(page) == pictures(whole)


def test_a_page_for_each_value_is_the_report_of_that_value_and_a_value_that_fails_is_told(
    scenes, tmp_path, monkeypatch
):
    """By real kernels: one value of two is made to fail once."""
    from iterprime_xai.evaluation.failures import failure_table, narrowing
    from iterprime_xai.evaluation.failures.narrowing import tag_values
    from iterprime_xai.reports import every_value

    value, *others = tag_values(failure_table(scenes), "kind")
    monkeypatch.setattr(narrowing, "tag_values", lambda *_: [value, others[0]])
    real = every_value.run
    monkeypatch.setattr(
        every_value,
        "run",
        lambda name, given, *a, **k: real(
            name, given | {"threshold": 7.0} if given["where"]["kind"] == value else given, *a, **k
        ),
    )
    given = {"run": str(scenes.path), "smoke": True}
    with pytest.raises(ReportError, match=r"1 of 2 pages were not made; .*threshold must be an IoU above 0"):
        run_each("failures", given, tmp_path, "tag.kind", jobs=2)
    made = sorted(each.name for each in tmp_path.glob("*.html"))
    assert len(made) == 2
    assert "index.html" in made
    (left,) = tmp_path.glob("*.failed.ipynb")
    assert "This report stopped in cell" in left.read_text(encoding="utf-8")[:600]


def test_a_run_that_is_not_there_is_said_as_if_it_was_read_here(tmp_path):
    with pytest.raises(StorageError, match=r"runs/gone.*\(report 'failures', cell \[\d\]; "):
        run("failures", {"run": "runs/gone"}, tmp_path / "x.html")
