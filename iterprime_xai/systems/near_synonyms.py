"""Whether two noun phrases name nearly the same thing: by WordNet as TAS's released code does, or by a small table."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from iterprime_xai.data.scenes import synonyms
from iterprime_xai.language.readings import read
from iterprime_xai.language.words import split
from iterprime_xai.records import MissingExtraError

NearSynonyms = Callable[[str, str], bool]

SIMILAR, PAIRS = 0.9, 3
"""WordNet: path similarity above the first, for at least so many pairs of synsets."""


def by_table(phrase: str, other: str) -> bool:
    """Whether the last nouns of two phrases are the same word, in singular or plural, or synonyms in the scenes' own table."""
    one, two = _noun(phrase), _noun(other)
    return one is not None and two is not None and (one == two or two in _table().get(one, frozenset()))


def _noun(phrase: str) -> str | None:
    """The base form of the last noun, with the noun in front of it where both are one name in the table ("teddy bear")."""
    nouns = [token for token in read(split(phrase)) if token.tag in ("N", "PRON")]
    if not nouns:
        return None
    whole = " ".join(token.norm for token in nouns[-2:])
    return whole if whole in _table() else (nouns[-1].entry.base or nouns[-1].norm)


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    return synonyms()


def by_wordnet() -> NearSynonyms:
    """As released: the first nouns of both phrases, by NLTK's tagger, have three pairs of synsets that are nearly the same.

    Raises ``MissingExtraError`` where NLTK, its tagger or WordNet is not installed.
    """
    to_do = (
        'The preset "paper" of TAS compares nouns in WordNet: `pip install "iterprime-xai[paper]"`, then '
        "`python -m nltk.downloader wordnet punkt_tab averaged_perceptron_tagger_eng`. "
        'Without it, the preset "paper-offline" uses a small table of synonyms and says so.'
    )
    try:
        import nltk
        from nltk.corpus import wordnet

        wordnet.ensure_loaded()
        nltk.pos_tag(nltk.word_tokenize("a dog"))
    except ImportError as error:
        raise MissingExtraError(to_do) from error
    except LookupError as error:
        raise MissingExtraError(f"{to_do} (NLTK lacks: {str(error).strip().splitlines()[0]})") from error

    def first_noun(phrase: str) -> str | None:
        return next((word for word, tag in nltk.pos_tag(nltk.word_tokenize(phrase)) if tag.startswith("N")), None)

    def near(phrase: str, other: str) -> bool:
        one, two = first_noun(phrase), first_noun(other)
        return one is not None and two is not None and near_synsets(wordnet.synsets(one), wordnet.synsets(two))

    return near


def near_synsets(synsets: list[Any], others: list[Any]) -> bool:
    """Whether at least ``PAIRS`` pairs of synsets have a path similarity above ``SIMILAR``."""
    similar = (one.path_similarity(two) for one in synsets for two in others)
    return sum(each is not None and each > SIMILAR for each in similar) >= PAIRS
