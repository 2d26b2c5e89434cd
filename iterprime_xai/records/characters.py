"""Text that every part of the package can read."""

from __future__ import annotations

from iterprime_xai.records.errors import PhraseError


def check_characters(text: object) -> None:
    """Raise ``PhraseError`` for what is not text, or holds half a character, which no tokenizer takes."""
    if not isinstance(text, str):
        raise PhraseError(f"The phrase must be text (str), but got {type(text).__name__}.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PhraseError(
            f"The phrase has half a character ({text[error.start]!a} at position {error.start}), which no model can read; "
            "type it again, or read its source with the right encoding."
        ) from error
