"""The explorer in a notebook: a session's parts sent to the browser, and the user's acts sent back."""

from __future__ import annotations

import os
from typing import Any

from iterprime_xai.records.errors import IterprimeError, MissingExtraError
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.explorer.session import PARTS, Session
from iterprime_xai.visualize.explorer.still import still_html
from iterprime_xai.visualize.problems import problem_of
from iterprime_xai.visualize.scripts import script, style

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingExtraError(
        'The explorer needs anywidget, which is not installed; run pip install "iterprime-xai[notebook]". '
        "Without it `iterprime-xai failures RUN` gives tables, and `--sample ID` the page of one sample."
    ) from error


class ExplorerWidget(anywidget.AnyWidget):
    """List, sample and notes of a `Session`. Sliders and overlays act in the browser; other acts are messages to the kernel.

    What fails is told in the widget in a line that can't be missed, and what was on show stays. ``on_change`` is called with the
    parts that an act changed, for views beside this one. ``close()`` frees it.
    """

    _esm = script("explorer_widget.js")
    _css = style("live_widget.css") + style("explorer_widget.css")
    about = traitlets.Dict(read_only=True).tag(sync=True)
    listing = traitlets.Dict(read_only=True).tag(sync=True)
    facets = traitlets.Dict(read_only=True).tag(sync=True)
    sample = traitlets.Dict(read_only=True).tag(sync=True)
    second = traitlets.Dict(read_only=True).tag(sync=True)
    notes = traitlets.Dict(read_only=True).tag(sync=True)
    slices = traitlets.Dict(read_only=True).tag(sync=True)
    tables = traitlets.Bytes(read_only=True).tag(sync=True)
    picture = traitlets.Bytes(read_only=True).tag(sync=True)
    maps = traitlets.Bytes(read_only=True).tag(sync=True)
    second_picture = traitlets.Bytes(read_only=True).tag(sync=True)
    second_maps = traitlets.Bytes(read_only=True).tag(sync=True)
    problem = traitlets.Unicode("", read_only=True).tag(sync=True)
    said = traitlets.Unicode("", read_only=True).tag(sync=True)
    answered = traitlets.Int(0, read_only=True).tag(sync=True)

    def __init__(self, session: Session) -> None:
        self.session: Session | None = session
        self.on_change: Any = None
        self._still: dict[str, Any] | None = None
        self.set_trait("about", session.about())
        self._show(set(PARTS))
        super().__init__()
        self.on_msg(self._told)

    def act(self, message: dict[str, Any]) -> None:
        """Do what a message asks for, as if it came from the browser. What fails is shown, and raised where nobody expects it."""
        if self.session is None:
            return
        problem, changed = "", set[str]()
        with self.hold_sync():
            try:
                changed = self.session.act(message)
                self._show(changed)
            except BaseException as error:
                problem = problem_of(error, "Interrupted: what was on show stays.")
                if not isinstance(error, IterprimeError):
                    raise  # the kernel's log has the rest
            finally:
                self.set_trait("problem", safe(problem))
                self.set_trait("said", "" if problem else _said(message))
                self.set_trait("answered", self.answered + 1)
        if changed and self.on_change is not None:
            self.on_change(changed)

    def _told(self, _: Any, content: dict[str, Any], __: Any) -> None:
        do, sample_id = (content.get("do"), content.get("id")) if isinstance(content, dict) else (None, None)
        if do == "thumbnail" and isinstance(sample_id, str):
            self._send_thumbnail(sample_id)
        elif do == "blame" and isinstance(sample_id, str):
            self._send_blame(sample_id)
        else:
            self.act(content)

    def _send_thumbnail(self, sample_id: str) -> None:
        """One at a time, so that other acts come between: the browser asks for the next when it has this one."""
        if self.session is None:
            return
        picture, problem = b"", ""
        try:
            picture = self.session.thumbnail(sample_id)
        except IterprimeError as error:
            problem = safe(str(error))
        finally:  # the browser waits for it before it asks for the next
            self.send({"thumbnail": sample_id, "problem": problem}, buffers=[picture])

    def _send_blame(self, sample_id: str) -> None:
        """It takes a moment, and is asked for when the user stays with a sample."""
        session = self.session
        if session is None or session.case is None or session.case.sample_id != sample_id:
            return  # the user has gone on
        try:
            lines = session.blame()
        except IterprimeError as error:
            lines = [f"What passes and words did cannot be told: {error}"]
        self.send({"blame": sample_id, "lines": lines})

    def _show(self, parts: set[str]) -> None:
        session = self.session
        assert session is not None
        for name in ("listing", "facets"):
            if name in parts:
                self.set_trait(name, getattr(session, name)())
        if "notes" in parts:
            self.set_trait("notes", session.notes_shown())
        if "slices" in parts:
            self.set_trait("slices", session.slices_shown())
        for part, prefix in (("sample", ""), ("second", "second_")):
            if part in parts:
                view = getattr(session, part)()
                self.set_trait(part, view.info)
                self.set_trait(f"{prefix}picture", view.picture)
                self.set_trait(f"{prefix}maps", view.maps)
                if view.tables:
                    self.set_trait("tables", view.tables)

    def still(self) -> dict[str, Any]:
        """Tables and pictures for where no widget can run (exported pages, GitHub), by their kind; made when first asked for."""
        if self._still is None and self.session is not None:
            self._still = {"text/html": still_html(self.session), "text/plain": repr(self)}
        return self._still or {"text/plain": repr(self)}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        live = None if self.comm is None else super()._repr_mimebundle_(**options)
        return (self.still(), {}) if live is None else (live[0] | self.still(), live[1])

    def __repr__(self) -> str:
        if self.session is None:
            return "ExplorerWidget(closed)"
        about = self.session.about()
        return f"ExplorerWidget({about['run']!r}, {about['system']} on {about['data']}, {len(self.session.state.phrases)} phrases)"

    def close(self) -> None:
        """Free the widget in the kernel and in the browser."""
        self.session = self.on_change = None
        super().close()


def _said(message: dict[str, Any]) -> str:
    """What a screen reader is told when an act has no other trace on the screen."""
    return {
        "note": "Saved.",
        "tag": "Tagged.",
        "save slice": "Slice saved.",
        "export": f"Notes exported to {safe(os.path.abspath(str(message.get('path', ''))))}.",
    }.get(str(message.get("do")), "")
