"""Referring scenes: pictures of drawn things whose every expression and statement is proved by the scene itself."""

from iterprime_xai.data.scenes.bundled import bundled_samples
from iterprime_xai.data.scenes.expressions import SceneExpression, expressions
from iterprime_xai.data.scenes.generate import compose, generate
from iterprime_xai.data.scenes.matching import MatchingPair, matching_pairs
from iterprime_xai.data.scenes.render import Rendered, render, render_image
from iterprime_xai.data.scenes.samples import samples
from iterprime_xai.data.scenes.scene import Background, Scene, Thing
from iterprime_xai.data.scenes.statements import (
    PhrasePair,
    StatementPair,
    phrase_pairs,
    statement_pairs,
    vocabulary_words,
)
from iterprime_xai.data.scenes.truth import Description, Relation, find, fits, referent
from iterprime_xai.data.scenes.vocabulary import SPLITS, synonyms

__all__ = [
    "SPLITS",
    "Background",
    "Description",
    "MatchingPair",
    "PhrasePair",
    "Relation",
    "Rendered",
    "Scene",
    "SceneExpression",
    "StatementPair",
    "Thing",
    "bundled_samples",
    "compose",
    "expressions",
    "find",
    "fits",
    "generate",
    "matching_pairs",
    "phrase_pairs",
    "referent",
    "render",
    "render_image",
    "samples",
    "statement_pairs",
    "synonyms",
    "vocabulary_words",
]
