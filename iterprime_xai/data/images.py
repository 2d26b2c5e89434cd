"""Pictures in: any usual source becomes one upright RGB picture, with a note of everything that was done to it."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import struct
import threading
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from iterprime_xai.records import ImageInputError, MissingExtraError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "MPO", "TGA", "ICO")
"""Formats that are read from files, in Pillow's names. Those that run a program of their own (EPS) are left out."""

_ACCEPTED = "a path, a PIL image or a uint8 array of shape (height, width) or (height, width, 1 | 3 | 4)"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"heif"})
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError, struct.error, zlib.error)
_LOADING = threading.Lock()  # a lazily opened PIL image may be shared between threads, and Pillow does not guard it


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as the models see it.

    ``image`` is upright, RGB and fully loaded. ``notes`` says, a phrase each, what was done to get there; ``path`` is
    the file it came from, ``None`` for a picture from memory.
    """

    image: Image.Image
    notes: tuple[str, ...] = ()
    path: Path | None = None

    @cached_property
    def sha256(self) -> str:
        """:func:`sha256` of the image, worked out once."""
        return sha256(self.image)


def sha256(image: Image.Image) -> str:
    """Hex digest of a picture's mode, size and pixels: the same for the same upright picture from any source."""
    digest = hashlib.sha256(f"{image.mode} {image.width} {image.height} ".encode("ascii"))
    digest.update(image.tobytes())
    return digest.hexdigest()


def read_image(source: str | Path | Image.Image | np.ndarray) -> Picture:
    """Read a picture from a path, a PIL image or a uint8 array into upright RGB.

    The EXIF orientation is applied, so masks fit the picture as people see it. Transparent parts are put on white,
    16-bit grey (0 to 65535) is scaled to 8 bits, the current frame of a PIL image and the first frame of a file is
    taken; each is noted. The source is never changed. Raises ``ImageInputError`` for everything that cannot be used,
    with what to do about it, and ``MissingExtraError`` for HEIC without pillow-heif.
    """
    if isinstance(source, Image.Image):
        with _LOADING:
            return _from_pil(source, None)
    if isinstance(source, np.ndarray):
        return Picture(*_from_array(source))
    if isinstance(source, (str, os.PathLike)):
        return _from_file(source)
    raise ImageInputError(f"Expected {_ACCEPTED}, but got {_described(source)}.")


def _described(source: object) -> str:
    """What came instead of a picture, and what to do with it."""
    kind = type(source)
    name = "None" if source is None else kind.__name__
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"{name}; open them first with `PIL.Image.open(io.BytesIO(data))`"
    if kind.__module__.partition(".")[0] == "torch":
        return f"a torch {name}; pass `tensor.permute(1, 2, 0).cpu().numpy()` as uint8"
    if isinstance(source, (list, tuple)):
        return (
            f"a {name} of {len(source)}; pass one picture at a time, and numbers as `np.asarray(..., dtype=np.uint8)`"
        )
    if hasattr(source, "read"):
        return f"an open file ({name}); pass its path or `PIL.Image.open(file)`"
    return name


def _from_file(source: str | os.PathLike[str]) -> Picture:
    text = os.fspath(source)
    if isinstance(text, bytes):
        text = os.fsdecode(text)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://|data:", text):
        raise ImageInputError(f"Expected a file on this machine, but got the address {text:.80}; download it first.")
    path = Path(text)
    if not text.strip():
        raise ImageInputError("Expected the path of a picture, but got an empty text.")
    try:
        if path.is_dir():
            raise ImageInputError(f"Expected a picture, but {path} is a folder; name one file in it.")
        with path.open("rb") as file:
            start = file.read(64)
            if not start:
                raise ImageInputError(f"The file {path} is empty (0 bytes); copy or download it again.")
            file.seek(0)
            if _is_heic(start):
                return _from_heic(file, path)
            with _opened(file, path, start) as image:
                return _from_pil(image, path)
    except ImageInputError:
        raise
    except FileNotFoundError:
        raise ImageInputError(_missing(path)) from None
    except (OSError, ValueError) as error:  # no permission; a path with a zero byte
        raise ImageInputError(f"Cannot read {path}: {error}.") from error


