"""The errors that users meet: each says what was expected, what came, and what to do."""

from __future__ import annotations


class IterprimeError(Exception):
    """Base of every error that this package raises on purpose.

    The message is one or two plain sentences and can be shown to a user as it is.
    """


class ImageInputError(IterprimeError, ValueError):
    """The picture cannot be used: missing, corrupt, empty, of an unknown mode, or too large."""


class PhraseError(IterprimeError, ValueError):
    """The phrase cannot be used: not text, empty, without a word, or too long for the model."""


class LayerError(IterprimeError, ValueError):
    """The layer does not exist or has no cross-attention; the message lists those that have."""


class ModelLoadError(IterprimeError, OSError):
    """The model cannot be loaded: unknown name, broken folder, not cached and not reachable."""


class OptionError(IterprimeError, ValueError):
    """An argument has a value that is not among those allowed; the message lists them."""


class ProposalError(IterprimeError, ValueError):
    """Mask proposals do not fit the picture (shape, type) or cannot be made."""


class StorageError(IterprimeError, OSError):
    """A result cannot be written or read: full disk, missing file, wrong or newer format."""


class ReportError(IterprimeError, RuntimeError):
    """A report notebook stopped in a cell; the message names the cell, the error and the file with what ran until then."""


class MissingExtraError(IterprimeError, ImportError):
    """An optional package is needed; the message names the extra that installs it."""
