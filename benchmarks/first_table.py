"""The first table: matching accuracy and heat-in-object per kind, for one model on the drawn scenes.

    python benchmarks/first_table.py                                   the bundled model on val, testA, testB and ood
    python benchmarks/first_table.py --model FOLDER --splits val --out FOLDER
    python benchmarks/first_table.py --model FOLDER --splits val --layers      also compare the layers, to choose the one to read

Prints both tables for each split and writes them to OUT/first_table.md and OUT/first_table.json. The JSON's "markdown" part is what
`iterprime_xai.training.export` puts on a model card.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import iterprime_xai as ix
from iterprime_xai.data.scenes import SPLITS, matching_pairs, samples
from iterprime_xai.evaluation.heat import Heatmap, HeatRow, heat_table
from iterprime_xai.evaluation.matching import matcher_score, matching_table
from iterprime_xai.evaluation.tables import heat_markdown, matching_markdown, plain


def ways_to_look(grounder: Any, **always: Any) -> dict[str, Heatmap]:
    """Plain Grad-CAM of the whole sentence, and the default recipe, at the model's own layer if ``always`` names none."""

    def look(**settings: Any) -> Heatmap:
        def heatmap(image: Image.Image, text: str) -> np.ndarray:
            return grounder.ground(image, text, proposals=False, **always, **settings).heatmap

        return heatmap

    return {
        "plain Grad-CAM of the sentence": look(passes=1, emphasis="sentence"),
        "default recipe": look(),
    }


def by_layer(grounder: Any, phrases: list[Any], seed: int) -> list[HeatRow]:
    """For each text layer and way to look, the row over all phrases, named after both."""
    rows = []
    for layer in grounder.matcher.layers:
        for way, heatmap in ways_to_look(grounder, layer=layer).items():
            rows.append(replace(heat_table(heatmap, phrases, seed)[0], kind=f"layer {layer}, {way}"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="bundled name, folder or hub id (default: tiny)")
    parser.add_argument("--splits", nargs="+", default=["val", "testA", "testB", "ood"], choices=SPLITS)
    parser.add_argument("--pairs", type=int, default=1600, help="statement pairs a split (default: 1600)")
    parser.add_argument("--phrases", type=int, default=600, help="phrases a split for the heat table (default: 600)")
    parser.add_argument("--layers", action="store_true", help="compare all text layers on the first split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads")
    parser.add_argument("--out", type=Path, default=Path("runs/first_table"))
    arguments = parser.parse_args()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)

    grounder = ix.load(arguments.model)
    texts: dict[str, str] = {}
    figures: dict[str, Any] = {}
    for split in arguments.splits:
        matching = matching_table(
            matcher_score(grounder.matcher), matching_pairs(split, arguments.pairs, arguments.seed), arguments.seed
        )
        texts[f"Matching, {split}"] = matching_markdown(matching)
        figures[split] = {"matching": plain(matching)}
        print(f"## Matching, {split}\n\n{texts[f'Matching, {split}']}", flush=True)
        phrases = list(samples(split, arguments.phrases, arguments.seed))
        for way, heatmap in ways_to_look(grounder).items():
            heat = heat_table(heatmap, phrases, arguments.seed)
            texts[f"Heat, {split}, {way}"] = heat_markdown(heat)
            figures[split][way] = plain(heat)
            print(f"## Heat, {split}, {way}\n\n{texts[f'Heat, {split}, {way}']}", flush=True)

    if arguments.layers:
        split = arguments.splits[0]
        rows = by_layer(grounder, list(samples(split, arguments.phrases, arguments.seed)), arguments.seed)
        texts[f"Heat by layer, {split}"] = heat_markdown(rows)
        figures["layers"] = plain(rows)
        print(f"## Heat by layer, {split}\n\n{texts[f'Heat by layer, {split}']}", flush=True)

    layer, why = grounder.matcher.choose_layer(None)
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = [
        "# First table",
        f"Model `{arguments.model}`, layer {layer} ({why}); seed {arguments.seed}; 95 % bootstrap intervals over pictures.",
        *(f"## {title}\n\n{text}" for title, text in texts.items()),
    ]
    (arguments.out / "first_table.md").write_text("\n\n".join(lines), encoding="utf-8")
    record = {"model": arguments.model, "layer": layer, "seed": arguments.seed, "figures": figures, "markdown": texts}
    (arguments.out / "first_table.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
