"""Systems that choose among masks by a score: what they share, from reading the picture to the grounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from iterprime_xai.data.images import Picture, read_image
from iterprime_xai.language import parse
from iterprime_xai.masks import as_proposals, select
from iterprime_xai.masks.proposer import Proposer
from iterprime_xai.masks.selection import best_first, check_answer, margin
from iterprime_xai.masks.several import SET_SHARE, several, several_reason, share_note, united
from iterprime_xai.records import Expression, Grounding, OptionError, Pass, Proposals, RankedProposal, Selection
from iterprime_xai.records.heatmap import box_of, is_blank, peak
from iterprime_xai.records.packed import areas
from iterprime_xai.records.proposals import Answer
from iterprime_xai.systems.answers import identity, version
from iterprime_xai.systems.proposing import OwnProposer
from iterprime_xai.systems.scores import Scores, score_picture
from iterprime_xai.systems.segmenter import check_texts
from iterprime_xai.systems.settings import Settings

SCORES_DRAWN = "the share of the best mask at each patch"
ONE_LOOK = "one look: this system chooses among masks"


class Scorer(Protocol):
    """What makes a system of its own: a score for every mask and phrase."""

    def score(self, picture: Picture, proposals: Proposals, expressions: Sequence[Expression]) -> list[Scores]:
        """The scores of at least one mask for each phrase; what is the same for all phrases is worked out once."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """The models, as JSON values."""
        ...

    def substitutes(self) -> Mapping[str, str]:
        """What stands in for what the released code uses, by the setting that would undo it."""
        ...


class ChoosingSystem:
    """A scorer as a :class:`~iterprime_xai.systems.segmenter.ZeroShotSegmenter`; it keeps nothing of a picture.

    Args:
        settings: checked; "abstain_below", "set_share", "proposer" and "device" are read here.
        scorer: the system's own part.
        selection: for a scorer with a heatmap, the rule of `masks.selection` that picks a mask by it; "score" for the scores.
        parser: takes a phrase apart.
    """

    def __init__(
        self,
        settings: Settings,
        scorer: Scorer,
        *,
        selection: str = "score",
        parser: Callable[[str], Expression] = parse,
    ) -> None:
        self.name = settings.system
        self.settings = settings
        self.scorer = scorer
        self.selection = selection
        self.parser = parser
        self.proposer = OwnProposer.of(settings)

    def describe(self) -> dict[str, Any]:
        return {
            "system": self.name,
            "settings": self.settings.shown(),
            **self.scorer.describe(),
            "proposer": self.proposer.describe(),
            "substitutes": dict(self.scorer.substitutes()),
        }

    def segment(self, image: Any, text: str, *, proposals: Any = None, answer: Answer = "always") -> Grounding:
        return self.segment_many(image, [text], proposals=proposals, answer=answer)[0]

    def segment_many(
        self, image: Any, texts: Sequence[str], *, proposals: Any = None, answer: Answer = "always"
    ) -> list[Grounding]:
        check_texts(texts, "segment")
        check_answer(answer)
        if proposals is False:
            raise OptionError(f"{self.name} chooses among masks, so proposals=False makes no sense; leave it out.")
        expressions = [self.parser(text) for text in texts]
        picture = read_image(image)
        masks = self._masks(picture, proposals)
        if not expressions:
            return []
        scores = self.scorer.score(picture, masks, expressions) if len(masks) else [_NOTHING] * len(expressions)
        shared = {
            "method": self.name,
            "system": self.name,
            "preset": self.settings.values.get("preset"),
            "answer": answer,
            "image": identity(picture),
            **self.scorer.describe(),
            "settings": self.settings.shown(),
            "substitutes": dict(self.scorer.substitutes()),
            "proposals": masks.source,
            "probability": "share of the best mask",
            "heat": SCORES_DRAWN,
            "version": version(),
        }
        return [
            self._conclude(picture, masks, expression, each, answer, shared)
            for expression, each in zip(expressions, scores, strict=True)
        ]

    def _masks(self, picture: Picture, proposals: Any) -> Proposals:
        if proposals is None:
            return self.proposer.propose(picture.image)
        if isinstance(proposals, Proposer):
            return proposals.propose(picture.image)
        return as_proposals(proposals, (picture.image.height, picture.image.width))

    def _conclude(
        self,
        picture: Picture,
        proposals: Proposals,
        expression: Expression,
        scores: Scores,
        answer: Answer,
        shared: Mapping[str, Any],
    ) -> Grounding:
        heatmap = score_picture(proposals.masks, scores.share) if scores.heatmap is None else scores.heatmap
        selection = self._select(proposals, scores, heatmap, answer)
        mask = united(proposals.masks, selection.chosen)
        size = (picture.image.height, picture.image.width)
        # A rule may stand another mask first than the one with the highest share: the number is that of the mask that is shown.
        first = selection.ranking[0].index if selection.ranking else None
        logits = scores.score if scores.logit is None else scores.logit
        best = 0.0 if first is None else float(scores.share[first])
        look = Pass(
            heatmap=heatmap,
            blended=heatmap,
            keep=np.ones(heatmap.shape, bool),
            logit=0.0 if first is None else float(logits[first]),
            probability=best,
            stopped=ONE_LOOK,
        )
        drawn = (
            "the heat is the picture of the scores: at each patch the best share among the masks that cover it"
            if scores.heatmap is None
            else "the heat is the system's own map"
        )
        shared_out = "" if self.selection == "score" else " of the mean inside each, by which it was not chosen,"
        return Grounding(
            image=picture.image,
            expression=expression,
            heatmap=heatmap,
            passes=(look,),
            box=None if mask is None else box_of(mask),
            point=None if is_blank(heatmap) else peak(heatmap, size),
            proposals=proposals,
            selection=selection,
            mask=mask,
            trace=(
                *picture.notes,
                f"system {self.name}, preset {self.settings.values.get('preset')}",
                *(f"{said}" for said in self.scorer.substitutes().values()),
                *scores.notes,
                f"{len(proposals)} proposals from {proposals.source}",
                f"{drawn}; the best mask's share{shared_out} is {best:.4f}",
                *self._answer_notes(scores, answer),
                selection.reason,
            ),
            parameters={**shared, "evidence": None if scores.evidence is None else float(scores.evidence)}
            | ({} if scores.heatmap is None else {"heat": "the system's own map"}),
        )

    def _select(self, proposals: Proposals, scores: Scores, heatmap: np.ndarray, answer: Answer) -> Selection:
        if self.selection != "score":
            return select(
                proposals,
                heatmap,
                rule=self.selection,
                answer=answer,
                probability=scores.evidence,
                abstain_below=self._threshold(-np.inf),
                set_share=self._set_share,
                figure=scores.evidence_name,
            )
        if not len(proposals):
            return Selection((), None, 0.0, self.name, "there are no proposals to choose from")
        order = best_first(scores.score, proposals.scores, areas(proposals.masks)).tolist()
        ranking = tuple(
            RankedProposal(
                index,
                float(scores.score[index]),
                {name: float(values[index]) for name, values in scores.terms.items()}
                | {"share": float(scores.share[index])},
            )
            for index in order
        )
        by_share = tuple(RankedProposal(index, float(scores.share[index]), {}) for index in order)
        sure = margin(by_share, proposals)
        limit, reason = self._threshold(None), scores.reason
        if answer != "always" and limit is not None and scores.evidence is not None and scores.evidence < limit:
            reason = f"abstained: the {scores.evidence_name} {scores.evidence:.3f} is below {limit:g}"
            return Selection(ranking, None, sure, self.name, reason)
        further: tuple[int, ...] = ()
        if answer == "set":
            top = by_share[0].score
            relative = [each.score / top if top > 0 else 0.0 for each in by_share]
            further = several(order, relative, proposals.masks, self._set_share)
            reason = f"{reason}; {several_reason(len(further), self._set_share)}"
        return Selection(ranking, order[0], sure, self.name, reason, further)

    def _threshold(self, otherwise: Any) -> Any:
        limit = self.settings.values.get("abstain_below")
        return otherwise if limit is None else limit

    @property
    def _set_share(self) -> float:
        share = self.settings.values.get("set_share")
        return SET_SHARE if share is None else share

    def _answer_notes(self, scores: Scores, answer: Answer) -> tuple[str, ...]:
        if answer == "always":
            return ()
        limit = self._threshold(None)
        never = "never abstains" if self.selection == "score" else "abstains from a blank map alone"
        if scores.evidence is None:
            said = f"{never}: this system has no figure that says whether the target is there"
        elif limit is None:
            said = (
                f"{never}: no threshold of the {scores.evidence_name} (here {scores.evidence:.3f}) was measured for this "
                "model; give one with abstain_below"
            )
        else:
            said = f"may abstain below a {scores.evidence_name} of {limit:g}"
        return (said, share_note(self.settings.values.get("set_share"))) if answer == "set" else (said,)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in self.settings.values.items())})"


_EMPTY = np.zeros(0)
_NOTHING = Scores(_EMPTY, _EMPTY, {}, "there are no proposals to choose from")
