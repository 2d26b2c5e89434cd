"""``iterprime-xai models``: which models are here, and how to fetch the others."""

from __future__ import annotations

import typer


def models() -> None:
    """List the models that can be loaded, and whether they are here."""
    from iterprime_xai.models.finding import ENCODERS, MATCHERS
    from iterprime_xai.models.hub import is_cached

    for title, kind, more in (
        (
            "Image-text matchers (ground, evaluate):",
            MATCHERS,
            "Any other BLIP or BLIP-2 image-text-matching checkpoint: give its hub id or a folder in the hub's layout. ALBEF: give "
            "the path of its released .pth file, with BERT's vocab.txt beside it or in the hub cache.",
        ),
        (
            "Dual encoders (systems global_local_clip, tas and the CLIP baselines):",
            ENCODERS,
            "Any other CLIP checkpoint: give its hub id or a folder in the hub's layout; CLIP with a ResNet, see docs/models.md.",
        ),
    ):
        typer.echo(title)
        for name in kind.bundled:
            typer.echo(f"  {name:36} bundled")
        for hub_id in kind.listed:
            state = "cached" if is_cached(hub_id) else f"not cached; fetch: hf download {hub_id}"
            typer.echo(f"  {hub_id:36} {state}")
        typer.echo(f"  {more}")
