"""What a person types, turned into what the package takes; what makes no sense is refused in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from iterprime_xai.records import Sample


def is_phrase(text: str) -> bool:
    """Whether the only argument, which should be a picture, is a phrase: no file, has a space, no picture's ending."""
    if " " not in text.strip() or os.path.exists(text):
        return False
    from PIL import Image

    return Path(text).suffix.lower() not in {*Image.registered_extensions(), ".heic", ".heif"}


def bundled_sample(phrase: str | None) -> Sample:
    """The bundled scene to look at: the one that has the phrase, else the first."""
    from iterprime_xai.data.scenes import bundled_samples

    found = bundled_samples()
    return next((each for each in found if each.text == phrase), found[0])


def proposals_of(choice: str) -> Any:
    """What ``--proposals`` names: ``None`` for classical ones, ``False`` for none, or the array of masks in the file."""
    if choice == "classical":
        return None
    if choice == "none":
        return False
    if choice.endswith(".npy"):
        import numpy as np

        try:
            masks = np.load(choice, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            refuse(
                f"--proposals {choice} should be an .npy file of masks (n, height, width), but it cannot be read: {error}."
            )
        if not isinstance(masks, np.ndarray):
            refuse(
                f"--proposals {choice} should hold one array of masks (n, height, width), but it is an archive (.npz)."
            )
        return masks
    refuse(f"--proposals must be classical, none or an .npy file of masks (n, height, width), but got {choice!r}.")


def key_value(text: str, option: str = "--param") -> tuple[str, Any]:
    """``key=value``, the value read as JSON where it is JSON, else as text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        refuse(f"{option} must be key=value, but got {text!r}.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def refuse(message: str) -> NoReturn:
    """Raise an ``OptionError`` with this message."""
    from iterprime_xai.records import OptionError

    raise OptionError(message)
