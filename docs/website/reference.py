"""The API reference and the command line's, written from the docstrings: a page for each folder of the package."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from website.contents import toctree
from website.staging import ROOT, write

PACKAGE = ROOT / "iterprime_xai"
FLOORS = (
    "records",
    "language",
    "data",
    "models",
    "saliency",
    "masks",
    "systems",
    "evaluation",
    "training",
    "reports",
    "visualize",
    "tutorials",
)
"""The package's folders as the design orders them; imports run from right to left."""

_NOT_READ = {"cli", "__main__", "__pycache__"}


def stage_reference(stage: Path, floors: Sequence[str] = FLOORS) -> list[Path]:
    """Write a page for each folder of modules below ``floors``, the list of public names, and the commands."""
    folders = [folder for floor in floors for folder in _folders(PACKAGE / floor)]
    staged = [write(stage / "api" / f"{_dotted(folder)}.md", _page(folder)) for folder in folders]
    staged.append(write(stage / "api" / "commands.md", _commands()))
    staged.append(write(stage / "api" / "index.md", _contents(folders)))
    return [path.relative_to(stage) for path in staged]


def summary(module: Path) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").split("\n\n")[0].replace("\n", " ")


def _folders(top: Path) -> Iterator[Path]:
    for folder in [top, *sorted(path for path in top.rglob("*") if path.is_dir())]:
        if (folder / "__init__.py").is_file() and not _NOT_READ & set(folder.parts):
            yield folder


def _dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(PACKAGE).parts)


def _modules(folder: Path) -> list[Path]:
    """The folder's modules that define something public, its own ``__init__`` last; the checks of exercises are none of it."""
    found = [path for path in sorted(folder.glob("*.py")) if not re.fullmatch(r"__init__|lesson_\d+", path.stem)]
    return [path for path in (*found, folder / "__init__.py") if _defines(path)]


def _defines(path: Path) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = [node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, kinds)]
    return any(not name.startswith("_") for name in defined)


def _page(folder: Path) -> str:
    parts = [f"# iterprime_xai.{_dotted(folder)}", "", summary(folder / "__init__.py"), ""]
    for path in _modules(folder):
        name = _dotted(folder) if path.name == "__init__.py" else f"{_dotted(folder)}.{path.stem}"
        parts += [
            f"## {name.rpartition('.')[2]}",
            "",
            "```{eval-rst}",
            f".. automodule:: iterprime_xai.{name}",
            "```",
            "",
        ]
    return "\n".join(parts)


def _contents(folders: Sequence[Path]) -> str:
    import iterprime_xai as ix

    lines = [
        "# API",
        "",
        "What `import iterprime_xai as ix` offers by name; everything else stands under the folder that it belongs to.",
        "",
    ]
    lines += ["| name | what it is |", "|---|---|"]
    for name in ix.__all__:
        lines.append(f"| {_role(name, getattr(ix, name))} | {_says(getattr(ix, name))} |")
    lines += ["", "The [commands](commands.md) of `iterprime-xai` are thin: each calls what is listed here.", ""]
    lines += ["| folder | |", "|---|---|"]
    lines += [
        f"| [{_dotted(folder)}]({_dotted(folder)}.md) | {summary(folder / '__init__.py')} |" for folder in folders
    ]
    order = [f"{_dotted(folder)} </api/{_dotted(folder)}>" for folder in folders]
    return "\n".join(lines) + "\n" + toctree(["Commands </api/commands>", *order])


def _role(name: str, found: Any) -> str:
    if inspect.ismodule(found):
        return f"[ix.{name}]({name}.md)"
    kind = "class" if inspect.isclass(found) else "func"
    return f"{{py:{kind}}}`ix.{name} <{found.__module__}.{found.__qualname__}>`"


def _says(found: Any) -> str:
    lines = (inspect.getdoc(found) or "").split("\n\n")[0].split()
    return " ".join(lines).replace("``", "`").replace("|", "\\|")


def _commands() -> str:
    """Every command with its arguments and options, as the program itself tells them."""
    import typer

    from iterprime_xai.cli import app

    parts = ["# Commands", "", "`iterprime-xai COMMAND --help` says the same in a terminal.", ""]
    top: Any = typer.main.get_command(app)
    for name, command in sorted(_leaves(top, "")):
        parts += [f"## {name}", "", _told(command.help), "", _usage(name, command), ""]
        rows = [_row(each) for each in command.params if not getattr(each, "hidden", False)]
        if rows:
            parts += ["| argument or option | default | |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _leaves(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for each, found in inside.items():
        if not found.hidden:
            yield from _leaves(found, f"{name} {each}".strip())


def _usage(name: str, command: Any) -> str:
    named = [(each.name.upper(), each.required) for each in command.params if each.param_type_name == "argument"]
    arguments = [shown if required else f"[{shown}]" for shown, required in named]
    return f"```text\niterprime-xai {' '.join([name, '[OPTIONS]', *arguments])}\n```"


def _row(each: Any) -> str:
    if each.param_type_name == "argument":
        shown = f"`{each.name.upper()}`"
    else:
        shown = ", ".join(f"`{option}`" for option in (*each.opts, *each.secondary_opts))
    given = each.default
    default = "" if given is None or callable(given) or given in ((), [], False, "") or each.required else f"`{given}`"
    return f"| {shown} | {default.replace('Ellipsis', '')} | {_told(getattr(each, 'help', ''))} |"


def _told(text: str | None) -> str:
    plain = " ".join((text or "").replace("\b", "").split())
    return plain.replace("|", "\\|").replace("[", "\\[").replace("<", "&lt;").replace("*", "\\*")
