"""The training of the miniature CLIP: pictures and texts of the same scenes, contrasted with each other and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import torch

from iterprime_xai.records.errors import OptionError
from iterprime_xai.training.checkpoint import NAME, to_go_on_from
from iterprime_xai.training.clip_network import build_clip, picture_vectors, take_tower, text_vectors
from iterprime_xai.training.clip_objective import ContrastLosses, contrast_losses
from iterprime_xai.training.clip_pool import Contrast, ViewPool
from iterprime_xai.training.clip_texts import clip_words
from iterprime_xai.training.clip_validation import view_accuracies
from iterprime_xai.training.clip_views import Views, compose_views
from iterprime_xai.training.config import ModelShape, TrainConfig
from iterprime_xai.training.descent import Descent, settings_kept, training_device
from iterprime_xai.training.log import Log
from iterprime_xai.training.pool import ScenePool
from iterprime_xai.training.process import asked_to_stop, torch_threads
from iterprime_xai.training.stepping import take_steps
from iterprime_xai.training.tokenizer import build_tokenizer
from iterprime_xai.training.trainer import VALIDATION_SEED, check_words

LOSSES = tuple(each.name for each in fields(ContrastLosses))

WHOLE_FROM = 0.85
"""Share of the budget after which the tower sees all patches of a picture; before it sees a half, drawn anew each time."""

KEPT_SHARE = 0.5


@dataclass(frozen=True)
class ClipResult:
    """How a run ended: ``finished`` is false when it was stopped and can be resumed; ``figures`` is the last validation."""

    checkpoint: Path
    steps: int
    seconds: float
    finished: bool
    figures: dict[str, dict[str, float]]


def clip_config(minutes: float | None = None, steps: int | None = None, **changes: Any) -> TrainConfig:
    """The settings of a contrastive training.

    Of a :class:`~iterprime_xai.training.config.TrainConfig` it uses what says how long, on what, how fast and how many: ``batch``
    views a step, all contrasted with each other, ``pairs`` of their ``pairs_kept`` pairs of texts; chunks and pool count views.
    """
    settings: dict[str, Any] = {
        "shape": ModelShape(text_layers=4),
        "batch": 96,
        "pairs": 4,
        "pairs_kept": 6,
        "bf16": False,
        "rate": 0.001,
        "muon_rate": 0.002,
        "warmup": 50,
        "ema": 0.99,
        "chunk": 512,
        "pool": 4096,
        "easy_chunks": 2,
        "reuse": 7.0,
        "validate_every": 100,
        "validation_scenes": 400,
        "checkpoint_every": 50,
        "export_minutes": 10.0,
    }
    found = {**settings, **changes}
    return TrainConfig(minutes=minutes, steps=steps, **{"part": found["batch"], **found})


class ClipRun(Descent):
    """The moving parts of a contrastive training, and their state as plain data."""

    def __init__(self, config: TrainConfig, start: str | None) -> None:
        device = training_device(config)
        self.start = start
        self.words = clip_words()
        self.tokenizer = build_tokenizer(self.words, config.shape.max_tokens)
        self.model = build_clip(config.shape, self.tokenizer.get_vocab(), config.seed).to(device).train()
        super().__init__(config, self.model)

    def take_up(self, weights: dict[str, torch.Tensor]) -> None:
        """Start with the image tower of a trained BLIP."""
        pictures = torch.from_numpy(compose_views(0, self.config, views=min(32, self.config.chunk)).images)
        take_tower(self.model, weights, pictures.to(self.device))
        self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def part(self, rows: slice, batch: Contrast) -> tuple[tuple[torch.Tensor | None, ...], dict[str, float]]:
        """Gradients and losses of a part of the batch; contrast is taken within it."""
        config, device = self.config, self.device
        positive, negative = (torch.from_numpy(each[rows]).to(device) for each in (batch.positive, batch.negative))
        images, tokens = torch.from_numpy(batch.images[rows]).to(device), torch.from_numpy(batch.tokens).to(device)
        kept = None
        if self.progress < WHOLE_FROM:
            dice = torch.Generator().manual_seed((config.seed * 1_000_003 + self.step) * 1_009 + rows.start)
            patches = config.shape.grid**2
            luck = torch.rand(len(images), patches, generator=dice)
            kept = luck.argsort(1)[:, : round(KEPT_SHARE * patches)].to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16, cache_enabled=False):
            pictures, texts = picture_vectors(self.model, images, kept), text_vectors(self.model, tokens)
        found = contrast_losses(pictures, texts, positive, negative, self.model.logit_scale)
        gradients = torch.autograd.grad(found.total, self.weights, allow_unused=True)
        return gradients, {name: float(getattr(found, name).detach()) for name in LOSSES}

    def advance(self, pool: ScenePool, lanes: ThreadPoolExecutor) -> dict[str, float]:
        """One step; returns the losses."""
        return self.descend(cast(Contrast, pool.batch(self.step)), lanes)

    def validate(self, views: Views) -> dict[str, dict[str, float]]:
        """Accuracies of the averaged weights on views of unseen scenes."""
        with self.averaged() as model:
            self.figures = view_accuracies(model, self.tokenizer, views, self.device)
        return self.figures

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run, or an export, needs."""
        return super().state() | {"start": self.start or "", "words": self.words}

    def restore(self, state: dict[str, Any]) -> None:
        check_words(state, self.words)
        super().restore(state)


