"""What is installed, what is missing, and whether the bundled model works here."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util

REQUIRED = ("torch", "transformers", "spacy", "scikit-image", "numpy", "pillow", "matplotlib")
EXTRAS = {
    "notebook": ("anywidget", "ipywidgets", "jupyterlab", "plotly"),
    "reports": ("papermill", "nbconvert", "jupytext", "ipykernel"),
    "sam": ("segment_anything", "torchvision"),
    "attributions": ("captum",),
    "heic": ("pillow_heif",),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, whether it is fine, whether it may be missing, what was found."""

    subject: str
    fine: bool
    optional: bool
    finding: str


def examine() -> Iterator[Check]:
    """Look at everything, one finding at a time; the slow ones (importing torch, running the model) come last."""
    python = platform.python_version()
    yield Check("python", sys.version_info >= (3, 11), False, f"{python} on {platform.platform()}")
    for package in REQUIRED:
        version = _version(package)
        yield Check(package, version is not None, False, version or f"missing: pip install {package}")
    for extra, packages in EXTRAS.items():
        missing = [package for package in packages if util.find_spec(package) is None]
        finding = (
            f"missing {', '.join(missing)}: pip install 'iterprime-xai[{extra}]'" if missing else ", ".join(packages)
        )
        yield Check(f"extra {extra}", not missing, True, finding)
    yield from _parser()
    yield from _device()
    yield from _bundled()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _parser() -> Iterator[Check]:
    from iterprime_xai.language import parse

    yield Check("parser", True, False, parse("the bike left of the tree").parser)


def _device() -> Iterator[Check]:
    import torch

    if torch.cuda.is_available():
        yield Check("device", True, True, torch.cuda.get_device_name())
    else:
        found = "MPS" if torch.backends.mps.is_available() else f"CPU, {torch.get_num_threads()} threads"
        yield Check("device", True, True, found)


def _bundled() -> Iterator[Check]:
    from iterprime_xai import load
    from iterprime_xai.data.scenes import bundled_samples
    from iterprime_xai.records import IterprimeError

    sample = bundled_samples()[0]
    try:
        found = load("tiny").ground(sample.image, sample.text, proposals=False)
    except (IterprimeError, OSError, RuntimeError) as error:
        yield Check("bundled model", False, False, str(error))
        return
    yield Check("bundled model", True, False, f"{sample.text!r}: match probability {found.probability:.3f}")
