"""What data sets a folder holds, what they lack, and whether their counts are the published ones."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from iterprime_xai.data.mirrors import MIRRORS, MirrorSet, mirror_folder, open_mirror
from iterprime_xai.data.own_pictures import OwnPictures, rows_of_folder
from iterprime_xai.data.phrasecut import SPLITS as PHRASECUT_SPLITS
from iterprime_xai.data.phrasecut import PhraseCutSet, phrasecut_folder
from iterprime_xai.data.picture_files import is_of_coco
from iterprime_xai.data.published import PUBLISHED, Counts
from iterprime_xai.data.refer_files import fault_of, split_by_names
from iterprime_xai.data.refer_set import ReferSet
from iterprime_xai.data.row_tables import split_files
from iterprime_xai.records import IterprimeError, StorageError


@dataclass(frozen=True, slots=True)
class SplitCheck:
    """One split: what is there, what is published (``None`` where that is not known), and what is missing."""

    split: str
    counts: Counts
    published: Counts | None
    missing_images: int = 0
    first_missing: str | None = None
    faults: int = 0
    first_fault: str | None = None

    @property
    def differs(self) -> bool:
        """Whether a published count is known and another one is here."""
        pairs = [] if self.published is None else list(_pairs(self.counts, self.published))
        return any(here != there for _, here, there in pairs)

    @property
    def whole(self) -> bool:
        return not (self.differs or self.missing_images or self.faults)


@dataclass(frozen=True, slots=True)
class SetCheck:
    """One data set that was found; ``problem`` says why it cannot be read at all."""

    name: str
    splits: tuple[SplitCheck, ...] = ()
    problem: str | None = None

    @property
    def whole(self) -> bool:
        return self.problem is None and all(split.whole for split in self.splits)


def check_folder(root: str | Path, images: str | Path | None = None) -> list[SetCheck]:
    """Every data set in ``root``, checked: files, pictures, how refs and instances fit, counts.

    Pictures are not opened, and masks are not drawn.
    ``images`` is the folder of COCO's pictures, where it is not the usual one. A data set that cannot be read is a finding, not
    an error; ``StorageError`` is raised only where there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise StorageError(f"There is no folder {root}.")
    where = None if images is None else Path(images)
    if (root / "instances.json").is_file() or split_by_names(root):  # a data set's own folder
        return list(_refer(root.absolute().parent, root.absolute().name, where))
    found = [
        check
        for folder in sorted(each for each in root.iterdir() if each.is_dir())
        if (folder / "instances.json").is_file() or split_by_names(folder)
        for check in _refer(root, folder.name, where)
    ]
    if phrasecut_folder(root) is not None:
        found.append(_tried("phrasecut", lambda: _phrasecut(root)))
    found += _mirrors(root, where)
    if not found:
        found += _own(root)
    return found


def differences(split: SplitCheck) -> list[str]:
    """What differs from the published counts, a phrase each: "3,811 refs published"."""
    if split.published is None:
        return []
    return [
        f"{there:,} {what} published" for what, here, there in _pairs(split.counts, split.published) if here != there
    ]


def missing_files(folder: Path, names: Iterable[str]) -> tuple[int, str | None]:
    """How many of the files are not in ``folder``, and the path of the first; folders are listed, not asked file by file."""
    listed: dict[Path, set[str]] = {}
    count, first = 0, None
    for name in names:
        path = folder / name
        if path.parent not in listed:
            listed[path.parent] = set(os.listdir(path.parent)) if path.parent.is_dir() else set()
        if path.name not in listed[path.parent]:
            count += 1
            first = first or str(path)
    return count, first


def _pairs(here: Counts, there: Counts) -> Iterator[tuple[str, int, int]]:
    for what in ("images", "refs", "expressions"):
        ours, theirs = getattr(here, what), getattr(there, what)
        if ours is not None and theirs is not None:
            yield what, ours, theirs


def _tried(name: str, check: Callable[[], Iterable[SplitCheck]]) -> SetCheck:
    try:
        return SetCheck(name, tuple(check()))
    except IterprimeError as error:
        return SetCheck(name, problem=str(error))


