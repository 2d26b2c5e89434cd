"""What refinement did to a run's answers, and what other settings would fix and break, as exhibits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iterprime_xai.reports.exhibits import Exhibit, Written, sentence

if TYPE_CHECKING:
    from PIL import Image

    from iterprime_xai.evaluation.failures import FailureTable
    from iterprime_xai.evaluation.runs.reading import Run

SEED = 0
"""Of the draw of phrases that are looked at again."""

_UNMEASURED = ("unlabelled", "error", "no_target_answered")


def refinement(run: Run, table: FailureTable) -> Exhibit | Written:
    """What every further pass did, counted over all phrases; where the run kept no maps, how to keep them."""
    from iterprime_xai.evaluation.failures.blame import pass_changes
    from iterprime_xai.evaluation.failures.pass_effects import pass_effects
    from iterprime_xai.evaluation.runs.coding import read_mask
    from iterprime_xai.evaluation.runs.regrounding import regrounded
    from iterprime_xai.evaluation.sign_test import sign_test

    if run.manifest.decides["detail"] != "full":
        return sentence(
            "The run kept its final maps only (detail light), so that nobody can tell what each look did: "
            "iterprime-xai evaluate ... --detail full keeps all."
        )
    wanted = set(table.rows["sample_id"].to_pylist())
    settings = {"settings": dict(run.manifest.decides["system"].get("settings") or {})}
    changes = []
    for row in run.rows():
        if row["sample_id"] in wanted and row["error"] is None and row["gold_area"]:
            found = regrounded(row, _blank(row["width"], row["height"]), settings)
            changes.append(pass_changes(found, read_mask(row["gold"]), table.threshold))
    effects = pass_effects(changes)
    fixed, broke = effects.total("fixed"), effects.total("broke")
    would, wouldnt = effects.total("not used: would have fixed"), effects.total("not used: would have broken")
    said = (
        f"**Used looks fixed {fixed} answers and broke {broke}** (chance p = {sign_test(fixed, broke):.2f}); those that were left "
        f"out would have fixed {would} and broken {wouldnt} (p = {sign_test(would, wouldnt):.2f}). {len(changes)} phrases."
    )
    return Written(f"{said}\n\n{effects}")


def switches(run: Run, table: FailureTable, most: int) -> Exhibit | Written:
    """What one look, no emphasis and full emphasis fix and break on ``most`` phrases of the table, drawn at random."""
    from iterprime_xai.evaluation.failures.switches import switched
    from iterprime_xai.evaluation.runs.asking import Asker

    asker = Asker(run)
    if most <= 0:
        return sentence("Nothing was looked at again (again is 0).")
    if not asker.looks:
        return sentence(f"{run.manifest.asked['system']} has no refinement and no emphasis to change.")
    rows = table.rows.select(["sample_id", "type"]).to_pylist()
    ids = [row["sample_id"] for row in rows if row["type"] not in _UNMEASURED]
    drawn = np.random.default_rng(SEED).permutation(len(ids))[:most]
    return Written(str(switched(asker, [ids[place] for place in sorted(drawn)], threshold=table.threshold)))


def _blank(width: int, height: int) -> Image.Image:
    """A picture of this size, of which nothing is shown: only masks and maps are compared."""
    from PIL import Image

    return Image.new("1", (width, height))
