"""What passes and words do to the answers of a run with detail full: the tables of docs/failures.md.

    iterprime-xai evaluate --system iterprime --data scenes:testA --limit 400 --detail full --out runs/full
    python -m benchmarks.blame runs/full                                   a minute on one core

No model is asked: the maps of the run are put together in other ways.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from iterprime_xai.evaluation.failures.blame import WordBlame, most_blamed, pass_changes, word_blame
from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.evaluation.failures.pass_effects import pass_effects
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.runs.reading import read_run

ROLES = ("primary", "spatial", "context", "other")


def role(case: Case, word: WordBlame) -> str:
    """What a word is in its phrase: the primary one, part of a spatial cue, another content word, or none of these."""
    assert case.grounding is not None
    said = case.grounding.expression
    if word.span == said.words[said.primary].span:
        return "primary"
    if any(cue.span[0] < word.span[1] and word.span[0] < cue.span[1] for cue in said.cues):
        return "spatial"
    return "context" if any(said.words[place].span == word.span for place in said.context) else "other"


def words_table(cases: list[Case], words: list[tuple[WordBlame, ...]]) -> str:
    """Markdown: by the role of the word, what its leaving out does to the IoU, and how often it is the most blamed."""
    blames: dict[str, list[float]] = defaultdict(list)
    most: Counter[tuple[str, str]] = Counter()
    for case, found in zip(cases, words, strict=True):
        for each in found:
            blames[role(case, each)].append(each.blame or 0.0)
        worst = most_blamed(found)
        if worst is not None:
            most[role(case, worst), "blamed" if (worst.blame or 0.0) > 0 else "holds"] += 1
    body = [
        [
            name,
            str(len(blames[name])),
            f"{np.mean(blames[name]):+.3f}" if blames[name] else "-",
            f"{np.mean([abs(each) >= 0.1 for each in blames[name]]):.1%}" if blames[name] else "-",
            str(most[name, "holds"]),
            str(most[name, "blamed"]),
        ]
        for name in ROLES
    ]
    head = ["word", "words", "IoU without it", "moves IoU by 0.1 or more", "holds the most", "blamed the most"]
    return markdown(head, body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run with detail full")
    run = read_run(parser.parse_args().run)
    cases, changes, words, same, together, fits = [], [], [], [], [], []
    for name in run.table(["sample_id"])["sample_id"].to_pylist():
        case = open_case(run, name)
        if case.grounding is None or case.grounding.selection is None:
            continue
        cases.append(case)
        changes.append(pass_changes(case.grounding, case.gold, case.threshold))
        words.append(word_blame(case.grounding, case.gold))
        answer = case.grounding.selection.answer
        if changes[-1]:
            last = [each for each in changes[-1] if each.used][-1]
            same.append(last.found.answer == answer and abs((last.found.iou or 0) - case.row["iou"]) < 1e-12)
        if words[-1]:
            together.append(words[-1][0].together.answer == answer)
            fits.append(words[-1][0].fit)
    print(
        f"{len(cases)} phrases; the last used pass gives the run's own answer in {np.mean(same):.2%} of {len(same)}\n"
    )
    print(pass_effects(changes))
    low, middle = np.quantile(fits, [0.1, 0.5])
    print(
        f"All words together give the run's own answer in {np.mean(together):.1%} of {len(together)}; their map correlates "
        f"with the run's own by {middle:.3f} (median; a tenth below {low:.3f})\n"
    )
    for title, wanted in (("right", True), ("failures", False)):
        chosen = [place for place, case in enumerate(cases) if (case.failure.type == "right") == wanted]
        print(f"{title}: {len(chosen)}\n")
        print(words_table([cases[place] for place in chosen], [words[place] for place in chosen]))


if __name__ == "__main__":
    main()
