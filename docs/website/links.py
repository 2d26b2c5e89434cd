"""Checks a finished site as a reader would meet it: every link, anchor, picture, script and style leads to a file that is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FOLLOWED = {
    "a": ("href",),
    "link": ("href",),
    "img": ("src",),
    "script": ("src",),
    "source": ("src",),
    "iframe": ("src",),
}
_LOADED = {"img", "script", "source", "iframe", "link"}


@dataclass(frozen=True)
class Found:
    """What the check found: broken links and things that a page would load from elsewhere, and the links that lead outside."""

    pages: int
    links: int
    broken: list[str]
    loaded: list[str]
    outside: dict[str, list[str]]


@dataclass
class _Page(HTMLParser):
    links: list[tuple[str, str]] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := given.get(name))}
        relation = (given.get("rel") or "").split()
        if tag == "link" and not {"stylesheet", "icon", "preload", "shortcut"} & set(relation):
            return  # prev, next, search: said for programs, and said again as links on the page
        self.links += [(tag, given[name] or "") for name in _FOLLOWED.get(tag, ()) if given.get(name) is not None]

    handle_startendtag = handle_starttag


def check(site: Path) -> Found:
    """Read every page of the site and follow its links; nothing is asked of any network."""
    site = site.resolve()  # or an anchor behind a linked folder would not be looked for
    pages = {path: _read(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}
    broken: list[str] = []
    loaded: list[str] = []
    outside: dict[str, list[str]] = {}
    followed = 0
    for path, page in pages.items():
        own = path.relative_to(site).as_posix()
        for tag, target in page.links:
            followed += 1
            parts = urlsplit(target)
            if parts.scheme in ("http", "https") or target.startswith("//"):
                if tag in _LOADED:
                    loaded.append(f"{own}: <{tag}> would load {target}")
                else:
                    outside.setdefault(target, []).append(own)
            elif parts.scheme in ("data", "mailto", "javascript", "blob"):
                continue
            elif wrong := _wrong(path, unquote(parts.path), unquote(parts.fragment), pages):
                broken.append(f"{own}: {target} ({wrong})")
    return Found(len(pages), followed, _once(broken), _once(loaded), {key: outside[key] for key in sorted(outside)})


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _wrong(path: Path, address: str, anchor: str, pages: dict[Path, _Page]) -> str:
    """Why a link leads nowhere, or ""."""
    target = path if not address else (path.parent / address).resolve()
    if not target.is_file():
        return "it is a folder" if target.is_dir() else "no such file"
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "no such place on that page"
    return ""


def _once(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def summary(found: Found) -> str:
    """The findings in one line."""
    counted = f"{found.pages} pages, {found.links} links followed"
    return f"{counted}: {len(found.broken)} broken, {len(found.loaded)} loaded from elsewhere; {len(found.outside)} lead outside"
