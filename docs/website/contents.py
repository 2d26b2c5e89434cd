"""What stands where in the site: the bar on top, the list of the guide's pages, and the pages of each folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from website.staging import write

TOP = {
    "guide": "Guide",
    "tutorials/index": "Lessons",
    "docs/methods/README": "Methods",
    "docs/metrics/README": "Metrics",
    "notebooks/index": "Reports",
    "docs/teaching/README": "Teaching",
    "docs/errors/README": "Errors",
    "api/index": "API",
}
"""The bar on top; what a build does not have is left out."""

GUIDE: dict[str, dict[str, str]] = {
    "What is found": {
        "findings": "where refinement and emphasis help, where they do not, and what helps more",
        "results": "how good the bundled model is, with intervals",
        "systems": "whole systems side by side, and the published figures of each",
        "explanations": "which maps deserve belief: metrics and sanity checks of every method",
    },
    "Looking": {
        "language": "from a phrase to its primary word",
        "layers": "which layer points, measured; every head of every layer as a picture",
        "captions": "what a captioner says of a picture, and where it looks for each word",
    },
    "Running and comparing": {
        "data": "RefCOCO and its family, PhraseCut, scenes, your own pictures",
        "runs": "evaluations that survive any end; summaries and comparisons",
        "performance": "what a look costs, and how to ask many questions at once",
        "reports": "notebooks with parameters, run into one page",
        "reports_compared": "the reports that compare runs, judge maps and describe a checkpoint",
    },
    "Finding out why": {
        "failures": "what kinds of failure a run has, and what each costs",
        "explorer": "a run's failures, filtered and looked at",
        "notes": "what people say of samples, kept beside the run",
    },
    "Models": {
        "models": "what can be loaded: BLIP, BLIP-2, ALBEF, from the hub, a folder or memory",
        "tiny_clip": "the miniature CLIP, for systems that need one",
    },
    "The project": {"design": "what stands where, and why", "site": "how these pages are made"},
}
"""The guide's pages (``docs/NAME.md``) in reading order, with what each is about; pages not named here come last."""

FOLDERS = ("methods", "metrics", "errors", "teaching")


def arrange(stage: Path, staged: Sequence[Path]) -> None:
    """Write the contents into the staged pages: on the front page, in the guide, and in each folder's first page."""
    names = {path.with_suffix("").as_posix() for path in staged}
    for folder in FOLDERS:
        first, listed = f"docs/{folder}/README", _in_folder(names, f"docs/{folder}")
        if first in names:
            _append(stage / f"{first}.md", toctree(f"/{name}" for name in listed if name != first))
    write(stage / "guide.md", _guide(stage, names))
    top = [f"{title} </{name}>" for name, title in TOP.items() if (stage / f"{name}.md").is_file()]
    _append(stage / "index.md", toctree(top))


def toctree(names: Iterable[str], caption: str = "", hidden: bool = True) -> str:
    """A list of pages for the site's navigation; ``names`` begin with a slash and have no ending."""
    options = [":hidden:"] if hidden else []
    options += [f":caption: {caption}"] if caption else []
    return "\n".join(["", "```{toctree}", *options, "", *names, "```", ""])


def title_of(page: Path) -> str:
    """A page's first heading, without its marks."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].strip().replace("`", "")
    raise ValueError(f"{page} should begin with a heading '# ...', but has none.")


def first_sentence(page: Path) -> str:
    """What a page says first, in one sentence and without links."""
    text = page.read_text(encoding="utf-8")
    paragraphs = re.split(r"\n\s*\n", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for paragraph in paragraphs:
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(paragraph.split()))
        if re.match(r"[A-Z`*]", plain) and len(plain) > 30:
            return re.split(r"(?<=[a-z`)*][.:?])\s", plain)[0].rstrip(":")
    return ""


def _guide(stage: Path, names: set[str]) -> str:
    listed = {name for group in GUIDE.values() for name in group}
    rest = sorted({name.removeprefix("docs/") for name in _in_folder(names, "docs")} - listed)
    groups = {**GUIDE, "More": dict.fromkeys(rest, "")}
    parts = ["# Guide", "", "How each part works, what was measured, and what it does not do.", ""]
    for heading, group in groups.items():
        there = [name for name in group if f"docs/{name}" in names]
        pages = [(f"docs/{name}", stage / "docs" / f"{name}.md") for name in there]
        if heading == "Models":
            cards = sorted(name for name in names if re.fullmatch(r"iterprime_xai/assets/models/[^/]+/README", name))
            pages += [(name, stage / f"{name}.md") for name in cards]
        if heading == "The project" and "CHANGELOG" in names:
            pages.append(("CHANGELOG", stage / "CHANGELOG.md"))
        if pages:
            parts += [f"## {heading}", ""]
            parts += [f"- {_entry(name, page, group.get(page.stem, ''))}" for name, page in pages]
            parts += [toctree((f"/{name}" for name, _ in pages), heading), ""]
    return "\n".join(parts)


def _entry(name: str, page: Path, about: str) -> str:
    said = about or first_sentence(page).rstrip(".")
    return f"[{title_of(page)}]({name}.md)" + (f": {said}" if said else "")


def _in_folder(names: set[str], folder: str) -> list[str]:
    return sorted(name for name in names if name.rpartition("/")[0] == folder)


def _append(page: Path, text: str) -> None:
    page.write_text(page.read_text(encoding="utf-8") + text, encoding="utf-8", newline="\n")
