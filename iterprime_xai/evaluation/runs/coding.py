"""Maps and masks as the small values that a row holds, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from iterprime_xai.data import rle
from iterprime_xai.records import StorageError


def write_map(heatmap: np.ndarray) -> dict[str, Any]:
    """A (rows, columns) map in half precision with a float32 scale, its largest finite magnitude.

    The scale keeps what half precision alone would lose: maps of 1e-10 come back to 0.05 % of their peak. The sign, zero, NaN
    and infinity stay.
    """
    values = np.asarray(heatmap, np.float32)
    finite = np.abs(values[np.isfinite(values)])
    scale = np.float32(finite.max(initial=0.0))
    # In float64: the quotient of two subnormal float32 would lose its last digits.
    relative = values.astype(np.float64) / float(scale) if scale > 0 else values
    return {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "scale": float(scale),
        "values": relative.astype("<f2").tobytes(),
    }


def read_map(value: Mapping[str, Any] | None) -> np.ndarray | None:
    """The float32 (rows, columns) map of a row's value; ``None`` for ``None``. Raises ``StorageError`` for what is no map."""
    if value is None:
        return None
    shape = (value["rows"], value["columns"])
    stored = np.frombuffer(value["values"], "<f2")
    if stored.size != shape[0] * shape[1]:
        raise StorageError(
            f"A map of {shape[0]} x {shape[1]} patches should hold as many values, but it has {stored.size}."
        )
    scale = float(value["scale"])
    return (stored.reshape(shape).astype(np.float64) * (scale if scale > 0 else 1.0)).astype(np.float32)


def write_bits(keep: np.ndarray) -> dict[str, Any]:
    """A bool (rows, columns) array, one bit a value."""
    return {"rows": keep.shape[0], "columns": keep.shape[1], "bits": np.packbits(keep).tobytes()}


def read_bits(value: Mapping[str, Any] | None) -> np.ndarray | None:
    """The bool (rows, columns) array of a row's value; ``None`` for ``None``."""
    if value is None:
        return None
    rows, columns = value["rows"], value["columns"]
    return np.unpackbits(np.frombuffer(value["bits"], np.uint8), count=rows * columns).reshape(rows, columns) > 0


def write_mask(mask: np.ndarray) -> dict[str, Any]:
    """A bool (height, width) mask as a compressed run-length code."""
    return rle.encode(mask)


def read_mask(value: Mapping[str, Any] | None) -> np.ndarray | None:
    """The bool (height, width) mask of a row's value; ``None`` for ``None``. Raises ``StorageError`` for what is no mask."""
    if value is None:
        return None
    try:
        return rle.decode(value, (value["size"][0], value["size"][1]))
    except ValueError as error:
        raise StorageError(f"A mask of the run cannot be read: {error}.") from error
