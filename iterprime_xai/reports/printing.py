"""A page printed to PDF by a browser of the Chromium family: reports are HTML, which LaTeX would lose the tables of."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from iterprime_xai.records import MissingExtraError, ReportError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
TIMEOUT = 180
"""Seconds that printing may take."""


def browser() -> str:
    """The program that prints. Raises ``MissingExtraError`` where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    found = found or next((path for path in PLACES if Path(path).is_file()), None)
    if found is None:
        raise MissingExtraError(
            "A PDF is printed by Chromium, Chrome or Edge, and none of them was found; install one, or write .html and print it."
        )
    return found


def printed(html: str) -> bytes:
    """A self-contained page as PDF. Raises ``ReportError`` where the browser does not print it, with what it said."""
    with tempfile.TemporaryDirectory(prefix="ix-", ignore_cleanup_errors=True) as folder:
        page, out = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8")
        command = [
            browser(),
            "--headless=new",
            "--disable-gpu",
            "--no-pdf-header-footer",
            "--no-first-run",
            *_unboxed(),
        ]
        command += [f"--user-data-dir={Path(folder, 'profile')}", f"--print-to-pdf={out}", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReportError(f"The PDF was not printed: {error}. Write .html instead.") from error
        if not out.is_file() or not out.stat().st_size:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
            raise ReportError(
                f"The PDF was not printed: {command[0]} ended with {done.returncode}: {said}. Write .html instead."
            )
        return out.read_bytes()


@cache
def _unboxed() -> tuple[str, ...]:
    """Chromium refuses its sandbox to root, whom containers mostly are; the page is our own and loads nothing."""
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
