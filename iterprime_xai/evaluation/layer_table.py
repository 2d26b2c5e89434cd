"""What was measured of every layer: the rule that picks one, the table as text and JSON, and the profile that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import fill
from typing import Any

from iterprime_xai.evaluation.bootstrap import Interval
from iterprime_xai.evaluation.heat import HeatRow
from iterprime_xai.evaluation.measures.summing_up import interval_json, percent, text_table
from iterprime_xai.models.profiles import Profile
from iterprime_xai.records.errors import OptionError

RULE = (
    "The single layer with the most peaks on the object. Layers whose paired difference from it has an interval that reaches 0 are "
    "tied with it: among them the one with the most heat in the object, a layer where words have no heat of their own only if "
    "all are such, and of equal ones the higher, since fewer layers are differentiated for it."
)
"""How a layer is picked."""

_WIDE = 100
"""Columns of a terminal that sentences are broken to; tables may be wider."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer, or a set of several, measured.

    ``rows``: for all expressions, then for each kind; see `heat.HeatRow`. ``behind``: share of peaks of the best single layer less
    this one's, paired by expression. ``wordless`` counts looks in which no token but the first has any heat here, as in a stock
    text encoder's last layer.
    """

    layers: tuple[int, ...]
    rows: tuple[HeatRow, ...]
    behind: Interval
    wordless: int
    count: int

    @property
    def name(self) -> str:
        """ "layer 3" or "layers 2+3"."""
        return f"layer{'s' if len(self.layers) > 1 else ''} {'+'.join(map(str, self.layers))}"

    @property
    def whole(self) -> HeatRow:
        """The row of all expressions."""
        return self.rows[0]

    @property
    def tied(self) -> bool:
        """Whether the data cannot tell its share of peaks from the best single layer's."""
        return self.behind.low <= 0


def chosen_row(rows: Sequence[LayerRow]) -> LayerRow:
    """The row of the layer that ``RULE`` picks."""
    tied = [row for row in rows if len(row.layers) == 1 and row.tied]
    speaking = [row for row in tied if row.wordless < row.count]
    return max(speaking or tied, key=lambda row: (round(row.whole.heat.mean, 9), row.layers[0]))


