"""Every setting of one training run, in one frozen record that is stored with each checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from iterprime_xai.records.errors import OptionError


@dataclass(frozen=True)
class ModelShape:
    """Size of the miniature BLIP: widths, layers and heads of both towers, and the picture's side and patch in pixels."""

    image_size: int = 112
    patch_size: int = 8
    vision_width: int = 128
    vision_layers: int = 6
    text_width: int = 128
    text_layers: int = 5
    heads: int = 4
    mlp_ratio: float = 4.0
    projection: int = 96
    max_tokens: int = 64

    def __post_init__(self) -> None:
        for name in ("vision_width", "text_width"):
            if getattr(self, name) % (4 * self.heads):
                raise OptionError(
                    f"{name} must be a multiple of 4 x heads ({4 * self.heads}), but is {getattr(self, name)}."
                )
        if self.image_size % self.patch_size:
            raise OptionError(
                f"image_size must be a multiple of patch_size ({self.patch_size}), but is {self.image_size}."
            )

    @property
    def grid(self) -> int:
        """Patches along one side of the picture."""
        return self.image_size // self.patch_size


@dataclass(frozen=True)
class TrainConfig:
    """One training run.

    The length is ``steps``, or ``minutes`` of training time (a checkpoint keeps how many are used up); the learning rate follows
    the share of it that is used up. ``batch`` pictures a step, each encoded once and asked pairs of texts; on the
    CPU they are worked off in parts of ``part`` pictures by ``threads`` threads (contrast is taken within a part).
    Of the pairs, ``pairs`` are statements and ``phrases`` referring phrases. For the first ``look_share`` of the run only the image
    tower is trained, on what every cell of the picture holds.
    For ``blind_share`` of the texts the special tokens bring nothing from the picture themselves, so that the words have to look,
    and there ``blind_words`` of the words bring nothing either, so that no word can leave it to another.
    ``pool`` scenes are held in memory, and a scene is used about ``reuse`` times before another takes its place; they come in
    chunks, of which ``easy_chunks`` are there at the start. Chunks below number ``words_until`` teach words, those below
    ``places_until`` places too, all others everything.
    ``device`` is ``None`` (CUDA if there is one), "cpu" or "cuda"; ``bf16`` asks for autocast.
    """

    shape: ModelShape = field(default_factory=ModelShape)
    steps: int | None = None
    minutes: float | None = None
    batch: int = 16
    part: int = 8
    pairs: int = 5
    phrases: int = 4
    look_share: float = 0.1
    blind_share: float = 0.75
    blind_words: float = 0.25
    seed: int = 0
    threads: int = 2
    device: str | None = None
    bf16: bool = True
    rate: float = 1e-3
    muon_rate: float = 0.003
    warmup: int = 100
    weight_decay: float = 0.05
    clip: float = 1.0
    ema: float = 0.998
    contrastive_weight: float = 0.1
    pair_weight: float = 0.5
    referent_weight: float = 0.5
    cell_weight: float = 0.5
    chunk: int = 512
    pool: int = 6144
    pairs_kept: int = 16
    phrases_kept: int = 10
    reuse: float = 8.0
    easy_chunks: int = 4
    words_until: int = 12
    places_until: int = 16
    workers: int = 1
    log_every: int = 25
    validate_every: int = 600
    validation_scenes: int = 128
    checkpoint_every: int = 100
    export_minutes: float = 20.0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise OptionError("Give the length of the training as either steps or minutes, and not both.")
        for name in (
            "steps",
            "minutes",
            "batch",
            "pairs",
            "phrases",
            "threads",
            "chunk",
            "pool",
            "reuse",
            "validation_scenes",
        ):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise OptionError(f"{name} must be above 0, but is {value}.")
        for name in ("pairs", "phrases"):
            if getattr(self, name) > getattr(self, f"{name}_kept"):
                raise OptionError(
                    f"{name} ({getattr(self, name)}) cannot exceed {name}_kept ({getattr(self, f'{name}_kept')}), "
                    "what is composed for a scene."
                )
        if self.pool % self.chunk or self.batch > self.chunk:
            raise OptionError(
                f"pool ({self.pool}) must be a multiple of chunk ({self.chunk}), and a batch ({self.batch}) fit in a chunk."
            )
        if self.part <= 1 or self.batch % self.part:
            raise OptionError(f"part must divide batch ({self.batch}) and be above 1, but is {self.part}.")
        if self.device not in (None, "cpu", "cuda"):
            raise OptionError(f"device must be None, 'cpu' or 'cuda', but is {self.device!r}.")

    @property
    def steps_per_chunk(self) -> int:
        """Steps between two refreshments of the pool."""
        return max(1, round(self.chunk * self.reuse / self.batch))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> TrainConfig:
        """Read what :meth:`to_dict` gave; raises ``OptionError`` for a setting that this version does not know."""
        unknown = sorted(set(data) - {each.name for each in fields(TrainConfig)})
        if unknown:
            raise OptionError(f"Unknown training settings {unknown}; the run was made by another version.")
        return TrainConfig(**{**data, "shape": ModelShape(**data["shape"])})
