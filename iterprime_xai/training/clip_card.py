"""The model card of the miniature CLIP: what it learned from, how, how well, and what it cannot do."""

from __future__ import annotations

from typing import Any

from iterprime_xai.data.scenes.restyle import HANDS
from iterprime_xai.data.scenes.sprites import ARTISTS
from iterprime_xai.data.scenes.vocabulary import COLOURS, NOUNS
from iterprime_xai.training.clip_texts import PROMPT, PROMPT_SHARE
from iterprime_xai.training.pool import MAIN_SHARE, PLAIN_SHARE

HEAD = """---
library_name: transformers
license: apache-2.0
tags: [clip, dual-encoder, contrastive, referring-expressions]
---

# tiny-clip: a miniature CLIP for drawn scenes
"""


def clip_card(record: dict[str, Any]) -> str:
    """Markdown of the card for what :func:`iterprime_xai.training.export_clip` recorded."""
    return "".join(
        (HEAD, _what(record), _data(record), _how(record), _validation(record), _figures(record), _limits(record))
    )


def _what(record: dict[str, Any]) -> str:
    millions = f"{record['parameters'] / 1e6:.2f}"
    return f"""
A stock `CLIPModel` with {millions} million weights, stored in half precision. It exists so that the systems that
choose among masks with CLIP (Global-Local CLIP, TAS and their baselines) run and make sense offline, on the scenes that this
package draws.
"""


def _data(record: dict[str, Any]) -> str:
    start = record["start"]
    origin = (
        f"""The image tower starts from that of the BLIP `{start}`, so it has seen every picture that `{start}` saw (and the
labels of what stands where that `{start}`'s card tells of), and then more. BLIP's patch bias went into CLIP's position
embeddings; scale and shift of CLIP's first normalisation, which BLIP has not, were fitted to change the tokens as little as can
be. The text tower is new."""
        if start
        else "Both towers start from random weights."
    )
    kinds, colours, others = len(NOUNS), len(COLOURS), len(ARTISTS) - 1
    main, redrawn, prompted = f"{MAIN_SHARE:.0%}", f"{1 - PLAIN_SHARE:.0%}", f"{PROMPT_SHARE:.0%}"
    return f"""
## What it learned from

{origin}

From there it learned by image-text contrast alone. The scenes are those of the matcher's training: {kinds} kinds of things in
{colours} colours, {main} drawn by the published splits' artist, the others by one of {others} more, and {redrawn} redrawn by one of
{HANDS} hands. Of every scene it saw four views, each with texts that are visibly true of the view:

- the whole picture: statements, referring phrases, names of things, and a caption;
- a square crop of a part that cuts nothing in two, said of as a scene of its own;
- twice a single thing (now and then two): cut out by its visible mask, exactly or a little too wide or narrow, before the mean
  colour or before black and padded to a square; or its box with what is around it; or, rarely, a piece of background of which
  all that is said is false.

**No text was paired with a crop in which it is not visible**: the crop of a thing goes with "a red dog", never with "the red dog
left of the car". {prompted} of the names start with "{PROMPT}". Every text but captions has a twin that differs in one thing
and is false, which is among the rivals. A text of another picture is a rival only where that picture lacks a noun or a colour that
it names: "a dog" is true of many pictures.

Two colours of every noun were never shown (split testB), nor any drawing by the artist of split ood.
"""


def _how(record: dict[str, Any]) -> str:
    config, shape = record["config"], record["config"]["shape"]
    minutes = max(1, round(record["seconds"] / 60))
    length = f"--minutes {minutes}" if config["minutes"] else f"--steps {config['steps']}"
    views = record["steps"] * config["batch"]
    pairs = views * config["pairs"]
    grid = shape["image_size"] // shape["patch_size"]
    points = (
        f"Shape: {shape['image_size']} px, {grid} x {grid} patches; vision {shape['vision_layers']} layers of width "
        f"{shape['vision_width']}, text {shape['text_layers']} layers of width {shape['text_width']}, {shape['heads']} heads, "
        f"joint space of {shape['projection']}. The text is read off at [SEP]; the tokenizer is the matcher's, with one more "
        'word, "photo".',
        "Objective: symmetric InfoNCE over all views of a step, each true pair alone against what is surely false.",
        "For the first 85% of the run the image tower sees a half of the patches, drawn anew each time (FLIP, "
        "arXiv:2212.00794), then all of them.",
        f"Length: {record['steps']} steps of {config['batch']} views with {config['pairs']} true texts and their twins each: "
        f"{views:,} views (each composed view about {config['reuse']:g} times) and {pairs:,} true pairs, {minutes} minutes. "
        "The weights are an exponential moving average.",
        f"Hardware: {record['hardware']}.",
        f"Command: `iterprime-xai train-clip RUN {length} --seed {config['seed']}`; every setting is in `training.json`.",
        *([record["remarks"]] if record.get("remarks") else []),
    )
    return "\n## How\n\n" + "".join(f"- {point}\n" for point in points)


def _validation(record: dict[str, Any]) -> str:
    table = record["validation"]
    if not table:
        return "\n## How well\n\nNot validated yet.\n"

    def figure(row: dict[str, float], name: str) -> str:
        return f"{row[name]:.3f}" if name in row else "-"

    lines = [
        "\n## How well\n",
        "Views of unseen scenes at the last validation of the training; chance is 0.500, 0.020 and 0.125.\n",
        "| view | true above its twin | noun of all | colour of all | views |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {kind} | {figure(row, 'twins')} | {figure(row, 'noun')} | {figure(row, 'colour')} | {row['count']:.0f} |"
            for kind, row in table.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _figures(record: dict[str, Any]) -> str:
    """The tables that were measured afterwards, as the benchmark wrote them."""
    return "".join(f"\n### {title}\n\n{text}" for title, text in record["figures"].get("markdown", {}).items())


def _limits(record: dict[str, Any]) -> str:
    return f"""
## Limits

- It knows drawn scenes only, and the {len(record["words"])} words listed in `training.json`; any other word is split into
  characters that it hardly saw. On photographs its vectors mean nothing.
- A crop does not show where a thing stands. Asked with a whole phrase which of the crops is meant, it looks for every noun and
  colour of the phrase, and mostly takes the thing that a relation points *to*: far below chance for relations (see the table,
  "expression"). That is a limit of choosing among crops by cosine, of which the released CLIPs have their share; how large
  theirs is on photographs, this model does not tell.
- Its image tower was also trained with labels of what each cell of a scene holds, which no released CLIP was.
"""
