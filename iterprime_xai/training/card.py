"""The model card: what the bundled model learned from, how, how well, and what it cannot do."""

from __future__ import annotations

from typing import Any

from iterprime_xai.data.scenes.restyle import HANDS
from iterprime_xai.data.scenes.sprites import ARTISTS
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS, SIZES
from iterprime_xai.training.pool import EMPTY_SHARE, MAIN_SHARE, PLAIN_SHARE

HEAD = """---
library_name: transformers
license: apache-2.0
tags: [blip, image-text-matching, grad-cam, referring-expressions]
---

# tiny: a miniature BLIP for drawn scenes
"""


def card(record: dict[str, Any]) -> str:
    """Markdown of the card for what :func:`iterprime_xai.training.export` recorded."""
    parts = (
        HEAD,
        _what(record),
        _data(record),
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


def _data(record: dict[str, Any]) -> str:
    patch = record["config"]["shape"]["patch_size"]
    return f"""
## What it learned from

Pictures of scenes that `iterprime_xai` draws itself: {len(NOUNS)} kinds of things in {len(COLOURS)} colours and
{len(SIZES)} sizes on varied backgrounds. {MAIN_SHARE:.0%} of them hold drawings of Noto Color Emoji, as splits val, testA
and testB do, the others those of one of {len(ARTISTS) - 1} more artists ({", ".join(ARTISTS[1:])}). {1 - PLAIN_SHARE:.0%} are
redrawn by one of {HANDS} "hands" that turn, stretch, flatten and outline the drawings. {EMPTY_SHARE:.0%} of the pictures
hold noise and blots instead of things, and all that is said of them is false.

**What was labelled.** The image tower was taught what each cell of {patch} x {patch} pixels holds: nothing, or the noun,
colour and size of the thing that fills its middle, where that thing stands, which it is from each side (of its kind, and of
all things), and how it stands to other nouns and colours. These labels come from the visible masks of the scene, so the
image tower did see where things are. They take the place of the labelled photographs that the image towers of larger
models start from.

**What was not.** The text side learned from texts only: statements and referring phrases that the scene proves true,
each with a twin that differs in one thing and is proved false, and the question, in words, which noun, colour, size
and place a phrase means. No box, mask or position was shown to the cross-attention, and nothing was asked of its
attention or gradients: where its heatmaps fall is not trained. But it reads the tokens of the image tower, which say
what is where.

Two colours of every noun were never shown (split testB), nor any drawing by the artist of split ood (Fluent Emoji).
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
        "Objectives: matching (true against false texts), each true text against its own twin (weight "
        f"{config['pair_weight']:g}), what a phrase means (weight {config['referent_weight']:g}), contrast of pictures "
        f"and captions (weight {config['contrastive_weight']:g}), what every cell holds (weight "
        f"{config['cell_weight']:g}; it alone for the first {config['look_share']:.0%} of the run).",
        f"For {config['blind_share']:.0%} of the texts [CLS] and [SEP] bring nothing from the picture themselves while "
        f"training{_blind_words(config['blind_words'])}, so that the words have to look.",
        f"Length: {record['steps']} steps of {config['batch']} pictures, each with {config['pairs']} pairs of statements and "
        f"{config['phrases']} pairs of phrases, {minutes} minutes. The weights are an exponential moving average.",
        f"Hardware: {record['hardware']}.",
        f"Command: `iterprime-xai train RUN {length} --seed {config['seed']}`; every setting is in `training.json`.",
        *([record["remarks"]] if record.get("remarks") else []),
    )
    return "\n## How\n\n" + "".join(f"- {point}\n" for point in points)


def _blind_words(share: float) -> str:
    return f", nor do {share:.0%} of their words, drawn anew each time" if share else ""


def _limits(record: dict[str, Any]) -> str:
    return f"""
## Limits

- It knows drawn scenes only, and the {len(record["words"])} words listed in `training.json`; any other word is split into
  characters that it never saw. On photographs its answers mean nothing.
- It was trained on as many false texts as true ones, the false ones close to the true; where it is otherwise, its probabilities
  are not calibrated.
- Kinds of statements and phrases differ widely in how surely they are decided: see the table.
"""


def _validation(table: dict[str, dict[str, float]]) -> str:
    if not table:
        return "\n## How well\n\nNot validated yet.\n"
    lines = [
        "\n## How well\n",
        "Statements and phrases about unseen scenes at the last validation of the training; chance is 0.500 in both columns.\n",
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
