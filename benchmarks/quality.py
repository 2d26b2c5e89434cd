"""The quality table: matching, heat, chosen masks, and present or absent, on the drawn scenes, with intervals over pictures.

    python benchmarks/quality.py --workers 2                       the bundled model on val, testA, testB and ood
    python benchmarks/quality.py --model FOLDER --splits val --expressions 300 --out FOLDER
    python benchmarks/quality.py --choose --workers 2              layer and recipe, on other scenes of val, instead of tables
    python benchmarks/quality.py --also FURTHER.json               further ways in the table (or, with --choose, to choose from)
    python benchmarks/quality.py --tables-only                     the tables again, from the rows of the run before

Writes OUT/quality.md (every table), OUT/quality.json (the same as data), OUT/card.json (what `iterprime_xai.training.export` puts
on a model card, and the threshold that it puts into the model's profile), and every measured row to OUT/looks.jsonl,
OUT/pairs.jsonl and OUT/phrases.jsonl. Always the same for the same settings, whatever the number of workers.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from iterprime_xai.data.scenes import SPLITS
from iterprime_xai.evaluation import measuring
from iterprime_xai.evaluation.auroc import balanced_threshold
from iterprime_xai.evaluation.looking import LookRow
from iterprime_xai.evaluation.matching import PairRow
from iterprime_xai.evaluation.presence import PhraseRow
from iterprime_xai.evaluation.quality import choose
from iterprime_xai.evaluation.quality_report import Settings, SplitRows, report
from iterprime_xai.evaluation.row_files import load_rows, save_rows
from iterprime_xai.evaluation.tables import markdown
from iterprime_xai.evaluation.ways import Way, first_candidates, second_candidates, table_ways, ways_from
from iterprime_xai.models import load_matcher
from iterprime_xai.records.writing import write_whole
from iterprime_xai.systems.grounder import ABSTAIN_BELOW

KEPT = (("looks", LookRow), ("pairs", PairRow), ("phrases", PhraseRow))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny", help="bundled name, folder or hub id (default: tiny)")
    parser.add_argument("--splits", nargs="+", default=["val", "testA", "testB", "ood"], choices=SPLITS)
    parser.add_argument("--expressions", type=int, default=1000, help="referring expressions a split (default: 1000)")
    parser.add_argument("--pairs", type=int, default=1000, help="true texts with a false twin a split (default: 1000)")
    parser.add_argument(
        "--phrases", type=int, default=1000, help="present and absent phrases, each, a split (default: 1000)"
    )
    parser.add_argument("--layer", type=int, help="text layer to read (default: the model's own)")
    parser.add_argument("--no-classical", action="store_true", help="leave out classical proposals: half the time")
    parser.add_argument("--choose", action="store_true", help="choose layer and recipe on val instead")
    parser.add_argument("--choose-seed", type=int, default=5, help="scenes of val for the choice (default: 5)")
    parser.add_argument("--tables-only", action="store_true", help="make the tables from the rows in OUT")
    parser.add_argument(
        "--also", type=Path, help='further ways: a JSON list such as [{"name": "five passes", "passes": 5}]'
    )
    parser.add_argument("--workers", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/quality"))
    arguments = parser.parse_args()
    if arguments.choose:
        choose_on_val(arguments)
    else:
        table(arguments)


def table(arguments: argparse.Namespace) -> None:
    """Measure (or read) the rows, and write the tables."""
    matcher = load_matcher(arguments.model, device="cpu")
    layer, why = matcher.choose_layer(arguments.layer)
    if not arguments.tables_only:
        measure(arguments, matcher.layers, layer)
    rows = {name: load_rows(arguments.out / f"{name}.jsonl", kind) for name, kind in KEPT}
    present = [row for row in rows["phrases"] if row.split == "val"]
    if present:
        threshold, _ = balanced_threshold([row.probability for row in present], [row.present for row in present])
        source = "chosen here on val"
    elif matcher.profile.threshold is not None:
        threshold, source = matcher.profile.threshold, "from the checkpoint's profile"
    else:
        threshold, source = ABSTAIN_BELOW, "not measured: val is not among the splits"
    settings = Settings(arguments.model, layer, why, matcher.layers, threshold, source, arguments.seed)
    splits = [
        SplitRows(split, *([row for row in rows[name] if row.split == split] for name, _ in KEPT))
        for split in dict.fromkeys(row.split for row in rows["looks"])
    ]
    text, record, card = report(settings, splits)
    write_whole(arguments.out / "quality.md", text.encode("utf-8"))
    for name, data in (("quality", record), ("card", card)):
        write_whole(arguments.out / f"{name}.json", (json.dumps(data, indent=2) + "\n").encode("utf-8"))
    print(text)


def measure(arguments: argparse.Namespace, layers: tuple[int, ...], layer: int) -> None:
    """Every row of every split, into OUT."""
    ways = table_ways(layers, layer) + further_ways(arguments.also, layer)
    total = len(arguments.splits) * (arguments.expressions * len(ways) + arguments.pairs + 2 * arguments.phrases)
    found: dict[str, list[Any]] = {name: [] for name, _ in KEPT}
    with (
        measuring.crew(arguments.model, arguments.workers) as crew,
        tqdm(total=total, unit="rows", file=sys.stderr) as bar,
    ):
        for split in arguments.splits:
            bar.set_description(split)
            found["pairs"] += measuring.pair_rows(crew, split, arguments.pairs, arguments.seed, seen=bar.update)
            found["phrases"] += measuring.phrase_rows(crew, split, arguments.phrases, arguments.seed, seen=bar.update)
            found["looks"] += measuring.look_rows(
                crew,
                split,
                arguments.expressions,
                ways,
                arguments.seed,
                classical=not arguments.no_classical,
                seen=bar.update,
            )
            for name, rows in found.items():
                save_rows(rows, arguments.out / f"{name}.jsonl")


def further_ways(path: Path | None, layer: int) -> list[Way]:
    """What --also asks for."""
    return [] if path is None else ways_from(json.loads(path.read_text(encoding="utf-8")), layer)


def choose_on_val(arguments: argparse.Namespace) -> None:
    """Layer and emphasis first, then refinement; only scenes of val, and other ones than the table's."""
    seed, count, out = arguments.choose_seed, arguments.expressions, arguments.out
    if seed == arguments.seed:
        raise SystemExit(
            "--choose-seed must differ from --seed: the table must not show the scenes that were chosen on."
        )
    layers = load_matcher(arguments.model, device="cpu").layers
    with measuring.crew(arguments.model, arguments.workers) as crew:
        candidates = first_candidates(layers)
        first = measuring.look_rows(crew, "val", count, candidates, seed, classical=False)
        ranked = choose(first, seed)
        best = next(way for way in candidates if way.name == ranked[0][0])
        candidates = second_candidates(best) + further_ways(arguments.also, best.layer)
        second = measuring.look_rows(crew, "val", count, candidates, seed, classical=False)
    ranked_again = choose(second, seed)
    frozen = next(way for way in candidates if way.name == ranked_again[0][0])
    parts = [
        f"# Layer and recipe, chosen on {count} expressions of val (seed {seed})",
        "Score: mean of the peak on the object and the right object among gold proposals. Differences from the best are paired.",
    ]
    for title, ranking in (("Layer and emphasis, one pass", ranked), ("Refinement of the best", ranked_again)):
        body = [[name, str(score), str(apart)] for name, score, apart in ranking]
        parts.append(f"## {title}\n\n{markdown(['way', 'score', 'difference from the best'], body)}")
    record = {
        "split": "val",
        "seed": seed,
        "expressions": count,
        "layer": frozen.layer,
        "recipe": asdict(frozen.recipe),
    }
    parts.append(f"## Frozen choice\n\n```json\n{json.dumps(record, indent=2)}\n```\n")
    text = "\n\n".join(parts)
    save_rows(first + second, out / "choice.jsonl")
    write_whole(out / "choice.md", text.encode("utf-8"))
    write_whole(out / "choice.json", (json.dumps(record, indent=2) + "\n").encode("utf-8"))
    print(text)


if __name__ == "__main__":
    main()
