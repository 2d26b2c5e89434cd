"""Draw the pictures of docs/explorer.md: ``python docs/make_explorer_pictures.py``.

They are what the browser tests of the explorer see in a real JupyterLab, in Voila and in an exported page: the tests are run, and
what they keep is made into JPEGs. Needs what those tests need.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from iterprime_xai.visualize.encoded import jpeg

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
TESTS = (
    "test_explorer_jupyterlab.py",
    "test_explorer_voila.py",
    "test_explorer_charts.py",
    "test_small_widgets_lab.py",
)
PICTURES = {
    "explorer.png": "explorer.jpg",
    "explorer-asked.png": "explorer_asked.jpg",
    "explorer-page.png": "explorer_page.jpg",
    "charts-words-light.png": "explorer_words.jpg",
    "small-atlas.png": "widget_atlas.jpg",
    "small-steps.png": "widget_steps.jpg",
}
MOST_BYTES = 190_000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [str(ROOT / "tests" / "browser" / name) for name in TESTS]
        command = [sys.executable, "-m", "pytest", "-m", "browser", *files]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"ITERPRIME_XAI_SCREENSHOTS": folder}, check=True)
        for name, target in PICTURES.items():
            picture = Image.open(Path(folder, name))
            content = next(each for quality in range(90, 30, -5) if len(each := jpeg(picture, quality)) <= MOST_BYTES)
            (IMAGES / target).write_bytes(content)
            print(f"wrote docs/images/{target} ({len(content) / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
