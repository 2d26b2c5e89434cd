"""``iterprime-xai explore``: a run in the failure explorer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explore(
    run: Annotated[Path, typer.Argument(help="The run's folder.")],
    against: Annotated[Path | None, typer.Option(help="Compare with this run.")] = None,
    threshold: Annotated[float, typer.Option(help="IoU from which an answer is right.")] = 0.5,
    voila: Annotated[bool, typer.Option("--voila", help="A page without code, in place of JupyterLab.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the worst phrases to this page, which works offline, and start nothing.")
    ] = None,
    most: Annotated[int, typer.Option(help="With --html: how many phrases the page holds.")] = 60,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    port: Annotated[int | None, typer.Option(help="Port of the server.")] = None,
) -> None:
    """See which failures cost most, and the worst of each: in JupyterLab, as a Voila page, or as one HTML file."""
    from iterprime_xai.visualize.explorer.session import Session

    session = Session(run, against, threshold=threshold)
    if html is not None:
        from iterprime_xai.records.writing import write_whole
        from iterprime_xai.visualize.explorer.explorer_page import explorer_page

        typer.echo(f"wrote {write_whole(html, explorer_page(session, most).encode('utf-8'))}")
        return
    from iterprime_xai.visualize.explorer.served import notebook, serve

    content = notebook(run.resolve(), None if against is None else against.resolve(), threshold)
    code = serve(content, voila=voila, browser=browser, port=port)
    if code:
        raise typer.Exit(code)
