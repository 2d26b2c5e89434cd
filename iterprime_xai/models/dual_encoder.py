"""What all dual encoders do alike: batches, checks, masks and Grad-CAM, over the steps that a family fills in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, get_args

import numpy as np
import torch
from PIL import Image

from iterprime_xai.models.batching import Cutting
from iterprime_xai.models.encoder import Fit, Normalisation
from iterprime_xai.models.mask_grid import Resize, on_grid
from iterprime_xai.models.undisturbed import undisturbed
from iterprime_xai.records import ImageInputError, ModelLoadError, OptionError, PhraseError, ProposalError
from iterprime_xai.records.characters import check_characters
from iterprime_xai.records.packed import Masks

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""ImageNet's mean and deviation of RGB from 0 to 1."""

AT_ONCE = 32
"""Pictures, masks or texts in a batch to begin with: beyond it nothing gets faster on a CPU."""

HALF_SCALE = 2.0**12
"""The cosine is multiplied by this before differentiation in half precision, where small gradients become 0."""


class DualEncoder(ABC):
    """An :class:`~iterprime_xai.models.encoder.ImageTextEncoder` over a model that is left exactly as it was.

    Args:
        model: the module with both towers.
        image_processor: turns PIL images into ``pixel_values``; takes ``size``, ``do_center_crop``, ``image_mean`` and
            ``image_std`` with each call, as those of `transformers` do.
        name: what the model is called in traces.
        origin: where the weights came from, for the record: a folder, or a hub's revision and commit.
    """

    def __init__(
        self, model: Any, image_processor: Any, *, name: str = "in-memory", origin: dict[str, str | None] | None = None
    ) -> None:
        self.model = model
        self.image_processor = image_processor
        self.name = name
        self.origin = dict(origin or {})
        self.batches = Cutting(texts=AT_ONCE, images=AT_ONCE, masks=AT_ONCE)

    # --- what a family says ---

    @property
    @abstractmethod
    def grid(self) -> tuple[int, int]: ...

    @property
    @abstractmethod
    def image_size(self) -> int:
        """Side of the square that the image tower looks at, in pixels."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Width of the joint space."""

    @property
    @abstractmethod
    def blocks(self) -> int | None:
        """How many blocks ``encode_masked`` can mask; ``None`` where it masks no blocks."""

    @abstractmethod
    def describe(self) -> dict[str, object]: ...

    @abstractmethod
    def token_ids(self, text: str) -> list[int]:
        """The tokens of a text, start and end included, of any length; nothing is cut."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """How many tokens the text tower reads."""

    @abstractmethod
    def end_of(self, ids: list[int]) -> int | None:
        """Where in a text the tower reads the vector off: at the first end token. ``None`` where there is no such token."""

    @abstractmethod
    def read(self, ids: torch.Tensor) -> torch.Tensor:
        """Vectors of texts of one length (n, tokens)."""

    @abstractmethod
    def lower(self, pixels: torch.Tensor, blocks: int) -> torch.Tensor:
        """What pictures are before the last ``blocks`` blocks, the same for every mask."""

    @abstractmethod
    def upper(self, states: torch.Tensor, blocks: int, weights: torch.Tensor | None = None) -> torch.Tensor:
        """From there to vectors (n, width); ``weights`` (n, rows, columns) are those of the masks."""

    @abstractmethod
    def spread(self, states: torch.Tensor) -> torch.Tensor:
        """The part of the states before the last block that lies on the grid: (n, channels, rows, columns)."""

    @abstractmethod
    def patches(self, pixels: torch.Tensor) -> torch.Tensor:
        """Vectors of every patch (n, patches, width)."""

    # --- the protocol ---

    @property
    def logit_scale(self) -> float:
        return float(self.model.logit_scale.detach().float().exp())

    @property
    def device(self) -> torch.device:
        return self.model.logit_scale.device

    @property
    def dtype(self) -> torch.dtype:
        return self.model.logit_scale.dtype

    def encode_texts(self, texts: Sequence[str]) -> torch.Tensor:
        ids = [self._checked_ids(text) for text in _listed(texts)]
        of_length: dict[int, list[int]] = defaultdict(list)
        for place, each in enumerate(ids):
            of_length[len(each)].append(place)
        found = torch.zeros(len(ids), self.width)
        # Texts of one length share a batch: nothing is padded, so no text can feel what it stands beside.
        for places in of_length.values():
            vectors = self.batches.cut("texts", [ids[place] for place in places], self._read)
            found[places] = torch.stack(vectors)
        return found

    def encode_images(
        self, images: Sequence[Image.Image], *, normalisation: Normalisation = "own", fit: Fit = "stretch"
    ) -> torch.Tensor:
        def work(some: list[Image.Image]) -> list[torch.Tensor]:
            with self._looking():
                return _rows(self.upper(self.lower(self._pixels(some, normalisation, fit), 0), 0))

        return self._stacked(self.batches.cut("images", images, work))

    def encode_masked(
        self,
        image: Image.Image,
        masks: Masks,
        *,
        blocks: int = 3,
        normalisation: Normalisation = "own",
        resize: Resize = "bilinear",
    ) -> torch.Tensor:
        whole = isinstance(blocks, int) and not isinstance(blocks, bool)
        if self.blocks is not None and not (whole and 1 <= blocks <= self.blocks):
            raise OptionError(
                f"blocks must be a whole number from 1 to {self.blocks}, the blocks of {self.name}, but got {blocks!r}."
            )
        weights = torch.from_numpy(on_grid(masks, self.grid, resize))
        with self._looking():
            pixels = self._pixels([image], normalisation, "stretch")
            if np.shape(masks)[1:] != (image.height, image.width):
                raise ProposalError(
                    f"Masks must have the picture's height and width {(image.height, image.width)}, but have "
                    f"{np.shape(masks)[1:]}."
                )
            shared = self.lower(pixels, blocks)

        def work(some: list[torch.Tensor]) -> list[torch.Tensor]:
            with self._looking():
                those = torch.stack(some).to(shared.device, shared.dtype)
                return _rows(self.upper(shared.expand(len(some), *shared.shape[1:]), blocks, those))

        return self._stacked(self.batches.cut("masks", list(weights), work))

    def encode_patches(self, image: Image.Image) -> torch.Tensor:
        with self._looking():
            return _rows(self.patches(self._pixels([image], "own", "stretch")))[0].unflatten(0, self.grid)

    def gradcam(self, image: Image.Image, texts: Sequence[str]) -> np.ndarray:
        vectors = self.encode_texts(texts)
        with self._looking():
            shared = self.lower(self._pixels([image], "own", "stretch"), 1)
        scale = HALF_SCALE if self.dtype in (torch.float16, torch.bfloat16) else 1.0

        def work(some: list[torch.Tensor]) -> list[torch.Tensor]:
            with self._looking(), torch.enable_grad():
                # One copy a text, and a leaf: nothing below it is differentiated, and no parameter gets a gradient.
                states = shared.expand(len(some), *shared.shape[1:]).clone().requires_grad_()
                wanted = torch.stack(some).to(shared.device)
                cosines = torch.cosine_similarity(self.upper(states, 1).float(), wanted)
                (slopes,) = torch.autograd.grad(cosines.sum() * scale, states)
                slopes, states = self.spread(slopes).float() / scale, self.spread(states.detach()).float()
                return _rows((slopes.mean((2, 3), keepdim=True) * states).sum(1).relu())

        found = self.batches.cut("texts", list(vectors), work)
        return torch.stack(found).numpy() if found else np.zeros((0, *self.grid), np.float32)

    # --- inside ---

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Without gradients whatever the caller's mode, without dropout, and without a trace."""
        with torch.inference_mode(False), torch.no_grad(), undisturbed(self.model):
            yield

    def _stacked(self, vectors: list[torch.Tensor]) -> torch.Tensor:
        return torch.stack(vectors) if vectors else torch.zeros(0, self.width)

    def _read(self, ids: list[list[int]]) -> list[torch.Tensor]:
        with self._looking():
            return _rows(self.read(torch.tensor(ids, device=self.device)))

    def _checked_ids(self, text: str) -> list[int]:
        check_characters(text)
        if not text.strip():
            raise PhraseError(f"The phrase {text!r} is empty; {self.name} needs words.")
        ids = self.token_ids(text)
        if len(ids) > self.longest:
            raise PhraseError(
                f"The phrase has {len(ids)} tokens, but {self.name} reads at most {self.longest}; shorten it (nothing is cut "
                "silently)."
            )
        end = self.end_of(ids)
        if end is None:
            raise ModelLoadError(
                f"{self.name}: its tokenizer puts no end token behind a phrase, where the text tower reads its vector; load the "
                "tokenizer that belongs to the model."
            )
        if end < len(ids) - 1 and ids[end] == ids[-1]:
            raise PhraseError(
                f"The phrase {text!r} holds the model's own end token, behind which nothing is read; leave it out."
            )
        return ids

    def _pixels(self, images: list[Image.Image], normalisation: Normalisation, fit: Fit) -> torch.Tensor:
        for option, value, allowed in (("normalisation", normalisation, Normalisation), ("fit", fit, Fit)):
            if value not in get_args(allowed):
                raise OptionError(
                    f"{option} must be one of {', '.join(map(repr, get_args(allowed)))}, but got {value!r}."
                )
        for image in images:
            if not isinstance(image, Image.Image):
                raise ImageInputError(
                    f"Expected a PIL image, but got {type(image).__name__}; `iterprime_xai.data.images.read_image` makes one "
                    "of a path or an array."
                )
        side = self.image_size
        options: dict[str, Any] = {"return_tensors": "pt"}
        if fit == "stretch":
            options |= {"size": {"height": side, "width": side}, "do_center_crop": False}
        if normalisation == "imagenet":
            options |= dict(zip(("image_mean", "image_std"), IMAGENET, strict=True))
        pixels = self.image_processor(images=images, **options)["pixel_values"]
        if pixels.shape[-2:] != (side, side):
            raise OptionError(
                f"{self.name} looks at {side}x{side} pixels, but its image processor made {pixels.shape[-1]}x"
                f"{pixels.shape[-2]}; set the processor's size to the model's image_size, or use fit='stretch'."
            )
        return pixels.to(self.device, self.dtype)


def _listed(texts: Sequence[str]) -> Sequence[str]:
    if isinstance(texts, str):
        raise OptionError(f"Expected a list of texts, but got one: {texts!r}. Put it into brackets.")
    return texts


def _rows(values: torch.Tensor) -> list[torch.Tensor]:
    """One tensor for each of a batch, as a caller gets them: float32 on the CPU."""
    return list(values.detach().float().cpu())
