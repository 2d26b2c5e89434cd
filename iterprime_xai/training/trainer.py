"""The training run: steps, log, validation, checkpoints, and an end that can be resumed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.checkpoint import NAME, load_checkpoint, save_checkpoint
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.descent import Descent, settings_kept, training_device
from iterprime_xai.training.forward import blindfolds
from iterprime_xai.training.log import Log, log_steps
from iterprime_xai.training.network import build_model
from iterprime_xai.training.objective import Extras, Losses, Pictures, losses
from iterprime_xai.training.optimizer import plain_state
from iterprime_xai.training.pool import Batch, Chunk, ScenePool, compose_chunk
from iterprime_xai.training.process import asked_to_stop, torch_threads
from iterprime_xai.training.tokenizer import build_tokenizer
from iterprime_xai.training.validation import accuracies, margins

VALIDATION_SEED = 7
LOSSES = tuple(each.name for each in fields(Losses))


@dataclass(frozen=True)
class TrainResult:
    """How a run ended: ``finished`` is false when it was stopped and can be resumed; ``figures`` is the last validation."""

    checkpoint: Path
    steps: int
    seconds: float
    finished: bool
    figures: dict[str, dict[str, float]]


class Run(Descent):
    """The moving parts of one training run, and their state as plain data."""

    def __init__(self, config: TrainConfig) -> None:
        from iterprime_xai.data.scenes.statements import vocabulary_words

        device = training_device(config)
        self.words = sorted(vocabulary_words())
        tokenizer = build_tokenizer(self.words, config.shape.max_tokens)
        self.model = build_model(config.shape, tokenizer.get_vocab(), config.seed).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)
            self.extras = Extras(config.shape.vision_width, config.shape.text_width).to(device)
        super().__init__(config, self.model, [self.extras])
        self.figures: dict[str, dict[str, float]] = {}

    def part(self, rows: slice, batch: Batch) -> tuple[tuple[torch.Tensor | None, ...], dict[str, float]]:
        """Gradients and losses of a part of the batch."""
        config = self.config
        pictures = Pictures.of(batch, rows, self.device)
        looking = self.progress < config.look_share
        dice = torch.Generator().manual_seed((config.seed * 1_000_003 + self.step) * 1_009 + rows.start)
        texts = torch.from_numpy(np.concatenate([batch.true[rows], batch.false[rows]], axis=1))
        blind = blindfolds(texts, config.blind_share, config.blind_words, dice)
        # Without the cache of cast weights, which threads would share: who came first would change the rounding.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.bf16, cache_enabled=False):
            found = losses(self.model, self.extras, pictures, config, looking, blind.to(self.device))
        gradients = torch.autograd.grad(found.total, self.weights, allow_unused=True)
        return gradients, {name: float(getattr(found, name).detach()) for name in LOSSES}

    def advance(self, pool: ScenePool, lanes: ThreadPoolExecutor) -> dict[str, float]:
        """One step; returns the losses."""
        return self.descend(pool.batch(self.step), lanes)

    def validate(self, chunk: Chunk) -> dict[str, dict[str, float]]:
        """Accuracy per kind of the averaged weights on unseen scenes."""
        with self.averaged() as model, torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            self.figures = accuracies(margins(model, chunk, self.device), chunk.kinds)
        return self.figures

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {
            "config": json.dumps(self.config.to_dict()),
            "words": self.words,
            "hardware": self.hardware,
            "model": self.model.state_dict(),
            "average": self.average,
            "extras": self.extras.state_dict(),
            "optimisers": plain_state(self.optimisers),
            "random": torch.get_rng_state(),
            "step": self.step,
            "seconds": self.seconds,
            "figures": json.dumps(self.figures),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state that :meth:`state` gave."""
        if list(state["words"]) != self.words:
            raise StorageError(
                "The checkpoint was trained on another vocabulary of scenes; start anew in another folder."
            )
        self.model.load_state_dict(state["model"])
        self.extras.load_state_dict(state["extras"])
        for optimiser, values in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(values)
        self.average = {name: value.to(self.device) for name, value in state["average"].items()}
        torch.set_rng_state(state["random"])
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.figures = json.loads(state["figures"])


