"""PDF by a browser, where there is one; one sentence where there is none or it fails."""

from __future__ import annotations

import subprocess

import pytest

from iterprime_xai.records import MissingExtraError, ReportError
from iterprime_xai.reports import printing, run

PAGE = "<!DOCTYPE html><title>t</title><p>a page"


@pytest.fixture
def nowhere(monkeypatch):
    """No browser by name or place."""
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    monkeypatch.setattr(printing, "PLACES", ())


def stand_in(tmp_path, monkeypatch, script):
    """A browser that is a shell script."""
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(printing, "browser", lambda: str(program))


def test_without_a_browser_it_is_said_before_anything_runs(nowhere, write_notebook, tmp_path, monkeypatch):
    pytest.importorskip("papermill")
    from iterprime_xai.reports import engine

    monkeypatch.setattr(engine, "execute", lambda *_, **__: pytest.fail("a kernel was started"))
    report = write_notebook("a = 1")
    with pytest.raises(MissingExtraError, match=r"Chromium, Chrome or Edge, and none of them was found"):
        run(report, {}, tmp_path / "out.pdf")
    assert [each.name for each in tmp_path.iterdir()] == [report.name]


def test_a_browser_is_found_by_name_else_where_it_is_installed(nowhere, tmp_path, monkeypatch):
    place = tmp_path / "Chrome"
    place.touch()
    monkeypatch.setattr(printing, "PLACES", (str(tmp_path / "no such"), str(place)))
    assert printing.browser() == str(place)
    monkeypatch.setattr(printing.shutil, "which", lambda name: "/x/msedge" if name == "msedge" else None)
    assert printing.browser() == "/x/msedge"


def test_what_the_browser_says_when_it_does_not_print_is_told(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "echo first >&2; echo 'no fonts' >&2; exit 7")
    with pytest.raises(ReportError, match=r"not printed: .*browser ended with 7: no fonts\. Write \.html instead"):
        printing.printed(PAGE)
    stand_in(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(ReportError, match="ended with 0: it said nothing"):
        printing.printed(PAGE)


def test_a_browser_that_hangs_or_does_not_start_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(printing, "TIMEOUT", 0.2)
    stand_in(tmp_path, monkeypatch, "exec sleep 5")
    with pytest.raises(ReportError, match="timed out"):
        printing.printed(PAGE)
    monkeypatch.setattr(printing, "browser", lambda: str(tmp_path / "gone"))
    with pytest.raises(ReportError, match="The PDF was not printed"):
        printing.printed(PAGE)


def test_the_page_is_handed_over_whole_and_as_unicode(tmp_path, monkeypatch):
    stand_in(
        tmp_path,
        monkeypatch,
        'for a; do case $a in --print-to-pdf=*) out="${a#*=}";; file:*) page="${a#file://}";; esac; done\ncat "$page" > "$out"',
    )
    assert printing.printed("<p>كلب 🐕").decode("utf-8") == "<p>كلب 🐕"


@pytest.mark.browser
def test_a_report_is_printed_without_a_network(tmp_path, monkeypatch):
    try:
        program = printing.browser()
    except MissingExtraError:
        pytest.skip("no Chromium here")
    asked = []
    real = subprocess.run
    monkeypatch.setattr(
        printing.subprocess,
        "run",
        lambda command, **how: (
            asked.append(command) or real([command[0], "--host-resolver-rules=MAP * ~NOTFOUND", *command[1:]], **how)
        ),
    )
    content = printing.printed(PAGE)
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")
    assert asked[0][0] == program
