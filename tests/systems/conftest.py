"""Two boxes of the session's picture: its red square and its blue one, and the whole."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def boxes() -> np.ndarray:
    masks = np.zeros((3, 96, 128), bool)
    masks[0, 10:40, 12:50] = True  # red
    masks[1, 50:90, 70:120] = True  # blue
    masks[2] = True
    return masks
