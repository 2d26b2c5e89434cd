"""The floors of the package: imports run down only, and every module says in one sentence what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "iterprime_xai"
FLOORS = (
    {"records"},
    {"language", "data"},
    {"models"},
    {"saliency", "masks"},
    {"systems"},
    {"evaluation", "training"},
    {"reports", "visualize"},
    {"tutorials"},
    {"doctor", "cli", "__main__", "__init__"},
)
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"), key=str)


def floor_of(path: Path) -> str:
    """The folder under the package, or the module itself at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_floors(path: Path) -> set[str]:
    """Floors that a module imports from, at any depth of its code; type-checking imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module == "iterprime_xai" else node.module for alias in node.names
            ]
        for name in names:
            parts = name.split(".")
            if parts[0] == "iterprime_xai" and len(parts) > 1 and parts[1] in LEVEL:
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down_only(path):
    own = floor_of(path)
    above = {name for name in imported_floors(path) if LEVEL[name] > LEVEL[own]}
    beside = {name for name in imported_floors(path) if LEVEL[name] == LEVEL[own] and name != own}
    assert not above, f"{own} imports from {above}, which stand above it"
    assert not beside or own in {"reports", "visualize", "evaluation", "training", "cli", "__main__"}, beside


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
