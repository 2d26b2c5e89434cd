"""Phrases of known words on photographs: a model that only knows drawn scenes should call none of them a match."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from iterprime_xai.data.images import read_image
from iterprime_xai.evaluation.bootstrap import Interval, interval
from iterprime_xai.evaluation.matching import matcher_score
from iterprime_xai.evaluation.tables import markdown
from iterprime_xai.records.errors import ImageInputError

if TYPE_CHECKING:
    from iterprime_xai.models import ImageTextMatcher

_PHRASES = {
    "category": (
        "dog: a dog | cat: a cat | horse: the horse | car: a car | apple: an apple | tree: the tree | "
        "umbrella: an umbrella | house: a house | guitar: the guitar | girl: a girl"
    ),
    "attribute": (
        "dog: a red dog | cat: the black cat | bird: a yellow bird | fish: a blue fish | "
        "car: the green car | bus: a white bus | banana: a purple banana | cake: the small cake | "
        "flower: an orange flower | chair: a large blue chair | shirt: the red shirt | ball: a white ball | "
        "book: the green book | woman: the small woman | key: a small yellow key | boat: the large boat"
    ),
    "position": (
        "bike: the left bike | dog: the dog on the right | train: the train at the bottom | "
        "tree: the top tree | cup: the cup in the middle | man: the man on the left | "
        "truck: the right truck | zebra: the zebra at the top | couch: the left couch | hat: the bottom hat"
    ),
    "relation": (
        "bike: the bike left of the tree | dog: the dog next to the ball | car: the car below the bus | "
        "cat: the cat above the bed | shoe: the shoe right of the hat | bird: the bird near the house | "
        "sheep: the sheep behind the cow | cup: the cup in front of the book | boy: the boy near the bike | "
        "pizza: the pizza right of the cake"
    ),
    "ordinal": (
        "dog: second dog from the left | car: third car from the right | cat: second cat from the top | "
        "ball: second ball from the right"
    ),
    "comparison": (
        "elephant: the largest elephant | turtle: the smallest turtle | clock: the leftmost clock | "
        "tree: the largest tree"
    ),
    "implicit": (
        "chair: something to sit on | bed: something to sleep in | apple: something to eat | "
        "cup: something to drink from | book: something to read | plane: something that flies"
    ),
}

PHRASES: dict[str, tuple[str, str]] = {
    text: (kind, noun)
    for kind, line in _PHRASES.items()
    for noun, text in (part.strip().split(": ") for part in line.split("|"))
}
"""Sixty phrases of words that the bundled model knows, each with its kind and the noun that it is about."""

PACKAGED: dict[str, tuple[str, ...]] = {
    "skimage/data/astronaut.png": ("woman", "girl"),
    "skimage/data/brick.png": (),
    "skimage/data/camera.png": ("man", "boy", "house"),
    "skimage/data/chelsea.png": ("cat",),
    "skimage/data/coffee.png": ("cup",),
    "skimage/data/coins.png": (),
    "skimage/data/grass.png": (),
    "skimage/data/gravel.png": (),
    "skimage/data/hubble_deep_field.jpg": (),
    "skimage/data/ihc.png": (),
    "skimage/data/moon.png": (),
    "skimage/data/motorcycle_left.png": ("bike", "chair"),
    "skimage/data/retina.jpg": (),
    "skimage/data/rocket.jpg": ("plane",),
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg": ("woman", "girl", "hat", "shirt"),
}
"""Photographs in the installed packages, without any download, each with the nouns that it shows or might be said to show."""


@dataclass(frozen=True, eq=False)
class Photograph:
    """An upright RGB photograph and the nouns that stand in it, where known."""

    name: str
    image: Image.Image
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhotographRow:
    """One phrase about one photograph: ``shown`` where its noun stands in it."""

    photograph: str
    kind: str
    text: str
    shown: bool
    probability: float


@dataclass(frozen=True, slots=True)
class PhotographSummary:
    """Share of phrases whose probability reaches the threshold, over what is not shown, and the highest.

    The interval is over ``photographs`` of them: of a single one it has no width.
    """

    name: str
    matches: Interval
    highest: float
    count: int
    photographs: int

    def as_data(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def packaged_photographs() -> list[Photograph]:
    """The photographs that travel in scikit-image and matplotlib. Raises ``ImageInputError`` where one is missing."""
    import matplotlib
    import skimage

    roots = {"skimage": Path(skimage.__file__).parent, "matplotlib": Path(matplotlib.__file__).parent}
    found = []
    for place, shows in PACKAGED.items():
        package, _, rest = place.partition("/")
        found.append(Photograph(Path(place).name, read_image(roots[package] / rest).image, shows))
    return found


def photographs_in(folder: Path) -> list[Photograph]:
    """Every picture file of a folder, by name; nothing is known of what they show. Raises ``ImageInputError`` for none."""
    endings = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
    paths = sorted(path for path in Path(folder).glob("*") if path.suffix.lower() in endings)
    if not paths:
        raise ImageInputError(f"Expected a folder of photographs, but {folder} holds no {', '.join(endings)} file.")
    return [Photograph(path.name, read_image(path).image) for path in paths]


def score_photograph(matcher: ImageTextMatcher, photograph: Photograph) -> list[PhotographRow]:
    """The match probability of every phrase, the photograph encoded once."""
    probabilities = matcher_score(matcher)(photograph.image, list(PHRASES))
    return [
        PhotographRow(photograph.name, kind, text, noun in photograph.shows, float(probability))
        for (text, (kind, noun)), probability in zip(PHRASES.items(), probabilities, strict=True)
    ]


def summarise(rows: Sequence[PhotographRow], threshold: float, seed: int = 0) -> list[PhotographSummary]:
    """All photographs together, then each kind of phrase, then each photograph; phrases of what is shown are left out."""
    asked = [row for row in rows if not row.shown]
    kinds = dict.fromkeys(row.kind for row in asked)
    pictures = dict.fromkeys(row.photograph for row in asked)
    return [
        _summary("all", asked, threshold, seed),
        *(_summary(kind, (row for row in asked if row.kind == kind), threshold, seed) for kind in kinds),
        *(_summary(name, (row for row in asked if row.photograph == name), threshold, seed) for name in pictures),
    ]


def photographs_markdown(rows: Sequence[PhotographSummary]) -> str:
    """Share called matches, per kind and per photograph."""
    body = [
        [
            row.name,
            str(row.matches) if row.photographs > 1 else f"{row.matches.mean:.3f}",
            f"{row.highest:.3f}",
            str(row.count),
        ]
        for row in rows
    ]
    return markdown(["phrases or photograph", "called matches", "highest probability", "phrases"], body)


def _summary(name: str, rows: Iterable[PhotographRow], threshold: float, seed: int) -> PhotographSummary:
    chosen = list(rows)
    matches = interval(
        [float(row.probability >= threshold) for row in chosen], [row.photograph for row in chosen], seed
    )
    highest, photographs = max(row.probability for row in chosen), len({row.photograph for row in chosen})
    return PhotographSummary(name, matches, highest, len(chosen), photographs)
