"""How many pictures, things and expressions the published data sets have, for telling a whole copy from a broken one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one split; ``None`` where no figure is known."""

    images: int | None
    refs: int | None
    expressions: int | None


PUBLISHED: dict[str, dict[str, Counts]] = {
    "refcoco@unc": {
        "train": Counts(16_994, 42_404, 120_624),
        "val": Counts(1_500, 3_811, 10_834),
        "testA": Counts(750, 1_975, 5_657),
        "testB": Counts(750, 1_810, 5_095),
    },
    "refcoco@google": {
        "train": Counts(19_213, 40_000, None),
        "val": Counts(4_559, 5_000, None),
        "test": Counts(4_527, 5_000, None),
    },
    "refcoco+@unc": {
        "train": Counts(16_992, 42_278, 120_191),
        "val": Counts(1_500, 3_805, 10_758),
        "testA": Counts(750, 1_975, 5_726),
        "testB": Counts(750, 1_798, 4_889),
    },
    "refcocog@umd": {
        "train": Counts(None, 42_226, None),
        "val": Counts(1_300, 2_573, 4_896),
        "test": Counts(2_600, 5_023, 9_602),
    },
    "phrasecut": {
        "train": Counts(71_746, None, 310_816),
        "val": Counts(2_971, None, 20_316),
        "test": Counts(2_545, None, 14_354),
        "miniv": Counts(100, None, 821),
    },
    "hub:lmms-lab/RefCOCO": {
        "val": Counts(None, 8_811, None),
        "test": Counts(None, 5_000, None),
        "testA": Counts(None, 1_975, None),
        "testB": Counts(None, 1_810, None),
    },
    "hub:jxu124/refcoco": {
        "train": Counts(None, 42_404, None),
        "validation": Counts(None, 3_811, None),
        "test": Counts(None, 1_975, None),
        "testB": Counts(None, 1_810, None),
    },
    "hub:moondream/refcoco-m": {"validation": Counts(1_190, 2_080, 5_598)},
}
"""By data set and split, from the data sets' own pages and cards where these give them. Expressions of the evaluation splits are
those that papers quote; images of evaluation splits are rounded there (1.5k); RefCOCO+'s training figures are its totals less the
rest. RefCOCO's page says 142,209 expressions, its splits add up to 142,210."""
