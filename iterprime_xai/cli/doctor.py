"""``iterprime-xai doctor``: what is installed, and whether it works."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Say what is installed, what is missing, and whether the bundled model works here."""
    from iterprime_xai.doctor import examine

    healthy = True
    for check in examine():
        healthy = healthy and (check.fine or check.optional)
        mark = "ok  " if check.fine else "--  " if check.optional else "FAIL"
        typer.echo(f"{mark} {check.subject:22} {check.finding}")
    if not healthy:
        raise typer.Exit(1)
