"""The settings of a system: their names, types, defaults and meaning, and the checks of what a person gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, Literal

from iterprime_xai.records import OptionError

Kind = Literal["text", "number", "whole number", "yes or no", "model"]
"""What a value may be; a "model" is a name, or an object in memory that is used as it is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a system.

    Attributes:
        name: as in ``--set name=value``.
        kind: see :data:`Kind`.
        default: what it is in the preset "default"; ``None`` where it is found out (the meaning says how).
        meaning: one line.
        choices: the values allowed, where they are few.
        low, high: the smallest and the largest number allowed.
        optional: whether ``None`` may be given.
        source: where a published value comes from, empty otherwise.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    source: str = ""

    def check(self, system: str, value: Any) -> Any:
        """The value as the system takes it. Raises ``OptionError`` for what it does not take."""
        if value is None and self.optional:
            return None
        fits = {
            "text": isinstance(value, str),
            "number": _is_number(value),
            "whole number": isinstance(value, int) and not isinstance(value, bool),
            "yes or no": isinstance(value, bool),
            "model": value is not None and not isinstance(value, bool | int | float),
        }[self.kind]
        inside = fits and not (
            (self.choices and value not in self.choices)
            or (self.low is not None and value < self.low)
            or (self.high is not None and value > self.high)
        )
        if inside:
            return float(value) if self.kind == "number" else value
        nearest = get_close_matches(str(value), [str(each) for each in self.choices], 1) if self.choices else []
        raise OptionError(
            f"{system}: {self.name} must be {self.allowed}, but got {value!r}."
            + (f" Did you mean {nearest[0]}?" if nearest else "")
        )

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        words = {"yes or no": "true or false", "model": "a name, a folder or a model in memory"}.get(
            self.kind, f"a {self.kind}" if self.kind != "text" else "text"
        )
        if self.choices:
            words = "one of " + ", ".join(map(str, self.choices))
        elif self.low is not None and self.high is not None:
            words += f" from {self.low:g} to {self.high:g}"
        elif self.low is not None:
            words += f" of at least {self.low:g}"
        return words + (" or nothing (null)" if self.optional else "")


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked values of every setting of a system, and the names of those that were given rather than taken from a preset."""

    system: str
    values: Mapping[str, Any]
    given: frozenset[str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def preset(self) -> str:
        """Which preset fills in what was not given."""
        return self.values["preset"]

    def shown(self) -> dict[str, Any]:
        """The values without those that describe themselves elsewhere, see ``HIDDEN``."""
        return {name: value for name, value in self.values.items() if name not in HIDDEN}


def settle(
    system: str,
    settings: Iterable[Setting],
    presets: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, Any] | None,
) -> Settings:
    """Every setting's value: the given one, else the preset's, else the default.

    Raises:
        OptionError: a name that the system does not have (the nearest right one is named), or a value that it does not take.
    """
    known = {each.name: each for each in settings}
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(
            f'Settings must be a mapping such as {{"preset": "paper"}}, but got {type(given).__name__} {given!r:.40}.'
        )
    given = dict(given or {})
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise OptionError(f"{system} has no setting {name!r}. {hint}It has: {', '.join(known)}.")
    preset = known["preset"].check(system, given.get("preset", known["preset"].default))
    values = {name: each.default for name, each in known.items()} | dict(presets[preset]) | {"preset": preset}
    values |= {name: known[name].check(system, value) for name, value in given.items()}
    return Settings(system, values, frozenset(given))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


PRESETS = ("default", "paper", "paper-offline")

PRESET = Setting(
    "preset",
    "text",
    "default",
    "default: ours; paper: the released code with its parser and lexicon; paper-offline: the same with stated substitutes",
    choices=PRESETS,
)
DEVICE = Setting("device", "text", None, "cpu, cuda, mps, ...; nothing: the best that is here", optional=True)
PROPOSER = Setting(
    "proposer",
    "model",
    "classical",
    "who proposes masks when none are handed over: classical, sam:vit_h, ... (docs/methods/proposals.md)",
)
CHECKPOINT = Setting(
    "proposer_checkpoint", "text", None, "file of the proposer's weights, where it needs one (sam)", optional=True
)
HIDDEN = ("model", "captioner", "proposer", "proposer_checkpoint", "device")
"""Settings that a description leaves out of its list: what they stand for describes itself, and a device decides nothing."""

MASKS = (PROPOSER, CHECKPOINT)
"""The settings of a system's own masks."""

SET_SHARE = Setting(
    "set_share",
    "number",
    None,
    'with answer "set": a further mask needs this share of the best one\'s score; nothing: 0.5, not measured',
    low=0.0,
    high=1.0,
    optional=True,
)
