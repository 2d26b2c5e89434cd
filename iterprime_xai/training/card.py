"""The model card: what the bundled model learned from, how, how well, and what it cannot do."""

from __future__ import annotations

from typing import Any

COMMAND = "iterprime-xai train --out RUN"


def card(record: dict[str, Any]) -> str:
    """Markdown of the card for what :func:`iterprime_xai.training.export.export` recorded."""
    config, shape = record["config"], record["config"]["shape"]
    length = f"--minutes {config['minutes']:g}" if config["minutes"] else f"--steps {config['steps']}"
    device = config["device"] or "the CPU, or CUDA where there is one"
    grid = shape["image_size"] // shape["patch_size"]
    return f"""---
library_name: transformers
license: apache-2.0
pipeline_tag: zero-shot-image-classification
tags: [blip, image-text-matching, grad-cam, referring-expressions]
---

# tiny: a miniature BLIP for drawn scenes

`BlipForImageTextRetrieval` with {record["parameters"] / 1e6:.2f} million weights, stored in half precision. It says whether a statement
is true of a small drawn scene, and its cross-attention can be looked at with Grad-CAM in seconds on a laptop.

## What it learned from

Pictures of scenes that `iterprime_xai` draws itself (49 kinds of things in 8 colours and 3 sizes on varied backgrounds, Noto emoji
drawings), each with statements that the scene proves true, and for each a twin that differs in one thing and is proved false.
**No box and no mask was shown to it**: where its heatmaps fall on the right thing, that came about by itself.
Two colours of every noun were never shown (split testB), nor any drawing by another artist (split ood).

## How

- Shape: {shape["image_size"]} px, {grid} x {grid} patches; vision {shape["vision_layers"]} layers of width {shape["vision_width"]}, \
text {shape["text_layers"]} layers of width {shape["text_width"]}, {shape["heads"]} heads, cross-attention in every text layer.
- Objectives: matching (true against false statements, and each true statement against its twin, weight {config["pair_weight"]:g}), \
guessing the hidden word that makes the difference (weight {config["correction_weight"]:g}), contrast of pictures and captions in a batch \
(weight {config["contrastive_weight"]:g}).
- {record["steps"]} steps of {config["batch"]} pictures with {config["pairs"]} pairs of statements each, {record["seconds"] / 60:.0f} minutes, \
{config["threads"]} CPU threads ({device}), seed {config["seed"]}; the weights are an exponential moving average.
- Command: `{COMMAND} {length} --seed {config["seed"]}`; every setting is in `training.json`.

## How well

{_validation(record["validation"])}
{_figures(record["figures"])}
## Limits

- It knows drawn scenes only, and the {len(record["words"])} words listed in `training.json`; another word is split into characters that it never
  saw. On photographs its answers mean nothing.
- Its probabilities are not calibrated for bare phrases ("the left dog"): it was trained on whole statements.
- Statements about position, order and comparison are decided less surely than those about kind and colour: see the table.
"""


def _validation(table: dict[str, dict[str, float]]) -> str:
    if not table:
        return "Not validated yet.\n"
    lines = [
        "Statements about unseen scenes at the last validation of the training; chance is 0.500 in both columns.",
        "",
        "| kind | decided rightly | true above its twin | pairs |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {kind} | {row['accuracy']:.3f} | {row['twins']:.3f} | {row['count']:.0f} |" for kind, row in table.items()
    ]
    return "\n".join(lines) + "\n"


def _figures(figures: dict[str, Any]) -> str:
    """The tables that were measured afterwards, as the benchmark wrote them."""
    return "".join(f"\n### {title}\n\n{text}\n" for title, text in figures.get("markdown", {}).items())
