"""Puts the repository's pages where Sphinx reads them, in the repository's own layout, so that relative links stay true."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

ROOT = Path(__file__).resolve().parents[2]

FRONT = "README.md"
CARDS = ("iterprime_xai/assets/models/*/README.md",)
OTHERS = ("CHANGELOG.md",)

_LINK = re.compile(r"(!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\()(<[^>]*>|[^)\s]+)((?:\s+\"[^\"]*\")?\))")
_COMMENT = re.compile(r"^%", re.MULTILINE)
"""A line that begins so is left out as a comment by MyST, and by nobody else."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def page_files() -> list[Path]:
    """Every Markdown page of the repository that the site shows, relative to the repository; the front page first."""
    found = [ROOT / FRONT, *sorted((ROOT / "docs").rglob("*.md"))]
    for pattern in (*OTHERS, *CARDS):
        found += sorted(ROOT.glob(pattern))
    return [path.relative_to(ROOT) for path in found if "website" not in path.parts]


def staged_name(path: Path) -> Path | None:
    """Where a file of the repository is among the staged pages (relative to them); ``None`` where it is no page.

    A notebook or its master is the page that shows it: a lesson, its solutions, or a report.
    """
    name = path.as_posix()
    if name == FRONT:
        return Path("index.md")
    if name in ("docs", "."):
        return Path("guide.md" if name == "docs" else "index.md")
    if path.suffix == ".md":
        return path
    if path.suffix in (".ipynb", ".py") and path.parent.as_posix() in ("tutorials", "tutorials/solutions", "notebooks"):
        return path.with_suffix(".md")
    if name in ("tutorials", "notebooks"):
        return path / "index.md"
    if (ROOT / path / "README.md").is_file():
        return path / "README.md"
    return None


def with_links(text: str, source: Path, stage: Path) -> str:
    """A page's text with links that reach the staged pages; files that are no pages are copied, so that they are in the site too.

    ``source`` is the page's own path in the repository. A link that leads nowhere stays as it is, and is found by the
    check of links.
    """
    page = staged_name(source) or source

    def linked(found: re.Match[str]) -> str:
        opening, target, closing = found.groups()
        target = target.strip("<>")
        if re.match(r"[a-z][a-z+.-]*:|#|//", target):
            return found[0]
        address, _, anchor = target.partition("#")
        path = Path(os.path.normpath(source.parent / unquote(address)))
        where = staged_name(path) if not path.as_posix().startswith("..") else None
        if where is None or not (ROOT / path).exists():
            if (ROOT / path).is_file() and not path.as_posix().startswith(".."):
                _copied(path, stage)
            return found[0]
        relative = Path(os.path.relpath(where, page.parent)).as_posix()
        return f"{opening}{quote(relative)}{'#' if anchor else ''}{anchor}{closing}"

    return outside_code(text, lambda prose: _COMMENT.sub(r"\\%", _LINK.sub(linked, prose)))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with ``change`` made to what is not in a fenced block of code; links may run over a line's end."""
    pieces: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if not fence and mark:
            fence = mark[1]
            pieces.append((True, [line]))
        elif fence:
            pieces[-1][1].append(line)
            if mark and mark[1].startswith(fence) and line.strip() == mark[1]:
                fence = ""
                pieces.append((False, []))
        else:
            pieces[-1][1].append(line)
    return "".join("".join(lines) if code else change("".join(lines)) for code, lines in pieces)


def stage_pages(stage: Path) -> list[Path]:
    """Stage every page of the repository; returns where they are, relative to ``stage``."""
    staged = []
    for source in page_files():
        place = staged_name(source) or source
        write(stage / place, with_links((ROOT / source).read_text(encoding="utf-8"), source, stage))
        staged.append(place)
    return staged


def write(path: Path, text: str) -> Path:
    """Write a page, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _copied(path: Path, stage: Path) -> None:
    target = stage / path
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
