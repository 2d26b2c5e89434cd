"""Words that only introduce a phrase: "find", "click on", "show me", "where is", "there is"."""

from __future__ import annotations

from iterprime_xai.language import closed_class as closed
from iterprime_xai.language import descriptors as desc
from iterprime_xai.language.tokens import Token, compound_at


def after_openers(tokens: list[Token]) -> int:
    """Where the phrase proper begins, after "find", "click on", "show me", "where is", "there is" and the like."""
    index, last = 0, len(tokens) - 1
    while index < last:
        step = _opener(tokens, index)
        if step == 0:
            break
        index += step
    return min(index, last)


def _opener(tokens: list[Token], index: int) -> int:
    """How many words at ``index`` only introduce the phrase; 0 when it begins here."""
    norms = [token.norm for token in tokens[index : index + 5]]
    rest = len(tokens) - index
    word, second, third = norms[0], norms[1], norms[2] if len(norms) > 2 else ""
    token = tokens[index]
    if word in closed.INTERJECTIONS and token.tag == "INTJ":
        return 1
    if word in ("can", "could", "would", "will", "do", "did") and second in ("you", "we", "i") and rest > 3:
        return 3 if third in ("see", "find", "spot", "want", "please") else 2
    if (
        word in ("i", "we")
        and second in ("want", "need", "see", "mean", "think", "guess", "like", "choose", "spot")
        and rest > 2
    ):
        return 4 if third == "you" and rest > 4 and norms[3] == "to" else 2
    if (
        word in ("i", "we", "you")
        and second in ("am", "'m", "'re", "are")
        and third in ("looking", "thinking", "searching")
        and rest > 4
    ):
        return 4
    if (
        word in ("there", "here", "it", "this", "that", "where", "what", "which")
        and second in ("is", "are", "'s", "was", "s")
        and rest > 2
    ):
        follows = tokens[index + 2].tag in ("DET", "POSS", "N", "ADJ", "COL", "ORD", "NUM", "PRON")
        return 2 if follows or word in ("where", "there", "here") else 0
    if word == "who" and second in ("is", "are", "'s", "s") and rest > 2 and tokens[index + 2].tag in ("DET", "POSS"):
        return 2
    if word in ("is", "are") and second == "there" and rest > 2:
        return 2
    if word in ("let", "lets") and second in ("'s", "s", "us") and rest > 2:
        return 2
    if word not in desc.IMPERATIVES or compound_at(tokens, index):
        return 0
    return _imperative(tokens, index, word, second, rest)


def _imperative(tokens: list[Token], index: int, word: str, second: str, rest: int) -> int:
    sure = word in desc.SURE_IMPERATIVES
    pairs = {
        ("look", "at"),
        ("look", "for"),
        ("point", "to"),
        ("point", "at"),
        ("point", "out"),
        ("tap", "on"),
        ("press", "on"),
    }
    asks = (
        second in ("me", "us", "the", "a", "an", "out", "my", "that", "this", "all", "your") or (word, second) in pairs
    )
    if tokens[index].entry.tags[0] in ("N", "ADJ") and not sure:
        asks = second in ("me", "us", "the", "a", "an") or (word, second) in pairs
    if not (asks or sure):
        return 0
    skip = 1
    while skip < rest - 1 and tokens[index + skip].norm in ("me", "us", "out", "on", "to", "at", "for", "where", "up"):
        skip += 1
    if tokens[index + skip].norm in ("is", "are") and skip < rest - 1:
        skip += 1
    return skip