def train_clip(
    config: TrainConfig,
    out: Path,
    resume: bool = False,
    listen: Callable[[dict[str, Any]], None] | None = None,
    start: str | None = "tiny",
) -> ClipResult:
    """Train the miniature CLIP into ``out``: ``checkpoint.pt``, ``log.jsonl`` and, now and then, ``export/``.

    ``config`` comes from :func:`clip_config`. The image tower starts from that of the BLIP ``start`` (a bundled model, or a folder
    with its ``model.safetensors``), or afresh for ``None``. With ``resume`` a stopped training goes on with its own settings;
    only ``steps``, ``minutes``, ``threads``, ``workers`` and ``device`` are taken from ``config``. Raises ``StorageError`` when
    ``out`` holds a run and ``resume`` is false, or holds none and it is true, or cannot be written, and ``OptionError`` for a
    ``start`` of another shape.
    """
    out = Path(out)
    state = to_go_on_from(out, resume, "a training run", "choose another folder")
    if state is not None:
        config, start = settings_kept(state, config), str(state["start"]) or None
    on_cpu = training_device(config).type == "cpu"
    log = Log(out, listen)
    with torch_threads(1 if on_cpu else config.threads):
        own = ClipRun(config, start)
        if state is not None:
            own.restore(state)
        elif start is not None:
            own.take_up(tower_weights(start, config.shape))
        return _train(own, out, state is not None, log, on_cpu)


def tower_weights(start: str, shape: ModelShape) -> dict[str, torch.Tensor]:
    """The weights of a bundled BLIP, or of one in a folder; ``OptionError`` where its image tower has another shape."""
    from safetensors.torch import load_file

    from iterprime_xai.models.finding import BUNDLED_FOLDER

    folder = BUNDLED_FOLDER / start if (BUNDLED_FOLDER / start).is_dir() else Path(start)
    if not (folder / "model.safetensors").is_file():
        raise OptionError(
            f"Expected a bundled model or a folder with model.safetensors to start from, but got {start!r}."
        )
    weights = load_file(folder / "model.safetensors")
    place = "vision_model.embeddings.position_embedding"
    expected = (1, shape.grid**2 + 1, shape.vision_width)
    if place not in weights or tuple(weights[place].shape) != expected:
        raise OptionError(
            f"The image tower of {start!r} should be BLIP's, with position embeddings of shape {expected}, to start from."
        )
    return weights


def _train(own: ClipRun, out: Path, resumed: bool, log: Log, on_cpu: bool) -> ClipResult:
    """Step until the budget is used up or a stop is asked for, and leave a checkpoint."""
    config = own.config
    parameters = sum(weight.numel() for weight in own.weights)
    log("start", step=own.step, resumed=resumed, start=own.start, parameters=parameters, config=config.to_dict())
    # Another seed than the published samples of this split, so that no figure is measured on what chose the settings.
    views = compose_views(0, replace(config, seed=VALIDATION_SEED), "val", views=config.validation_scenes)
    with (
        ViewPool(config) as pool,
        ThreadPoolExecutor(config.threads if on_cpu else 1) as lanes,
        asked_to_stop() as stop,
    ):
        finished = take_steps(
            own,
            out,
            log,
            stop,
            advance=lambda: own.advance(pool, lanes),
            validate=lambda: own.validate(views),
            export=lambda: _export(out),
        )
    return ClipResult(out / NAME, own.step, own.seconds, finished, own.figures)


def _export(out: Path) -> None:
    from iterprime_xai.training.clip_folder import export_clip

    export_clip(out / NAME, out / "export")
