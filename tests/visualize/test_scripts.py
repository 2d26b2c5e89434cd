"""The browser's scripts: one module out of several files, linted, and with no name twice."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from iterprime_xai.visualize.scripts import script

FOLDER = Path(str(resources.files("iterprime_xai.visualize")))
FILES = sorted(FOLDER.rglob("*.js"))
ENTRIES = ("live_widget.js", "explorer_widget.js", "explorer_page.js")
_TOP = re.compile(r"^(?:export )?(?:function|class|const|let) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_becomes_one_module_without_imports(name):
    whole = script(name)
    assert not re.search(r"^\s*import\b", whole, re.MULTILINE)
    assert whole.count("export ") == name.endswith("_widget.js")
    names = _TOP.findall(whole)
    assert len(names) == len(set(names)), sorted(each for each in names if names.count(each) > 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_loaded_from_elsewhere_or_made_from_strings(path):
    text = path.read_text("utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert way not in text, way


def test_scripts_are_lint_free():
    linter = shutil.which("oxlint", path=str(Path(sys.executable).parent)) or shutil.which("oxlint")
    if linter is None:
        pytest.skip("oxlint is not installed (extra dev)")
    found = subprocess.run([linter, "--deny-warnings", str(FOLDER)], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