def _opened(file: BinaryIO, path: Path, start: bytes) -> Image.Image:
    Image.init()  # so that formats which this Pillow does not have can be left out
    try:
        return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError as error:
        holds = "it holds text" if _is_text(start) else "its content is of no known kind, or damaged"
        known = ", ".join((*FORMATS[:7], "HEIC"))
        raise ImageInputError(
            f"{path} is not a picture that can be read: {holds}. Known formats: {known}; open it in a viewer and "
            "save it as PNG or JPEG."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageInputError(_too_large(f"The picture {path}", str(error))) from error
    except _DAMAGE as error:
        raise ImageInputError(_damaged(path, error)) from error


def _from_heic(file: BinaryIO, path: Path) -> Picture:
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingExtraError(
            f'{path} is a HEIC picture, which needs the package pillow-heif: pip install "iterprime-xai[heic]".'
        ) from error
    try:
        container = pillow_heif.open_heif(file)
        width, height = container.size
        _check_size(width, height, path)
        image = container.to_pillow()  # decodes 10 bits to 8 and turns the picture upright
    except ImageInputError:
        raise
    except (*_DAMAGE, RuntimeError) as error:
        raise ImageInputError(_damaged(path, error)) from error
    return _from_pil(image, path, ("HEIC decoded",))


def _from_pil(image: Image.Image, path: Path | None, notes: tuple[str, ...] = ()) -> Picture:
    _check_size(image.width, image.height, path)
    said = list(notes)
    try:
        frames, frame = getattr(image, "n_frames", 1), image.tell()
        if frames > 1:
            said.append(f"frame {frame + 1} of {frames} taken")
        # Pillow reads 16-bit colours as 8-bit ones without a word; only its raw mode, before the load, tells.
        if any(";16" in str(tile) for tile in getattr(image, "tile", ())) and not image.mode.startswith("I"):
            said.append("16-bit colours scaled to 8 bits")
        image.load()
        upright = _upright(image, said)
        rgb = _to_rgb(upright, said)
    except ImageInputError:
        raise
    except _DAMAGE as error:
        raise ImageInputError(_damaged(path, error)) from error
    # A plain copy: no metadata, no palette, no link to the source.
    return Picture(Image.fromarray(np.asarray(rgb)), tuple(said), path)


def _upright(image: Image.Image, said: list[str]) -> Image.Image:
    try:
        upright = ImageOps.exif_transpose(image)
        orientation = image.getexif().get(0x0112, 1)
    except (
        Exception
    ) as error:  # metadata written by any program ever made: whatever is wrong there is no reason to stop
        said.append(f"EXIF data cannot be read ({type(error).__name__}): the picture is taken as it lies")
        return image
    if upright is None:
        return image
    if orientation in range(2, 9):
        said.append(f"EXIF orientation {orientation} applied")
    return upright


def _to_rgb(image: Image.Image, said: list[str]) -> Image.Image:
    mode = image.mode
    if mode.startswith("I"):
        return _from_wide(image, said)
    if mode == "F":
        raise ImageInputError(
            "Expected a picture with whole numbers, but this one holds floating-point values (mode F); scale them to "
            "0-255 and pass `array.round().astype(np.uint8)`."
        )
    if mode in ("1", "L", "LA", "La"):
        said.append("grey picture: colours cannot be seen in it")
    if image.has_transparency_data:
        return _on_white(image.convert("LA" if mode == "La" else "RGBA").convert("RGBA"), said)
    if mode == "CMYK":
        said.append("CMYK converted to RGB without its colour profile")
    return image if mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image, said: list[str]) -> Image.Image:
    if np.asarray(image)[..., 3].min() == 255:
        return image.convert("RGB")
    said.append("transparent parts put on white")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _from_wide(image: Image.Image, said: list[str]) -> Image.Image:
    """16-bit grey, also where a 32-bit mode carries it."""
    values = np.asarray(image)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise ImageInputError(
            f"Expected grey values from 0 to 65535, but this picture (mode {image.mode}) holds {low} to {high}; scale "
            "them to 0-255 and pass a uint8 array."
        )
    said.append("16-bit grey scaled to 8 bits (0-65535 to 0-255)")
    said.append("grey picture: colours cannot be seen in it")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8)).convert("RGB")


