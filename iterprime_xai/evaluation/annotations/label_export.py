"""Labels as a data set: JSON Lines with picture, phrase and gold mask, which ``jsonl:`` opens and a new run can measure against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.data.phrase_tables import PLACED
from iterprime_xai.evaluation.failures.relabelling import usable_masks
from iterprime_xai.evaluation.failures.table import failure_table
from iterprime_xai.records.errors import OptionError, StorageError
from iterprime_xai.records.writing import as_path, write_whole

if TYPE_CHECKING:
    from iterprime_xai.evaluation.annotations.labels import Labels
    from iterprime_xai.evaluation.runs.reading import Run

_MADE_ANEW = ("domain", "image_id")
"""Tags that a data set of own pictures gives itself."""


def export(run: Run, labels: Labels, path: str | Path, images: str | Path | None = None) -> Path:
    """Write every label that holds as a line ``{"image", "phrase", "mask", "id", tags ...}``, the oldest first; gives the path.

    The file is a data set of one's own pictures: ``jsonl:PATH``, or ``folder:`` where it is the folder's ``phrases.jsonl``. The
    mask is COCO's run-length code, ``id`` the sample's id in the run. Samples without a label are left out.

    Args:
        run: whose rows know pictures and phrases.
        labels: read again first, so that those of others are in it.
        path: of the file, which ends in .jsonl; one that is there is replaced.
        images: the folder that ``image`` is relative to, and that must be named again where the data set is opened; ``None``: the
            file's own folder.

    Raises:
        OptionError: another ending, no labels, a label whose sample the run does not have or whose mask does not fit, or a
            picture outside of the folder.
        StorageError: pictures that were given from memory, full disk, or a run that cannot be read.
    """
    target = as_path(path)
    if target.suffix.lower() != ".jsonl":
        raise OptionError(f"Labels are exported as a .jsonl file, but got {target.name!r}.")
    labels.refresh()
    found = labels.all()
    if not found:
        raise OptionError(f"There are no labels in {labels.folder} to export.")
    problems = usable_masks(failure_table(run), labels.masks())[1]
    if problems:
        raise OptionError(f"{problems[0]} Take that label back, or move its file out of {labels.folder}.")
    folder = (target.parent if images is None else as_path(images)).absolute()
    lines = [_line(run, each.sample_id, dict(each.mask or {}), folder) for each in found]
    return write_whole(target, "".join(lines).encode("utf-8", "backslashreplace"))


def _line(run: Run, sample_id: str, mask: dict[str, Any], folder: Path) -> str:
    row = run.row(sample_id, ("image_path", "text", "tags"))
    if row["image_path"] is None:
        raise StorageError(
            f"The picture of sample {sample_id!r} was given from memory (such as a scene) and is in no file, so that no data set "
            "can name it."
        )
    try:
        image = Path(row["image_path"]).absolute().relative_to(folder).as_posix()
    except ValueError:
        raise OptionError(
            f"The picture {row['image_path']} is not inside {folder}: write the file to the pictures' folder, or name that folder "
            "with images=."
        ) from None
    tags = {name: value for name, value in (row["tags"] or {}).items() if name not in (*PLACED, *_MADE_ANEW)}
    told = {"image": image, "phrase": row["text"], "mask": mask, "id": sample_id, **tags}
    return json.dumps(told, ensure_ascii=False) + "\n"
