"""A data set and a system without a model, small enough to be worked out by hand and to be sent to other processes."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from pathlib import Path

import numpy as np
from PIL import Image

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.records import (
    Expression,
    Grounding,
    Pass,
    PhraseError,
    Proposals,
    RankedProposal,
    Sample,
    Selection,
    SpatialCue,
    StorageError,
    Word,
    WordMap,
)
from iterprime_xai.records.heatmap import box_of, peak

HEIGHT, WIDTH = 12, 16


def expression_of(text: str) -> Expression:
    """Every word a content word, the last one primary; "left" is a spatial cue."""
    words, start = [], 0
    for word in text.split():
        at = text.index(word, start)
        start = at + len(word)
        words.append(Word(word, (at, start), True, "NOUN"))
    cues = tuple(SpatialCue(each.text, each.span, "absolute", "left") for each in words if each.text == "left")
    return Expression(text, tuple(words), len(words) - 1, words[-1].span, cues, False, "stand-in", 0.5)


def rectangle(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


class ToySet:
    """``count`` pictures with ``each`` phrases; gold is the left half's middle, with one other thing on the right.

    ``broken`` numbers pictures that cannot be read, ``missing`` those without a gold mask, ``empty`` those whose
    phrases mean nothing.
    Phrases of the pictures in ``bad`` make the system fail.
    """

    def __init__(self, count=6, each=2, *, broken=(), missing=(), empty=(), bad=(), split="val", name="toy:val"):
        self.name, self.count, self.each, self.split = name, count, each, split
        self.broken, self.missing, self.empty, self.bad = map(frozenset, (broken, missing, empty, bad))

    def describe(self):
        return {"data": "toy", "split": self.split, "count": self.count, "each": self.each}

    def pictures(self):
        return [
            PictureEntry(f"image-{number}", tuple(f"{number}-{place}" for place in range(self.each)))
            for number in range(self.count)
        ]

    def samples_of(self, entry):
        number = int(entry.image_id.rpartition("-")[2])
        if number in self.broken:
            raise StorageError(f"There is no picture {number}.")
        pixels = np.random.default_rng(number).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        image = Image.fromarray(pixels)
        found = []
        for place, name in enumerate(entry.sample_ids):
            mask = rectangle(0, 0, 0, 0) if number in self.empty else rectangle(2, 2, 6, 10)
            text = f"bad thing {place}" if number in self.bad and place == 0 else f"left thing {place}"
            found.append(
                Sample(
                    name,
                    image,
                    text,
                    None if number in self.missing else mask,
                    (rectangle(10, 2, 14, 10),),
                    ("other thing",),
                    {"split": self.split, "kind": "even" if number % 2 == 0 else "odd", "category": "thing"},
                )
            )
        return found


class ToySystem:
    """Answers with one of two masks, by a hash of picture and phrase; fails for a phrase that begins with "bad".

    ``pause`` seconds pass with every picture. While the file ``lethal`` holds a digit above 0, the next picture takes one away
    and ends its process.
    """

    def __init__(self, name="toy", setting=1, pause=0.0, lethal: Path | None = None, abstain_below=None):
        self.name, self.setting, self.pause, self.lethal, self.abstain_below = (
            name,
            setting,
            pause,
            lethal,
            abstain_below,
        )

    def describe(self):
        return {"setting": self.setting, "settings": {"abstain_below": self.abstain_below}}

    def segment(self, image, text, *, proposals=None, answer="always"):
        return self.segment_many(image, [text], proposals=proposals, answer=answer)[0]

    def segment_many(self, image, texts, *, proposals=None, answer="always"):
        self._die()
        time.sleep(self.pause)
        if any(text.startswith("bad") for text in texts):
            raise PhraseError("That is a bad phrase.")
        if proposals is None:
            masks = np.stack([rectangle(2, 2, 6, 8), rectangle(10, 2, 14, 10), rectangle(0, 0, 16, 12)])
            proposals = Proposals(masks, np.array([0.9, 0.8, 0.1], np.float32), "toy proposals")
        return [self._ground(image, text, proposals, answer) for text in texts]

    def _ground(self, image, text, proposals, answer):
        digest = hashlib.sha256(image.tobytes() + text.encode()).digest()
        seed = np.random.default_rng(list(digest[:8]))
        heat = (seed.random((3, 4)) * 1e-10).astype(np.float32)
        chosen = digest[8] % 2 if len(proposals) > 1 else 0
        probability = digest[9] / 255
        if answer != "always" and self.abstain_below is not None and probability < self.abstain_below:
            chosen = None
        expression = expression_of(text)
        words = tuple(WordMap(word.text, word.span, heat * (place + 1)) for place, word in enumerate(expression.words))
        look = Pass(heat, heat, np.ones((3, 4), bool), 2 * probability - 1, probability, words, True, "one look")
        ranking = tuple(
            RankedProposal(index, 1.0 - 0.25 * rank, {"heat": 0.5 - 0.125 * rank, "prior": 2.0})
            for rank, index in enumerate(sorted(range(len(proposals)), key=lambda index: index != chosen)[:2])
        )
        mask = None if chosen is None else proposals.masks[chosen]
        return Grounding(
            image=image,
            expression=expression,
            heatmap=heat,
            passes=(look,),
            box=None if mask is None else box_of(mask),
            point=peak(heat, (HEIGHT, WIDTH)),
            proposals=proposals,
            selection=Selection(ranking, chosen, 0.25, "toy", "by its hash"),
            mask=mask,
            trace=("looked once",),
            parameters={},
        )

    def _die(self):
        if self.lethal is None:
            return
        try:
            left = int(self.lethal.read_text() or "0")
        except OSError:
            return
        if left > 0:
            self.lethal.write_text(str(left - 1))
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


def rows_of(run):
    """Every row without its timing and the run's key."""
    return [
        {name: value for name, value in row.items() if not name.startswith("seconds_") and name != "run_key"}
        for row in run
    ]