def _from_array(array: np.ndarray) -> tuple[Image.Image, tuple[str, ...]]:
    shape = array.shape
    if array.ndim == 4:
        raise ImageInputError(
            f"Expected one picture, but got an array of shape {shape}: pass one of the batch, `array[0]`."
        )
    if array.ndim == 3 and shape[2] not in (1, 3, 4) and shape[0] in (1, 3, 4):
        raise ImageInputError(
            f"Expected (height, width, channels), but got an array of shape {shape} with the channels first; pass "
            "`array.transpose(1, 2, 0)`."
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in (1, 3, 4)):
        raise ImageInputError(f"Expected {_ACCEPTED}, but got an array of shape {shape}.")
    if array.dtype != np.uint8:
        raise ImageInputError(f"Expected uint8 values from 0 to 255, but got {array.dtype}; {_conversion(array)}.")
    _check_size(shape[1], shape[0], None)
    pixels = np.ascontiguousarray(array[..., 0] if array.ndim == 3 and shape[2] == 1 else array)
    said: list[str] = []
    # np.array copies: the picture must not change when the caller's array does.
    return Image.fromarray(np.array(_to_rgb(Image.fromarray(pixels), said))), tuple(said)


def _conversion(array: np.ndarray) -> str:
    """How an array of another type becomes uint8."""
    if array.dtype == np.bool_:
        return "pass `array.astype(np.uint8) * 255`"
    if array.dtype == np.uint16:
        return "pass `(array / 257).round().astype(np.uint8)`"
    if array.dtype.kind in "iu":
        return "if the values are from 0 to 255, pass `array.astype(np.uint8)`"
    if array.dtype.kind != "f":
        return "pass the pixels as numbers"
    if array.size and not np.isfinite(array).all():
        return "it holds NaN or infinity: replace those with `np.nan_to_num(array)`, scale to 0-255 and make it uint8"
    if array.size and array.min() >= 0 and array.max() <= 1:
        return "pass `(array * 255).round().astype(np.uint8)`"
    return "undo any normalisation, then pass `array.clip(0, 255).round().astype(np.uint8)`"


def _check_size(width: int, height: int, path: Path | None) -> None:
    if width < 1 or height < 1:
        raise ImageInputError(f"Expected at least one pixel, but the picture is {width} x {height}.")
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > 2 * limit:
        name = "The picture" if path is None else f"The picture {path}"
        raise ImageInputError(_too_large(name, f"it is {width} x {height}"))


def _too_large(name: str, found: str) -> str:
    limit = Image.MAX_IMAGE_PIXELS or 0
    return (
        f"{name} is too large ({found}): pictures of up to {2 * limit:,} pixels are read. Make it smaller, or raise "
        "`PIL.Image.MAX_IMAGE_PIXELS` if you trust the file."
    )


def _damaged(path: Path | None, error: BaseException) -> str:
    name = "The picture" if path is None else f"The picture {path}"
    return f"{name} is damaged, cut short or no longer open ({error}); copy or download it again."


def _missing(path: Path) -> str:
    message = f"There is no file {path.name!r} in {path.absolute().parent}"
    if not path.parent.is_dir():
        return message + ": the folder does not exist."
    names = [each.name for each in path.parent.iterdir()]
    near = difflib.get_close_matches(path.name, names, 1)
    return message + (f"; did you mean {near[0]!r}?" if near else "; check the path.")


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode("utf-8", "ignore")
    except ValueError:
        return False
    return len(text.encode("utf-8")) >= len(start) - 3 and "\0" not in text


def _is_heic(start: bytes) -> bool:
    if start[4:8] != b"ftyp":
        return False
    length = min(struct.unpack(">I", start[:4])[0], len(start))
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, length - 3, 4))}
    return bool(brands & _HEIC_BRANDS) and b"avif" not in brands
