"""``iterprime-xai methods``: the ways to look by name, and the options of each."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer


def methods(
    name: Annotated[str | None, typer.Argument(help="A method: its options. Without it: all methods.")] = None,
) -> None:
    """List the ways to look, or the options of one."""
    from iterprime_xai.cli.systems import say
    from iterprime_xai.saliency.methods import method_class
    from iterprime_xai.saliency.methods import methods as known

    if name is None:
        for each in known():
            say(f"{each.name:21} ", f"{each.title}; {each.cost}{'; a floor' if each.floor else f' ({each.paper})'}")
        typer.echo("The options of one: iterprime-xai methods rise")
        typer.echo('Use: iterprime-xai ground photo.jpg "..." --method rise --set masks=64')
        return
    method = method_class(name)
    say(f"{name}: ", f"{method.title}; {method.cost}. {method.paper}.")
    for option in fields(method):
        say(f"  --set {option.name}=", "-" if option.default is None else str(option.default) or "(needed)")
