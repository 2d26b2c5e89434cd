"""What is installed, what is missing, and whether the bundled model works here."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata, util

REQUIRED = (
    "torch",
    "transformers",
    "safetensors",
    "spacy",
    "scikit-image",
    "numpy",
    "pillow",
    "matplotlib",
    "typer",
    "rich",
    "pycocotools",
    "tqdm",
)
EXTRAS = {
    "notebook": ("anywidget", "ipywidgets", "jupyterlab", "plotly"),
    "reports": ("papermill", "nbconvert", "jupytext", "ipykernel"),
    "sam": ("segment_anything", "torchvision"),
    "attributions": ("captum",),
    "heic": ("pillow_heif",),
    "open-clip": ("open_clip",),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, whether it is fine, whether it may be missing, what was found."""

    subject: str
    fine: bool
    optional: bool
    finding: str


def examine() -> Iterator[Check]:
    """Look at everything, one finding at a time; the slow ones (importing torch, running the model) come last.

    A probe that stops with an exception, whichever, is a finding too: this is what people run when something is broken.
    """
    probes: list[tuple[str, Callable[[], Check]]] = [
        ("python", _python),
        *((package, partial(_package, package)) for package in REQUIRED),
        *((f"extra {extra}", partial(_extra, extra, packages)) for extra, packages in EXTRAS.items()),
        ("parser", _parser),
        ("device", _device),
        ("bundled model", _bundled),
    ]
    for subject, probe in probes:
        try:
            check = probe()
        except Exception as error:
            check = Check(subject, False, False, f"{type(error).__name__}: {error}")
        yield check


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.platform()}"
    return Check("python", sys.version_info >= (3, 11), False, found)


def _package(package: str) -> Check:
    version = _version(package)
    return Check(package, version is not None, False, version or f"missing: pip install {package}")


def _extra(extra: str, packages: tuple[str, ...]) -> Check:
    missing = [package for package in packages if util.find_spec(package) is None]
    finding = f'missing {", ".join(missing)}: pip install "iterprime-xai[{extra}]"' if missing else ", ".join(packages)
    return Check(f"extra {extra}", not missing, True, finding)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _parser() -> Check:
    from iterprime_xai.language import parse

    return Check("parser", True, False, parse("the bike left of the tree").parser)


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        return Check("device", True, True, torch.cuda.get_device_name())
    found = "MPS" if torch.backends.mps.is_available() else f"CPU, {torch.get_num_threads()} threads"
    return Check("device", True, True, found)


def _bundled() -> Check:
    from iterprime_xai import load
    from iterprime_xai.data.scenes import bundled_samples

    sample = bundled_samples()[0]
    found = load("tiny").ground(sample.image, sample.text, proposals=False)
    return Check("bundled model", True, False, f"{sample.text!r}: match probability {found.probability:.3f}")
