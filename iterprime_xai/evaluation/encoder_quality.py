"""How well a dual encoder knows drawn scenes: retrieval, names of things cut out, and which of them a phrase means.

Three questions, all by cosine: which of 32 captions is a picture's and which of 32 pictures a caption's; what noun and colour a
thing has that its gold mask cuts out; and which of a scene's things, cut out by their gold masks, a phrase means. The last is
what the systems that choose among masks ask of CLIP.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.captions import scene_caption
from iterprime_xai.data.scenes.cut_out import BACKGROUNDS, cut_out
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import expressions
from iterprime_xai.data.scenes.generate import generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.samples import PER_SCENE, SIZE
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.statements import holds
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS, SPLITS
from iterprime_xai.evaluation.bootstrap import Interval, interval

GROUP = 32
"""Pictures and captions among which one is looked for."""

Pictures = Callable[[Sequence[Image.Image]], np.ndarray]
Texts = Callable[[Sequence[str]], np.ndarray]
"""Vectors (n, width) of pictures or texts; they are normalised here."""


@dataclass(frozen=True, slots=True)
class EncoderRow:
    """One figure: what was asked (``question``, ``detail``), the share of right answers, chance, and how many were asked."""

    split: str
    question: str
    detail: str
    share: Interval
    chance: float
    count: int


@dataclass
class _Answers:
    """Right and wrong answers with their pictures and the chance of each, by question and detail."""

    rows: dict[tuple[str, str], list[tuple[float, Hashable, float]]] = field(default_factory=dict)

    def add(self, question: str, detail: str, right: bool, picture: Hashable, chance: float) -> None:
        self.rows.setdefault((question, detail), []).append((float(right), picture, chance))

    def table(self, split: str, seed: int) -> list[EncoderRow]:
        return [
            EncoderRow(
                split,
                *key,
                interval([each[0] for each in rows], [each[1] for each in rows], seed),
                float(np.mean([each[2] for each in rows])),
                len(rows),
            )
            for key, rows in self.rows.items()
        ]


def encoder_rows(pictures: Pictures, texts: Texts, split: str, scenes: int, seed: int = 0) -> list[EncoderRow]:
    """All figures of a split on its first ``scenes`` scenes, those of the published samples; 95 % intervals over pictures."""
    answers = _Answers()
    drawn = [generate(seed, index, split) for index in range(scenes)]
    whole: list[np.ndarray] = []
    words = _Words(texts)
    for index, scene in enumerate(drawn):
        picture = render(scene, SIZE)
        cuts = [cut_out(picture.image, mask, ground) for ground in BACKGROUNDS for mask in picture.masks]
        vectors = unit(pictures([Image.fromarray(picture.image), *cuts]))
        whole.append(vectors[0])
        told = expressions(scene, Dice(seed, SPLITS.index(split), index, 1), PER_SCENE)
        for ground, things in zip(
            BACKGROUNDS, vectors[1:].reshape(len(BACKGROUNDS), len(scene.things), -1), strict=True
        ):
            _names(answers, words, scene, things, ground, index)
            _meant(answers, words, scene, things, ground, index)
            for expression in told:
                right = int((things @ words.vector(expression.text)).argmax()) == expression.target
                chance = 1 / len(things)
                for detail in ("all kinds", expression.kind):
                    answers.add(f"expression -> thing, {ground}", detail, right, index, chance)
    retrieval(answers, drawn, np.stack(whole), unit(texts([scene_caption(scene).text for scene in drawn])))
    return answers.table(split, seed)


class _Words:
    """Unit vectors of the names of things, worked out once, and of any other text."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.nouns = unit(texts([noun.name for noun in NOUNS]))
        self.prompted = unit(texts([f"a photo of a {noun.name}" for noun in NOUNS]))
        self.colours = unit(texts([f"{colour} thing" for colour in COLOURS]))
        self.both = unit(texts([f"{colour} {noun.name}" for noun in NOUNS for colour in COLOURS]))

    def vector(self, text: str) -> np.ndarray:
        """Unit vector of a text."""
        return unit(self._texts([text]))[0]


