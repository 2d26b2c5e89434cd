"""What the search shows below a found page: its text by section, as a script, since a page opened as a file cannot fetch others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST = 6_000
"""Characters of a section that are kept."""
MOST_OF_AN_OBJECT = 300
"""Characters of what is said of a function or class."""


def texts_of(doctree: Any) -> dict[str, str]:
    """A page's text: whole under "", and each section's own under its anchor."""
    from docutils import nodes
    from sphinx import addnodes

    found: dict[str, str] = {}
    for section in doctree.findall(nodes.section):
        own = [child.astext() for child in section.children if not isinstance(child, (nodes.section, nodes.title))]
        text = " ".join(" ".join(own).split())[:MOST]
        for anchor in section["ids"]:
            found[anchor] = text
        found.setdefault("", text)
    for described in doctree.findall(addnodes.desc):
        signature, content = described.children[0], described.children[-1]
        for anchor in signature.get("ids", ()):
            found[anchor] = " ".join(content.astext().split())[:MOST_OF_AN_OBJECT]
    return found


def write_texts(app: Any, error: Exception | None) -> None:
    """Write ``_static/found_texts.js``, in front of what reads it, when Sphinx has made the pages."""
    if error is not None:
        return
    texts = {name: texts_of(app.env.get_doctree(name)) for name in sorted(app.env.found_docs)}
    data = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    reader = (Path(__file__).parent / "theme" / "found_lines.js").read_text(encoding="utf-8")
    target = Path(app.outdir, "_static", "found_texts.js")
    target.write_text(f"const FOUND_TEXTS = {data};\n{reader}", encoding="utf-8")
