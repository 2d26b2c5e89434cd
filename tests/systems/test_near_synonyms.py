"""Near-synonyms by table, and WordNet's rule on hand-made synsets."""

from __future__ import annotations

import pytest

from iterprime_xai.systems.near_synonyms import by_table, near_synsets


@pytest.mark.parametrize(
    ("phrase", "other", "near"),
    [
        ("the red dog", "a blue dog", True),
        ("the dogs", "a dog", True),
        ("a puppy", "the dog", True),
        ("a dog", "a cat", False),
        ("red", "a dog", False),
    ],
)
def test_the_same_word_or_a_synonym_is_near(phrase, other, near):
    assert by_table(phrase, other) is near
    assert by_table(other, phrase) is near


class Synset:
    """A synset whose likeness to others is told."""

    def __init__(self, likeness):
        self.likeness = likeness

    def path_similarity(self, other):
        return self.likeness


def test_wordnet_asks_for_three_pairs_above_nine_tenths():
    same, unlike, unknown = Synset(1.0), Synset(0.9), Synset(None)
    others = [object()]
    assert near_synsets([same] * 3, others)
    assert not near_synsets([same] * 2, others)
    assert near_synsets([same], others * 3)
    assert not near_synsets([same, same, unlike, unknown], others)
