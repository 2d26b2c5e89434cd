"""Stock `transformers` BLIP for image-text retrieval, of any size and grid, as an image-text matcher."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from iterprime_xai.models.matcher import ImageTokens, Match, TextTokens
from iterprime_xai.models.profiles import Profile, default_layer
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
        pixels = self.image_processor(images=image, return_tensors="pt")["pixel_values"].to(self.device, self.dtype)
        expected = self.model.config.vision_config.image_size
        if pixels.shape[-2:] != (expected, expected):
            raise OptionError(
                f"{self.name} looks at {expected}x{expected} pixels, but its image processor made "
                f"{pixels.shape[-1]}x{pixels.shape[-2]}; set the processor's size to the model's image_size."
            )
        with torch.inference_mode(False), torch.no_grad(), self._undisturbed():
            hidden = self.model.vision_model(pixel_values=pixels).last_hidden_state
        return ImageTokens(hidden, self.grid, self.prefix)

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
        self._check_layers(layers)
        kept = self._kept(image_tokens, keep)
        # Passing only the kept tokens equals masking the keys; `encoder_attention_mask` is ignored by the stock model.
        # A detached leaf in front of the text encoder puts the attention in the graph even when every weight is frozen.
        with torch.inference_mode(False), torch.set_grad_enabled(bool(layers)), self._undisturbed():
            # Clones, since tensors made in a caller's inference mode cannot enter a graph.
            leaf = image_tokens.hidden.detach().clone()[:, kept].requires_grad_(bool(layers))
            ids = text_tokens.ids.clone()
            with self._captured(layers) as captured:
                hidden = self.model.text_encoder(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    encoder_hidden_states=leaf,
                ).last_hidden_state
            scores = self.model.itm_head(hidden[:, 0]).float()
            scale = HALF_SCALE if self.dtype in (torch.float16, torch.bfloat16) else 1.0
            gradients = (
                torch.autograd.grad(scores[0, MATCH] * scale, [captured[layer] for layer in layers]) if layers else ()
            )
        scores = scores.detach()
        return Match(
            logit=float(scores[0, MATCH]),
            probability=float(scores[0].softmax(-1)[MATCH]),
            attention={layer: self._on_grid(captured[layer].detach(), kept, image_tokens) for layer in layers},
            gradient={
                layer: self._on_grid(gradient, kept, image_tokens) / scale
                for layer, gradient in zip(layers, gradients, strict=True)
            },
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

    def _kept(self, image_tokens: ImageTokens, keep: np.ndarray | None) -> torch.Tensor:
        """Indices of the image tokens that stay: every prefix token, and the patches in ``keep``."""
        count = image_tokens.hidden.shape[1]
        if keep is None:
            return torch.arange(count, device=image_tokens.hidden.device)
        keep = np.asarray(keep)
        if keep.dtype != np.bool_ or keep.shape != image_tokens.grid:
            raise OptionError(
                f"keep must be a boolean array on the grid {image_tokens.grid}, but got {keep.dtype} of shape {keep.shape}."
            )
        patches = torch.from_numpy(np.flatnonzero(keep)) + image_tokens.prefix
        return torch.cat([torch.arange(image_tokens.prefix), patches]).to(image_tokens.hidden.device)

    @staticmethod
    def _on_grid(values: torch.Tensor, kept: torch.Tensor, image_tokens: ImageTokens) -> torch.Tensor:
        """(1, heads, tokens, kept) -> float32 (heads, tokens, rows, columns), zero where a patch was not kept."""
        _, heads, tokens, _ = values.shape
        full = values.new_zeros(heads, tokens, image_tokens.hidden.shape[1], dtype=torch.float32)
        full[..., kept] = values[0].float()
        return full[..., image_tokens.prefix :].reshape(heads, tokens, *image_tokens.grid)

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

    @contextmanager
    def _captured(self, layers: tuple[int, ...]) -> Iterator[dict[int, torch.Tensor]]:
        """Catch the cross-attention probabilities of ``layers`` while the text encoder runs; hooks never outlive it."""
        captured: dict[int, torch.Tensor] = {}
        handles = []
        try:
            for layer in layers:
                attention = self.model.text_encoder.encoder.layer[layer].crossattention.self

                def catch(_module: Any, _inputs: Any, output: Any, layer: int = layer) -> None:
                    captured[layer] = output[1]

                handles.append(attention.register_forward_hook(catch))
            yield captured
        finally:
            for handle in handles:
                handle.remove()
