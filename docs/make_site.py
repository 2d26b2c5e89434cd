"""Build the documentation site, readable without a network: ``python docs/make_site.py OUT [--smoke]``.

README, docs/, the lessons (executed), the reports and the API become one folder of pages; open ``OUT/index.html``. Every
link and anchor inside is followed, and one that leads nowhere fails the build; addresses outside are listed in
``OUT/outside.txt`` and not asked. ``--smoke`` executes the first lesson and the first report only, in their smallest
form; a full build executes everything and takes a while. Needs a source checkout and ``pip install "iterprime-xai[docs]"``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from website import contents, lessons, links, reference, rendering, report_pages, staging  # noqa: E402

NEEDED = ("sphinx", "myst_parser", "pydata_sphinx_theme", "jupytext", "papermill", "nbconvert")
OUTSIDE = "outside.txt"
MARK = "site.txt"
"""Stands in a folder that this command made, so that it never takes away a folder that is somebody's own."""


def build(
    out: Path,
    *,
    smoke: bool = False,
    executed: Sequence[str] | None = None,
    reports: Sequence[str] | None = None,
    floors: Sequence[str] = reference.FLOORS,
) -> list[str]:
    """Make the site in ``out`` and return everything that is wrong with it; the folder takes the place of an earlier site.

    Args:
        out: a new or empty folder, or an earlier site.
        smoke: execute notebooks in their smallest form.
        executed: numbers of the lessons to execute; ``None`` for all. The pages of the others show code only, and say so.
        reports: names of the reports to make; ``None`` for all.
        floors: folders of the package in the API reference.

    Raises:
        FileExistsError: ``out`` holds something else.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise FileExistsError(
            f"Expected a new folder or an earlier site, but {out} holds something else; name another."
        )
    with tempfile.TemporaryDirectory(prefix="site-") as place:
        stage, extra, made = (Path(place, name) for name in ("pages", "extra", "made"))
        extra.mkdir()
        staged = staging.stage_pages(stage)
        staged += lessons.stage_lessons(stage, executed, smoke)
        staged += report_pages.stage_reports(stage, extra, reports, smoke)
        staged += reference.stage_reference(stage, floors)
        contents.arrange(stage, staged)
        wrong = rendering.render(stage, made, Path(place, "cache"), [extra])
        found = links.check(made)
        (made / MARK).write_text("Made by docs/make_site.py: whatever is put here is taken away by the next build.\n")
        (made / OUTSIDE).write_text("".join(f"{address}\n" for address in found.outside), encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, out)
    print(links.summary(found))
    return [
        *wrong,
        *(f"broken link: {each}" for each in found.broken),
        *(f"not local: {each}" for each in found.loaded),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 where nothing is wrong, 1 where a page or a link is, 2 where the site cannot be made here."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path, help="folder of the site")
    parser.add_argument(
        "--smoke", action="store_true", help="execute one lesson and one report, in their smallest form"
    )
    parser.add_argument("--lessons", nargs="*", metavar="NN", help="numbers of the lessons to execute; default: all")
    parser.add_argument("--reports", nargs="*", metavar="NAME", help="names of the reports to make; default: all")
    asked = parser.parse_args(arguments)
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        print(f'The site needs {", ".join(missing)}, not installed here: pip install -e ".[docs]"', file=sys.stderr)
        return 2
    try:
        wrong = build(
            asked.out.resolve(),
            smoke=asked.smoke,
            executed=["01"] if asked.smoke and asked.lessons is None else asked.lessons,
            reports=["sample"] if asked.smoke and asked.reports is None else asked.reports,
        )
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 2
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
