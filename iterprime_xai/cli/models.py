"""``iterprime-xai models``: which models are here, and how to fetch the others."""

from __future__ import annotations

import typer


def models() -> None:
    """List the models that can be loaded, and whether they are here."""
    from iterprime_xai.models.loading import bundled_models, is_cached
    from iterprime_xai.models.profiles import LISTED

    for name in bundled_models():
        typer.echo(f"{name:36} bundled")
    for hub_id in LISTED:
        state = "cached" if is_cached(hub_id) else f"not cached; fetch: hf download {hub_id}"
        typer.echo(f"{hub_id:36} {state}")
    typer.echo("Any other BLIP or BLIP-2 image-text-matching checkpoint: give its hub id or a folder in the hub's layout.")
    typer.echo("ALBEF: give the path of its released .pth file, with BERT's vocab.txt beside it or in the hub cache.")