def train(
    config: TrainConfig, out: Path, resume: bool = False, listen: Callable[[dict[str, Any]], None] | None = None
) -> TrainResult:
    """Train the miniature BLIP into ``out``: ``checkpoint.pt``, ``log.jsonl`` and, now and then, ``export/``.

    With ``resume`` the run in ``out`` goes on with its own settings; only ``steps``, ``minutes``, ``threads``, ``workers`` and
    ``device`` are taken from ``config``. Ctrl-C and a polite kill leave a checkpoint. ``listen`` gets every log entry. Raises
    ``StorageError`` when ``out`` holds a run and ``resume`` is false, or holds none and it is true, or cannot be written.
    """
    out = Path(out)
    state = load_checkpoint(out) if resume else None
    if state is None and (out / NAME).exists():
        raise StorageError(
            f"{out} already holds a training run; add --resume to go on with it, or choose another folder."
        )
    if state is not None:
        config = settings_kept(state, config)
    on_cpu = training_device(config).type == "cpu"
    log = Log(out, listen)
    with torch_threads(1 if on_cpu else config.threads):
        return _train(config, out, state, log, on_cpu)


def _train(config: TrainConfig, out: Path, state: dict[str, Any] | None, log: Log, on_cpu: bool) -> TrainResult:
    """Set up the run, from ``state`` where there is one, and take its steps."""
    run = Run(config)
    if state is not None:
        run.restore(state)
    log(
        "start",
        step=run.step,
        resumed=state is not None,
        device=str(run.device),
        parameters=sum(weight.numel() for weight in run.model.parameters()),
        torch=torch.__version__,
        config=config.to_dict(),
    )
    # Another seed than the published samples of this split, so that no figure is measured on what chose the settings.
    chunk = compose_chunk(0, replace(config, seed=VALIDATION_SEED), "val", scenes=config.validation_scenes)
    with (
        ScenePool(config) as pool,
        ThreadPoolExecutor(config.threads if on_cpu else 1) as lanes,
        asked_to_stop() as stop,
    ):
        finished = _loop(run, pool, lanes, chunk, out, log, stop)
    return TrainResult(out / NAME, run.step, run.seconds, finished, run.figures)


def _loop(
    run: Run, pool: ScenePool, lanes: ThreadPoolExecutor, chunk: Chunk, out: Path, log: Log, stop: list[int]
) -> bool:
    """Step until the budget is used up (true) or a stop is asked for (false), and leave a checkpoint."""
    config = run.config
    exported = run.seconds
    since: list[tuple[float, dict[str, float]]] = []
    while run.progress < 1 and not stop:
        began = time.perf_counter()
        values = run.advance(pool, lanes)
        ended = time.perf_counter()
        since.append((ended - began, values))
        run.seconds += ended - began
        if run.step % config.log_every == 0:
            log_steps(log, run, since)
            since.clear()
        if run.step % config.validate_every == 0:
            log("validate", step=run.step, seconds=run.seconds, figures=run.validate(chunk))
        if run.step % config.checkpoint_every == 0:
            save_checkpoint(out, run.state())
        if run.seconds - exported > 60 * config.export_minutes:
            exported = run.seconds
            save_checkpoint(out, run.state())
            _export(run, out)
            log("export", step=run.step, seconds=run.seconds)
        run.seconds += time.perf_counter() - ended
    finished = not stop
    if finished:
        log("validate", step=run.step, seconds=run.seconds, figures=run.validate(chunk))
    save_checkpoint(out, run.state())
    if finished:
        _export(run, out)
    log("end" if finished else "stopped", step=run.step, seconds=run.seconds)
    return finished


def _export(run: Run, out: Path) -> None:
    from iterprime_xai.training.hub_folder import export

    export(out / NAME, out / "export")
