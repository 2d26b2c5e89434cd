"""The whole explorer: charts above list, sample and notes, all of one session."""

from __future__ import annotations

from typing import Any

from iterprime_xai.records.errors import MissingExtraError
from iterprime_xai.visualize.explorer.charts_widget import ChartsWidget
from iterprime_xai.visualize.explorer.explorer_widget import ExplorerWidget
from iterprime_xai.visualize.explorer.rule import Rule
from iterprime_xai.visualize.explorer.session import Session

try:
    import ipywidgets
except ImportError as error:
    raise MissingExtraError('The explorer needs ipywidgets: pip install "iterprime-xai[notebook]".') from error


class Explorer(ipywidgets.VBox):
    """A `Session` in a notebook: ``.charts`` and ``.samples`` show it, and what is done in one is seen in the other.

    ``.session`` is what they show: its state can be read, and ``.act`` does what a click would. ``close()`` frees all of it.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.samples = ExplorerWidget(session)
        self.charts = ChartsWidget(session.state, self._filter, self._open)
        self.samples.on_change = self._changed
        self._shown = ipywidgets.ToggleButton(
            value=True,
            description="Charts",
            tooltip="Show or hide the charts",
            layout={"width": "auto", "align_self": "flex-start"},
        )
        self._shown.observe(self._toggled, "value")
        super().__init__([self._shown, self.charts, self.samples])

    def act(self, message: dict[str, Any]) -> None:
        """Do what a click would do, such as ``{"do": "open", "id": sample_id}``; what fails is told in the explorer."""
        self.samples.act(message)

    def close(self) -> None:
        """Free the widgets in the kernel and in the browser, and what they refer to."""
        self.samples.on_change = None
        self._shown.unobserve_all()
        for each in (self.charts, self.samples, self._shown):
            each.close()
        self.children = ()
        super().close()

    def _filter(self, rule: Rule) -> None:
        self.act({"do": "filter", "rule": rule.as_json()})

    def _open(self, sample_id: str) -> None:
        self.act({"do": "open", "id": sample_id})

    def _changed(self, changed: set[str]) -> None:
        if "facets" in changed:
            self.charts.update(self.session.state)

    def _toggled(self, change: dict[str, Any]) -> None:
        self.charts.layout.display = None if change["new"] else "none"
        self.charts.visible = change["new"]

    def _repr_mimebundle_(self, **options: Any) -> Any:
        still = self.samples.still()
        live = super()._repr_mimebundle_(**options)
        if isinstance(live, tuple):
            return live[0] | still, live[1]
        return still if live is None else live | still

    def __repr__(self) -> str:
        return repr(self.samples).replace("ExplorerWidget", "Explorer")
