"""The sample report, executed whole: through run, with plain papermill, and from an installed wheel."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest

pytest.importorskip("papermill")

import nbformat
from notebook_files import MOST_BYTES, ROOT, errors, loaded_from_elsewhere, pictures

from iterprime_xai.records import LayerError, ModelLoadError
from iterprime_xai.reports import run

pytestmark = pytest.mark.notebook

SECTIONS = (
    "The phrase",
    "Pass by pass",
    "Word by word",
    "With and without primary-word emphasis",
    "Layer by layer",
    "The mask: proposals and selection",
    "What is known of it",
    "What was decided on the way",
    "Settings and versions",
)


def test_without_parameters_it_is_a_page_about_the_bundled_scene(tmp_path):
    out = run("sample", {"smoke": True}, tmp_path / "report.html")
    page = out.read_text(encoding="utf-8")
    assert out.stat().st_size < MOST_BYTES
    assert loaded_from_elsewhere(page) == []
    assert "<title>One grounding, from the phrase to the mask</title>" in page
    assert "“the bike left of the tree”" in page
    assert "overlap with the gold mask (IoU)" in page
    assert [name for name in SECTIONS if name not in page] == []
    assert "Live" not in re.findall(r"<h2[^>]*>([^<]*)", page)
    shown = pictures(page)
    assert len(shown) >= 6
    assert min(picture.width for picture in shown) >= 250
    assert not re.search(r"<img[^>]+alt=(?:\"\"|\"figure\"|\"No description)", page)
    assert "Traceback (most" not in page
    assert "stderr" not in re.findall(r'<pre class="([^"]*)"', page)


def test_it_takes_a_picture_of_ones_own_by_a_relative_path(tmp_path, monkeypatch, picture, model_folder):
    monkeypatch.chdir(tmp_path)
    picture.save("my picture.png")
    parameters = {"image": "my picture.png", "phrase": "the red ball <left>", "model": str(model_folder), "layer": 1}
    out = run("sample", {**parameters, "recipe": "paper", "smoke": True}, "made/report.ipynb")
    notebook = nbformat.read(out, as_version=4)
    assert errors(notebook) == []
    text = json.dumps(notebook)
    assert "the red ball &lt;left&gt;" in text
    assert "layer 1, as asked" in text
    assert "overlap with the gold mask" not in text
    live = next(cell for cell in notebook.cells if cell.cell_type == "code" and "live" in cell.metadata.tags)
    assert "image/jpeg" in live.outputs[0].data
    assert "widgets" not in notebook.metadata
    assert out.stat().st_size < MOST_BYTES


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"model": "tinny"}, ModelLoadError, "No such model or folder: 'tinny'"),
        ({"layer": 99}, LayerError, "0-based indices"),
    ],
)
def test_what_the_notebook_refuses_is_said_as_if_called_directly(tmp_path, model_folder, parameters, error, said):
    with pytest.raises(error, match=said) as caught:
        run("sample", {"model": str(model_folder), **parameters}, tmp_path / "x.html")
    assert "x.failed.ipynb" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["x.failed.ipynb"]


def test_it_runs_with_plain_papermill(tmp_path, model_folder):
    out = tmp_path / "out.ipynb"
    given = {"phrase": "the dog", "model": str(model_folder), "smoke": "true", "limit": "1"}
    options = [word for name, value in given.items() for word in ("-p", name, value)]
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
    subprocess.run(
        [
            sys.executable,
            "-m",
            "papermill",
            str(ROOT / "notebooks" / "sample.ipynb"),
            str(out),
            *options,
            "--no-progress-bar",
        ],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
    )
    assert "“the dog”" in json.dumps(nbformat.read(out, as_version=4), ensure_ascii=False)


def test_an_installed_wheel_finds_and_runs_its_notebooks(tmp_path, model_folder):
    pytest.importorskip("build")
    build = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    quiet = {"check": True, "capture_output": True}
    subprocess.run([sys.executable, "-m", "build", "--wheel", *build, "--outdir", str(tmp_path), str(ROOT)], **quiet)
    (wheel,) = tmp_path.glob("*.whl")
    target, elsewhere = tmp_path / "target", tmp_path / "elsewhere"
    elsewhere.mkdir()
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], **quiet)
    code = """
import json, sys
from iterprime_xai import reports
from iterprime_xai.reports import find, run
out = run("sample", {"smoke": True, "model": sys.argv[1], "limit": 1}, "report.html")
found = [str(find.find(name)) for kind in find.FOLDERS for name in reports.available(kind)]
print(json.dumps({"package": reports.__file__, "found": found, "bytes": out.stat().st_size}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(model_folder)],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(target)},
        text=True,
        encoding="utf-8",
        **quiet,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["package"].startswith(str(target))
    inside = target / "iterprime_xai" / "reports"
    assert str(inside / "notebooks" / "sample.ipynb") in said["found"]
    assert str(inside / "tutorials" / "01_what_does_the_model_look_at.ipynb") in said["found"]
    assert 50_000 < said["bytes"] < MOST_BYTES
    assert not (inside / "notebooks" / "sample.html").exists()
