"""The training run: steps, log, validation, checkpoints, and an end that can be resumed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from iterprime_xai.records.errors import StorageError
from iterprime_xai.training.checkpoint import NAME, to_go_on_from
from iterprime_xai.training.config import TrainConfig
from iterprime_xai.training.descent import Descent, settings_kept, training_device
from iterprime_xai.training.forward import blindfolds
from iterprime_xai.training.log import Log
from iterprime_xai.training.network import build_model
from iterprime_xai.training.objective import Extras, Losses, Pictures, losses
from iterprime_xai.training.pool import Batch, Chunk, ScenePool, compose_chunk
from iterprime_xai.training.process import asked_to_stop, torch_threads
from iterprime_xai.training.stepping import take_steps
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
        own = {"words": self.words, "extras": self.extras.state_dict(), "random": torch.get_rng_state()}
        return super().state() | own

    def restore(self, state: dict[str, Any]) -> None:
        check_words(state, self.words)
        super().restore(state)
        self.extras.load_state_dict(state["extras"])
        torch.set_rng_state(state["random"])


def check_words(state: dict[str, Any], words: list[str]) -> None:
    """Raises ``StorageError`` where a state was trained on other words than the scenes have now."""
    if list(state["words"]) != words:
        raise StorageError("The checkpoint was trained on another vocabulary of scenes; start anew in another folder.")


def train(
    config: TrainConfig, out: Path, resume: bool = False, listen: Callable[[dict[str, Any]], None] | None = None
) -> TrainResult:
    """Train the miniature BLIP into ``out``: ``checkpoint.pt``, ``log.jsonl`` and, now and then, ``export/``.

    With ``resume`` the run in ``out`` goes on with its own settings; only ``steps``, ``minutes``, ``threads``, ``workers`` and
    ``device`` are taken from ``config``. Ctrl-C and a polite kill leave a checkpoint. ``listen`` gets every log entry. Raises
    ``StorageError`` when ``out`` holds a run and ``resume`` is false, or holds none and it is true, or cannot be written.
    """
    out = Path(out)
    state = to_go_on_from(out, resume, "a training run", "choose another folder")
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
        finished = take_steps(
            run,
            out,
            log,
            stop,
            advance=lambda: run.advance(pool, lanes),
            validate=lambda: run.validate(chunk),
            export=lambda: _export(out),
        )
    return TrainResult(out / NAME, run.step, run.seconds, finished, run.figures)


def _export(out: Path) -> None:
    from iterprime_xai.training.hub_folder import export

    export(out / NAME, out / "export")
