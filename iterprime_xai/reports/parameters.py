"""What a notebook can be asked: its parameters, and a check of the values given before any kernel starts."""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iterprime_xai.records import OptionError

_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "None": (type(None),),
}
_SAID = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "None": "null (None)"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a notebook: its types ("str", "int", ..., none where anything goes), default and explanation."""

    name: str
    types: tuple[str, ...]
    default: Any
    help: str

    @property
    def expects(self) -> str:
        """The types in words."""
        return " or ".join(_SAID.get(each, f"a {each}") for each in self.types) or "any JSON value"


def schema(notebook: Any) -> dict[str, Parameter]:
    """The parameters that the cell tagged ``parameters`` of a loaded notebook (``NotebookNode``) assigns.

    Types come from the annotation (``limit: int = 4``), else from a type comment, else from the default.
    """
    import papermill

    found = {}
    for name, entry in papermill.inspect_notebook(notebook).items():
        try:
            default = ast.literal_eval(entry["default"])
            guess = type(default).__name__
        except (ValueError, SyntaxError):  # computed: its source is all that is known
            default, guess = entry["default"], ""
        found[name] = Parameter(name, _types(entry["inferred_type_name"], guess), default, entry["help"].strip())
    return found


def check(parameters: Mapping[str, Any], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """The parameters as a new dict, once every one is known to the notebook, of its type, and a JSON value.

    Raises:
        OptionError: names the parameter, what was expected, what came, and the nearest right name.
    """
    for name, value in parameters.items():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1, 0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise OptionError(
                f"The report has no parameter {name!r}.{hint} "
                f"It has: {', '.join(known) or 'none (no cell tagged `parameters`)'}."
            )
        _check_json(name, value)
        types = known[name].types
        if types and not any(_is(value, each) for each in types):
            raise OptionError(f"The report's parameter {name} should be {known[name].expects}, but got {value!r:.80}.")
    return dict(parameters)


def _types(stated: str, guess: str) -> tuple[str, ...]:
    """Type names of a parameter, stated or guessed from its default; empty where that is not one of JSON's types."""
    if stated in ("", "None"):
        return (guess,) if guess in _TYPES else ()
    optional = re.fullmatch(r"Optional\[(.*)\]", stated)
    parts = [*optional[1].split("|"), "None"] if optional else stated.split("|")
    names = tuple(part.strip().split("[")[0] for part in parts)
    return names if all(name in _TYPES for name in names) else ()


def _is(value: Any, type_name: str) -> bool:
    if isinstance(value, bool):  # which Python counts among the whole numbers
        return type_name == "bool"
    return isinstance(value, _TYPES[type_name])


def _check_json(where: str, value: Any) -> None:
    """Refuse what a notebook's parameter cell cannot hold."""
    if type(value) in (str, bool, int, type(None)):
        return
    if type(value) is float:
        if math.isfinite(value):
            return
        raise OptionError(f"The report's parameter {where} should be a finite number, but got {value}.")
    if type(value) is list:
        for index, each in enumerate(value):
            _check_json(f"{where}[{index}]", each)
        return
    if type(value) is dict:
        for key, each in value.items():
            if type(key) is not str:
                raise OptionError(f"The keys of the report's parameter {where} should be text, but one is {key!r:.60}.")
            _check_json(f"{where}[{key!r}]", each)
        return
    raise OptionError(
        f"The report's parameter {where} should be a JSON value (text, number, true, false, null, list or dict), "
        f"but got {type(value).__name__}; convert it with str(), .item() or .tolist()."
    )
