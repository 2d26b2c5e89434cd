"""A second, independent way to say what is true of a scene, for checking the first one against.

Everything is measured on drawings: each thing is drawn alone and its box taken from the pixels. Every word has one plain,
two-valued meaning without margins. What the package *proves* true or false must come out the same here.
"""

from __future__ import annotations

from dataclasses import replace

from iterprime_xai.data.scenes.claims import Statement
from iterprime_xai.data.scenes.generate import compose
from iterprime_xai.data.scenes.render import render
from iterprime_xai.data.scenes.scene import Scene
from iterprime_xai.data.scenes.truth import Description
from iterprime_xai.data.scenes.vocabulary import CATEGORIES, IMPLICIT, NOUN_INDEX
from iterprime_xai.records.heatmap import box_of

SIZE = 200


class Reader:
    """Reads descriptions of one scene; ``lenient`` counts unsure members of a category in."""

    def __init__(self, scene: Scene, lenient: bool) -> None:
        self.scene, self.lenient = scene, lenient
        self.boxes = []
        for thing in scene.things:
            box = box_of(render(compose([thing], scene.background, scene.atlas), SIZE).masks[0])
            assert box is not None
            self.boxes.append(tuple(edge / SIZE for edge in box))

    def centre(self, index: int) -> tuple[float, float]:
        left, top, right, bottom = self.boxes[index]
        return (left + right) / 2, (top + bottom) / 2

    def named(self, index: int, name: str) -> bool:
        noun = self.scene.things[index].noun
        if name in NOUN_INDEX:
            return noun == name
        group = CATEGORIES[name] if name in CATEGORIES else IMPLICIT[name]
        return noun in group.members or (self.lenient and noun in group.unsure)

    def placed(self, index: int, place: str) -> bool:
        x, y = self.centre(index)
        if place == "middle":
            return abs(x - 0.5) < 0.19 and abs(y - 0.5) < 0.28
        tests = {"left": x < 0.5, "right": x > 0.5, "top": y < 0.5, "bottom": y > 0.5}
        return all(tests[side] for side in place.split())

    def apart(self, one: int, other: int) -> float:
        a, b = self.boxes[one], self.boxes[other]
        across = max(0.0, max(a[0], b[0]) - min(a[2], b[2]))
        down = max(0.0, max(a[1], b[1]) - min(a[3], b[3]))
        return (across**2 + down**2) ** 0.5

    def related(self, one: int, name: str, other: int) -> bool:
        (x, y), (u, v) = self.centre(one), self.centre(other)
        if name in ("next to", "near"):
            return self.apart(one, other) < 0.16
        if name in ("in front of", "behind"):
            front, back = (one, other) if name == "in front of" else (other, one)
            return self.apart(one, other) == 0 and front > back
        return {"left of": x < u, "right of": x > u, "above": y < v, "below": y > v}[name]

    def matching(self, description: Description) -> list[int]:
        if description.order is not None:
            found = self.matching(replace(description, order=None, rank=1))
            found.sort(key=lambda index: self.rank_key(index, description.order or ""))
            return found[description.rank - 1 : description.rank]
        return [
            index
            for index, thing in enumerate(self.scene.things)
            if self.named(index, description.noun)
            and description.colour in (None, thing.colour)
            and description.size in (None, thing.size)
            and (description.place is None or self.placed(index, description.place))
            and all(
                any(
                    self.related(index, relation.name, other)
                    for other in self.matching(relation.anchor)
                    if other != index
                )
                for relation in description.relations
            )
        ]

    def rank_key(self, index: int, order: str) -> float:
        left, top, right, bottom = self.boxes[index]
        x, y = self.centre(index)
        side = max(right - left, bottom - top)
        return {"left": x, "right": -x, "top": y, "bottom": -y, "largest": -side, "smallest": side}[order]

    def holds(self, statement: Statement) -> bool:
        subject = self.matching(statement.subject)
        if statement.predicate is None:
            return len(subject) == 1 if statement.definite else bool(subject)
        fitting = set(subject) & set(self.matching(statement.predicate))
        return bool(fitting) and (len(subject) == 1 or not statement.definite)

    def nothing_fits(self, statement: Statement) -> bool:
        subject = set(self.matching(statement.subject))
        return not (subject & set(self.matching(statement.predicate)) if statement.predicate is not None else subject)