@dataclass(frozen=True, slots=True)
class LayerTable:
    """Every layer of ``model`` that looks, measured on ``data`` by the first look of ``recipe``.

    ``chosen`` is the layer that `RULE` picks. ``left_out`` names expressions that were not measured, and why. ``wrong_split`` is
    true where the samples are of a named split that is not val.
    """

    model: str
    data: str
    splits: tuple[str, ...]
    recipe: str
    rows: tuple[LayerRow, ...]
    chosen: int
    count: int
    left_out: tuple[str, ...] = ()
    wrong_split: bool = False

    def row(self, *layers: int) -> LayerRow:
        """The row of a layer or set. Raises ``OptionError`` for one that was not measured."""
        for each in self.rows:
            if each.layers == layers:
                return each
        known = ", ".join(each.name for each in self.rows)
        raise OptionError(f"Expected layers that were measured ({known}), but got {layers}.")

    @property
    def points(self) -> bool:
        """Whether the chosen layer's peaks lie on the object more often than a random point would."""
        whole = self.row(self.chosen).whole
        return whole.peak.low > whole.area

    @property
    def sentence(self) -> str:
        """What the choice rests on: data, count and figure."""
        best = self.row(self.chosen).whole
        singles = sum(len(row.layers) == 1 for row in self.rows)
        return (
            f"best of {singles} layers on {self.data}, {self.count} expressions: peak on the object in {percent(best.peak)} %, "
            f"recipe {self.recipe}, first look"
        )

    def profile(self, base: Profile, command: str = "") -> Profile:
        """``base`` with the chosen layer, and ``validated`` naming data, count, figure and the ``command`` that made it.

        Raises ``OptionError`` where samples were not of a val split, or where the chosen layer points no better than chance.
        """
        if self.wrong_split:
            raise OptionError(
                f"No profile is made from {self.data}, which is split {', '.join(self.splits)}: a layer is chosen on val only."
            )
        if not self.points:
            whole = self.row(self.chosen).whole
            raise OptionError(
                f"No profile is made: even layer {self.chosen}, the best, points at the object in {percent(whole.peak)} % of "
                f"{self.count} expressions, and a random point lies on it in {100 * whole.area:.1f} %. Measure more, or other data."
            )
        said = self.sentence + (f"; made by `{command}`" if command else "")
        return replace(base, layer=self.chosen, validated=said, source="")

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON values; shares from 0 to 1."""
        return {
            "model": self.model,
            "data": self.data,
            "splits": list(self.splits),
            "recipe": self.recipe,
            "rule": RULE,
            "chosen": self.chosen,
            "points": self.points,
            "count": self.count,
            "left_out": list(self.left_out),
            "rows": [
                {
                    "layers": list(row.layers),
                    "behind": interval_json(row.behind),
                    "wordless": row.wordless,
                    "kinds": [
                        {
                            "kind": each.kind,
                            "peak": interval_json(each.peak),
                            "heat": interval_json(each.heat),
                            "area": each.area,
                            "guess": each.guess,
                            "blank": each.blank,
                            "count": each.count,
                        }
                        for each in row.rows
                    ],
                }
                for row in self.rows
            ],
        }

    def cells(self) -> list[list[str]]:
        """A line a layer, and one for a random point and a flat map: name, peak on object, behind the best, heat in object (all in
        percent), blank maps, and looks in which no word has heat."""
        lines = [
            [
                row.name,
                percent(row.whole.peak),
                percent(row.behind),
                percent(row.whole.heat),
                str(row.whole.blank),
                str(row.wordless),
            ]
            for row in self.rows
        ]
        chance = f"{100 * self.rows[0].whole.area:.1f}"
        return [*lines, ["a random point, a flat map", chance, "", chance, "", ""]]

    def __str__(self) -> str:
        head = ["", "peak on object", "behind the best", "heat in object", "blank", "no word"]
        picked = [row.layers == (self.chosen,) for row in self.rows] + [False]
        body = [
            [("* " if bold else "  ") + name, *rest] for (name, *rest), bold in zip(self.cells(), picked, strict=True)
        ]
        lines = [
            f"{self.model} on {self.data}: {self.count} expressions, recipe {self.recipe}, first look",
            "",
            _trimmed(text_table(head, body)),
            "",
            "Percent, with 95 % intervals from a bootstrap over pictures. A blank map has no peak: a miss. No word: looks in which "
            "only the first token has heat.",
        ]
        if any(len(row.layers) > 1 for row in self.rows):
            lines.append(
                "Sets: the mean of the layers' maps, each divided by its maximum first. A profile names a single layer."
            )
        kinds = [each.kind for each in self.rows[0].rows[1:] if each.kind]
        if kinds:
            by_kind = [[row.name, *(f"{100 * each.peak.mean:.1f}" for each in row.rows[1:])] for row in self.rows]
            counts = [f"{each.kind or '-'} ({each.count})" for each in self.rows[0].rows[1:]]
            lines += ["", text_table(["peak on object", *counts], by_kind)]
        lines += ["", f"Picked: layer {self.chosen}. {RULE}"]
        if not self.points:
            lines.append("note: even that layer points no better than a random point; do not trust its maps.")
        if self.left_out:
            lines.append(f"note: {len(self.left_out)} expressions were left out, the first: {self.left_out[0]}")
        if self.splits == ("",):
            lines.append("note: these samples name no split; report no results on what a layer was chosen on.")
        return "\n".join(each if "\n" in each else fill(each, _WIDE, break_long_words=False) for each in lines)


def _trimmed(table: str) -> str:
    return "\n".join(line.rstrip() for line in table.splitlines())
