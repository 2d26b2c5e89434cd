"""A Chromium without network, a JupyterLab on loopback, and a folder with a grounding to show."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "visualize"))

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

SHOW = """
from iterprime_xai.records import Grounding
g = Grounding.load("meadow.grounding.zip")
view = g.show()
view
"""
LIVE = """
import iterprime_xai as ix
from iterprime_xai.data.scenes import bundled_samples
sample = bundled_samples()[0]
live = ix.load("tiny").live(sample.image, sample.text)
live
"""

EXPLORE = """
import iterprime_xai as ix
ix.explore("run-a", against="run-b", author="tester")
"""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Chromium's path: ``ITERPRIME_XAI_CHROMIUM``, or what is found on the path."""
    found = os.environ.get("ITERPRIME_XAI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium found; install Debian's chromium or set ITERPRIME_XAI_CHROMIUM to its path"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Any]:
    """One browser for all tests."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def offline_page(chromium: Any) -> Iterator[Any]:
    """A page that can read files and data addresses only; ``page.asked`` lists what else it asked for."""
    page = chromium.new_page(viewport={"width": 1100, "height": 900})
    page.asked = []

    def answer(route: Any) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            page.asked.append(route.request.url)
            route.abort()

    page.route("**/*", answer)
    yield page
    page.close()


@pytest.fixture(scope="session")
def jupyter_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Jupyter reads and writes only temporary folders, and finds this package."""
    home = tmp_path_factory.mktemp("jupyter-home")
    folders = {
        name: str(home / name.lower())
        for name in (
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "JUPYTERLAB_SETTINGS_DIR",
            "JUPYTERLAB_WORKSPACES_DIR",
            "IPYTHONDIR",
        )
    }
    notifications = Path(folders["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", "apputils-extension")
    notifications.mkdir(parents=True)
    settings = '{"fetchNews": "false", "checkForUpdates": false}'
    (notifications / "notification.jupyterlab-settings").write_text(settings, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | folders | {"PYTHONPATH": path}


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a saved grounding, a notebook that shows it, and one that asks the bundled model."""
    from handmade_grounding import grounding
    from lab_page import write_notebook

    folder = tmp_path_factory.mktemp("notebooks")
    grounding().save(folder / "meadow.grounding.zip")
    for name, code in {"show": SHOW, "live": LIVE}.items():
        write_notebook(folder, name, code)
    return folder


@pytest.fixture(scope="session")
def explored_runs(workplace: Path) -> Path:
    """The workplace with two small real runs in it, ``run-a`` and ``run-b``, and notebooks that explore them."""
    from lab_page import write_notebook

    import iterprime_xai as ix

    for name, system in (("run-a", "gradcam"), ("run-b", "iterprime")):
        ix.evaluate(system, "scenes:ood", workplace / name, limit=30, detail="full")
    for name in ("explore", "explore-again"):
        write_notebook(workplace, name, EXPLORE)
    return workplace


@pytest.fixture(scope="session")
def jupyterlab(workplace: Path, jupyter_environment: dict[str, str]) -> Iterator[str]:
    """The address of a JupyterLab without token on loopback, serving :func:`workplace`."""
    from servers import free_port, serving

    pytest.importorskip("jupyterlab")
    port = free_port()
    root = ["--ServerApp.allow_root=True"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={workplace}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *root,
    ]
    with serving(command, port, jupyter_environment, workplace / "jupyterlab.log") as address:
        yield address


@pytest.fixture
def keep_screenshot(tmp_path: Path) -> Any:
    """Save a screenshot of a page or an element; in ``ITERPRIME_XAI_SCREENSHOTS`` where that is set."""
    folder = Path(os.environ.get("ITERPRIME_XAI_SCREENSHOTS", tmp_path))

    def save(target: Any, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        target.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"

    return save
