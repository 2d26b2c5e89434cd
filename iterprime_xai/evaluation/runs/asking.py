"""Asking the run's own system again: another phrase, layer or method on the picture that is looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from iterprime_xai.records.errors import OptionError

if TYPE_CHECKING:
    from iterprime_xai.evaluation.failures.case import Case
    from iterprime_xai.evaluation.runs.reading import Run
    from iterprime_xai.records import Grounding
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter


class Asker:
    """A run's system, made when it is first asked.

    Args:
        run: the run.
        system: the system in memory; ``None`` makes it again from what the manifest says was asked for.
    """

    def __init__(self, run: Run, system: ZeroShotSegmenter | None = None) -> None:
        self.run = run
        self._given = system

    def ask(self, case: Case, text: str, *, method: str = "", layer: int | None = None) -> Grounding:
        """Ground a phrase in a case's picture, as the run did: among the proposals that it kept, or made again as it made them.

        Args:
            case: the sample that is looked at.
            text: any phrase.
            method: a way to look, see :attr:`methods`; empty: as the run looked.
            layer: the text layer to read; ``None``: as the run did.

        Raises:
            OptionError: a picture that cannot be shown, a system that cannot be made again, or a method that it does not take.
            StorageError: annotated masks that the run did not keep, and whose data set cannot be read. Errors of the system.
        """
        if case.image is None:
            raise OptionError(f"There is no picture to look at: {case.problem}")
        proposals, answer = self.proposals(case), case.row["answer"]
        system = self.system
        if not method and layer is None:
            return system.segment(case.image, text, proposals=proposals, answer=answer)
        from iterprime_xai.systems.iterprime import GrounderSystem

        if not isinstance(system, GrounderSystem):
            raise OptionError(f"{system.name} has no layers or methods to choose from; leave both as the run had them.")
        return system.grounder.ground(
            case.image,
            text,
            method=method or "gradcam",
            layer=system.settings["layer"] if layer is None else layer,
            recipe=system.recipe,
            proposals=system.proposer.made() if proposals is None else proposals,
            answer=answer,
        )

    @cached_property
    def system(self) -> ZeroShotSegmenter:
        """The system, loaded. Raises ``OptionError`` where the manifest names none of the registry."""
        if self._given is not None:
            return self._given
        from iterprime_xai.systems import load_system, system_names

        asked = self.run.manifest.asked
        if asked["system"] not in system_names():
            raise OptionError(
                f"The run was made by {asked['system']!r}, which is no system by name: give it to explore(run, system=...)."
            )
        return load_system(asked["system"], asked["settings"])

    @property
    def methods(self) -> list[str]:
        """Ways to look that can be asked for instead of the run's own; none for systems without a matcher of their own."""
        from iterprime_xai.saliency.methods import METHODS

        return list(METHODS) if self.looks else []

    @property
    def layers(self) -> int:
        """How many text layers can be chosen from; 0 for systems without a matcher of their own."""
        model = self.run.manifest.decides["system"].get("model") or {}
        return int(model.get("text_layers") or 0) if self.looks else 0

    @property
    def looks(self) -> bool:
        """Whether the system reads text layers with cross-attention, so that another layer or method can be asked for."""
        return (self._given is not None and hasattr(self._given, "grounder")) or self.run.manifest.asked["system"] in (
            "iterprime",
            "gradcam",
        )

    def proposals(self, case: Case) -> Any:
        """The masks that the run chose among for a case, or what made them; ``None`` for the system's own proposer."""
        kept = None if case.grounding is None else case.grounding.proposals
        asked = self.run.manifest.asked
        if kept is not None or asked["proposals"] is None:
            return kept
        if asked["proposals"] != "gold":
            return self._proposer
        from iterprime_xai.masks.gold import annotated_proposals

        return annotated_proposals(self.run.sample(case.row))

    @cached_property
    def _proposer(self) -> Any:
        from iterprime_xai.masks.proposers import load_proposer

        asked = self.run.manifest.asked
        return load_proposer(asked["proposals"], **asked["proposer_options"])
