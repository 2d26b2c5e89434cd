"""``iterprime-xai systems``: the systems by name, and the settings of each."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from iterprime_xai.systems.settings import Setting

WIDTH = 100
"""Columns of the lists: what a terminal beside an editor shows without breaking lines itself."""


def systems(
    name: Annotated[str | None, typer.Argument(help="A system: its settings. Without it: all systems.")] = None,
) -> None:
    """List the systems, or the settings of one."""
    from iterprime_xai.systems.registry import SYSTEMS, presets_of, settings_of

    if name is None:
        for each in SYSTEMS.values():
            say(f"{each.name:18} ", f"{each.meaning}{f' ({each.source})' if each.source else ''}")
        typer.echo("The settings of one: iterprime-xai systems tas")
        typer.echo('Use: iterprime-xai ground photo.jpg "..." --system tas --set key=value')
        return
    settings, presets = settings_of(name), presets_of(name)
    say(f"{name}: ", SYSTEMS[name].meaning)
    names = max(len(setting.name) for setting in settings)
    defaults = max(len(_shown(setting.default)) for setting in settings)
    for setting in settings:
        say(f"  {setting.name:{names}}  {_shown(setting.default):{defaults}}  ", _line(setting))
    for preset, values in presets.items():
        if values:
            say(f"preset {preset}: ", ", ".join(f"{key}={_shown(value)}" for key, value in values.items()))


def say(head: str, text: str) -> None:
    """``head`` and what is said of it, in lines of at most ``WIDTH`` columns that begin below each other."""
    indent = " " * len(head)
    typer.echo(fill(text, WIDTH, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False))


def _line(setting: Setting) -> str:
    allowed = f"; {setting.allowed}" if setting.choices or setting.low is not None else ""
    source = f" [{setting.source}]" if setting.source else ""
    return f"{setting.meaning}{allowed}{source}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
