"""Whether what a captioner says of drawn scenes is true: every clause is read back and put to the scene."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render_image
from iterprime_xai.data.scenes.statements import holds
from iterprime_xai.data.scenes.truth import Description, find
from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.evaluation.caption_reading import read_claims

if TYPE_CHECKING:
    from iterprime_xai.data.scenes.scene import Scene

Say = Callable[[Image.Image], str]
"""picture -> sentence."""

SIZE = 336
"""Side of a scene's picture in pixels."""


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """How true the captions of a split are.

    ``true``: share of captions whose every clause the scene proves true. ``bearable``: of which no clause is proved false (people
    might disagree about the others). Captions that cannot be read count as neither. ``things``: of all things named, with their
    colours and sizes, the share that is in the picture. ``stands``: of the relations and places told of things that are there, the
    share that the scene proves true. ``unread``: share of captions that cannot be read. ``words``: their mean length.
    """

    split: str
    true: Interval
    bearable: Interval
    things: Interval
    stands: Interval
    unread: float
    words: float
    count: int


def caption_row(say: Say, split: str, count: int, seed: int = 0) -> CaptionRow:
    """Have ``count`` scenes of a split told, and judge what was said; 95 % intervals over pictures."""
    scenes = (generate(seed, index, split) for index in range(count))
    return judge(split, ((scene, say(Image.fromarray(render_image(scene, SIZE)))) for scene in scenes), seed)


def judge(split: str, told: Iterable[tuple[Scene, str]], seed: int = 0) -> CaptionRow:
    """The row for scenes and what was said of each."""
    pictures: list[str] = []
    true: list[float] = []
    bearable: list[float] = []
    things: list[tuple[str, float]] = []
    stands: list[tuple[str, float]] = []
    unread, words = 0, 0
    for scene, text in told:
        claims = read_claims(text)
        answers = [holds(scene, claim) for claim in claims or ()]
        pictures.append(scene.name)
        true.append(float(bool(answers) and all(answer is True for answer in answers)))
        bearable.append(float(bool(answers) and not any(answer is False for answer in answers)))
        unread += claims is None
        words += len(text.split())
        for claim in claims or ():
            for thing in named(claim):
                things.append((scene.name, float(bool(find(scene, thing)))))
            for part in standings(claim):
                if all(find(scene, thing) for thing in named(part)):
                    stands.append((scene.name, float(holds(scene, part) is True)))
    total = max(1, len(pictures))
    return CaptionRow(
        split,
        interval(true, pictures, seed),
        interval(bearable, pictures, seed),
        _mean(things, seed),
        _mean(stands, seed),
        unread / total,
        words / total,
        len(pictures),
    )


def named(claim: Statement) -> tuple[Description, ...]:
    """The things that a claim names, each by noun, colour and size alone."""
    parts = [claim.subject, *([claim.predicate] if claim.predicate is not None else [])]
    found: list[Description] = []
    while parts:
        part = parts.pop(0)
        found.append(Description(part.noun, part.colour, part.size))
        parts += [relation.anchor for relation in part.relations]
    return tuple(found)


def standings(claim: Statement) -> tuple[Statement, ...]:
    """The relations and places that a claim tells, one by one: that there is a thing which stands so."""
    told: list[Statement] = []
    for part in (claim.subject, *([claim.predicate] if claim.predicate is not None else [])):
        thing = part if part.noun != "thing" or claim.predicate is None else claim.subject
        plain = Description(thing.noun, thing.colour, thing.size)
        if part.place is not None:
            told.append(Statement(Description(plain.noun, plain.colour, plain.size, part.place), definite=False))
        for relation in part.relations:
            one = Description(plain.noun, plain.colour, plain.size, relations=(relation,))
            told.append(Statement(one, definite=False))
    return tuple(told)


def _mean(values: Sequence[tuple[str, float]], seed: int) -> Interval:
    return interval([value for _, value in values], [picture for picture, _ in values], seed)
