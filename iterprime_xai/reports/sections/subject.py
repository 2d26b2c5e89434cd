"""What a report about one sample is about: a picture and a phrase of one's own, a bundled scene, or a sample of a run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.records import Grounding, OptionError, Sample

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.case import Case
    from iterprime_xai.evaluation.runs.asking import Asker
    from iterprime_xai.evaluation.runs.reading import Run
    from iterprime_xai.systems import Grounder


@dataclass(frozen=True, eq=False)
class Subject:
    """A grounding and all that is needed to look again.

    ``grounding`` is what was found; ``sample`` knows the truth, and is ``None`` where nobody does. ``grounder`` looks again with
    ``settings`` (the keywords of `Grounder.ground` that made it); ``None`` for a system that has no text layers. ``case`` is the
    sample of a run, ``None`` for other subjects; ``run`` is that run. ``note`` says what the reader has to know of how it was made.
    """

    grounding: Grounding
    sample: Sample | None
    grounder: Grounder | None
    settings: dict[str, Any]
    case: Case | None = None
    run: Run | None = None
    note: str = ""

    def again(self, **changed: Any) -> Grounding:
        """Look at the same picture and phrase with other settings; proposals are not made again."""
        assert self.grounder is not None
        given = self.settings | changed
        return self.grounder.ground(self._looked, self.grounding.expression.text, **given)

    @cached_property
    def _looked(self) -> Any:
        """The picture, encoded once for all further looks."""
        assert self.grounder is not None
        return self.grounder.prepare(self.grounding.image, self.grounding.proposals or False)


def subject_of(
    *,
    image: str = "",
    phrase: str = "",
    model: str = "tiny",
    recipe: str = "default",
    layer: int | None = None,
    run: str = "",
    sample: str = "",
) -> Subject:
    """What the parameters of a report name.

    Args:
        image: path of a picture; "" for a bundled scene, or with ``run``.
        phrase: the referring expression; "" for the scene's own.
        model, recipe, layer: how to look; not with ``run``, which says it itself.
        run: the folder of a run; the sample is shown as the run kept it.
        sample: id of the run's sample; "" for the failure with the lowest IoU.

    Raises:
        OptionError: what does not go together, or a sample that the run does not have. Errors of loading and looking.
    """
    if run:
        if image or phrase:
            raise OptionError(
                "A run has its own pictures and phrases: give either run and sample, or image and phrase."
            )
        return _of_run(run, sample)
    if sample:
        raise OptionError(f"sample {sample!r} is an id in a run: say which with run, or leave it out.")
    from iterprime_xai.data.scenes import bundled_samples

    scene = None
    if not image:
        scenes = bundled_samples()
        scene = next((each for each in scenes if each.text == phrase), scenes[0])
    text = phrase or (scene.text if scene else "")
    settings: dict[str, Any] = {"recipe": recipe, "layer": layer}
    grounder = _grounder(model)
    found = grounder.ground(scene.image if scene else image, text, **settings)
    return Subject(found, scene if scene and scene.text == text else None, grounder, settings)


def _of_run(path: str, sample_id: str) -> Subject:
    from iterprime_xai.evaluation.failures.case import open_case
    from iterprime_xai.systems.iterprime import GrounderSystem

    run, asker = _opened(str(Path(path).resolve()))
    case = open_case(run, sample_id or _worst(run))
    if case.grounding is None:
        said = case.problem or (case.row["error"] or {}).get("message", "")
        raise OptionError(f"There is nothing to show of {case.sample_id!r}: {said} Choose another sample.")
    truth = None
    if case.gold is not None and case.image is not None:
        truth = Sample(case.sample_id, case.image, case.text, mask=case.gold)
    found, grounder, settings, note = case.grounding, None, {}, ""
    if asker.looks:
        system = asker.system
        assert isinstance(system, GrounderSystem)
        grounder, settings = system.grounder, {"recipe": system.recipe, "layer": system.settings["layer"]}
        if found.passes and not found.words:  # detail light kept the final map only
            again = asker.ask(case, case.text)
            note = _looked_again(found, again)
            found = again
    return Subject(found, truth, grounder, settings, case, run, note)


def _looked_again(kept: Grounding, again: Grounding) -> str:
    """What is told of a grounding that stands in for the one of a run, with how far both agree."""
    from iterprime_xai.records.overlap import iou

    if kept.mask is None or again.mask is None:
        same = "the same answer" if kept.mask is None and again.mask is None else "ANOTHER answer than the run's"
    else:
        overlap = iou(again.mask, kept.mask)
        same = "the same mask" if overlap == 1 else f"ANOTHER mask than the run's (IoU {overlap:.2f} with it)"
    return f"The run kept its final map only (detail light), so this was looked at again: {same}."


def _worst(run: Run) -> str:
    """The failure with the lowest IoU; the first phrase where none failed."""
    from iterprime_xai.evaluation.failures import failure_table
    from iterprime_xai.evaluation.failures.picking import worst_first

    rows = failure_table(run).rows.select(["sample_id", "type", "iou"]).to_pylist()
    if not rows:
        raise OptionError(f"{run.path} has no rows yet.")
    return str([*worst_first(rows), rows[0]][0]["sample_id"])


@lru_cache(maxsize=4)
def _grounder(model: str) -> Grounder:
    from iterprime_xai.systems import load

    return load(model)


@lru_cache(maxsize=4)
def _opened(path: str) -> tuple[Run, Asker]:
    """A run and its system, kept for the next sample of it."""
    from iterprime_xai.evaluation.runs.asking import Asker
    from iterprime_xai.evaluation.runs.reading import read_run

    run = read_run(path)
    return run, Asker(run)
