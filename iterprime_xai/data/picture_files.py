"""The picture files of a data set: inside its folder, present, and as large as the masks say."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path, PurePosixPath

from PIL import Image

from iterprime_xai.data.names import nearest
from iterprime_xai.records import ImageInputError, StorageError

_MANY = 5000
_TURNED = frozenset({5, 6, 7, 8})  # EXIF orientations that swap width and height
_COCO = ("images/mscoco/images/train2014", "images/mscoco/train2014", "images/train2014", "train2014")
_PLACES = {
    "refcoco": _COCO,
    "refcoco+": _COCO,
    "refcocog": _COCO,
    "grefcoco": _COCO,
    "refclef": ("images/saiapr_tc-12", "saiapr_tc-12"),
}


def places(dataset: str) -> tuple[str, ...]:
    """Where the pictures of a data set in the REFER layout may lie under its root; the first is the usual place."""
    return _PLACES.get(dataset, (f"images/{dataset}",))


def is_of_coco(dataset: str) -> bool:
    """Whether the pictures of a data set are COCO's."""
    return places(dataset) is _COCO


def folder_of(root: Path, dataset: str) -> Path:
    """The first of :func:`places` that exists under ``root``, else the usual one."""
    found = [root / place for place in places(dataset)]
    return next((each for each in found if each.is_dir()), found[0])


def check_inside(name: str, said_by: str) -> None:
    """Raise ``StorageError`` unless ``name`` is a relative path that stays in its folder; ``said_by`` is the file that names it."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if not name or parts.is_absolute() or Path(name).is_absolute() or ".." in parts.parts or Path(name).drive:
        raise StorageError(
            f"{said_by} names an image outside its folder: {name!r}. Name the images relative to one folder, and say "
            "where that is with images= if it is not the usual one."
        )


def picture_file(folder: Path, name: str, size: tuple[int, int] | None = None) -> Path:
    """The path of a picture that is there; ``size`` = (height, width) is what it must be, upright.

    Raises ``ImageInputError`` for a picture that is missing (with the nearest name, where the folder is not too large to look), not
    readable, or of another size.
    """
    path = folder / name
    if not path.is_file():
        raise ImageInputError(_missing(path))
    if size is not None:
        found = upright_size(path)
        if found != size:
            raise ImageInputError(
                f"The picture {path} is {found[1]} x {found[0]}, but the annotations are for {size[1]} x {size[0]} "
                "(width x height); use the data set's own pictures."
            )
    return path


def upright_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture as people see it, from its header alone."""
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(0x0112) in _TURNED
            return (image.width, image.height) if turned else (image.height, image.width)
    except Exception as error:  # a damaged header can fail anywhere
        raise ImageInputError(f"The picture {path} cannot be read ({error}); copy or download it again.") from error


def _missing(path: Path) -> str:
    message = f"There is no picture {path.name!r} in {path.parent}"
    if not path.parent.is_dir():
        return f"{message}: the folder does not exist; put the pictures there, or say where they are with images=."
    with os.scandir(path.parent) as entries:
        names = [each.name for each in islice(entries, _MANY + 1)]
    near = nearest(path.name, names) if len(names) <= _MANY else ""
    return f"{message}{near or '; put it there, or say where the pictures are with images='}."