def _refer(root: Path, dataset: str, images: Path | None) -> Iterator[SetCheck]:
    found = split_by_names(root / dataset)
    if not found:
        yield SetCheck(dataset, problem=f"{root / dataset} has instances.json, but no refs(...).p beside it.")
    for split_by in found:
        yield _tried(f"{dataset}@{split_by}", lambda by=split_by: _refer_splits(root, dataset, by, images))  # type: ignore[misc]


def _refer_splits(root: Path, dataset: str, split_by: str, images: Path | None) -> Iterator[SplitCheck]:
    data = ReferSet(root, dataset, split_by, images=images if is_of_coco(dataset) else None)
    data.pictures()  # finds ids that come twice
    known = PUBLISHED.get(f"{dataset}@{split_by}", {})
    splits: dict[str, list[dict]] = {}
    for ref in data.refs:
        splits.setdefault(str(ref["split"]), []).append(ref)
    for split, refs in splits.items():
        faults = [fault for fault in (fault_of(ref, data.instances, dataset) for ref in refs) if fault is not None]
        ids = dict.fromkeys(ref["image_id"] for ref in refs)
        names = [str(data.instances.images[each]["file_name"]) for each in ids if each in data.instances.images]
        missing, first = missing_files(data.images, names)
        counts = Counts(len(ids), len(refs), sum(len(ref["sentences"]) for ref in refs))
        yield SplitCheck(split, counts, known.get(split), missing, first, len(faults), faults[0] if faults else None)

    for split in known:  # one file holds them all: a split that is not in it was lost
        if split not in splits:
            yield SplitCheck(split, Counts(0, 0, 0), known[split])


def _phrasecut(root: Path) -> Iterator[SplitCheck]:
    folder = phrasecut_folder(root) or root
    for split in PHRASECUT_SPLITS:
        if (folder / f"refer_{split}.json").is_file():
            data = PhraseCutSet(root, split)
            entries = data.pictures()
            missing, first = missing_files(data.images, (f"{entry.image_id}.jpg" for entry in entries))
            counts = Counts(len(entries), None, sum(len(entry.sample_ids) for entry in entries))
            yield SplitCheck(split, counts, PUBLISHED["phrasecut"].get(split), missing, first)


def _mirrors(root: Path, images: Path | None) -> Iterator[SetCheck]:
    for repository, mirror in MIRRORS.items():
        try:
            folder = mirror_folder(root, repository)
        except StorageError:
            continue
        splits = [split for split in split_files(folder) if split in mirror.splits.values()]
        if folder == root and not (splits and all(_is_of(repository, root, split) for split in splits)):
            continue  # the files of another mirror
        yield _tried(
            f"hub:{repository}",
            lambda repository=repository, splits=splits: _mirror_splits(root, repository, splits, images),  # type: ignore[misc]
        )


def _is_of(repository: str, root: Path, split: str) -> bool:
    try:
        open_mirror(repository, root, split)
    except StorageError:
        return False
    return True


def _mirror_splits(root: Path, repository: str, splits: list[str], images: Path | None) -> Iterator[SplitCheck]:
    for split in splits:
        data: MirrorSet = open_mirror(repository, root, split, images=images)
        entries = data.pictures()
        missing, first = missing_files(data.images, data.files())
        counts = Counts(len(entries), data.things(), sum(len(entry.sample_ids) for entry in entries))
        yield SplitCheck(split, counts, PUBLISHED[f"hub:{repository}"].get(split), missing, first)


def _own(root: Path) -> list[SetCheck]:
    try:
        rows = rows_of_folder(root)
    except StorageError as error:
        return (
            []
            if not any((root / name).is_file() for name in ("phrases.csv", "phrases.jsonl"))
            else [SetCheck(f"folder:{root}", problem=str(error))]
        )

    def splits() -> Iterator[SplitCheck]:
        entries = OwnPictures(f"folder:{root}", rows, root).pictures()
        missing, first = missing_files(root, (entry.image_id for entry in entries))
        yield SplitCheck("all", Counts(len(entries), None, len(rows)), None, missing, first)

    return [_tried(f"folder:{root}", splits)]
