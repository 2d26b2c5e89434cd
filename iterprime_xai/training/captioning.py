"""The captioner's training: a text decoder learns to say scenes on the image tower of a finished run, which stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from iterprime_xai.models.captioner import FOLDER
from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.caption_scenes import KEPT, Captioned, CaptionPool, compose_captions
from iterprime_xai.training.checkpoint import NAME, load_checkpoint, to_go_on_from
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.decoder import build_decoder, caption_loss, read_captions
from iterprime_xai.training.descent import Descent, settings_kept, training_device
from iterprime_xai.training.forward import encode_images
from iterprime_xai.training.log import Log
from iterprime_xai.training.network import build_model
from iterprime_xai.training.pool import ScenePool
from iterprime_xai.training.process import asked_to_stop, torch_threads
from iterprime_xai.training.stepping import take_steps
from iterprime_xai.training.tokenizer import build_tokenizer
from iterprime_xai.training.trainer import VALIDATION_SEED


@dataclass(frozen=True)
class CaptioningResult:
    """How it ended: ``finished`` is false when it was stopped and can be resumed; ``figures``: loss and share of right words."""

    checkpoint: Path
    steps: int
    seconds: float
    finished: bool
    figures: dict[str, float]


def captioning_config(minutes: float | None = None, steps: int | None = None, **changes: Any) -> TrainConfig:
    """The settings of a captioner's training; its shape is always that of the run it belongs to.

    Of a :class:`~iterprime_xai.training.config.TrainConfig` it uses what says how long, on what, how fast and how many
    (Muon for the matrices of the layers and AdamW for the rest, as there; the learning rate falls in a cosine):
    ``pairs`` are captions a picture and step, ``pairs_kept`` captions kept of a scene. The objective has no other settings.
    """
    settings: dict[str, Any] = {
        "batch": 32,
        "part": 16,
        "pairs": 4,
        "pairs_kept": KEPT,
        "rate": 0.0015,
        "muon_rate": 0.004,
        "warmup": 100,
        "ema": 0.995,
        "chunk": 512,
        "pool": 2048,
        "easy_chunks": 2,
        "reuse": 8.0,
        "validate_every": 400,
        "validation_scenes": 96,
    }
    return TrainConfig(minutes=minutes, steps=steps, **{**settings, **changes})


class CaptionRun(Descent):
    """The moving parts of a captioner's training, and their state as plain data."""

    def __init__(self, config: TrainConfig, source: dict[str, Any]) -> None:
        from iterprime_xai.data.scenes.wording import vocabulary_words

        self.words = [str(word) for word in source["words"]]
        if self.words != sorted(vocabulary_words()):
            raise StorageError("The run was trained on another vocabulary of scenes; train the model anew first.")
        device = training_device(config)
        tokenizer = build_tokenizer(self.words, config.shape.max_tokens)
        self.source = build_model(config.shape, tokenizer.get_vocab(), config.seed)
        self.source.load_state_dict(source["average"])
        self.source.to(device).eval().requires_grad_(False)
        self.decoder = build_decoder(self.source, config.seed).to(device).requires_grad_(True)
        super().__init__(config, self.decoder)

    def encode(self, images: np.ndarray, lanes: ThreadPoolExecutor) -> np.ndarray:
        """Image tokens float16 (n, 1 + patches, width) of uint8 pictures; no gradient ever runs into the tower."""

        def look(start: int) -> np.ndarray:
            # Gradient and autocast are switched for each thread anew.
            with torch.no_grad(), self._cast():
                part = torch.from_numpy(images[start : start + 16]).to(self.device)
                return encode_images(self.source, part).to(torch.float16).cpu().numpy()

        return np.concatenate(list(lanes.map(look, range(0, len(images), 16))))

    def _cast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16, cache_enabled=False)

    def _loss(self, rows: slice, batch: Captioned) -> tuple[torch.Tensor, torch.Tensor]:
        image_tokens = torch.from_numpy(batch.images[rows]).to(self.device, torch.float32)
        tokens = torch.from_numpy(batch.captions[rows]).to(self.device)
        with self._cast():
            return caption_loss(read_captions(self.decoder, tokens, image_tokens), tokens)

    def part(self, rows: slice, batch: Captioned) -> tuple[tuple[torch.Tensor, ...], dict[str, float]]:
        """Gradients and figures of a part of the batch."""
        loss, accuracy = self._loss(rows, batch)
        gradients = torch.autograd.grad(loss, self.weights)
        return gradients, {"loss": float(loss.detach()), "accuracy": float(accuracy)}

    def advance(self, pool: ScenePool, lanes: ThreadPoolExecutor) -> dict[str, float]:
        """One step; returns the figures."""
        return self.descend(cast(Captioned, pool.batch(self.step)), lanes)

    @torch.no_grad()
    def validate(self, scenes: Captioned) -> dict[str, float]:
        """Loss and share of right words of the averaged weights on the plain captions of unseen scenes."""
        with self.averaged():
            batch = Captioned(scenes.images, scenes.captions.astype("int64"))
            parts = [slice(start, start + 32) for start in range(0, len(scenes.images), 32)]
            found = [(len(scenes.images[rows]), *self._loss(rows, batch)) for rows in parts]
        count = len(scenes.images)
        self.figures = {
            "loss": sum(size * float(loss) for size, loss, _ in found) / count,
            "accuracy": sum(size * float(accuracy) for size, _, accuracy in found) / count,
        }
        return self.figures

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run, or an export, needs."""
        return super().state() | {"words": self.words, "tower": dict(self.source.vision_model.state_dict())}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that :meth:`state` gave; ``StorageError`` where the run's image tower is another by now."""
        tower = self.source.vision_model.state_dict()
        if any(not torch.equal(tower[name].cpu(), value.cpu()) for name, value in state["tower"].items()):
            raise StorageError(
                "The run was trained further since its captioner was begun: delete the run's folder "
                f"{FOLDER!r} and train the captioner anew."
            )
        super().restore(state)