def _names(answers: _Answers, words: _Words, scene: Scene, things: np.ndarray, ground: str, picture: Hashable) -> None:
    """What every thing that was cut out is called: among all nouns, all colours, and all nouns of a colour."""
    names = [noun.name for noun in NOUNS]
    nouns, colours, both = ((things @ each.T).argmax(1) for each in (words.nouns, words.colours, words.both))
    prompted = (things @ words.prompted.T).argmax(1)
    for place, thing in enumerate(scene.things):
        noun, colour = names.index(thing.noun), COLOURS.index(thing.colour)
        question = f"thing -> name, {ground}"
        answers.add(question, "noun", bool(nouns[place] == noun), picture, 1 / len(names))
        answers.add(question, 'noun, "a photo of"', bool(prompted[place] == noun), picture, 1 / len(names))
        answers.add(question, "colour", bool(colours[place] == colour), picture, 1 / len(COLOURS))
        right = bool(both[place] == noun * len(COLOURS) + colour)
        answers.add(question, "colour and noun", right, picture, 1 / (len(names) * len(COLOURS)))


def _meant(answers: _Answers, words: _Words, scene: Scene, things: np.ndarray, ground: str, picture: Hashable) -> None:
    """Which thing of the scene its own noun, and its colour and noun, mean where they are the only such."""
    names = [noun.name for noun in NOUNS]
    looks = [(thing.noun, thing.colour) for thing in scene.things]
    for place, (noun, colour) in enumerate(looks):
        chance, question = 1 / len(looks), f"name -> thing, {ground}"
        if [each for each, _ in looks].count(noun) == 1:
            found = int((things @ words.nouns[names.index(noun)]).argmax())
            answers.add(question, "noun", found == place, picture, chance)
        if looks.count((noun, colour)) == 1:
            row = names.index(noun) * len(COLOURS) + COLOURS.index(colour)
            found = int((things @ words.both[row]).argmax())
            answers.add(question, "colour and noun", found == place, picture, chance)


def retrieval(answers: _Answers, scenes: Sequence[Scene], pictures: np.ndarray, captions: np.ndarray) -> None:
    """Pictures and captions of whole groups of ``GROUP`` scenes find each other; what is left over is not asked.

    A caption that another scene of the group does not prove false is no rival there.
    """
    for start in range(0, len(scenes) - GROUP + 1, GROUP):
        rows = range(start, start + GROUP)
        told = [scene_caption(scenes[row]) for row in rows]
        rival = np.array(
            [
                [
                    place != other and any(holds(scenes[row], claim) is False for claim in told[other].claims)
                    for other in range(GROUP)
                ]
                for place, row in enumerate(rows)
            ]
        )
        scores = pictures[start : start + GROUP] @ captions[start : start + GROUP].T
        own = np.diag(scores)
        by_picture = own > np.where(rival, scores, -np.inf).max(1)
        by_caption = own > np.where(rival, scores, -np.inf).max(0)
        for place, row in enumerate(rows):
            answers.add(
                "retrieval",
                f"picture -> its caption of {GROUP}",
                bool(by_picture[place]),
                row,
                1 / (1 + rival[place].sum()),
            )
            answers.add(
                "retrieval",
                f"caption -> its picture of {GROUP}",
                bool(by_caption[place]),
                row,
                1 / (1 + rival[:, place].sum()),
            )


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1, float64."""
    found = np.asarray(vectors, np.float64)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def encoder_markdown(rows: Sequence[EncoderRow]) -> str:
    """One line a question, one column a split, beside chance and the number of answers (of the first split)."""
    from iterprime_xai.evaluation.tables import markdown

    splits = list(dict.fromkeys(row.split for row in rows))
    questions, details = (list(dict.fromkeys(getattr(row, name) for row in rows)) for name in ("question", "detail"))
    keys = sorted(
        {(row.question, row.detail) for row in rows}, key=lambda key: (questions.index(key[0]), details.index(key[1]))
    )
    found = {(row.question, row.detail, row.split): row for row in rows}
    body = []
    for key in keys:
        first = next(found[(*key, split)] for split in splits if (*key, split) in found)
        shares = [str(found[(*key, split)].share) if (*key, split) in found else "-" for split in splits]
        body.append([f"{key[0]}: {key[1]}", *shares, f"{first.chance:.3f}", str(first.count)])
    return markdown(["question", *splits, "chance", "answers"], body)
