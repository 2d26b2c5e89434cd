"""What a person types, turned into what the package takes; what makes no sense is refused in a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
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


def proposals_of(
    choice: str,
    *,
    checkpoint: str | Path | None = None,
    device: str | None = None,
    cache: str | Path | None = None,
    settings: Sequence[str] = (),
) -> Any:
    """What ``--proposals`` names: ``False`` for none, the array of masks in an .npy file, or a proposer.

    ``settings`` are ``key=value`` texts for the proposer, ``cache`` the folder where its masks are kept.
    """
    if choice == "none" and not settings and checkpoint is None:
        return False
    if choice.endswith(".npy"):
        if checkpoint is not None or cache is not None or settings:
            refuse(f"--proposals {choice} brings its masks: leave out --proposals-checkpoint, -cache and -set.")
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
    from iterprime_xai.masks.proposers import load_proposer

    given = dict(key_value(text, "--proposals-set") for text in settings)
    strange = sorted(given.keys() & {"name", "checkpoint", "device", "cache"})
    if strange:
        refuse(f"--proposals-set is for the proposer's settings, but got {strange[0]}; it has an option of its own.")
    return load_proposer(choice, checkpoint=checkpoint, device=device, cache=cache, **given)


def key_text(text: str, option: str = "--param") -> tuple[str, str]:
    """The two sides of ``key=value``, as typed; ``option`` names it in a refusal."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        refuse(f"{option} must be key=value, but got {text!r}.")
    return key, value


def key_value(text: str, option: str = "--param") -> tuple[str, Any]:
    """:func:`key_text`, the value read as JSON where it is JSON."""
    key, value = key_text(text, option)
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def refuse(message: str) -> NoReturn:
    """Raise an ``OptionError`` with this message."""
    from iterprime_xai.records import OptionError

    raise OptionError(message)
