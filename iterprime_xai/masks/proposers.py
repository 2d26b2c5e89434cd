"""From a name, such as "classical", "sam:vit_b" or "mask2former:FOLDER", to what proposes masks."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from iterprime_xai.masks.checked import at_least, settings_of
from iterprime_xai.masks.classical import LIMIT, classical_proposals
from iterprime_xai.records import OptionError, Proposals

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.masks.proposer import Proposer

FAMILIES = ("classical", "none", "sam", "sam-hf", "sam2", "mask2former")
PRESETS = ("tas", "peaks")
"""After an @: the setting of TAS (for "sam"), and prompts at the peaks of the heatmap (for all SAMs)."""
SAM_SIZES = ("vit_b", "vit_l", "vit_h")


def proposer_names() -> tuple[str, ...]:
    """The names that `load_proposer` takes; capitals stand for what the user fills in."""
    sam = [
        f"sam{size}{preset}" for size in ("", *(f":{each}" for each in SAM_SIZES)) for preset in ("", "@tas", "@peaks")
    ]
    hub = [f"{family}:FOLDER_OR_HUB_ID{preset}" for family in ("sam-hf", "sam2") for preset in ("", "@peaks")]
    return ("classical", "none", *sam, *hub, "mask2former:FOLDER_OR_HUB_ID")


def load_proposer(
    name: str,
    *,
    checkpoint: str | Path | None = None,
    device: Any = None,
    cache: str | Path | None = None,
    **settings: Any,
) -> Proposer:
    """What proposes masks, by name.

    Args:
        name: one of `proposer_names`. "sam" reads the size from the checkpoint, "sam:vit_b" asks for that size; "@tas" is the
            setting of TAS, "@peaks" a `PromptedProposer`, which is asked with the refined heatmap.
        checkpoint: the file of segment-anything's released weights, for "sam" only.
        device: where the model works; default CUDA, MPS or CPU.
        cache: a folder where masks are kept, see `masks.cache`.
        settings: see `Classical`, `sam_automatic.AutomaticSettings`, `sam_hub.GridSettings`, `mask2former.QuerySettings` and
            `prompted.PromptSettings`.

    Raises:
        OptionError: an unknown name or setting, with the nearest right one. MissingExtraError, ModelLoadError: what is missing.
    """
    family, subject, preset = _parts(name)
    if family != "sam" and checkpoint is not None:
        raise OptionError(f"checkpoint goes with sam, sam:vit_b and their like; {name} has none. Leave it out.")
    proposer = _made(name, family, subject, preset, checkpoint, device, settings)
    if cache is None or family == "none":
        return proposer
    from iterprime_xai.masks.cache import kept

    return kept(proposer, cache)


@dataclass(frozen=True)
class Classical:
    """Regions without a model, see `classical_proposals`; at most ``limit`` of them."""

    limit: int = LIMIT
    name = "classical"

    def __post_init__(self) -> None:
        at_least(self, {"limit": 1})

    def describe(self) -> dict[str, object]:
        """Method and settings."""
        return {"proposer": "classical", "version": 1, **asdict(self)}

    def propose(self, image: Image.Image) -> Proposals:
        """The likeliest regions of the picture."""
        return classical_proposals(image, limit=self.limit)


@dataclass(frozen=True)
class Nothing:
    """No masks at all: for systems that answer with a heatmap only."""

    name = "none"

    def describe(self) -> dict[str, object]:
        """Only its name."""
        return {"proposer": "none"}

    def propose(self, image: Image.Image) -> Proposals:
        """No masks, of the picture's size."""
        return Proposals(np.zeros((0, image.height, image.width), bool), np.zeros(0, np.float32), "none")


def _parts(name: str) -> tuple[str, str, str]:
    """Family, what follows its colon, and preset; refused with the nearest name where they make no sense."""
    if not isinstance(name, str):
        raise OptionError(f"A proposer's name is a text such as 'classical', but got {name!r}.")
    stem, at, preset = name.rpartition("@")
    if not at or (preset not in PRESETS and not stem.startswith("sam:") and stem != "sam"):
        stem, preset = name, ""  # a folder may have an @ in its name
    family, colon, subject = stem.partition(":")
    if family not in FAMILIES or preset not in ("", *PRESETS):
        _unknown(name)
    if family in ("classical", "none") and (colon or preset):
        _unknown(name)
    if family == "sam" and (colon or subject) and subject not in SAM_SIZES:
        _unknown(name)
    if family in ("sam-hf", "sam2", "mask2former") and not subject:
        raise OptionError(f"{family} needs a model, as in {family}:FOLDER or {family}:OWNER/MODEL, but got {name!r}.")
    if (preset == "tas" and family != "sam") or (preset == "peaks" and family == "mask2former"):
        fitting = "sam" if preset == "tas" else "sam, sam-hf and sam2"
        raise OptionError(f"@{preset} goes with {fitting}, but got {name!r}.")
    return family, subject, preset


def _made(
    name: str,
    family: str,
    subject: str,
    preset: str,
    checkpoint: str | Path | None,
    device: Any,
    settings: Mapping[str, Any],
) -> Proposer:
    """Settings are checked before anything is loaded."""
    if family == "classical":
        return settings_of(Classical, settings, name)
    if family == "none":
        return settings_of(Nothing, settings, name)
    if family == "mask2former":
        from iterprime_xai.masks.mask2former import QuerySettings, load_mask2former

        return load_mask2former(subject, settings_of(QuerySettings, settings, name), device=device, name=name)
    if preset == "peaks":
        from iterprime_xai.masks.prompted import OriginalSam, PromptedSam, PromptSettings

        asked = settings_of(PromptSettings, settings, name)
        if family == "sam":
            from iterprime_xai.masks.sam_checkpoint import load_sam

            return PromptedSam(OriginalSam(load_sam(checkpoint, subject or None, device=device)), asked, name=name)
        from iterprime_xai.masks.sam_hub import load_hub_sam

        return PromptedSam(load_hub_sam(subject, second=family == "sam2", device=device), asked, name=name)
    if family == "sam":
        from iterprime_xai.masks.sam_automatic import TAS, AutomaticSettings, SamProposer
        from iterprime_xai.masks.sam_checkpoint import load_sam

        start = asdict(TAS) if preset == "tas" else {}
        automatic = settings_of(AutomaticSettings, {**start, **settings}, name)
        return SamProposer(load_sam(checkpoint, subject or None, device=device), automatic, name=name)
    from iterprime_xai.masks.sam_hub import GridSettings, HubSamProposer, load_hub_sam

    spread = settings_of(GridSettings, settings, name)
    return HubSamProposer(load_hub_sam(subject, second=family == "sam2", device=device), spread, name=name)


def _unknown(name: str) -> NoReturn:
    near = difflib.get_close_matches(name, [each for each in proposer_names() if "FOLDER" not in each], 1, 0.5)
    near = near or [f"{each}:..." for each in difflib.get_close_matches(name.partition(":")[0], FAMILIES, 1, 0.5)]
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise OptionError(
        "A proposer is classical, none, sam or sam:vit_b, sam:vit_l, sam:vit_h (with @tas or @peaks), sam-hf:, sam2: or "
        f"mask2former: with a folder or hub id, but got {name!r}.{hint}"
    )
