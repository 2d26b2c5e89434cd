"""The grounder as a system of the registry: ``iterprime`` and its plain floor ``gradcam``, on any image-text matcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, get_args

from iterprime_xai.language import parse
from iterprime_xai.models import load_matcher
from iterprime_xai.records import Expression, Grounding, OptionError
from iterprime_xai.records.proposals import SELECTION_RULES, Answer
from iterprime_xai.saliency.emphasis import Emphasis
from iterprime_xai.saliency.recipe import RECIPES, LocalWeight, Recipe, Slope
from iterprime_xai.systems.grounder import Grounder
from iterprime_xai.systems.proposing import OwnProposer
from iterprime_xai.systems.settings import DEVICE, MASKS, PRESET, SET_SHARE, Setting, Settings

_OF_RECIPE = tuple(field.name for field in fields(Recipe) if field.name != "name")
PARSERS = ("own", "stanza")
PAPER_PROPOSER = "mask2former:facebook/mask2former-swin-large-coco-panoptic"

_DEFAULT = RECIPES["default"]

_SHARED = (
    PRESET,
    Setting("model", "model", "tiny", "the matcher: a bundled model, a folder, a checkpoint file or a hub id"),
    DEVICE,
    Setting("dtype", "text", None, "float32, float16 or bfloat16; nothing: float32", optional=True),
    Setting(
        "image_size",
        "whole number",
        None,
        "pixels a side that a .pth file looks at; nothing: as it was trained",
        low=1,
        optional=True,
    ),
    *MASKS,
    Setting(
        "parser",
        "text",
        "own",
        "who finds the primary word: ours, or Stanza's constituency parser",
        choices=PARSERS,
    ),
    Setting(
        "layer", "whole number", None, "text layer to read, 0-based; nothing: the checkpoint's profile", optional=True
    ),
    Setting("prompt", "text", _DEFAULT.prompt, "the matched text, with {expression} in it once"),
    Setting(
        "gradient", "text", _DEFAULT.gradient, "by what the match logit is differentiated", choices=get_args(Slope)
    ),
    Setting("emphasis", "text", _DEFAULT.emphasis, "how tokens become one map", choices=get_args(Emphasis)),
    Setting("local_weight", "text", _DEFAULT.local_weight, "weight of local emphasis", choices=get_args(LocalWeight)),
    Setting("passes", "whole number", _DEFAULT.passes, "at most this many looks; 1 = no refinement", low=1),
    Setting(
        "threshold",
        "number",
        _DEFAULT.threshold,
        "patches at or above this share of the heat are masked next",
        low=0,
        high=1,
    ),
    Setting("blend", "number", _DEFAULT.blend, "weight of the newest map in the blended one", low=0, high=1),
    Setting("stop_on_fall", "yes or no", _DEFAULT.stop_on_fall, "stop when the match probability falls"),
    Setting("keep_rejected", "yes or no", _DEFAULT.keep_rejected, "whether a pass whose probability fell stays"),
    Setting("selection", "text", _DEFAULT.selection, "rule that picks a mask by the heat", choices=SELECTION_RULES),
    Setting(
        "abstain_below",
        "number",
        None,
        "match probability below which an answer that may abstain gives no mask; nothing: the checkpoint's profile, else 0.5",
        low=0.0,
        high=1.0,
        optional=True,
    ),
    SET_SHARE,
)
_PLAIN = {"gradient": "attention", "emphasis": "sentence", "passes": 1}

SETTINGS: dict[str, tuple[Setting, ...]] = {
    "iterprime": _SHARED,
    "gradcam": tuple(
        replace(each, choices=("default",))
        if each.name == "preset"
        else replace(each, default=_PLAIN.get(each.name, each.default))
        for each in _SHARED
    ),
}

_PAPER = {name: value for name, value in asdict(RECIPES["paper"]).items() if name in _OF_RECIPE}

PRESETS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "iterprime": {
        "default": {},
        "paper": _PAPER | {"parser": "stanza", "proposer": PAPER_PROPOSER},
        "paper-offline": _PAPER,
    },
    "gradcam": {"default": {}},
}

OFFLINE = {
    "parser": "our rules, in place of Stanza's constituency parser",
    "model": "the model named here, in place of ALBEF's 14M checkpoint",
    "proposer": "the proposer named here, in place of Mask2Former's masks",
}
"""What stands in for what in the preset "paper-offline", by the setting that would undo it."""


class GrounderSystem:
    """A grounder with one recipe, as a :class:`~iterprime_xai.systems.segmenter.ZeroShotSegmenter`."""

    def __init__(self, settings: Settings, grounder: Grounder) -> None:
        self.name = settings.system
        self.settings = settings
        self.grounder = grounder
        self.recipe = Recipe(
            name=settings.preset if self.name == "iterprime" else self.name,
            **{name: settings[name] for name in _OF_RECIPE},
        )
        self.proposer = OwnProposer.of(settings)
        self.layer, _ = grounder.matcher.choose_layer(settings["layer"])

    def describe(self) -> dict[str, Any]:
        settings = self.settings.shown()
        return {
            "system": self.name,
            "settings": settings | {"layer": self.layer, "abstain_below": self.grounder.abstain_below[0]},
            "model": self.grounder.matcher.describe(),
            "proposer": self.proposer.describe(),
            "substitutes": self.substitutes(),
        }

    def substitutes(self) -> dict[str, str]:
        """What stands in for a part of the released code, by the setting that would undo it."""
        if self.settings.preset != "paper-offline":
            return {}
        return {name: said for name, said in OFFLINE.items() if name not in self.settings.given}

    def segment(self, image: Any, text: str, *, proposals: Any = None, answer: Answer = "always") -> Grounding:
        return self.segment_many(image, [text], proposals=proposals, answer=answer)[0]

    def segment_many(
        self, image: Any, texts: Sequence[str], *, proposals: Any = None, answer: Answer = "always"
    ) -> list[Grounding]:
        found = self.grounder.ground_many(
            image,
            texts,
            layer=self.settings["layer"],
            recipe=self.recipe,
            proposals=self.proposer.made() if proposals is None else proposals,
            answer=answer,
        )
        substitutes = self.substitutes()
        stamp = {"system": self.name, "preset": self.settings.preset, "substitutes": substitutes}
        return [
            replace(each, parameters=each.parameters | stamp, trace=(*substitutes.values(), *each.trace))
            for each in found
        ]

    def __repr__(self) -> str:
        return f"GrounderSystem({self.name!r}, {self.grounder!r})"


def make(settings: Settings) -> GrounderSystem:
    """The system, its model loaded."""
    if settings.preset == "paper" and "model" not in settings.given:
        raise OptionError(
            f'{settings.system}: the preset "paper" takes the released ALBEF checkpoint; give its file with model=PATH. '
            'The preset "paper-offline" takes the bundled model.'
        )
    return GrounderSystem(settings, _grounder(settings))


def _grounder(settings: Settings) -> Grounder:
    model, parser = settings["model"], _parser(settings)
    if isinstance(model, Grounder):
        model = model.matcher
    if not hasattr(model, "match_all"):
        model = load_matcher(
            model, device=settings["device"], dtype=settings["dtype"], image_size=settings["image_size"]
        )
    elif settings["image_size"] is not None:
        raise OptionError("image_size goes with a .pth file, but model is in memory already. Leave it out.")
    return Grounder(
        model,
        abstain_below=settings["abstain_below"],
        set_share=settings["set_share"],
        parser=parser,
    )


def _parser(settings: Settings) -> Callable[[str], Expression]:
    if settings["parser"] == "own":
        return parse
    from iterprime_xai.language.constituency import stanza_parser

    return stanza_parser()
