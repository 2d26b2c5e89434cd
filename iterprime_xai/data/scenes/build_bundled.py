"""Draws the ready sample of the package; needed only when the scenes change, never at run time.

Run as ``python -m iterprime_xai.data.scenes.build_bundled``.
"""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes.bundled import FOLDER
from iterprime_xai.data.scenes.dice import Dice
from iterprime_xai.data.scenes.expressions import SceneExpression, expressions
from iterprime_xai.data.scenes.generate import compose, generate
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.samples import SIZE
from iterprime_xai.data.scenes.scene import Background, Scene, Thing
from iterprime_xai.data.scenes.truth import Description, Relation, referent

TREE = Description(noun="tree")
FIRST = compose(
    (
        Thing("tree", "green", "large", 0.5, 0.38, 0.43),
        Thing("bike", "red", "medium", 0.19, 0.6, 0.28),
        Thing("bike", "blue", "medium", 0.81, 0.66, 0.28, flipped=True),
        Thing("dog", "orange", "small", 0.47, 0.82, 0.18),
        Thing("bird", "white", "small", 0.84, 0.2, 0.16),
    ),
    Background("gradient", ((150, 184, 196), (196, 206, 168)), 12),
)
SAID: tuple[tuple[str, str, tuple[tuple[str, Description], ...], Description], ...] = (
    (
        "the bike left of the tree",
        "relation",
        (("tree", TREE),),
        Description(noun="bike", relations=(Relation("left of", TREE),)),
    ),
    (
        "the bike right of the tree",
        "relation",
        (("tree", TREE),),
        Description(noun="bike", relations=(Relation("right of", TREE),)),
    ),
    ("red bike", "attribute", (), Description(noun="bike", colour="red")),
    ("bike on the right", "position", (), Description(noun="bike", place="right")),
    ("the dog", "category", (), Description(noun="dog")),
    ("something that flies", "implicit", (), Description(noun="fly")),
)
CHOSEN: tuple[tuple[str, int], ...] = (
    ("val", 33),
    ("val", 26),
    ("val", 60),
    ("val", 25),
    ("val", 39),
    ("val", 22),
    ("val", 9),
    ("testB", 50),
    ("testB", 12),
    ("ood", 39),
    ("ood", 3),
)
SEED = 7


def by_hand() -> list[SceneExpression]:
    """The expressions of the first scene, proved like any other."""
    found = []
    for text, kind, contexts, description in SAID:
        target = referent(FIRST, description)
        pointed = [(word, referent(FIRST, anchor)) for word, anchor in contexts]
        assert None not in (target, *(index for _, index in pointed)), text
        primary = "something" if kind == "implicit" else description.noun
        found.append(SceneExpression(text, target, kind, primary, tuple(pointed), description))  # type: ignore[arg-type]
    return found


def write(number: int, scene: Scene, said: list[SceneExpression]) -> dict:
    """Write picture and label map of one scene, and return its entry for the list."""
    name = f"scene-{number:02d}"
    drawn = render(scene, SIZE)
    labels = np.zeros((SIZE, SIZE), np.uint8)
    for index, mask in enumerate(drawn.masks):
        labels[mask] = index + 1
    Image.fromarray(drawn.image).save(FOLDER / f"{name}.png", optimize=True)
    Image.fromarray(labels).save(FOLDER / f"{name}-labels.png", optimize=True)
    return {
        "id": name,
        "image": f"{name}.png",
        "labels": f"{name}-labels.png",
        "split": scene.split,
        "things": [{"noun": thing.noun, "colour": thing.colour, "size": thing.size} for thing in scene.things],
        "expressions": [
            {
                "text": each.text,
                "target": each.target,
                "kind": each.kind,
                "primary": each.primary,
                "contexts": [list(context) for context in each.contexts],
            }
            for each in said
        ],
    }


def main() -> None:
    """Write ``assets/scenes``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries = [write(1, FIRST, by_hand())]
    for number, (split, index) in enumerate(CHOSEN, start=2):
        scene = generate(SEED, index, split)
        entries.append(write(number, scene, expressions(scene, Dice(SEED, index, 5), 4)))
    text = json.dumps({"scenes": entries}, indent=1, ensure_ascii=False)
    (FOLDER / "scenes.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
