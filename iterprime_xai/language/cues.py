"""Spatial cues: words that say where, their direction in normal form, and the word they point to."""

from __future__ import annotations

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language import nouns
from iterprime_xai.language.phrases import noun_phrase
from iterprime_xai.language.rules import LOOK
from iterprime_xai.language.tokens import PLACE_NOUNS, Token
from iterprime_xai.records import SpatialCue

_RELATIVE: dict[tuple[str, ...], str] = {
    tuple(words.split("_")): direction
    for direction, group in {
        "front": "in_front_of infront_of in_front_off in-front_of",
        "behind": "behind behing bhind in_back_of",
        "near": "next_to next-to near nearby beside besides by alongside close_to closer_to closest_to nearest_to nearest "
        "nearer_to adjacent_to adjacent against along_side around toward towards",
        "above": "above over up_above",
        "below": "below down_below",
        "under": "under underneath beneath under_neath",
        "between": "between in_between inbetween in-between betwixt btwn btween btw b/w b/t among amongst amid",
        "on": "on on_top_of ontop_of upon onto atop",
        "in": "in inside inside_of within into",
        "far": "far_from farther_from further_from farthest_from furthest_from away_from across_from opposite opposite_of",
    }.items()
    for words in group.split()
}
_LONGEST = max(map(len, _RELATIVE))
_DISTANCE = {
    **dict.fromkeys(("closest", "nearest", "closer", "nearer", "close", "near", "closets"), "near"),
    **dict.fromkeys(("farthest", "furthest", "farther", "further", "far", "distant"), "far"),
}
_ABSOLUTE_NOUNS = {word: way for word, way in closed.ABSOLUTE_DIRECTIONS.items() if word not in closed.POSITIONS} | {
    "distance": "far"
}
_PAIRED = frozenset("arm hand leg foot eye ear shoulder wing knee elbow thumb wrist ankle cheek paw hoof".split())
_MANNER = frozenset("line flight motion action half shape way focus air mid-air charge bloom love".split()) - {
    "air",
    "mid-air",
}


def find_cues(tokens: list[Token], primary: int) -> tuple[SpatialCue, ...]:
    """Every spatial cue in order of its place in the phrase; ``primary`` never is its own context."""
    cues: list[SpatialCue] = []
    index = 0
    while index < len(tokens):
        found = _side_of(tokens, index, primary) or _relative(tokens, index, primary) or _absolute(tokens, index)
        if found is None:
            index += 1
            continue
        cue, stop = found
        if cue is not None:
            cues.append(cue)
        index = stop
    return tuple(cues)


def _part_stop(tokens: list[Token], index: int) -> int:
    stop = index + 1
    while stop < min(len(tokens), index + LOOK) and not tokens[stop].piece.break_before:
        stop += 1
    return stop


def _side_of(tokens: list[Token], index: int, primary: int) -> tuple[SpatialCue | None, int] | None:
    """ "(to the) left of the tree", "left side of the bus"; of the picture itself, the cue is absolute."""
    scan = index
    if tokens[scan].norm in ("to", "on", "at", "in"):
        scan += 1
        while scan < len(tokens) and (
            tokens[scan].tag in ("DET", "POSS", "ADV") or tokens[scan].norm in ("far", "very")
        ):
            scan += 1
    if scan >= len(tokens) or tokens[scan].tag != "POS" or _turned(tokens, index):
        return None
    position = scan
    direction = closed.ABSOLUTE_DIRECTIONS.get(tokens[position].norm)
    scan += 1
    if scan < len(tokens) and tokens[scan].norm in ("side", "hand", "end", "part", "half", "edge", "corner"):
        scan += 1
    if direction is None or scan >= len(tokens) or tokens[scan].norm != "of" or tokens[scan].piece.break_before:
        return None
    words = tuple(token.norm for token in tokens[index : scan + 1])
    context = _context(tokens, scan + 1, primary)
    if context is None or tokens[context].entry.base in nouns.PICTURE:
        return _cue(tokens, position, position + 1, "absolute", direction, None), scan + 1
    direction = _RELATIVE.get(words, direction)
    return _cue(tokens, index, scan + 1, "relative", direction, context), scan + 1


def _relative(tokens: list[Token], index: int, primary: int) -> tuple[SpatialCue | None, int] | None:
    """A preposition of place and what it points to."""
    for length in range(min(_LONGEST, len(tokens) - index), 0, -1):
        words = tuple(token.norm for token in tokens[index : index + length])
        direction = _RELATIVE.get(words)
        if direction is not None:
            break
    else:
        return None
    stop = index + length
    if length == 1 and tokens[index].tag not in ("ADP", "ADJ", "ADV"):
        return None
    after = tokens[stop] if stop < len(tokens) else None
    if length == 1 and _not_of_place(tokens, index, after):
        return None
    if _viewed(tokens, stop):
        return _cue(tokens, index, stop, "absolute", direction, None), stop
    context = _context(tokens, stop, primary)
    if length == 1 and tokens[index].norm in (
        "in",
        "on",
        "by",
        "over",
        "around",
        "against",
        "into",
        "nearest",
        "opposite",
    ):
        if context is None:
            return None
        entry = tokens[context].entry
        if entry.base in nouns.PICTURE or entry.base in PLACE_NOUNS or tokens[context].norm in _ABSOLUTE_NOUNS:
            return None
        if tokens[index].norm == "in" and ((entry.clothing and not entry.animate) or entry.base in _MANNER):
            return None
    return _cue(tokens, index, stop, "relative", direction, context), stop


