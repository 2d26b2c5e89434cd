"""A matcher that never looks twice: ways to look that begin with the same look share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.models import Ask, ImageTextMatcher, ImageTokens, TextTokens

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.models.matcher import Match
    from iterprime_xai.models.profiles import Profile


class SharedMatcher:
    """Wraps a matcher and remembers its looks at one picture.

    The first look at a text (nothing masked) reads all of ``layers`` at once, one backward pass for every layer. A look with
    patches masked reads the layer that is asked for. What is remembered is forgotten with the next picture.
    """

    def __init__(self, matcher: ImageTextMatcher, layers: tuple[int, ...]) -> None:
        self.matcher = matcher
        self.profile: Profile = matcher.profile
        self.read_first = tuple(layers)
        self.looks = 0
        self._image: ImageTokens | None = None
        self._seen: dict[tuple[str, bytes], Match] = {}

    @property
    def grid(self) -> tuple[int, int]:
        return self.matcher.grid

    @property
    def layers(self) -> tuple[int, ...]:
        return self.matcher.layers

    def encode_image(self, image: Image.Image) -> ImageTokens:
        return self.matcher.encode_image(image)

    def encode_images(self, images: Sequence[Image.Image]) -> list[ImageTokens]:
        return self.matcher.encode_images(images)

    def tokenize(self, text: str) -> TextTokens:
        return self.matcher.tokenize(text)

    def unknown_words(self, words: tuple[str, ...]) -> dict[str, str | None]:
        return self.matcher.unknown_words(words)

    def describe(self) -> dict[str, object]:
        return self.matcher.describe()

    def match(
        self,
        image_tokens: ImageTokens,
        text_tokens: TextTokens,
        *,
        keep: np.ndarray | None = None,
        layers: tuple[int, ...] = (),
    ) -> Match:
        return self.match_all([Ask(image_tokens, text_tokens, keep)], layers=layers)[0]

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> list[Match]:
        """As the wrapped matcher's, which is asked only for what was not seen before; ``looks`` counts how many asks that was.

        All asks of a call are about one picture.
        """
        unseen: dict[tuple[str, bytes], tuple[Ask, tuple[int, ...]]] = {}
        for ask in asks:
            wanted = self._wanted(ask, layers)
            if wanted is not None:
                unseen[_key(ask)] = ask, wanted
        for together in {wanted for _, wanted in unseen.values()}:
            fresh = [(key, ask) for key, (ask, wanted) in unseen.items() if wanted == together]
            found = self.matcher.match_all([ask for _, ask in fresh], layers=together)
            self._seen.update(zip([key for key, _ in fresh], found, strict=True))
            self.looks += len(fresh)
        return [self._seen[_key(ask)] for ask in asks]

    def _wanted(self, ask: Ask, layers: tuple[int, ...]) -> tuple[int, ...] | None:
        """The layers to read for an ask, or ``None`` if all was seen before; another picture forgets what was seen."""
        if ask.image is not self._image:
            self._image, self._seen = ask.image, {}
        found = self._seen.get(_key(ask))
        if found is not None and set(layers) <= set(found.attention):
            return None
        known = tuple(found.attention) if found is not None else ()
        first = self.read_first if layers and _is_whole(ask) else ()
        return tuple(sorted({*layers, *known, *first}))


def _is_whole(ask: Ask) -> bool:
    return ask.keep is None or bool(ask.keep.all())


def _key(ask: Ask) -> tuple[str, bytes]:
    return ask.text.text, b"" if ask.keep is None or _is_whole(ask) else np.packbits(ask.keep).tobytes()
