"""The site's own modules, which are no part of the package, and a small site for tests."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
if str(DOCS) not in sys.path:
    sys.path.insert(0, str(DOCS))

import make_site  # noqa: E402

FLOORS = ("records", "saliency")
"""Two folders of the package: enough for the API's pages and links between them."""


def small_site(out: Path) -> list[str]:
    """A site with one lesson executed and one report made, in their smallest form; returns what is wrong with it."""
    return make_site.build(out, smoke=True, executed=["01"], reports=["sample"], floors=FLOORS)
