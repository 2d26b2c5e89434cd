"""The sentences of a trace: what was read in the phrase, what every pass saw, and what the answer may not be trusted for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from iterprime_xai.data.images import Picture, read_image
from iterprime_xai.models.finding import REAL_CHECKPOINT
from iterprime_xai.records import Expression, Pass

if TYPE_CHECKING:
    from iterprime_xai.models import GroundingMatcher
    from iterprime_xai.saliency import Recipe

SCENE_SIZE = (336, 336)
"""Width and height of the bundled scenes: a picture of another size need not be compared with them."""


def language_notes(matcher: GroundingMatcher, expression: Expression) -> list[str]:
    """Primary word, who chose it, whether it only stands in for a missing noun, and words that the model never saw."""
    primary = expression.primary_word
    notes = [f"primary word {primary!r} from parser {expression.parser} (confidence {expression.confidence:.2f})"]
    if expression.headless:
        notes.append(f"headless phrase: no noun names the target, {primary!r} stands in for it")
    for word, nearest in matcher.unknown_words(tuple(word.text for word in expression.words)).items():
        hint = f"the nearest word that it knows is {nearest!r}" if nearest else "no word that it knows is near"
        notes.append(f"{matcher.name} never saw the word {word!r}; {hint}")
    return notes


def reading_notes(matcher: GroundingMatcher, recipe: Recipe) -> list[str]:
    """What a recipe asks for that this family does not have."""
    if matcher.scored or recipe.gradient != "scores":
        return []
    family = matcher.describe().get("family", matcher.name)
    return [
        f"recipe {recipe.name!r} asks for the gradient by the scores, but words of a {family} model have none of their own "
        "(its query tokens look for them): the gradient by the attention is read instead"
    ]


def pass_notes(passes: tuple[Pass, ...]) -> list[str]:
    """One sentence a pass; the logit shows a fall that the probability, near 0 or 1, would hide."""
    notes = []
    for number, each in enumerate(passes, 1):
        kept = "" if each.accepted else ", left out of the map"
        end = f"; stopped: {each.stopped}" if each.stopped else ""
        notes.append(
            f"pass {number}: match probability {each.probability:.4f} (logit {each.logit:.4g}), {int(each.keep.sum())} of "
            f"{each.keep.size} patches seen{kept}{end}"
        )
    return notes


def domain_notes(matcher: GroundingMatcher, picture: Picture) -> list[str]:
    """A warning for a model of one kind of pictures, left out for the pictures that travel with it."""
    domain = matcher.profile.domain
    if not domain or is_bundled_scene(picture):
        return []
    return [
        f"{matcher.name} was trained on {domain} only: do not trust it on photographs. For those: `hf download "
        f'{REAL_CHECKPOINT}`, then `iterprime-xai ground photo.jpg "..." --model {REAL_CHECKPOINT}`, or '
        f'`ix.load("{REAL_CHECKPOINT}")` in Python'
    ]


def is_bundled_scene(picture: Picture) -> bool:
    """Whether a picture has exactly the pixels of a scene that travels in the package."""
    return picture.image.size == SCENE_SIZE and picture.sha256 in _bundled()


@cache
def _bundled() -> frozenset[str]:
    """Hashes of the bundled scenes."""
    from iterprime_xai.data.scenes import bundled_samples

    images = {id(each.image): each.image for each in bundled_samples()}.values()  # one picture, many samples
    return frozenset(read_image(image).sha256 for image in images)
