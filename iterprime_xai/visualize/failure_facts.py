"""What is said of one sample of a run: what went wrong in a sentence, the facts behind it, and what its row did not keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from iterprime_xai.evaluation.failures.case import Case
from iterprime_xai.evaluation.failures.types import TYPES
from iterprime_xai.evaluation.runs.regrounding import by_choice
from iterprime_xai.visualize import describe

FULL = "iterprime-xai evaluate ... --detail full"
"""What keeps everything that a sheet can show."""

_NO_TARGET = "nothing is meant, so no IoU says how good an answer is"


def title(case: Case) -> str:
    """The type of the failure, for people, with a capital letter."""
    name = TYPES[case.failure.type].title
    return name[:1].upper() + name[1:]


def figures(case: Case) -> str:
    """IoU and the best possible IoU in a sentence, as far as the problem has not told them; empty without a gold mask."""
    row, kind = case.row, case.failure.type
    if row["no_target"]:
        return f"{_NO_TARGET[:1].upper()}{_NO_TARGET[1:]}."
    if row["gold_area"] is None:
        return ""
    own = "" if kind == "right" else f"IoU {row['iou']:.2f}"
    best = (
        ""
        if row["best_iou"] is None or kind == "no_proposal_fits"
        else f"the best proposal has IoU {row['best_iou']:.2f}"
    )
    told = "; ".join(each for each in (own, best) if each)
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def verdict(case: Case) -> str:
    """The one sentence that says what went wrong, after the name of its type and before its figures."""
    return f"{title(case)}. {problem(case)} {figures(case)}".rstrip()


def problem(case: Case) -> str:
    """What went wrong; an error is told where there is no gold mask too."""
    error = case.row["error"]
    told = case.failure.sentence
    if error is not None and case.failure.type != "error":
        told = f"{told} There is no result: {error['message']}"
    return told


def not_kept(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What the row's run did not keep, by name."""
    missing = []
    passes, proposals = row["passes"] or [], row["proposals"] or []
    if passes and passes[0]["map"] is None and not by_choice(row):
        missing += ["the maps of passes and words"]
    if proposals and proposals[0]["mask"] is None:
        missing += ["the masks of proposals"]
    return tuple(missing)


def not_kept_line(row: Mapping[str, Any]) -> str:
    """The same in a sentence with what keeps it; empty where nothing is missing."""
    missing = not_kept(row)
    return f"This run did not keep {' and '.join(missing)} (detail light): {FULL} does." if missing else ""


def facts(case: Case) -> tuple[tuple[str, str], ...]:
    """Everything that is known of the sample besides pictures, as names and values, none of them empty."""
    row = case.row
    rule = f"{TYPES[case.failure.type].rule} (right from IoU {case.threshold:g})"
    known = [
        ("type", f"{TYPES[case.failure.type].title}: {rule}"),
        *_error(row),
        *_measured(row),
        ("category", row["category"]),
        ("heat peaked on", _landed(row)),
        ("heat on the target", None if row["heat_in_mask"] is None else describe.percent(row["heat_in_mask"])),
        ("other things", _others(row)),
        *_phrase(row),
        ("rule of choice", row["rule"]),
        ("why this answer", row["reason"]),
        ("margin", None if row["margin"] is None else f"{row['margin']:.2f} (0 is a toss-up, 1 no rival)"),
        ("proposals", _proposals(row)),
        ("tags", ", ".join(f"{name}={value}" for name, value in (row["tags"] or {}).items() if value)),
        ("sample", f"{case.sample_id} of run {case.run}"),
    ]
    return tuple((name, str(value)) for name, value in known if value not in (None, ""))


def as_text(case: Case) -> str:
    """Sentence, facts and notes as plain text, a line each."""
    known = [("phrase", describe.one_line(case.text or "")), *facts(case)]
    if case.problem:
        known.append(("picture", case.problem))
    wide = max(len(name) for name, _ in known)
    lines = [describe.one_line(verdict(case)), ""]
    lines += [f"{name:{wide}}  {describe.one_line(value)}" for name, value in known]
    notes = [describe.one_line(note) for note in case.row["notes"] or ()]
    missing = not_kept_line(case.row)
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), *([missing] if missing else [])]).rstrip()


def roles(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the parser took the words of the phrase for, as names and values; empty where it was not parsed."""
    return tuple((name, value) for name, value in _phrase(row)[:3] if value)


def _error(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    error = row["error"]
    if error is None:
        return []
    places = " ← ".join(reversed(error["trace"] or []))
    return [("error", f"{error['kind']}: {error['message']}"), ("raised in", places)]


def _measured(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    if row["no_target"]:
        found.append(("IoU", _NO_TARGET))
    elif row["iou"] is not None and row["gold_area"] is not None:
        found.append(("IoU", f"{row['iou']:.2f} ({row['intersection']:,} of {row['union']:,} px)"))
    if row["best_iou"] is not None and not row["no_target"] and row["error"] is None:
        found.append(("best proposal", _best(row)))
    if row["gold_area"]:
        found.append(("target", f"{row['gold_area']:,} px"))
    if row["error"] is None:
        area = "none" if row["abstained"] or row["chosen_area"] is None else f"{row['chosen_area']:,} px"
        found.append(("answer", area))
        if row["probability"] is not None:
            word = "share" if by_choice(row) else "match"
            found.append((word, describe.probability(row["probability"])))
    return found


def _best(row: Mapping[str, Any]) -> str:
    if row["best_index"] is None:
        return f"IoU {row['best_iou']:.2f}: there is none"
    rank = next((each["rank"] for each in row["proposals"] or () if each["index"] == row["best_index"]), None)
    place = "not ranked" if rank is None else f"rank {rank + 1} of {row['proposal_count']}"
    chosen = ", chosen" if row["best_index"] in (row["chosen_indices"] or ()) else ""
    return f"IoU {row['best_iou']:.2f} ({place}{chosen})"


def _landed(row: Mapping[str, Any]) -> str | None:
    landed = row["landed"]
    if landed is None or landed in ("target", "background"):
        place = landed
    elif landed == "blank":
        place = "nothing: the map is blank"
    else:
        place = f"another {landed}" if landed == row["category"] else landed
    if row["peak"] is None or place is None:
        return place
    return f"{place}, at pixel ({row['peak'][0]}, {row['peak'][1]})"


def _others(row: Mapping[str, Any]) -> str:
    counted = Counter(each["category"] or "of no category" for each in row["others"] or ())
    return ", ".join(name if number == 1 else f"{number} × {name}" for name, number in counted.items())


def _phrase(row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if not row["words"]:
        return []
    cues = [f"{each['text']} ({each['kind']}, {each['direction']})" for each in row["cues"] or ()]
    confidence = row["parser_confidence"]
    sure = "" if confidence is None else f" (confidence {confidence:.2f})"
    whole = row["primary_span"] or row["primary"]
    return [
        ("primary word", None if whole is None else whole["text"]),
        ("says where", ", ".join(cues)),
        ("other content words", ", ".join(each["text"] for each in row["context"] or ())),
        ("parser", f"{row['parser']}{sure}{', no noun names the target' if row['headless'] else ''}"),
    ]


def _proposals(row: Mapping[str, Any]) -> str | None:
    if not row["proposal_count"]:
        return None if row["error"] is not None else "none"
    return f"{row['proposal_count']} from {row['proposal_source']}"