def _not_of_place(tokens: list[Token], index: int, after: Token | None) -> bool:
    word = tokens[index].norm
    before = tokens[index - 1] if index else None
    if word in ("in", "on") and (after is None or after.tag in ("COL", "POS", "ADP", "REL", "FIN")):
        return True
    if word == "by" and before is not None and before.tag == "PART" and before.norm not in desc.STANDING_PARTICIPLES:
        return True
    if (
        word in ("over", "around", "by")
        and after is not None
        and after.norm in ("himself", "herself", "itself", "themselves")
    ):
        return True
    return word in ("around", "toward", "towards") and before is not None and before.norm in desc.NOT_SPATIAL_VERBS


def _absolute(tokens: list[Token], index: int) -> tuple[SpatialCue | None, int] | None:
    """A position in the picture: "left", "top", "background", "closest"."""
    token = tokens[index]
    stop = index + 1
    if token.tag == "POS" and token.norm in closed.ABSOLUTE_DIRECTIONS:
        if _turned(tokens, index) or _own_side(tokens, index):
            return None, stop
        if stop < len(tokens) and tokens[stop].norm == "most":
            stop += 1
        return _cue(tokens, index, stop, "absolute", closed.ABSOLUTE_DIRECTIONS[token.norm], None), stop
    if token.tag == "POS":
        ways = _joined_directions(token)
        if ways and not _turned(tokens, index):
            return _cue(tokens, index, stop, "absolute", ways[0], None), stop
    if token.tag == "N" and token.norm in _ABSOLUTE_NOUNS:
        return _cue(tokens, index, stop, "absolute", _ABSOLUTE_NOUNS[token.norm], None), stop
    if token.norm in _DISTANCE and token.tag in ("ADJ", "ADV"):
        after = tokens[stop] if stop < len(tokens) else None
        if after is not None and (after.tag == "POS" or after.norm in ("side", "end", "away")):
            return None, stop
        return _cue(tokens, index, stop, "absolute", _DISTANCE[token.norm], None), stop
    return None


def _joined_directions(token: Token) -> tuple[str, ...]:
    """The directions inside "topleft" or "bottom-right"."""
    rest, ways = token.norm.replace("-", ""), []
    while rest:
        known = next((word for word in _BY_LENGTH if rest.startswith(word)), None)
        if known is None:
            break
        ways.append(closed.ABSOLUTE_DIRECTIONS[known])
        rest = rest[len(known) :]
    return tuple(ways)


_BY_LENGTH = sorted((w for w in closed.ABSOLUTE_DIRECTIONS if len(w) > 2 and "-" not in w), key=len, reverse=True)


def _turned(tokens: list[Token], index: int) -> bool:
    """Whether the direction is one of looking: "facing left", "looking to the right"."""
    scan = index - 1
    while (
        scan >= 0
        and not tokens[scan + 1].piece.break_before
        and (tokens[scan].tag in ("DET", "ADV", "POSS") or tokens[scan].norm in ("to", "toward", "towards"))
    ):
        scan -= 1
    return scan >= 0 and not tokens[scan + 1].piece.break_before and tokens[scan].norm in desc.NOT_SPATIAL_VERBS


def _own_side(tokens: list[Token], index: int) -> bool:
    """ "left hand": a side of the body, not of the picture; "his back": a part of it."""
    if tokens[index].norm in ("back", "front", "bottom", "rear") and index and tokens[index - 1].tag in ("POSS", "GEN"):
        return True
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    if after is None or after.piece.break_before or after.tag != "N":
        return False
    beyond = tokens[index + 2] if index + 2 < len(tokens) else None
    if after.norm == "hand" and beyond is not None and beyond.tag == "N":
        return False
    return after.entry.base in _PAIRED


def _viewed(tokens: list[Token], index: int) -> bool:
    """Whether what follows is who looks at the picture: "closest to the camera"."""
    while index < len(tokens) and tokens[index].tag in ("DET", "POSS"):
        index += 1
    return index < len(tokens) and tokens[index].norm in closed.VIEWERS


def _context(tokens: list[Token], index: int, primary: int) -> int | None:
    """The head of the noun phrase at ``index``."""
    if index >= len(tokens) or tokens[index].piece.break_before:
        return None
    head = noun_phrase(tokens, index, _part_stop(tokens, index)).head
    if head is None or head == primary:
        return None
    visible = tokens[head].tag != "PRON" or tokens[head].norm in closed.PRONOUN_HEADS
    return head if visible else None


def _cue(tokens: list[Token], start: int, stop: int, kind: str, direction: str, context: int | None) -> SpatialCue:
    first, last = tokens[start].piece, tokens[stop - 1].piece
    text = " ".join(token.piece.text for token in tokens[start:stop])
    return SpatialCue(
        text, (first.start, last.end), "absolute" if kind == "absolute" else "relative", direction, context
    )
