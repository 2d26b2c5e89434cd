"""The live widget: everything is computed in the browser, and a picture stands in where no widget can run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from iterprime_xai.records.errors import IterprimeError, MissingExtraError
from iterprime_xai.records.grounding import Grounding
from iterprime_xai.visualize.describe import alt_text
from iterprime_xai.visualize.problems import problem_of
from iterprime_xai.visualize.scripts import script, style
from iterprime_xai.visualize.static import figure_bundle
from iterprime_xai.visualize.widget_state import widget_state

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingExtraError(
        'The live widget needs anywidget, which is not installed; run pip install "iterprime-xai[notebook]". '
        "Without it Grounding.show(), .to_png() and .to_html() give the static figure."
    ) from error


Part = Literal["", "steps", "words"]


class GroundingWidget(anywidget.AnyWidget):
    """One grounding in the notebook: passes, words, opacity and threshold without a message to the kernel.

    ``part`` leaves out all controls but those of one lesson: "steps" begins at the first pass, "words" shades the words.
    With ``ask``, other phrases can be typed: each is grounded by it in the kernel, and takes the place of the one before. What
    cannot be grounded is told in the widget, which goes on showing the last grounding. ``close()`` frees it. Where no widget can
    run (exported HTML, GitHub), its static figure is shown.
    """

    _esm = script("live_widget.js")
    _css = style("live_widget.css")
    picture = traitlets.Bytes(read_only=True).tag(sync=True)
    maps = traitlets.Bytes(read_only=True).tag(sync=True)
    tables = traitlets.Bytes(read_only=True).tag(sync=True)
    info = traitlets.Dict(read_only=True).tag(sync=True)
    part = traitlets.Unicode("", read_only=True).tag(sync=True)
    asks = traitlets.Bool(False, read_only=True).tag(sync=True)
    answered = traitlets.Int(0, read_only=True).tag(sync=True)
    refused = traitlets.Unicode("", read_only=True).tag(sync=True)

    def __init__(self, grounding: Grounding, ask: Callable[[str], Grounding] | None = None, part: Part = "") -> None:
        self._ask = ask
        self.set_trait("part", part)
        self._take(grounding)
        self.set_trait("asks", ask is not None)
        super().__init__()
        if ask is not None:
            self.on_msg(self._asked)

    @property
    def grounding(self) -> Grounding:
        """What is shown: the last phrase that could be grounded."""
        return self._grounding

    def _take(self, grounding: Grounding) -> None:
        state = widget_state(grounding)
        self._grounding = grounding
        self._still: tuple[dict[str, Any], dict[str, Any]] | None = None
        for name in ("picture", "maps", "tables", "info"):
            self.set_trait(name, getattr(state, name))

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        """A phrase from the browser: ``{"ask": text}``. The browser waits for ``answered`` to change, whatever comes."""
        if self._ask is None:
            return
        refused = ""
        with self.hold_sync():
            try:
                self._take(self._ask(content["ask"]))
            except BaseException as error:
                refused = problem_of(error, "Interrupted: the answer before is still on show.")
                if not isinstance(error, IterprimeError):
                    raise  # the kernel's log has the rest
            finally:
                self.set_trait("refused", refused)
                self.set_trait("answered", self.answered + 1)

    def close(self) -> None:
        """Free the widget in the kernel and in the browser, and with it the picture that it asks about."""
        self._ask = None
        if _widgets.get(self._grounding) is self:
            del _widgets[self._grounding]
        super().close()
        # ipywidgets takes a closed widget's display away; ours still has a picture to show.
        self.__dict__.pop("_repr_mimebundle_", None)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        if self._still is None:
            self._still = figure_bundle(self._grounding)
        data, metadata = self._still
        live = None if self.comm is None else super()._repr_mimebundle_(**options)
        if live is None:
            return data, metadata
        return live[0] | data, live[1] | metadata

    def __repr__(self) -> str:
        return alt_text(self._grounding)


_widgets: WeakKeyDictionary[Grounding, GroundingWidget] = WeakKeyDictionary()


def widget(grounding: Grounding) -> GroundingWidget:
    """The live widget of a grounding; asked again, the same one, so that re-run cells do not pile up widgets."""
    if grounding not in _widgets:
        _widgets[grounding] = GroundingWidget(grounding)
    return _widgets[grounding]
