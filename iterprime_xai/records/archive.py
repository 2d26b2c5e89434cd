"""One file of JSON, arrays and pictures that is written whole or not at all, and read without trusting it."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from iterprime_xai.records.errors import StorageError
from iterprime_xai.records.writing import as_path, write_whole

MAX_JSON_BYTES = 64 * 2**20
"""Longest JSON part that is read or written."""
MAX_UNPACKED_BYTES = 4 * 2**30
"""Most memory that the arrays and pictures of one file may take together: a small file cannot fill the memory."""
MAX_PIXELS = 178_956_970
"""Largest picture, in pixels: where Pillow, too, stops opening pictures."""

_HEADER_BYTES = 4096
_PNG_START = b"\x89PNG\r\n\x1a\n"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,  # includes UnicodeDecodeError, JSONDecodeError and numpy's complaints about a header
    AttributeError,
    RuntimeError,  # an encrypted part; a part that is read while it is written
    NotImplementedError,  # a compression that zipfile does not know
    OverflowError,
    RecursionError,
    SyntaxError,  # Pillow, for a broken PNG
    struct.error,
)


class ArchiveWriter:
    """Collects JSON, arrays and pictures, then writes them to one zip file in a single step.

    ``array``, ``bits``, ``blob`` and ``picture`` return the small JSON value by which the JSON part refers to what was added.
    """

    def __init__(self) -> None:
        self._parts: dict[str, bytes] = {}
        self._unpacked = 0

    def array(self, values: np.ndarray) -> dict[str, Any]:
        """Add a float32 array of any shape; it comes back bit for bit."""
        if values.dtype != np.float32:
            raise StorageError(
                f"Heatmaps and scores are stored as float32, but got {values.dtype}; use `.astype(np.float32)`."
            )
        self._count(values.nbytes)
        return {"array": self._add("npy", _npy(np.ascontiguousarray(values, dtype="<f4")))}

    def bits(self, values: np.ndarray) -> dict[str, Any]:
        """Add a bool array of shape (..., height, width); it takes one bit a value before compression."""
        if values.dtype != np.bool_ or values.ndim < 2:
            raise StorageError(
                "Masks are stored as bool arrays of shape (..., height, width), but got "
                f"{values.dtype} of shape {values.shape}; convert with `mask > 0`."
            )
        self._count(values.nbytes)
        *outer, height, width = values.shape
        packed = np.packbits(values.reshape(math.prod(outer), height * width), axis=1)
        return {"bits": self._add("npy", _npy(packed)), "shape": list(values.shape)}

    def blob(self, content: bytes) -> dict[str, Any]:
        """Add bytes that have a form of their own."""
        self._count(len(content))
        return {"blob": self._add("bin", content)}

    def picture(self, image: Image.Image) -> dict[str, Any]:
        """Add an RGB picture as a lossless PNG, without its metadata."""
        if image.mode != "RGB":
            raise StorageError(
                f'Pictures are stored as RGB, but this one has mode {image.mode!r}; use `image.convert("RGB")`.'
            )
        if image.width * image.height > MAX_PIXELS:
            raise StorageError(
                f"A stored picture has up to {MAX_PIXELS:,} pixels, but this one has {image.width} x {image.height}."
            )
        self._count(3 * image.width * image.height)
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(image)).save(buffer, format="PNG")
        return {"picture": self._add("png", buffer.getvalue()), "size": list(image.size)}

    def write(self, path: str | Path, document: Mapping[str, Any], name: str) -> Path:
        """Write everything to ``path`` with ``document`` as the JSON part ``name``; parent folders are made.

        The file appears whole or not at all: it is written beside ``path`` and then moved over it. The same content
        gives the same bytes. Raises ``StorageError`` when the disk is full or the place cannot be written.
        """
        text = json.dumps(document, allow_nan=False, indent=1).encode("utf-8")
        if len(text) > MAX_JSON_BYTES:
            raise StorageError(f"The JSON part may have {MAX_JSON_BYTES:,} bytes, but it has {len(text):,}.")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_entry(name), text)
            for part, values in self._parts.items():
                archive.writestr(_entry(part), values)
        return write_whole(path, content.getvalue())

    def _add(self, kind: str, content: bytes) -> str:
        part = f"parts/{len(self._parts):05d}.{kind}"
        self._parts[part] = content
        return part

    def _count(self, size: int) -> None:
        self._unpacked += size
        if self._unpacked > MAX_UNPACKED_BYTES:
            raise StorageError(
                f"One file holds at most {MAX_UNPACKED_BYTES:,} bytes of arrays, unpacked; store fewer proposals or "
                "ground a smaller copy of the picture."
            )


class ArchiveReader:
    """Reads what :class:`ArchiveWriter` wrote; every size is checked before memory is taken for it.

    Used in a ``with`` block. Inside it, whatever a damaged or foreign file breaks becomes a ``StorageError``.
    """

    def __init__(self, path: str | Path, what: str) -> None:
        self._path, self._what = as_path(path), what
        self._unpacked = 0

    def __enter__(self) -> ArchiveReader:
        if self._path.is_dir():
            raise StorageError(f"Expected a file that holds {self._what}, but {self._path} is a folder.")
        try:
            self._zip = zipfile.ZipFile(self._path)
        except FileNotFoundError as error:
            raise StorageError(f"There is no file {self._path}; check the path.") from error
        except _DAMAGE as error:
            raise self._damaged(error) from error
        except OSError as error:
            raise StorageError(f"Cannot read {self._path}: {error}.") from error
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._zip.close()
        if isinstance(error, StorageError):
            return
        if isinstance(error, _DAMAGE):
            raise self._damaged(error) from error
        if isinstance(error, OSError):
            raise StorageError(f"Cannot read {self._path}: {error}.") from error

    def document(self, name: str, format_name: str, newest: int) -> dict[str, Any]:
        """The JSON part, after a look at its format name and version."""
        if name not in self._zip.namelist():
            raise StorageError(f"{self._path} is a zip file, but not one that holds {self._what} (no {name} inside).")
        document = json.loads(self._bytes(name, MAX_JSON_BYTES).decode("utf-8"))
        if not isinstance(document, dict) or document.get("format") != format_name:
            raise StorageError(f"{self._path} does not hold {self._what} ({name} names another format).")
        version = document["version"]
        if not isinstance(version, int) or version < 1:
            raise ValueError(f"version {version!r}")
        if version > newest:
            raise StorageError(
                f"{self._path} was written by a newer iterprime-xai (format {version}, this one reads up to {newest}); "
                "update with `pip install -U iterprime-xai`."
            )
        return document

    def array(self, reference: Mapping[str, Any]) -> np.ndarray:
        """The float32 array behind ``reference``, read-only."""
        values = self._npy(reference["array"], "<f4").astype(np.float32, copy=False)
        values.setflags(write=False)
        return values

    def bits(self, reference: Mapping[str, Any]) -> np.ndarray:
        """The bool array behind ``reference``, read-only."""
        shape = [int(length) for length in reference["shape"]]
        *outer, height, width = shape
        if min(shape) < 0:
            raise ValueError(f"shape {shape}")
        self._count(math.prod(shape))
        packed = self._npy(reference["bits"], "|u1")
        if packed.shape != (math.prod(outer), (height * width + 7) // 8):
            raise ValueError(f"masks of shape {shape} in {packed.shape} bytes")
        values = np.unpackbits(packed, axis=1, count=height * width).view(np.bool_).reshape(shape)
        values.setflags(write=False)
        return values

    def blob(self, reference: Mapping[str, Any]) -> bytes:
        """The bytes behind ``reference``."""
        return self._bytes(reference["blob"], MAX_UNPACKED_BYTES)

    def picture(self, reference: Mapping[str, Any]) -> Image.Image:
        """The RGB picture behind ``reference``, fully loaded."""
        width, height = (int(length) for length in reference["size"])
        if not 0 < width * height <= MAX_PIXELS:
            raise StorageError(f"{self._path} holds a picture of {width} x {height}, more than {MAX_PIXELS:,} pixels.")
        self._count(3 * width * height)
        # A PNG of noise is a little longer than its pixels; nothing that we write is longer than this.
        content = self._bytes(reference["picture"], 4 * width * height + 65536)
        if content[:8] != _PNG_START or struct.unpack(">II", content[16:24]) != (width, height):
            raise ValueError("the picture is not the PNG that was announced")
        # The size is checked above, so Pillow's own check in Image.open (a warning) is passed by.
        picture = PngImagePlugin.PngImageFile(io.BytesIO(content))
        if picture.mode != "RGB":
            raise ValueError(f"a picture of mode {picture.mode}")
        picture.load()
        return Image.fromarray(np.asarray(picture))

    def _npy(self, name: str, dtype: str) -> np.ndarray:
        content = io.BytesIO(self._bytes(name, MAX_UNPACKED_BYTES))
        if np.lib.format.read_magic(content) != (1, 0):
            raise ValueError("an array of another numpy format")
        shape, fortran, found = np.lib.format.read_array_header_1_0(content, max_header_size=_HEADER_BYTES)
        if fortran or found != np.dtype(dtype):
            raise ValueError(f"an array of {found}")
        data = content.getbuffer()[content.tell() :]
        if math.prod(shape) * found.itemsize != len(data):
            raise ValueError("an array of another length than it says")
        return np.frombuffer(data, dtype=found).reshape(shape).copy()

    def _bytes(self, name: str, limit: int) -> bytes:
        entry = self._zip.getinfo(name)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("a compression that is not used here")
        if entry.file_size > limit:
            raise StorageError(f"{self._path} is not opened: its part {name} would take {entry.file_size:,} bytes.")
        self._count(entry.file_size)
        return self._zip.read(entry)

    def _count(self, size: int) -> None:
        self._unpacked += size
        # Packed and unpacked forms are both counted here, so the bound is twice that of the writer.
        if self._unpacked > 2 * MAX_UNPACKED_BYTES:
            raise StorageError(f"{self._path} is not opened: unpacked it would take over {MAX_UNPACKED_BYTES:,} bytes.")

    def _damaged(self, error: BaseException) -> StorageError:
        return StorageError(
            f"{self._path} does not hold {self._what}, or is damaged or cut short ({type(error).__name__}: {error}); "
            "write it again."
        )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # dated 1980: the same content gives the same file
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()
