"""The primary word of the released code, on hand-made constituency trees and a stand-in for Stanza."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

from iterprime_xai.language import constituency
from iterprime_xai.records import MissingExtraError


def tree(text: str):
    """A tree from brackets: "(ROOT (NP (DT the) (NN dog)))"."""
    stack = [SimpleNamespace(label="", children=[])]
    for mark in re.findall(r"\(|\)|[^\s()]+", text):
        if mark == "(":
            stack.append(SimpleNamespace(label=None, children=[]))
        elif mark == ")":
            done = stack.pop()
            stack[-1].children.append(done)
        elif stack[-1].label is None:
            stack[-1].label = mark
        else:
            stack[-1].children.append(SimpleNamespace(label=mark, children=[]))
    return stack[0].children[0]


@pytest.mark.parametrize(
    ("brackets", "tags", "place"),
    [
        ("(ROOT (NP (DT the) (JJ red) (NN dog)))", "DET ADJ NOUN", 2),
        ("(ROOT (NP (NN teddy) (NN bear)))", "NOUN NOUN", 1),
        ("(ROOT (NP (NP (NN dog)) (PP (IN on) (NP (NN grass)))))", "NOUN ADP NOUN", 0),
        ("(ROOT (NP (NP (NNS men)) (PP (JJ next) (IN to) (NP (DT the) (NN car)))))", "NOUN ADJ ADP DET NOUN", 4),
        ("(ROOT (NP (JJ two) (NNS dogs)))", "NUM NOUN", 1),
        ("(ROOT (ADJP (JJ left)))", "ADJ", None),
    ],
)
def test_the_first_innermost_noun_phrase_with_a_singular_noun_else_the_last_noun(brackets, tags, place):
    assert constituency.primary_leaf([tree(brackets)], tags.split()) == place


def _stanza(brackets, words):
    """A pipeline that has parsed one phrase."""

    def pipeline(text):
        found, start = [], 0
        for word, tag in words:
            start = text.index(word, start)
            found.append(SimpleNamespace(start_char=start, end_char=start + len(word), upos=tag))
            start += len(word)
        return SimpleNamespace(sentences=[SimpleNamespace(words=found, constituency=tree(brackets))])

    return pipeline


def test_the_word_that_stanza_names_becomes_the_primary_word(monkeypatch):
    brackets = "(ROOT (NP (NP (NNS men)) (PP (JJ next) (IN to) (NP (DT the) (NN car)))))"
    words = [("men", "NOUN"), ("next", "ADJ"), ("to", "ADP"), ("the", "DET"), ("car", "NOUN")]
    monkeypatch.setattr(constituency, "_pipeline", lambda: _stanza(brackets, words))
    found = constituency.stanza_parser()("men next to the car")
    assert found.primary_word == "car"
    assert found.parser == "stanza"
    assert found.text[slice(*found.primary_span)] == "car"


def test_a_phrase_without_a_noun_is_left_to_our_rules_and_says_so(monkeypatch):
    monkeypatch.setattr(constituency, "_pipeline", lambda: _stanza("(ROOT (ADJP (JJ left)))", [("left", "ADJ")]))
    found = constituency.stanza_parser()("left")
    assert found.parser == "stanza: no noun, our rules"
    assert found.headless


def test_without_stanza_the_offline_preset_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "stanza", None)
    constituency._pipeline.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install.*stanza.*paper-offline"):
        constituency.stanza_parser()
