"""The ways to look, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from iterprime_xai.records import OptionError
from iterprime_xai.saliency.method import Method

_PLACES = {
    "gradcam": ("layered_gradcam", "GradCam"),
    "attention": ("attention", "Attention"),
    "rollout": ("rollout", "Rollout"),
    "relevance": ("rollout", "Relevance"),
    "legrad": ("attention", "LeGrad"),
    "occlusion": ("removal", "Occlusion"),
    "ablation": ("removal", "Ablation"),
    "integrated_gradients": ("pixel_gradients", "IntegratedGradients"),
    "smoothgrad": ("pixel_gradients", "SmoothGrad"),
    "rise": ("removal", "Rise"),
    "uniform": ("floors", "Uniform"),
    "centre": ("floors", "Centre"),
    "random": ("floors", "Random"),
    "edges": ("floors", "Edges"),
    "contrast": ("contrast", "Contrast"),
}

METHODS: tuple[str, ...] = tuple(name for name in _PLACES if name != "contrast")
"""Methods that need the phrase alone. ``contrast`` needs another one beside it."""

FLOORS = ("uniform", "centre", "random", "edges")
"""Methods that never ask the model where it looks."""


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """What is known of a method before it is used: ``cost`` for one phrase; a ``floor`` never asks the model where it looks."""

    name: str
    title: str
    cost: str
    paper: str
    reads_layer: bool
    floor: bool


def methods() -> list[MethodInfo]:
    """All ways to look. ``grounder.ground(..., method=name)`` uses one."""
    found = []
    for name in _PLACES:
        kind = _class(name)
        found.append(MethodInfo(name, kind.title, kind.cost, kind.paper, kind.reads_layer, name in FLOORS))
    return found


def get_method(method: Any, **options: Any) -> Method:
    """A method by name, with ``options`` in place of its defaults, or one that was made before.

    Raises:
        OptionError: an unknown name (with the nearest right one) or option, or a value that the method refuses.
    """
    if not isinstance(method, str):
        if isinstance(method, type) or not isinstance(method, Method):
            raise OptionError(f"method must be one of {', '.join(_PLACES)} or a Method, but got {method!r}.")
        if options:
            raise OptionError(f"The options {', '.join(options)} go with a method's name, but it was made already.")
        return method
    kind = method_class(method)
    allowed = tuple(each.name for each in fields(kind))
    for option in options:
        if option not in allowed:
            known = f"its options: {', '.join(allowed)}" if allowed else "it has no options"
            raise OptionError(f"Method {method} has no option {option!r}; {known}.")
    made: Method = kind(**options)
    return made


def method_class(name: str) -> Any:
    """The dataclass of a method, whose fields are its options. Raises ``OptionError`` for an unknown name."""
    if name not in _PLACES:
        near = get_close_matches(name, _PLACES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise OptionError(f"method must be one of {', '.join(_PLACES)}, but got {name!r}.{hint}")
    return _class(name)


def method_from_text(name: str, options: Mapping[str, str]) -> Method:
    """:func:`get_method` with options as they are typed: numbers, words, and whole numbers with commas between them.

    Raises:
        OptionError: as there, and for text that is not of the option's kind.
    """
    defaults = {each.name: each.default for each in fields(_class(name))} if name in _PLACES else {}
    return get_method(name, **{key: _read(key, text, defaults.get(key, "")) for key, text in options.items()})


def _read(option: str, text: str, default: Any) -> Any:
    """The value that a text stands for, of the kind that the default is of; layers have none, and are whole numbers."""
    try:
        if default is None:
            return tuple(int(each) for each in text.split(","))
        return type(default)(text)
    except ValueError:
        wanted = "whole numbers such as 1,2" if default is None else f"a number such as {default}"
        raise OptionError(f"{option} must be {wanted}, but got {text!r}.") from None


def _class(name: str) -> Any:
    """Loaded when used: some methods bring torch or captum."""
    place, kind = _PLACES[name]
    return getattr(import_module(f"iterprime_xai.saliency.{place}"), kind)
