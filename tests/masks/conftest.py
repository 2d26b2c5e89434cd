"""Tiny SAMs and Mask2Former on disk, made once, and a photograph."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_sam
from PIL import Image


@pytest.fixture(scope="session")
def sam_file(tmp_path_factory) -> Path:
    return tiny_sam.save_sam(tmp_path_factory.mktemp("sam") / "sam_tiny.pth")


@pytest.fixture(scope="session")
def sam_folder(tmp_path_factory) -> Path:
    return tiny_sam.save_hub_sam(tmp_path_factory.mktemp("hub") / "tiny-sam")


@pytest.fixture(scope="session")
def sam2_folder(tmp_path_factory) -> Path:
    return tiny_sam.save_hub_sam2(tmp_path_factory.mktemp("hub") / "tiny-sam2")


@pytest.fixture(scope="session")
def mask2former_folder(tmp_path_factory) -> Path:
    return tiny_sam.save_mask2former(tmp_path_factory.mktemp("hub") / "tiny-mask2former")


@pytest.fixture(scope="session")
def photograph() -> Image.Image:
    return tiny_sam.photograph()
