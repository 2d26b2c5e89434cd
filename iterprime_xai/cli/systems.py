"""``iterprime-xai systems``: the systems by name, and the settings of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from iterprime_xai.systems.settings import Setting


def systems(
    name: Annotated[str | None, typer.Argument(help="A system: its settings. Without it: all systems.")] = None,
) -> None:
    """List the systems, or the settings of one."""
    from iterprime_xai.systems.registry import SYSTEMS, presets_of, settings_of

    if name is None:
        for each in SYSTEMS.values():
            typer.echo(f"{each.name:18} {each.meaning}{f' ({each.source})' if each.source else ''}")
        typer.echo(
            'The settings of one: iterprime-xai systems tas. Use: iterprime-xai ground photo.jpg "..." --system tas'
        )
        return
    settings, presets = settings_of(name), presets_of(name)
    typer.echo(f"{name}: {SYSTEMS[name].meaning}")
    for setting in settings:
        typer.echo(f"  {setting.name:15} {_shown(setting.default):20} {_line(setting)}")
    for preset, values in presets.items():
        if values:
            typer.echo(f"preset {preset}: {', '.join(f'{key}={_shown(value)}' for key, value in values.items())}")


def _line(setting: Setting) -> str:
    allowed = f"; {setting.allowed}" if setting.choices or setting.low is not None else ""
    source = f" [{setting.source}]" if setting.source else ""
    return f"{setting.meaning}{allowed}{source}"


def _shown(value: object) -> str:
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
