"""The pages for teachers and students: a glossary in order, a cheat sheet that runs, every lesson told of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import iterprime_xai as ix

ROOT = Path(__file__).resolve().parents[2]
TEACHING = ROOT / "docs" / "teaching"


def entries() -> dict[str, str]:
    """Term -> what is said of it."""
    text = (TEACHING / "glossary.md").read_text(encoding="utf-8")
    found = re.findall(r"^\*\*(.+?)\.\*\* (.*?)(?=\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(found) == len(dict(found))
    return {term: " ".join(said.split()) for term, said in found}


def test_the_glossary_is_in_alphabetical_order_and_misses_no_paragraph():
    text = (TEACHING / "glossary.md").read_text(encoding="utf-8")
    terms = list(entries())
    assert len(terms) == len(re.findall(r"^\*\*", text, re.MULTILINE)) >= 80
    assert terms == sorted(terms, key=lambda term: re.sub(r"[^a-z0-9 ]", "", term.lower()))


@pytest.mark.parametrize("term", entries())
def test_a_term_is_told_in_a_sentence_or_two_and_links_to_a_page(term):
    said = entries()[term]
    links = re.findall(r"\[([^\[\]]+)\]\(([^)#]+)(?:#[^)]*)?\)", said)
    assert len(links) == 1
    assert (TEACHING / links[0][1]).is_file()
    assert said.endswith(")")
    told = said[: said.rindex("[")].strip()
    assert 1 <= len(re.findall(r"[.?](?:\s|$)", told)) <= 3
    assert len(told.split()) <= 50


def test_the_words_of_the_project_are_in_the_glossary():
    terms = {term.lower().strip("`") for term in entries()}
    words = (
        "primary word",
        "context word",
        "pass",
        "recipe",
        "profile",
        "proposal",
        "selection",
        "trace",
        "run key",
        "oiou",
        "miou",
    )
    assert [word for word in words if word not in terms] == []


def test_the_lines_of_the_cheat_sheet_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (TEACHING / "cheatsheet.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "cheatsheet.md", "exec"), names)
    assert isinstance(names["g"], ix.Grounding)


def test_the_commands_of_the_cheat_sheet_exist():
    import typer

    from iterprime_xai.cli import app

    known = set(getattr(typer.main.get_command(app), "commands", {}))
    text = (TEACHING / "cheatsheet.md").read_text(encoding="utf-8")
    table = text[: text.index("## Python")]
    named = set(re.findall(r"(?:`iterprime-xai |, `)([a-z-]+)", table))
    # `tutorials` comes with the command that copies and checks lessons.
    assert named - known - {"tutorials", "--layer", "--method"} == set()


def test_the_instructors_page_calls_lessons_by_their_titles():
    page = (TEACHING / "instructor.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^## Lesson (\d+): (.*)$", page, re.MULTILINE))
    for master in ROOT.glob("tutorials/[0-9]*.py"):
        title = re.search(r"^#   title: (.*)$", master.read_text(encoding="utf-8"), re.MULTILINE)
        assert title
        assert title[1].strip("\"'").startswith(told[str(int(master.stem[:2]))])


def test_the_instructors_page_tells_of_every_lesson():
    page = (TEACHING / "instructor.md").read_text(encoding="utf-8")
    told = [int(number) for number in re.findall(r"^## Lesson (\d+): ", page, re.MULTILINE)]
    assert told == list(range(1, 11))
    for section in re.split(r"^## Lesson \d+: ", page, flags=re.MULTILINE)[1:]:
        for part in ("**Timing.**", "**Misconceptions.**", "**Exercises.**"):
            assert part in section, section.splitlines()[0]
