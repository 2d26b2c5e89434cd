"""Draw the picture of docs/failures.md, a sample of a run explained: ``python docs/make_failure_sheet.py RUN SAMPLE``.

Needs Playwright and a Chromium (``ITERPRIME_XAI_CHROMIUM`` says where it is, if not on the path), as the browser tests do.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
from pathlib import Path

from PIL import Image

from iterprime_xai.evaluation.failures.case import open_case
from iterprime_xai.evaluation.runs.reading import read_run
from iterprime_xai.visualize.encoded import jpeg
from iterprime_xai.visualize.failure_sheet import failure_sheet

OUT = Path(__file__).parent / "images" / "failure_sheet.jpg"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, MOST_BYTES = 880, 150_000


def chromium() -> str:
    """Where the browser is."""
    found = os.environ.get("ITERPRIME_XAI_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit("No Chromium found; install it or set ITERPRIME_XAI_CHROMIUM to its path.")
    return found


def photographed(page: str, last: str) -> Image.Image:
    """A page as a light browser shows it, from its top to the end of the section before the heading ``last``."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        tab.set_content(page)
        bottom = tab.locator("h2", has_text=last).bounding_box()
        assert bottom is not None
        shot = tab.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom["y"] - 8})
        browser.close()
    return Image.open(io.BytesIO(shot))


def small_enough(picture: Image.Image) -> bytes:
    """The picture as a JPEG of at most ``MOST_BYTES``, in the best quality that allows it."""
    for quality in range(88, 40, -4):
        content = jpeg(picture, quality)
        if len(content) <= MOST_BYTES:
            return content
    raise SystemExit(f"The picture does not fit into {MOST_BYTES} bytes.")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("run")
    arguments.add_argument("sample")
    asked = arguments.parse_args()
    page = failure_sheet(open_case(read_run(asked.run), asked.sample))
    OUT.write_bytes(small_enough(photographed(page, "Ranked proposals")))
    print(f"wrote {OUT} ({OUT.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
