"""What can be known of a checkpoint without asking it: its size, its profile, and what its own card says of its training."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.models.finding import BUNDLED_FOLDER, bundled_models

if TYPE_CHECKING:
    from iterprime_xai.systems import Grounder

CARD = "README.md"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "*.pth", "*.pt")

TOLD = ("learned from", "train", "data", "limit", "bias", "intended", "cannot")
"""Words of headings in a card whose sections a reader of maps should know."""

LONGEST = 6000
"""Characters of a card that are shown."""


@dataclass(frozen=True, slots=True)
class Size:
    """Weights, by part of the model in its own order and in all; megabytes in memory, and of weight files (``None``: no folder)."""

    parts: tuple[tuple[str, int], ...]
    weights: int
    memory: float
    files: float | None


def folder_of(model: str) -> Path | None:
    """The folder behind a model's name: that of a bundled one, or one of one's own; ``None`` for a hub id or a single file."""
    if model in bundled_models():
        return BUNDLED_FOLDER / model
    path = Path(model).expanduser()
    return path if path.is_dir() else None


def size_of(grounder: Grounder, model: str) -> Size:
    """Count a loaded model; weights that parts share count once, in the first of them."""
    network: Any = grounder.matcher.model  # type: ignore[attr-defined]
    held = [*network.named_children(), *((name, each) for name, each in network.named_parameters(recurse=False))]
    seen: set[int] = set()
    parts = []
    memory = 0
    for name, part in held:
        own = [each for each in (part.parameters() if hasattr(part, "parameters") else [part]) if id(each) not in seen]
        seen.update(map(id, own))
        memory += sum(each.numel() * each.element_size() for each in own)
        if own:
            parts.append((name, sum(each.numel() for each in own)))
    folder, path = folder_of(model), Path(model).expanduser()
    files = [path] if path.is_file() else [] if folder is None else _weights_in(folder)
    megabytes = sum(each.stat().st_size for each in files) / 1e6 if files else None
    return Size(tuple(parts), sum(count for _, count in parts), memory / 1e6, megabytes)


def _weights_in(folder: Path) -> list[Path]:
    """The files of the first way of storing weights that is there; not those of a second copy in another."""
    return next((found for pattern in WEIGHTS if (found := sorted(folder.glob(pattern)))), [])


def card_of(model: str) -> str:
    """What the model's own card says of data, training and limits, as Markdown with smaller headings; empty where there is none."""
    folder = folder_of(model)
    path = None if folder is None else folder / CARD
    if path is None or not path.is_file():
        return ""
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8", errors="replace"), flags=re.DOTALL)
    sections = re.split(r"(?m)^(?=##? )", text)
    told = [each.strip() for each in sections if any(word in each.split("\n", 1)[0].lower() for word in TOLD)]
    found = re.sub(r"(?m)^##? ", "#### ", "\n\n".join(told))
    return found if len(found) <= LONGEST else f"{found[:LONGEST].rsplit(chr(10), 1)[0]}\n\n…"
