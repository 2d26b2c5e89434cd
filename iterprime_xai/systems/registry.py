"""The systems by name: what each is, its settings, and how it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import OptionError
from iterprime_xai.systems.settings import Setting, settle

if TYPE_CHECKING:
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter


@dataclass(frozen=True, slots=True)
class System:
    """One system: a sentence on it, where it was published, and the module that makes it.

    The module has ``SETTINGS`` and ``PRESETS``, by the name of the system where it makes several, and ``make(settings)``.
    """

    name: str
    meaning: str
    source: str
    module: str


_WANG = "Wang et al., AAAI 2025"
_YU = "Yu, Seo, Son, CVPR 2023"

SYSTEMS: dict[str, System] = {
    each.name: each
    for each in (
        System(
            "iterprime",
            "cross-attention Grad-CAM, refined over several looks, then the mask that fits the heat",
            _WANG,
            "iterprime",
        ),
        System(
            "gradcam",
            "cross-attention Grad-CAM as published, one look and no emphasis, then the mask that fits the heat",
            "Selvaraju et al., ICCV 2017; Li et al., NeurIPS 2021",
            "iterprime",
        ),
        System(
            "global_local_clip",
            "a mask's vector from inside CLIP's tower and from its crop, nearest to sentence and noun phrase",
            _YU,
            "global_local_clip",
        ),
        System(
            "tas",
            "a mask's crop and its caption near the phrase, far from all else in the picture; then the place it names",
            "Suo, Zhu, Yang, Findings of EMNLP 2023",
            "tas",
        ),
        System("clip_gradcam", "Grad-CAM of CLIP's cosine, then the mask that fits the heat", _YU, "clip_baselines"),
        System(
            "clip_score_map",
            "the cosine of every patch with the phrase, then the mask that fits the map",
            _YU,
            "clip_baselines",
        ),
        System("clip_region_token", "CLIP's picture token that sees a mask's patches alone", _YU, "clip_baselines"),
        System("clip_crop", "the crop of a mask, nearest to the phrase", _YU, "clip_baselines"),
        System("random", "floor: a mask drawn at random, the same for the same picture and phrase", "", "floors"),
        System("centre", "floor: the mask at the picture's centre", "", "floors"),
        System("largest", "floor: the largest mask", "", "floors"),
    )
}


def system_names() -> tuple[str, ...]:
    """Names that :func:`load_system` takes."""
    return tuple(SYSTEMS)


def settings_of(name: str) -> tuple[Setting, ...]:
    """The settings of a system: names, types, defaults and a line on each. Raises ``OptionError`` for an unknown system."""
    return _module(name).SETTINGS[name]


def presets_of(name: str) -> dict[str, dict[str, Any]]:
    """What each preset of a system sets differently from the defaults. Raises ``OptionError`` for an unknown system."""
    return {preset: dict(values) for preset, values in _module(name).PRESETS[name].items()}


def load_system(name: str, settings: Mapping[str, Any] | None = None) -> ZeroShotSegmenter:
    """Make a system that is ready to segment.

    Args:
        name: one of :func:`system_names`.
        settings: values of :func:`settings_of`; what is left out comes from its ``preset``. A ``model`` or ``proposer`` may be an
            object in memory, which is used as it is and left as it was.

    Raises:
        OptionError: unknown system or setting (the nearest right name is said), or a value that is not allowed.
        ModelLoadError: a model that is not here, and how to get it.
        MissingExtraError: preset "paper" needs a parser or lexicon that is not installed; the message names what to install,
            and the preset "paper-offline".
    """
    module = _module(name)
    return module.make(settle(name, module.SETTINGS[name], module.PRESETS[name], settings))


def _module(name: str) -> Any:
    if not isinstance(name, str) or name not in SYSTEMS:
        near = get_close_matches(str(name), SYSTEMS, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise OptionError(f"There is no system {name!r}.{hint} The systems: {', '.join(SYSTEMS)}.")
    return import_module(f"iterprime_xai.systems.{SYSTEMS[name].module}")
