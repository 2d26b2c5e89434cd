"""Noun chunks: the target's, and those of a caption; by rules, and as the released code takes them from a spaCy parse."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from iterprime_xai.language import parse
from iterprime_xai.language.chunks import chunk_of_root, noun_chunks, pipeline_named, target_chunk
from iterprime_xai.records import MissingExtraError


@pytest.mark.parametrize(
    ("text", "chunk"),
    [
        ("the bike left of the tree", "the bike"),
        ("a small red dog next to the tree", "a small red dog"),
        ("left dog", "left dog"),
        ("teddy bear sitting on a chair", "teddy bear"),
        ("the tree, a dog", "the tree"),
        ("third from left", "third from left"),
    ],
)
def test_the_targets_noun_phrase_ends_with_the_primary_word(text, chunk):
    assert target_chunk(parse(text, pipeline="rules")) == chunk


@pytest.mark.parametrize(
    ("caption", "chunks"),
    [
        ("a green tree above a red bike and a blue bike", ["a green tree", "a red bike", "a blue bike"]),
        ("two dogs, a cat", ["two dogs", "a cat"]),
        ("a teddy bear", ["a teddy bear"]),
        ("running", []),
    ],
)
def test_the_chunks_of_a_caption_come_in_order(caption, chunks):
    assert noun_chunks(caption) == chunks


@dataclass
class Word:
    i: int
    text: str
    head: Word = None  # type: ignore[assignment]
    children: list = field(default_factory=list)


@dataclass
class Chunk:
    start: int
    end: int
    text: str


class Doc(list):
    """What is used of a spaCy doc: words with their heads, and chunks."""

    def __init__(self, words, heads, chunks):
        super().__init__(Word(place, word) for place, word in enumerate(words))
        self.text, self.noun_chunks = " ".join(words), chunks
        for word, head in zip(self, heads, strict=True):
            word.head = self[head]
            if head != word.i:
                self[head].children.append(word)


def test_the_released_rule_takes_the_chunk_of_the_root():
    doc = Doc(["red", "dog", "on", "grass"], [1, 1, 1, 2], [Chunk(0, 2, "red dog"), Chunk(3, 4, "grass")])
    assert chunk_of_root(doc) == "red dog"


def test_else_that_of_the_roots_first_child_else_the_whole_text():
    doc = Doc(["man", "sits", "here"], [1, 1, 1], [Chunk(0, 1, "man")])
    assert chunk_of_root(doc) == "man"
    doc = Doc(["here", "sits", "man"], [1, 1, 1], [Chunk(2, 3, "man")])  # only the first child is asked
    assert chunk_of_root(doc) == "here sits man"


def test_of_two_sentences_the_last_root_counts():
    doc = Doc(["dog", "cat"], [0, 1], [Chunk(0, 1, "dog"), Chunk(1, 2, "cat")])
    assert chunk_of_root(doc) == "cat"


def test_a_pipeline_that_is_not_installed_is_named():
    with pytest.raises(MissingExtraError, match=r"spacy download en_core_web_none.*paper-offline"):
        pipeline_named("en_core_web_none", "a paper")
