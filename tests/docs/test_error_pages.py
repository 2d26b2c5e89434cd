"""Every error that users meet has a page that says what it looks like, why it comes and what to do."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from iterprime_xai.records import errors

PAGES = Path(__file__).parents[2] / "docs" / "errors"
NAMES = [
    name
    for name, found in vars(errors).items()
    if inspect.isclass(found) and issubclass(found, errors.IterprimeError) and found is not errors.IterprimeError
]


def test_there_are_errors_to_tell_of():
    assert "OptionError" in NAMES
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", NAMES)
def test_an_error_has_a_page_with_symptom_cause_and_fix(name):
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    assert [part for part in ("symptom", "cause", "fix") if part not in page.lower()] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_list_of_errors_names_it_once(name):
    rows = [line for line in (PAGES / "README.md").read_text(encoding="utf-8").splitlines() if f"[{name}]" in line]
    assert len(rows) == 1
    assert rows[0].startswith(f"| [{name}]({name}.md) | ")


def test_no_page_is_about_an_error_that_is_gone():
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(NAMES)
