"""Stock `transformers` BLIP for image-text retrieval, of any size and grid, as an image-text matcher."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from iterprime_xai.models.matcher import Ask, ImageTokens, Match, TextTokens
from iterprime_xai.models.profiles import Profile, default_layer
from iterprime_xai.models.reading import ReadingLayer, Rows, pick, read
from iterprime_xai.models.vocabulary import known_words, unknown_words
from iterprime_xai.records import LayerError, ModelLoadError, OptionError, PhraseError
from iterprime_xai.records.characters import check_characters

if TYPE_CHECKING:
    from PIL import Image
    from transformers import BlipForImageTextRetrieval

MATCH = 1
"""Index of "match" in the two-way head."""

HALF_SCALE = 2.0**12
"""The logit is multiplied by this before differentiation in half precision, since gradients reach 1e-10."""


class BlipMatcher:
    """Matches one text with one image and reads the cross-attention, leaving the model exactly as it was.

    Args:
        model: a `BlipForImageTextRetrieval` of any size.
        image_processor: turns a PIL image into ``pixel_values``.
        tokenizer: a fast tokenizer (offsets are needed to know which tokens a word became).
        name: what the model is called in traces.
        profile: what is known of the checkpoint.
        origin: where the weights came from, for the record: a folder, or a hub's revision and commit.
    """

    def __init__(
        self,
        model: BlipForImageTextRetrieval,
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
                f"{name}: no text layer has cross-attention (text_config.is_decoder is false), so there is nothing to read; "
                "load an image-text-matching checkpoint."
            )
        self.profile = profile or Profile()
        self.start_id = self._start_id()

    # --- shape of the model, always from its config ---

    @property
    def grid(self) -> tuple[int, int]:
        vision = self.model.config.vision_config
        side = vision.image_size // vision.patch_size
        return side, side

    @property
    def prefix(self) -> int:
        """Number of image tokens in front of the patches (the image's own [CLS])."""
        rows, columns = self.grid
        return self.model.vision_model.embeddings.position_embedding.shape[1] - rows * columns

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(
            index
            for index, layer in enumerate(self.model.text_encoder.encoder.layer)
            if hasattr(layer, "crossattention")
        )

    @property
    def device(self) -> torch.device:
        return self.model.itm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        return self.model.itm_head.weight.dtype

    def describe(self) -> dict[str, object]:
        config = self.model.config
        return {
            "name": self.name,
            **self.origin,
            "family": "blip",
            "grid": list(self.grid),
            "text_layers": config.text_config.num_hidden_layers,
            "text_width": config.text_config.hidden_size,
            "heads": config.text_config.num_attention_heads,
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
            source = self.profile.validated or "not validated for this checkpoint"
            return self.profile.layer, f"layer {self.profile.layer}, from the checkpoint's profile ({source})"
        text = self.model.config.text_config
        chosen, why = default_layer(self.layers, text.num_hidden_layers, text.hidden_size)
        return chosen, f"layer {chosen}, {why}: not validated for this checkpoint"

    # --- the protocol ---

    def encode_image(self, image: Image.Image) -> ImageTokens:
        return self.encode_images([image])[0]

    def encode_images(self, images: Sequence[Image.Image]) -> list[ImageTokens]:
        pixels = self.image_processor(images=list(images), return_tensors="pt")["pixel_values"]
        expected = self.model.config.vision_config.image_size
        if pixels.shape[-2:] != (expected, expected):
            raise OptionError(
                f"{self.name} looks at {expected}x{expected} pixels, but its image processor made "
                f"{pixels.shape[-1]}x{pixels.shape[-2]}; set the processor's size to the model's image_size."
            )
        with torch.inference_mode(False), torch.no_grad(), self._undisturbed():
            hidden = self.model.vision_model(pixel_values=pixels.to(self.device, self.dtype)).last_hidden_state
        return [ImageTokens(hidden[place : place + 1], self.grid, self.prefix) for place in range(len(hidden))]

    def tokenize(self, text: str) -> TextTokens:
        check_characters(text)
        encoded = self.tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, truncation=False)
        ids, limit = list(encoded["input_ids"]), self.model.config.text_config.max_position_embeddings
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
        return TextTokens(text, torch.tensor([ids], device=self.device), offsets)

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
        self._check_layers(layers)
        if not asks:
            return []
        pictures = list({id(ask.image): ask.image for ask in asks}.values())
        places = {id(picture): place for place, picture in enumerate(pictures)}
        lengths = [len(ask.text) for ask in asks]
        with torch.inference_mode(False), torch.no_grad(), self._undisturbed():
            rows = Rows.of([places[id(ask.image)] for ask in asks], lengths, self.device)
            keep = self._kept(asks)
            found = read(
                self.reading_layers(),
                self.model.text_encoder.embeddings(
                    input_ids=rows.lay([ask.text.ids[0] for ask in asks], 0),
                    position_ids=rows.lay([torch.arange(length, device=self.device) for length in lengths], 0),
                ),
                rows,
                pictures,
                None
                if keep is None
                else rows.lay([each.expand(length, -1) for each, length in zip(keep, lengths, strict=True)], True),
                layers,
            )
            with torch.set_grad_enabled(bool(layers)):
                scores = self.model.itm_head(found.first).float()
                scale = HALF_SCALE if self.dtype in (torch.float16, torch.bfloat16) else 1.0
                read_at = [found.attention[layer] for layer in layers]
                slopes = torch.autograd.grad(scores[:, MATCH].sum() * scale, read_at) if layers else ()
        logits = scores.detach()[:, MATCH].tolist()
        probabilities = scores.detach().softmax(-1)[:, MATCH].tolist()
        attention = {layer: each.detach() for layer, each in zip(layers, read_at, strict=True)}
        gradient = {layer: each / scale for layer, each in zip(layers, slopes, strict=True)}

        def on_grid(values: torch.Tensor, row: int) -> torch.Tensor:
            picture, start = rows.place[row]
            seen = values[picture, :, start : start + lengths[row], pictures[picture].prefix :]
            if keep is not None:
                seen = seen * keep[row, pictures[picture].prefix :]
            else:
                seen = seen.clone()  # a view would hold on to the whole batch
            return seen.reshape(*seen.shape[:2], *pictures[picture].grid)

        return [
            Match(
                logit=logits[row],
                probability=probabilities[row],
                attention={layer: on_grid(each, row) for layer, each in attention.items()},
                gradient={layer: on_grid(each, row) for layer, each in gradient.items()},
            )
            for row in range(len(asks))
        ]

    def reading_layers(self) -> list[ReadingLayer]:
        """The text encoder's layers in the steps of :mod:`iterprime_xai.models.reading`."""
        return [BlipLayer(layer) for layer in self.model.text_encoder.encoder.layer]

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
        text = self.model.config.text_config
        found = self.tokenizer.get_vocab().get("[ENC]")
        if found is None and text.vocab_size == 30524:  # BERT's 30522, then [DEC], then [ENC]
            found = 30523
        if found is None or found >= text.vocab_size:
            raise ModelLoadError(
                f"{self.name}: its profile asks for [ENC] at position 0, but neither the tokenizer nor a vocabulary of "
                f"{text.vocab_size} has it; use a profile with start_token 'cls'."
            )
        return found

    def _check_layers(self, layers: tuple[int, ...]) -> None:
        for layer in layers:
            if isinstance(layer, bool) or not isinstance(layer, int) or layer not in self.layers:
                raise LayerError(
                    f"Layer {layer!r} of {self.name} has no cross-attention to read. Layers are the text encoder's own "
                    f"0-based indices; those with cross-attention: {', '.join(map(str, self.layers))}."
                )

    def _kept(self, asks: Sequence[Ask]) -> torch.Tensor | None:
        """Which image tokens each text may attend to, bool (asks, tokens): every prefix token, and the patches in its ``keep``."""
        if all(ask.keep is None for ask in asks):
            return None
        found = np.ones((len(asks), asks[0].image.hidden.shape[1]), bool)
        for row, ask in enumerate(asks):
            if ask.keep is None:
                continue
            keep = np.asarray(ask.keep)
            if keep.dtype != np.bool_ or keep.shape != ask.image.grid:
                raise OptionError(
                    f"keep must be a boolean array on the grid {ask.image.grid}, but got {keep.dtype} of shape {keep.shape}."
                )
            found[row, ask.image.prefix :] = keep.ravel()
        return None if found.all() else torch.from_numpy(found).to(self.device)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Evaluate without dropout, then give every module its own train flag back, also after an exception."""
        training = [module for module in self.model.modules() if module.training]
        try:
            for module in training:
                module.training = False
            yield
        finally:
            for module in training:
                module.training = True


class BlipLayer:
    """A stock `BlipTextLayer` in the steps of a :class:`~iterprime_xai.models.reading.ReadingLayer`."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.looks = hasattr(layer, "crossattention")

    def attend(self, states: torch.Tensor, mask: torch.Tensor | None, asking: torch.Tensor | None) -> torch.Tensor:
        own = self.layer.attention.self
        some = states if asking is None else pick(states, asking, 1)
        queries, keys, values = (
            _by_head(part(each), own) for part, each in ((own.query, some), (own.key, states), (own.value, states))
        )
        seen = scaled_dot_product_attention(queries, keys, values, mask)
        return self.layer.attention.output(_joined(seen), some)

    def keys_values(self, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cross = self.layer.crossattention.self
        return _by_head(cross.key(hidden), cross), _by_head(cross.value(hidden), cross)

    def queries(self, states: torch.Tensor) -> torch.Tensor:
        cross = self.layer.crossattention.self
        return _by_head(cross.query(states), cross)

    def take_in(self, context: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        return self.layer.crossattention.output(_joined(context), states)

    def feed_forward(self, states: torch.Tensor) -> torch.Tensor:
        return self.layer.feed_forward_chunk(states)


def _by_head(values: torch.Tensor, attention: Any) -> torch.Tensor:
    """(n, tokens, heads * width) -> (n, heads, tokens, width)."""
    return values.unflatten(-1, (attention.num_attention_heads, attention.attention_head_size)).transpose(1, 2)


def _joined(values: torch.Tensor) -> torch.Tensor:
    """(n, heads, tokens, width) -> (n, tokens, heads * width)."""
    return values.transpose(1, 2).flatten(2)
