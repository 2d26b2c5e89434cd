"""The model card: what the bundled model learned from, how, how well, and what it cannot do."""

from __future__ import annotations

from typing import Any

HEAD = """---
library_name: transformers
license: apache-2.0
tags: [blip, image-text-matching, grad-cam, referring-expressions]
---

# tiny: a miniature BLIP for drawn scenes
"""

DATA = """
## What it learned from

Pictures of scenes that `iterprime_xai` draws itself (49 kinds of things in 8 colours and 3 sizes on varied backgrounds), each
with statements that the scene proves true, and for each a twin that differs in one thing and is proved false. **No box and no
mask was shown to it**: where its heatmaps fall on the right thing, that came about by itself. Two colours of every noun were never
shown (split testB), nor any drawing by another artist (split ood).
"""


def card(record: dict[str, Any]) -> str:
    """Markdown of the card for what :func:`iterprime_xai.training.export` recorded."""
    parts = (
        HEAD,
        _what(record),
        DATA,
        _how(record),
        _validation(record["validation"]),
        _figures(record["figures"]),
        _limits(record),
    )
    return "".join(parts)


def _what(record: dict[str, Any]) -> str:
    return f"""
`BlipForImageTextRetrieval` with {record["parameters"] / 1e6:.2f} million weights, stored in half precision. It says
whether a statement is true of a small drawn scene, and its cross-attention can be looked at with Grad-CAM in seconds on a laptop.
"""


def _how(record: dict[str, Any]) -> str:
    config, shape = record["config"], record["config"]["shape"]
    minutes = max(1, round(record["seconds"] / 60))
    length = f"--minutes {minutes}" if config["minutes"] else f"--steps {config['steps']}"
    grid = shape["image_size"] // shape["patch_size"]
    points = (
        f"Shape: {shape['image_size']} px, {grid} x {grid} patches; vision {shape['vision_layers']} layers of width "
        f"{shape['vision_width']}, text {shape['text_layers']} layers of width {shape['text_width']}, {shape['heads']} heads, "
        "cross-attention in every text layer.",
        "Objectives: matching (true against false statements), each true statement against its own twin (weight "
        f"{config['pair_weight']:g}), guessing the hidden word that makes the difference (weight "
        f"{config['correction_weight']:g}), contrast of pictures and captions (weight {config['contrastive_weight']:g}).",
        f"Length: {record['steps']} steps of {config['batch']} pictures with {config['pairs']} pairs of statements each, "
        f"{minutes} minutes. The weights are an exponential moving average.",
        f"Hardware: {record['hardware']}.",
        f"Command: `iterprime-xai train RUN {length} --seed {config['seed']}`; every setting is in `training.json`.",
    )
    return "\n## How\n\n" + "".join(f"- {point}\n" for point in points)


def _limits(record: dict[str, Any]) -> str:
    return f"""
## Limits

- It knows drawn scenes only, and the {len(record["words"])} words listed in `training.json`; any other word is split into
  characters that it never saw. On photographs its answers mean nothing.
- Its probabilities are not calibrated for bare phrases ("the left dog"): it was trained on whole statements.
- Kinds of statements differ widely in how surely they are decided: see the table.
"""


def _validation(table: dict[str, dict[str, float]]) -> str:
    if not table:
        return "\n## How well\n\nNot validated yet.\n"
    lines = [
        "\n## How well\n",
        "Statements about unseen scenes at the last validation of the training; chance is 0.500 in both columns.\n",
        "| kind | decided rightly | true above its twin | pairs |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {kind} | {row['accuracy']:.3f} | {row['twins']:.3f} | {row['count']:.0f} |"
            for kind, row in table.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _figures(figures: dict[str, Any]) -> str:
    """The tables that were measured afterwards, as the benchmark wrote them."""
    return "".join(f"\n### {title}\n\n{text}" for title, text in figures.get("markdown", {}).items())