def train_captions(
    run: Path, config: TrainConfig, resume: bool = False, listen: Callable[[dict[str, Any]], None] | None = None
) -> CaptioningResult:
    """Train a captioner for the finished training in ``run`` and put it beside the run's exported model.

    Checkpoint and log go to ``run/captioning``, the decoder to ``run/export/captioning``. ``config`` comes from
    :func:`captioning_config`. With ``resume`` a stopped training goes on with its own settings; only ``steps``, ``minutes``,
    ``threads``, ``workers`` and ``device`` are taken from ``config``. Raises ``StorageError`` when ``run`` holds no training, or
    a captioner already and ``resume`` is false, or cannot be written.
    """
    from iterprime_xai.training.captioning_folder import export_beside

    run = Path(run)
    source = load_checkpoint(run)
    out = run / FOLDER
    state = to_go_on_from(out, resume, "a captioner", "delete that folder")
    config = replace(config, shape=TrainConfig.from_dict(json.loads(source["config"])).shape)
    if state is not None:
        config = settings_kept(state, config)
    on_cpu = training_device(config).type == "cpu"
    log = Log(out, listen)
    with torch_threads(1 if on_cpu else config.threads):
        result = _train(config, source, out, state, log, on_cpu)
    if result.finished:
        export_beside(run)
    return result


def _train(
    config: TrainConfig, source: dict[str, Any], out: Path, state: dict[str, Any] | None, log: Log, on_cpu: bool
) -> CaptioningResult:
    """Set up, from ``state`` where there is one, and step until the budget is used up or a stop is asked for."""
    own = CaptionRun(config, source)
    if state is not None:
        own.restore(state)
    parameters = sum(weight.numel() for weight in own.weights)
    log("start", step=own.step, resumed=state is not None, parameters=parameters, config=config.to_dict())
    unseen = replace(config, seed=VALIDATION_SEED)
    drawn = compose_captions(0, unseen, "val", scenes=config.validation_scenes, kept=1)
    with (
        ThreadPoolExecutor(config.threads if on_cpu else 1) as lanes,
        CaptionPool(config, lambda images: own.encode(images, lanes)) as pool,
        asked_to_stop() as stop,
    ):
        scenes = Captioned(own.encode(drawn.images, lanes), drawn.captions)
        finished = take_steps(
            own,
            out,
            log,
            stop,
            advance=lambda: own.advance(pool, lanes),
            validate=lambda: own.validate(scenes),
        )
    return CaptioningResult(out / NAME, own.step, own.seconds, finished, own.figures)
