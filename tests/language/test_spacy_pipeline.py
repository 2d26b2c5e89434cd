"""A spaCy pipeline as parser: hand-made ones here, whose components set tags and dependencies from a table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from iterprime_xai.language import parse
from iterprime_xai.language import pipeline as trained
from iterprime_xai.records import OptionError

# word/POS/TAG/dependency/head, as a parser trained on sentences would have it
PARSES = {
    "wug dax": "wug/NOUN/NN/ROOT/0 dax/VERB/VB/relcl/0",
    "dog on couch": "dog/NOUN/NN/ROOT/0 on/ADP/IN/prep/0 couch/NOUN/NN/pobj/1",
    "guy blue shirt": "guy/NOUN/NN/compound/2 blue/ADJ/JJ/amod/2 shirt/NOUN/NN/ROOT/2",
    "the cat sleeps": "the/DET/DT/det/1 cat/NOUN/NN/nsubj/2 sleeps/VERB/VBZ/ROOT/2",
    "find the dog": "find/VERB/VB/ROOT/0 the/DET/DT/det/2 dog/NOUN/NN/dobj/0",
    "left": "left/VERB/VBD/ROOT/0",
    "man left": "man/NOUN/NN/compound/1 left/NOUN/NN/ROOT/1",
    "mans arm": "mans/PROPN/NNP/ROOT/0 arm/NOUN/NN/dobj/0",
    "red t-shirt": "red/ADJ/JJ/amod/3 t/NOUN/NN/compound/3 -/PUNCT/HYPH/punct/3 shirt/NOUN/NN/ROOT/3",
    "blick tove": "blick/NOUN/NN/compound/1 tove/NOUN/NN/ROOT/1",
    "holding bat": "holding/VERB/VBG/ROOT/0 bat/NOUN/NN/dobj/0",
}


@Language.component("table_of_parses")
def table_of_parses(doc: Doc) -> Doc:
    """Annotate the phrases of ``PARSES``; other texts get no annotation."""
    for token, row in zip(doc, PARSES.get(doc.text, "").split(), strict=False):
        text, token.pos_, token.tag_, dependency, head = row.split("/")
        assert text == token.text
        token.dep_, token.head = dependency, doc[int(head)]
    return doc


@pytest.fixture(scope="module")
def nlp() -> Language:
    made = spacy.blank("en")
    made.add_pipe("table_of_parses")
    made.meta["name"], made.meta["version"] = "hand_made", "1.2.3"
    return made


@pytest.mark.parametrize(
    ("phrase", "primary"),
    [
        ("dog on couch", "dog"),
        ("the cat sleeps", "cat"),
        ("find the dog", "dog"),
        ("wug dax", "wug"),
        ("blick tove", "tove"),
        ("red t-shirt", "t-shirt"),
    ],
)
def test_the_head_follows_tags_and_dependencies(nlp: Language, phrase: str, primary: str) -> None:
    found = parse(phrase, pipeline=nlp)
    assert (found.primary_word, found.headless) == (primary, False)
    assert found.parser == "spacy:en_hand_made-1.2.3"


def test_the_pipeline_decides_where_the_rules_only_guess(nlp: Language) -> None:
    assert parse("wug dax", pipeline="rules").primary_word == "dax"
    assert parse("wug dax", pipeline=nlp).primary_word == "wug"


@pytest.mark.parametrize(
    ("phrase", "primary", "headless"),
    [
        ("guy blue shirt", "guy", False),
        ("man left", "man", False),
        ("mans arm", "arm", False),
        ("left", "left", True),
        ("holding bat", "holding", True),
    ],
)
def test_heads_that_are_wrong_for_phrases_are_corrected(
    nlp: Language, phrase: str, primary: str, headless: bool
) -> None:
    found = parse(phrase, pipeline=nlp)
    assert (found.primary_word, found.headless) == (primary, headless)


def test_compounds_come_from_the_dependencies(nlp: Language) -> None:
    found = parse("blick tove", pipeline=nlp)
    assert found.text[slice(*found.primary_span)] == "blick tove"


def test_agreement_is_surer_than_correction(nlp: Language) -> None:
    assert parse("dog on couch", pipeline=nlp).confidence > parse("guy blue shirt", pipeline=nlp).confidence


def test_words_carry_the_parts_of_speech_of_the_pipeline(nlp: Language) -> None:
    assert [word.pos for word in parse("mans arm", pipeline=nlp).words] == ["PROPN", "NOUN"]


def test_a_pipeline_without_annotation_is_refused() -> None:
    with pytest.raises(OptionError, match=r"neither tags nor dependencies.*rules"):
        parse("a dog", pipeline=spacy.blank("en"))


@pytest.mark.parametrize("pipeline", [3, object(), ["en_core_web_sm"]])
def test_what_is_no_pipeline_is_refused(pipeline: object) -> None:
    with pytest.raises(OptionError, match="must be a spaCy Language"):
        parse("a dog", pipeline=pipeline)  # type: ignore[arg-type]


def test_a_pipeline_that_is_not_installed_is_refused_with_the_command() -> None:
    with pytest.raises(OptionError, match=r"not an installed English pipeline.*spacy download"):
        parse("a dog", pipeline="xx_core_web_none")


FAKE = """
import spacy
from spacy.language import Language

@Language.component("all_nouns_{name}")
def tag(doc):
    for token in doc:
        token.pos_ = "NOUN"
    return doc

def load(**overrides):
    {body}
    nlp = spacy.blank("en")
    nlp.add_pipe("all_nouns_{name}")
    nlp.meta["name"], nlp.meta["version"] = "{name}", "9.9"
    return nlp
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the import path, and no memory of pipelines found before or after."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in trained.PIPELINES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    trained.installed.cache_clear()
    trained.load_named.cache_clear()
    yield tmp_path
    trained.installed.cache_clear()
    trained.load_named.cache_clear()
    for name in trained.PIPELINES:
        sys.modules.pop(name, None)


def install(folder: Path, size: str, body: str = "pass") -> None:
    (folder / f"en_core_web_{size}.py").write_text(FAKE.format(name=f"core_web_{size}", body=body), encoding="utf-8")


def test_the_best_installed_pipeline_is_used(packages: Path) -> None:
    install(packages, "sm")
    install(packages, "md")
    assert parse("a dog").parser == "spacy:en_core_web_md-9.9"
    assert parse("a dog", pipeline="en_core_web_sm").parser == "spacy:en_core_web_sm-9.9"
    assert parse("a dog", pipeline="rules").parser == "rules"


def test_a_broken_pipeline_is_announced_and_the_next_one_used(packages: Path) -> None:
    install(packages, "lg", "raise OSError('made for another version')")
    install(packages, "sm")
    with pytest.warns(RuntimeWarning, match="en_core_web_lg is installed but does not load"):
        assert parse("a dog").parser == "spacy:en_core_web_sm-9.9"


def test_the_rules_are_the_default_where_no_pipeline_is_installed(
    packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trained, "find_spec", lambda name: None)
    assert parse("a dog").parser == "rules"
