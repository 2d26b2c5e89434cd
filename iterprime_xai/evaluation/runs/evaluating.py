"""One run from beginning to end: what is asked for, what is there already, the missing shards, and what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from iterprime_xai.evaluation.runs.backends import make_backend
from iterprime_xai.evaluation.runs.folder import RunFolder
from iterprime_xai.evaluation.runs.key import code_version, key_of, library_versions, plain
from iterprime_xai.evaluation.runs.manifest import NAME, Manifest, check_same, read_manifest
from iterprime_xai.evaluation.runs.order import Order
from iterprime_xai.evaluation.runs.progress import Progress
from iterprime_xai.evaluation.runs.shards import Asked, Shard, asked_pictures, cut, digest, usual_size
from iterprime_xai.records import OptionError, StorageError
from iterprime_xai.records.proposals import Answer
from iterprime_xai.records.writing import as_path

if TYPE_CHECKING:
    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.evaluation.runs.reading import Run
    from iterprime_xai.masks.proposer import Proposer
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter


def evaluate(
    system: str | ZeroShotSegmenter,
    data: str | DataSet,
    out: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    proposals: str | Proposer | None = None,
    proposer_options: Mapping[str, Any] | None = None,
    mask_cache: str | Path | None = None,
    data_options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    answer: Answer = "always",
    threshold: str | Path | float | None = None,
    detail: Literal["light", "full"] = "light",
    backend: Literal["local", "processes", "ray"] = "local",
    workers: int | None = None,
    threads: int | None = 1,
    shard_size: int | None = None,
    retry_errors: bool = False,
    progress: bool = True,
) -> Run:
    """Evaluate a system on a data set, one row a sample, in a folder that can be taken up again after any end.

    The folder holds ``manifest.json`` and ``parts/*.parquet``; run the same call again to go on. What is wrong with a sample
    becomes a row with its error. Rows do not depend on backend or number of workers.

    Args:
        system: a name of `systems.registry.system_names`, or a system in memory.
        data: a name such as "scenes:testA" or "refcoco:val", or a data set in memory.
        out: the run's folder.
        settings: of the system, where it is named.
        proposals: who proposes masks: a name of `masks.proposers.proposer_names`, a proposer in memory, or "gold" (the annotated
            masks of each sample: only the choice can fail). ``None``: the system's own, which its settings decide.
        proposer_options: ``checkpoint``, ``device`` and settings of a proposer by name.
        mask_cache: folder where proposals are kept for other runs.
        data_options: ``root``, ``images``, ``text``, ``seed``, ``count`` of `data.sources.open_data`.
        limit: only the first samples of the data set.
        answer: one mask for every phrase, one or none, or any number of them.
        threshold: with ``answer`` "may_abstain" or "set": a number, or the val run (or its ``threshold.json``) from which
            `choose_threshold` took one. ``None``: the system's own.
        detail: "light" keeps the final map, boxes and scores; "full" every map of every pass and word and every proposal's mask.
        backend: "local" (this process), "processes" (spawned, on this machine) or "ray" (a cluster).
        workers: processes or actors, each with its own system; default one a core (with Ray: one a GPU, or a core).
        threads: torch threads a worker; more than 1 can move results by rounding. ``None``: torch's own choice.
        shard_size: samples a part; default so that there are some 400 parts.
        retry_errors: make parts with error rows again.
        progress: a bar or lines on stderr.

    Raises:
        OptionError: the folder holds another run (with what differs), or another process works on it.
        StorageError: full disk; what is done is kept. Errors of loading the system or the data set.
    """
    from iterprime_xai.evaluation.runs.reading import read_run

    folder = RunFolder(as_path(out))
    given = dict(settings or {})
    source: dict[str, Any] | None = None
    if threshold is not None:
        from iterprime_xai.evaluation.runs.threshold import applied

        given, source = applied(system, given, answer, threshold)
    order = Order(
        system=system,
        data=data,
        settings=given,
        data_options=dict(data_options or {}),
        proposals=proposals,
        proposer_options=dict(proposer_options or {}),
        mask_cache=None if mask_cache is None else Path(mask_cache),
        answer=answer,
        detail=detail,
        threads=threads,
    )
    opened = order.open_data()
    asked = asked_pictures(opened.pictures(), limit)
    samples = sum(each.count for each in asked)
    if shard_size is not None and shard_size < 1:
        raise OptionError(f"shard_size must be at least 1, but got {shard_size}.")
    with ExitStack() as stack:
        notes = stack.enter_context(folder.writing())
        crew = stack.enter_context(make_backend(backend, order, workers))
        decides = {
            "data": {
                "name": opened.name,
                **plain(opened.describe(), "data set"),
                "listing": digest(asked),
                "limit": limit,
            },
            **crew.describe(),
            "answer": answer,
            "detail": detail,
            "threshold": source,
            "code": code_version(),
        }
        manifest, shards = _manifest(folder, order, decides, asked, shard_size)
        missing, damaged = folder.missing(manifest, errors_too=retry_errors)
        done = samples - sum(shards[number].samples for number in missing)
        bar = Progress(samples, done, f"{opened.name} with {_name(system)}", show=progress)
        with bar:
            for note in (*notes, *damaged):
                bar.note(f"note: {note}")
            if done:
                bar.note(f"{done} of {samples} phrases are there already")
            left = len(missing)
            try:
                for part in crew.parts([shards[number] for number in missing], manifest.key, bar.seen):
                    folder.write(part)
                    bar.errors(part.errors)
                    left -= 1
            except KeyboardInterrupt:
                bar.note(f"interrupted: {_standing(manifest, left)} The same command goes on from here.")
                raise
            except StorageError as error:
                raise StorageError(
                    f"{error} {_standing(manifest, left)} The same command goes on from here."
                ) from error
    run = read_run(folder.path)
    if run.complete:
        from iterprime_xai.evaluation.failures.table import failure_table

        failure_table(run)  # kept beside the run: whoever explores it need not wait
    return run


def _manifest(
    folder: RunFolder, order: Order, decides: dict[str, Any], asked: list[Asked], shard_size: int | None
) -> tuple[Manifest, dict[int, Shard]]:
    """The run's manifest and shards: those that are there, if it is the same run, else new ones, written."""
    if (folder.path / NAME).exists():
        found = read_manifest(folder.path)
        check_same(found, decides, folder.path)
        if shard_size not in (None, found.shard_size):
            raise OptionError(
                f"The run in {folder.path} was cut into shards of {found.shard_size} samples, but {shard_size} are asked "
                "for; leave shard_size out to go on."
            )
        return found, {each.number: each for each in cut(asked, found.shard_size)}
    size = shard_size or usual_size(sum(each.count for each in asked))
    shards = list(cut(asked, size))
    made = Manifest(
        key=key_of(decides),
        decides=decides,
        asked={
            "system": _name(order.system),
            "settings": plain({name: _text(value) for name, value in order.settings.items()}, "settings"),
            "data": order.data if isinstance(order.data, str) else None,
            "data_options": {name: _text(value) for name, value in order.data_options.items()},
            "proposals": None if order.proposals is None else _name(order.proposals),
            "proposer_options": {name: _text(value) for name, value in order.proposer_options.items()},
        },
        versions=library_versions(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        shard_size=size,
        shards=tuple(_shard_values(shards)),
    )
    made.write(folder.path)
    return made, {each.number: each for each in shards}


def _shard_values(shards: list[Shard]) -> Iterator[dict[str, int]]:
    picture = 0
    for shard in shards:
        yield {
            "number": shard.number,
            "first_picture": picture,
            "pictures": len(shard.pictures),
            "first_sample": shard.first,
            "samples": shard.samples,
        }
        picture += len(shard.pictures)


def _name(part: Any) -> str:
    return part if isinstance(part, str) else part.name


def _text(value: Any) -> Any:
    """JSON values as they are, anything else (paths, objects in memory) as text."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _standing(manifest: Manifest, left: int) -> str:
    shards = len(manifest.shards)
    return f"{shards - left} of {shards} parts are done and kept."
