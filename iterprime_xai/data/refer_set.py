"""A data set in the REFER layout: listed from its refs, one picture's samples and masks when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.data.listing import asked_for, by_picture, digest
from iterprime_xai.data.picture_files import folder_of, picture_file
from iterprime_xai.data.refer_files import (
    TEXTS,
    Instances,
    dataset_folder,
    fault_of,
    is_general,
    of_split,
    read_instances,
    read_refs,
    refs_file,
    targets_of,
)
from iterprime_xai.records import OptionError, Sample, StorageError
from iterprime_xai.records.collector import collector_paused

_SENTENCE_KEYS = frozenset({"raw", "sent", "sent_id", "tokens", "id", "exist"})
DEFAULT_SPLIT_BY = {"refcoco": "unc", "refcoco+": "unc", "refcocog": "umd", "refclef": "unc", "grefcoco": "unc"}
"""Who made the splits that are meant where nobody is named."""


class ReferSet:
    """RefCOCO and its relatives, gRefCOCO, and whatever :func:`~iterprime_xai.data.refer_writing.write_refer` wrote.

    Args:
        root: folder that holds the data set's folder.
        dataset: "refcoco", "refcoco+", "refcocog", "refclef", "grefcoco", or the name of one's own.
        split_by: who made the splits, such as "unc", "google" or "umd".
        split: one split, such as "val" or "testA"; ``None`` for all.
        text: "sent" (cleaned, the usual one) or "raw" (as typed).
        images: folder of the pictures, where it is not the usual one in ``root``.

    A ref that does not fit ``instances.json``, like a missing picture, is an error of its picture's samples alone; files in which
    nothing fits are refused at once (``StorageError``). An unknown split or text is an ``OptionError``.
    """

    def __init__(
        self,
        root: str | Path,
        dataset: str,
        split_by: str,
        split: str | None = None,
        *,
        text: Literal["sent", "raw"] = "sent",
        images: str | Path | None = None,
        name: str | None = None,
    ) -> None:
        if text not in TEXTS:
            raise OptionError(f"text must be one of {', '.join(TEXTS)}, but got {text!r}.")
        folder = dataset_folder(Path(root), dataset)
        path = refs_file(folder, split_by)
        every = read_refs(path)
        self.dataset, self.split_by, self.split, self.text = dataset, split_by, split, text
        self.name = name or f"{dataset}@{split_by}:{split or 'all'}"
        self.refs = of_split(every, split, f"{dataset} ({split_by})")
        self.general = is_general(every)
        content, self.instances = read_instances(folder / "instances.json")
        self.images = Path(images) if images is not None else folder_of(Path(root), dataset)
        self._digest = digest(path.read_bytes(), content)
        if split is not None:
            self.instances.keep(self.refs)
        faults = (fault_of(ref, self.instances, dataset) for ref in self.refs)
        first = next(faults)
        if first is not None and all(each is not None for each in faults):
            raise StorageError(f"No ref of {dataset} fits its instances.json: {first}")

    def describe(self) -> dict[str, object]:
        return {
            "data": self.dataset,
            "split_by": self.split_by,
            "split": self.split,
            "text": self.text,
            "digest": self._digest,
        }

    def pictures(self) -> Sequence[PictureEntry]:
        return self._entries

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        refs = self._refs_of.get(entry.image_id)
        if refs is None:
            raise StorageError(f"{self.name} has no picture {entry.image_id!r}.")
        for ref in refs:
            fault = fault_of(ref, self.instances, self.dataset)
            if fault is not None:
                raise StorageError(fault)
        image_id = refs[0]["image_id"]
        path = picture_file(
            self.images, str(self.instances.images[image_id]["file_name"]), self.instances.size(image_id)
        )
        masks = self.masks_of(image_id)
        found = (sample for ref in refs for sample in self.samples_of_ref(ref, path, masks))
        return asked_for(entry, found, self.name)

    def masks_of(self, image_id: Any) -> dict[Any, np.ndarray]:
        """The masks of all annotated things of an image, by annotation."""
        return {ann_id: self.instances.mask(ann_id) for ann_id in self.instances.of_image.get(image_id, ())}

    def samples_of_ref(self, ref: Mapping[str, Any], path: Path, masks: Mapping[Any, np.ndarray]) -> Iterator[Sample]:
        """The samples of one ref; ``masks`` are those of :meth:`masks_of` for its image."""
        targets = targets_of(ref)
        others = [ann_id for ann_id in masks if ann_id not in targets]
        mask = np.zeros(self.instances.size(ref["image_id"]), bool)
        for ann_id in targets:
            mask |= masks[ann_id]
        tags = self._tags(ref, targets, self.instances)
        for sentence in ref["sentences"]:
            own = {key: each for key, each in sentence.items() if key not in _SENTENCE_KEYS and isinstance(each, str)}
            yield Sample(
                id=self._sample_id(ref, sentence),
                image=path,
                text=sentence[self.text],
                mask=mask,
                others=tuple(masks[ann_id] for ann_id in others),
                other_categories=tuple(self.instances.category(ann_id) for ann_id in others),
                tags=tags | own,
            )

    def _tags(self, ref: Mapping[str, Any], targets: tuple[Any, ...], instances: Instances) -> dict[str, str]:
        tags = {
            "split": str(ref["split"]),
            "domain": self.dataset,
            "category": ",".join(dict.fromkeys(instances.category(ann_id) for ann_id in targets)),
            "image_id": instances.label(ref["image_id"]),
            "ref_id": str(ref["ref_id"]),
            "ann_id": ",".join(str(ann_id) for ann_id in targets),
            "text": self.text,
        }
        return tags | {"targets": str(len(targets))} if self.general else tags

    def _sample_id(self, ref: Mapping[str, Any], sentence: Mapping[str, Any]) -> str:
        return str(sentence.get("id", f"{self.dataset}-{ref['ref_id']}-{sentence['sent_id']}"))

    @cached_property
    def _refs_of(self) -> dict[str, list[dict[str, Any]]]:
        refs: dict[str, list[dict[str, Any]]] = {}
        for ref in self.refs:
            refs.setdefault(self.instances.label(ref["image_id"]), []).append(ref)
        return refs

    @cached_property
    def _entries(self) -> tuple[PictureEntry, ...]:
        with collector_paused():
            return by_picture(self._pairs(), self.name)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        return (
            (label, self._sample_id(ref, sentence))
            for label, refs in self._refs_of.items()
            for ref in refs
            for sentence in ref["sentences"]
        )
