"""What is the same in every matcher that reads pictures by cross-attention; a family says what its towers and its head are."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iterprime_xai.models.matcher import Ask, ImageTokens, Match, TextTokens
from iterprime_xai.models.matches import Matches
from iterprime_xai.models.profiles import Profile, default_layer
from iterprime_xai.models.reading import Reading, ReadingLayer, Rows, Watch, read
from iterprime_xai.models.undisturbed import undisturbed
from iterprime_xai.models.vocabulary import known_words, unknown_words
from iterprime_xai.records import LayerError, ModelLoadError, OptionError, PhraseError
from iterprime_xai.records.characters import check_characters

if TYPE_CHECKING:
    from PIL import Image

MATCH = 1
"""Index of "match" in the two-way head."""

HALF_SCALE = 2.0**12
"""The logit is multiplied by this before differentiation in half precision, since gradients reach 1e-10."""

IN_CACHE = 8 * 2**20
"""Bytes that the widest states of pictures seen together may take on a CPU. A picture of 384 pixels takes 7 MB in BLIP-base: four
at once cost a quarter more each than one after the other, while of small models many together cost less."""

Look = tuple[torch.Tensor, torch.Tensor]
"""What texts do at one layer: attention and slope of the score by it, (texts, heads, tokens, seen) twice."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What was read: the texts' ``rows``, the ``layers`` that read them, the ``pictures``, and the image tokens that each text may
    attend to, ``keep`` bool (texts, seen), ``None`` for all."""

    rows: Rows
    layers: Sequence[ReadingLayer]
    pictures: Sequence[ImageTokens]
    keep: torch.Tensor | None


Looks = Callable[[torch.Tensor, Reading, Asked], tuple[tuple[int, ...], dict[int, Look]]]
"""(score, what was found, what was asked) -> how many tokens of each text look, and the looks at each layer that was read; what
stands behind the tokens of a shorter text does not count."""


@dataclass(frozen=True, slots=True)
class TextSizes:
    """Sizes of a text encoder: ``limit`` is how many tokens of a text it reads at most, ``vocabulary`` how many it tells apart."""

    layers: int
    width: int
    heads: int
    limit: int
    vocabulary: int

    @staticmethod
    def of(config: Any) -> TextSizes:
        """The sizes that a stock text config names."""
        return TextSizes(
            layers=config.num_hidden_layers,
            width=config.hidden_size,
            heads=config.num_attention_heads,
            limit=config.max_position_embeddings,
            vocabulary=config.vocab_size,
        )


class ReadingMatcher(ABC):
    """Matches texts with images and reads the cross-attention, leaving the model exactly as it was.

    A family says how large it is (``image_size``, ``grid``, ``prefix``, ``text_sizes``), how it sees pixels, embeds tokens and
    judges the states that its head reads, and offers its layers as :class:`~iterprime_xai.models.reading.ReadingLayer`. Where
    texts bring query tokens of the model's own (:meth:`_query_tokens`), only these look, and the family says what that makes of
    words (:meth:`_looks`).

    Args:
        model: the model; its two-way head is ``model.itm_head``.
        image_processor: turns a PIL image into ``pixel_values``.
        tokenizer: a fast tokenizer (offsets are needed to know which tokens a word became).
        name: what the model is called in traces.
        profile: what is known of the checkpoint.
        origin: where the weights came from, for the record: a folder, or a hub's revision and commit.
    """

    family: str
    example: str = ""
    """A checkpoint of the family at the hub, for messages."""

    scored: bool = True
    """Whether the attention of a `Match` is what a softmax made of scores."""

    def __init__(
        self,
        model: Any,
        image_processor: Any,
        tokenizer: Any,
        *,
        name: str = "in-memory",
        profile: Profile | None = None,
        origin: dict[str, str | None] | None = None,
    ) -> None:
        self.model: Any = model  # the stock config classes do not type their parts
        self.image_processor = image_processor
        self.tokenizer = tokenizer
        self.name = name
        self.origin = dict(origin or {})
        if not getattr(tokenizer, "is_fast", False):
            raise ModelLoadError(
                f"{name}: a fast tokenizer is needed (word positions come from its offsets), but got "
                f"{type(tokenizer).__name__}; load one with AutoTokenizer.from_pretrained(folder, use_fast=True)."
            )
        if not self.layers:
            raise ModelLoadError(
                f"{name}: no text layer has cross-attention, so there is nothing to read; load an image-text-matching checkpoint."
            )
        self.profile = profile or Profile()
        self.start_id = self._start_id()

    # --- what a family says ---

    @property
    @abstractmethod
    def image_size(self) -> int:
        """Pixels a side of what the image tower looks at."""

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the image patches."""

    @property
    @abstractmethod
    def prefix(self) -> int:
        """Number of image tokens in front of the patches (the image's own [CLS])."""

    @property
    @abstractmethod
    def text_sizes(self) -> TextSizes:
        """Sizes of the text encoder."""

    @abstractmethod
    def reading_layers(self) -> Sequence[ReadingLayer]:
        """The text encoder's layers in the steps of :mod:`iterprime_xai.models.reading`."""

    @abstractmethod
    def _see(self, pixels: torch.Tensor, watch: Watch | None = None) -> torch.Tensor:
        """The image tower: pixels (n, 3, side, side) -> tokens (n, prefix + rows * columns, width), the self-attention of every
        layer shown on the way to whoever watches."""

    @abstractmethod
    def _embed(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        """Token ids at their positions, both (rows, tokens) -> states (rows, tokens, width)."""

    @abstractmethod
    def _judge(self, states: torch.Tensor) -> torch.Tensor:
        """The match head: last states of the tokens that it reads, (n, some, width) -> scores (n, 2)."""

    def _query_tokens(self) -> torch.Tensor | None:
        """Embedded tokens (queries, width) that every text brings, that alone look and alone are read; ``None`` for families where
        texts look themselves and the head reads their first token."""
        return None

    def _looks(self, score: torch.Tensor, found: Reading, asked: Asked) -> tuple[tuple[int, ...], dict[int, Look]]:
        """At each layer that was read, attention and slope of the ``score`` for every text, of its tokens that look."""
        slopes = torch.autograd.grad(score, list(found.attention.values()))
        rows = asked.rows
        return (rows.queries,) * len(rows.lengths) if rows.queries else rows.lengths, {
            layer: (rows.looks_of(each.detach()), rows.looks_of(slope))
            for (layer, each), slope in zip(found.attention.items(), slopes, strict=True)
        }

    def _default_layer(self) -> tuple[int, str]:
        """The layer to read where nothing is known of the checkpoint, and where that choice comes from."""
        sizes = self.text_sizes
        return default_layer(self.layers, sizes.layers, sizes.width)

    def _enc_id(self) -> int | None:
        """The id of [ENC], which some releases match with in the place of [CLS]; ``None`` where there is none."""
        return self.tokenizer.get_vocab().get("[ENC]")

    # --- what follows ---

    @property
    def layers(self) -> tuple[int, ...]:
        """The text encoder's own 0-based indices of the layers that have cross-attention."""
        return tuple(index for index, layer in enumerate(self.reading_layers()) if layer.looks)

    @property
    def device(self) -> torch.device:
        return self.model.itm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.model.itm_head.weight.dtype

    def describe(self) -> dict[str, object]:
        """JSON values that identify the model: name, sizes, device, dtype, start token."""
        sizes = self.text_sizes
        return {
            "name": self.name,
            **self.origin,
            "family": self.family,
            "grid": list(self.grid),
            "text_layers": sizes.layers,
            "text_width": sizes.width,
            "heads": sizes.heads,
            "device": str(self.device),
            "dtype": str(self.dtype).removeprefix("torch."),
            "start_token": self.profile.start_token,
        }

    def choose_layer(self, layer: int | None) -> tuple[int, str]:
        """The layer to read, checked, and a sentence on where the choice comes from.

        Raises:
            LayerError: the layer does not exist or has no cross-attention.
        """
        if layer is not None:
            with suppress(TypeError):  # what is no whole number is refused below
                layer = layer if isinstance(layer, bool | np.bool_) else operator.index(layer)
            self._check_layers((layer,))
            return layer, f"layer {layer}, as asked"
        if self.profile.layer is not None:
            self._check_layers((self.profile.layer,))
            doubt = f"{self.profile.source}; not validated" if self.profile.source else "not validated"
            source = self.profile.validated or f"{doubt} for this checkpoint"
            return self.profile.layer, f"layer {self.profile.layer}, from the checkpoint's profile ({source})"
        chosen, why = self._default_layer()
        return chosen, f"layer {chosen}, {why}: not validated for this checkpoint"

    # --- the protocol ---

    def encode_image(self, image: Image.Image) -> ImageTokens:
        return self.encode_images([image])[0]

    def pixels_of(self, images: Sequence[Image.Image]) -> torch.Tensor:
        """What the image tower is given of pictures: (n, 3, side, side), normalised, on the model's device.

        Raises:
            OptionError: the image processor makes another size than the model looks at.
        """
        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        expected = self.image_size
        if pixels.shape[-2:] != (expected, expected):
            raise OptionError(
                f"{self.name} looks at {expected}x{expected} pixels, but its image processor made "
                f"{pixels.shape[-1]}x{pixels.shape[-2]}; set the processor's size to the model's image_size."
            )
        pixels = pixels.to(self.dtype)
        # From page-locked memory nobody waits for the copy.
        return (
            pixels.pin_memory().to(self.device, non_blocking=True)
            if self.device.type == "cuda"
            else pixels.to(self.device)
        )

    def encode_images(self, images: Sequence[Image.Image]) -> list[ImageTokens]:
        return self.encode_pixels(self.pixels_of(images))

    def encode_pixels(self, pixels: torch.Tensor) -> list[ImageTokens]:
        """Encode what :meth:`pixels_of` made of pictures, which may have been done ahead, in another thread."""
        with torch.inference_mode(False), torch.no_grad(), undisturbed(self.model):
            hidden = self._see_all(pixels)
        return [ImageTokens(hidden[place : place + 1], self.grid, self.prefix) for place in range(len(hidden))]

    def _see_all(self, pixels: torch.Tensor) -> torch.Tensor:
        """The image tower's tokens of pictures, in one piece; on a CPU so few at once as its cache holds."""
        if self.device.type != "cpu" or len(pixels) == 1:
            return self._see(pixels)
        first = self._see(pixels[:1])
        widest = 4 * first.numel() * first.element_size()  # the inner states of a block
        return torch.cat([first, *(self._see(some) for some in pixels[1:].split(max(1, IN_CACHE // widest)))])

    def tokenize(self, text: str) -> TextTokens:
        check_characters(text)
        encoded = self.tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, truncation=False)
        ids, limit = list(encoded["input_ids"]), self.text_sizes.limit
        if len(ids) > limit:
            raise PhraseError(
                f"The phrase has {len(ids)} tokens, but {self.name} reads at most {limit}; shorten it "
                "(nothing is cut silently)."
            )
        special = encoded["special_tokens_mask"]
        offsets = tuple(
            None if mask or start == end else (start, end)
            for mask, (start, end) in zip(special, encoded["offset_mapping"], strict=True)
        )
        if all(offset is None for offset in offsets):
            raise PhraseError(f"The phrase {text!r} has no token that {self.name} can read; use words.")
        if self.start_id is not None:
            ids[0] = self.start_id
        return TextTokens(text, torch.tensor([ids]), offsets)

    def match(
        self,
        image_tokens: ImageTokens,
        text_tokens: TextTokens,
        *,
        keep: np.ndarray | None = None,
        layers: tuple[int, ...] = (),
    ) -> Match:
        return self.match_all([Ask(image_tokens, text_tokens, keep)], layers=layers)[0]

    def match_all(self, asks: Sequence[Ask], *, layers: tuple[int, ...] = ()) -> Sequence[Match]:
        return self._answer(asks, layers, self._looks)

    def _answer(self, asks: Sequence[Ask], layers: tuple[int, ...], looks: Looks) -> Sequence[Match]:
        """:meth:`match_all`, with what ``looks`` makes of the cross-attention."""
        self._check_layers(layers)
        if not asks:
            return []
        pictures = list({id(ask.image): ask.image for ask in asks}.values())
        places = {id(picture): place for place, picture in enumerate(pictures)}
        lengths = [len(ask.text) for ask in asks]
        with torch.inference_mode(False), torch.no_grad(), undisturbed(self.model):
            queries = self._query_tokens()
            owners = [places[id(ask.image)] for ask in asks]
            rows = Rows.of(owners, lengths, self.device, 0 if queries is None else len(queries))
            keep = self._kept(asks)
            states = self._embed(
                rows.lay(torch.cat([ask.text.ids for ask in asks], 1)[0].to(self.device), 0),
                rows.lay(rows.within, 0),
            )
            if queries is not None:
                front = queries.repeat(rows.read.shape[1] // len(queries), 1)
                states = torch.cat((front.expand(len(states), -1, -1), states), 1)
            given = None if keep is None else rows.give(keep, True)
            steps = self.reading_layers()
            found = read(steps, states, rows, pictures, given, layers)
            with torch.set_grad_enabled(bool(layers)):
                scores = self._judge(found.read).float()
                scale = HALF_SCALE if self.dtype in (torch.float16, torch.bfloat16) else 1.0
                asked = Asked(rows, steps, pictures, keep)
                looking, looked = looks(scores[:, MATCH].sum() * scale, found, asked) if layers else ((), {})
            scores, patches = scores.detach(), slice(pictures[0].prefix, None)
            shown = self._shown(looking, keep)

            def on_grid(values: torch.Tensor) -> torch.Tensor:
                # Without either, a view would hold on to what was read.
                seen = values.clone() if shown is None else values * shown
                return seen[..., patches].unflatten(-1, pictures[0].grid)

            return Matches(
                logit=scores[:, MATCH],
                probability=scores.softmax(-1)[:, MATCH],
                lengths=looking or (0,) * len(asks),
                attention={layer: on_grid(attention) for layer, (attention, _) in looked.items()},
                gradient={layer: on_grid(slope) / scale for layer, (_, slope) in looked.items()},
                scored=self.scored,
            )

    def unknown_words(self, words: tuple[str, ...]) -> dict[str, str | None]:
        if not self.profile.closed_vocabulary:
            return {}
        return unknown_words(words, known_words(self.tokenizer.get_vocab()), self._normalised)

    # --- inside ---

    def _normalised(self, word: str) -> str:
        """A word as the tokenizer looks it up: lower case and without accents where it makes them so."""
        normalizer = self.tokenizer.backend_tokenizer.normalizer
        return word if normalizer is None else normalizer.normalize_str(word)

    def _start_id(self) -> int | None:
        """The token id that replaces [CLS], or ``None`` to leave it."""
        if self.profile.start_token == "cls":
            return None
        found, vocabulary = self._enc_id(), self.text_sizes.vocabulary
        if found is None or found >= vocabulary:
            raise ModelLoadError(
                f"{self.name}: its profile asks for [ENC] at position 0, but neither the tokenizer nor a vocabulary of "
                f"{vocabulary} has it; use a profile with start_token 'cls'."
            )
        return found

    def _check_layers(self, layers: tuple[int, ...]) -> None:
        for layer in layers:
            if isinstance(layer, bool) or not isinstance(layer, int) or layer not in self.layers:
                raise LayerError(
                    f"Layer {layer!r} of {self.name} has no cross-attention to read. Layers are the text encoder's own "
                    f"0-based indices; those with cross-attention: {', '.join(map(str, self.layers))}."
                )

    def _shown(self, lengths: Sequence[int], keep: torch.Tensor | None) -> torch.Tensor | None:
        """What of the looks (texts, heads, tokens, seen) is any text's, bool in these dimensions or 1: its own tokens, at what they
        may attend to; ``None`` for all of it."""
        kept = None if keep is None else keep[:, None, None, :]
        if len(set(lengths)) < 2:
            return kept
        own = torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]
        shown = own.to(self.device)[:, None, :, None]
        return shown if kept is None else shown & kept

    def _kept(self, asks: Sequence[Ask]) -> torch.Tensor | None:
        """Which image tokens each text may attend to, bool (asks, tokens): every prefix token, and the patches in its ``keep``."""
        if all(ask.keep is None for ask in asks):
            return None
        image = asks[0].image
        found = np.ones((len(asks), image.hidden.shape[1]), bool)
        for row, ask in enumerate(asks):
            if ask.keep is None:
                continue
            keep = np.asarray(ask.keep)
            if keep.dtype != np.bool_ or keep.shape != image.grid:
                raise OptionError(
                    f"keep must be a boolean array on the grid {image.grid}, but got {keep.dtype} of shape {keep.shape}."
                )
            found[row, image.prefix :] = keep.ravel()
        return None if found.all() else torch.from_numpy(found).to(self.device)
