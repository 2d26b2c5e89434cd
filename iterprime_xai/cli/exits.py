"""How a command that fails ends: one sentence and an exit code for everything but a mistake of ours."""

from __future__ import annotations

import re

BAD_INPUT, NO_MODEL, NO_STORAGE = 2, 3, 4


def ending(error: Exception) -> tuple[str, int] | None:
    """What to say and the exit code; ``None`` for an error that nobody expected, whose traceback is needed."""
    from iterprime_xai.records.errors import IterprimeError, ModelLoadError, StorageError

    if isinstance(error, ModelLoadError):
        return str(error), NO_MODEL
    if isinstance(error, StorageError):
        return str(error), NO_STORAGE
    if isinstance(error, IterprimeError):
        return str(error), BAD_INPUT
    if isinstance(error, OSError):
        said = f"A file cannot be written or read: {error}. Check the disk's space and the folder's permissions."
        return said, NO_STORAGE
    if _out_of_memory(error):
        return "Not enough memory for this picture and model: try a smaller picture, or --device cpu.", BAD_INPUT
    return None


def _out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: Python's, a device's, or torch's own word for the machine's (known without importing it)."""
    kind = type(error)
    of_torch = kind.__name__ == "OutOfMemoryError" and kind.__module__.partition(".")[0] == "torch"
    refused = isinstance(error, RuntimeError) and re.search(r"out of memory|(not enough|allocate) memory", str(error))
    return isinstance(error, MemoryError) or of_torch or bool(refused)
