"""Proposals on disk: made once for each picture and proposer, and read by every system and process after that."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from iterprime_xai.data.images import sha256
from iterprime_xai.masks.proposer import PromptedProposer, Proposer
from iterprime_xai.records import Proposals, StorageError
from iterprime_xai.records.archive import ArchiveReader, ArchiveWriter
from iterprime_xai.records.packed import PackedMasks, lightest, pack
from iterprime_xai.records.packed_storage import packed_from_json, packed_to_json
from iterprime_xai.records.writing import as_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

FORMAT, VERSION = "iterprime-xai proposals", 1
_DOCUMENT = "proposals.json"


class KeptProposals:
    """A `Proposer` whose masks are kept in a folder, one file a picture and proposer, which many processes may use at once.

    A file appears whole or not at all, and two processes that make the same one write the same. A damaged file is made again, with
    a warning. Nothing is ever removed: 120 masks take 80 kB at 640 x 480 and 1.1 MB at 4000 x 3000, and the folder may be deleted
    at any time.
    """

    def __init__(self, inner: Proposer, folder: str | Path) -> None:
        self.inner: Proposer = inner
        self.root, self.name = as_path(folder), inner.name
        self._said: str | None = None

    def describe(self) -> dict[str, object]:
        """What the proposer says of itself: where its masks are kept changes nothing about them."""
        return self.inner.describe()

    def _identity(self) -> str:
        if self._said is None:
            text = json.dumps(self.inner.describe(), sort_keys=True, default=str)
            self._said = hashlib.sha256(text.encode()).hexdigest()
        return self._said

    def _kept_or_made(self, image: Image.Image, heat: str, make: Callable[[], Proposals]) -> Proposals:
        proposer, pixels = self._identity(), sha256(image)
        path = self.root / proposer[:16] / pixels[:2] / f"{pixels}{heat}.zip"
        key = {"proposer": proposer, "image": pixels, "size": [image.height, image.width], "heatmap": heat}
        if path.exists():
            try:
                return _read(path, key)
            except StorageError as error:
                warnings.warn(f"Kept proposals are made again: {error}", stacklevel=3)
        proposals = make()
        _write(path, key, proposals)
        return proposals

    def propose(self, image: Image.Image) -> Proposals:
        """The kept masks, else new ones, which are then kept. Raises ``StorageError`` where they cannot be written."""
        return self._kept_or_made(image, "", lambda: self.inner.propose(image))


class KeptPromptedProposals(KeptProposals):
    """The same for a `PromptedProposer`: one file a picture, proposer and heatmap."""

    inner: PromptedProposer

    def propose_at(self, image: Image.Image, heatmap: np.ndarray) -> Proposals:
        """The kept masks for this very heatmap, else new ones, which are then kept."""
        values = np.ascontiguousarray(heatmap, np.float32)
        digest = hashlib.sha256(f"{values.shape}".encode() + values.tobytes()).hexdigest()
        return self._kept_or_made(image, f"-{digest[:16]}", lambda: self.inner.propose_at(image, heatmap))


def kept(proposer: Proposer, folder: str | Path) -> KeptProposals:
    """The proposer, its masks kept in ``folder``."""
    return (KeptPromptedProposals if isinstance(proposer, PromptedProposer) else KeptProposals)(proposer, folder)


def _write(path: Path, key: dict[str, Any], proposals: Proposals) -> None:
    masks = proposals.masks
    size: Any = masks.shape[1:]
    writer = ArchiveWriter()
    document = {
        "format": FORMAT,
        "version": VERSION,
        **key,
        "masks": packed_to_json(masks if isinstance(masks, PackedMasks) else pack(masks, size), writer),
        "scores": writer.array(proposals.scores),
        "source": proposals.source,
    }
    writer.write(path, document, _DOCUMENT)


def _read(path: Path, key: dict[str, Any]) -> Proposals:
    with ArchiveReader(path, "proposals") as reader:
        document = reader.document(_DOCUMENT, FORMAT, VERSION)
        if any(document[name] != value for name, value in key.items()):
            raise ValueError("it was made for another picture or by another proposer")
        masks = packed_from_json(document["masks"], reader)
        if list(masks.shape[1:]) != key["size"] or not isinstance(document["source"], str):
            raise ValueError(f"masks of {masks.shape[1:]}")
        return Proposals(lightest(masks), reader.array(document["scores"]), document["source"])
