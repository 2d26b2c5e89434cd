"""An explorer at work: run, state, notes and slices together, and what each act of its user changes. No widget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.annotations.labelled_table import LabelledTable
from iterprime_xai.evaluation.annotations.labels import Labels
from iterprime_xai.evaluation.annotations.note_export import export
from iterprime_xai.evaluation.annotations.notes import Notes
from iterprime_xai.evaluation.annotations.slices import load_slice, save_slice, slices
from iterprime_xai.evaluation.failures.blame import pass_changes, word_blame
from iterprime_xai.evaluation.failures.case import Case, open_case
from iterprime_xai.evaluation.failures.classifying import THRESHOLD
from iterprime_xai.evaluation.failures.table import failure_table
from iterprime_xai.evaluation.runs.asking import Asker
from iterprime_xai.evaluation.runs.reading import Run, read_run
from iterprime_xai.records.errors import OptionError, StorageError
from iterprime_xai.visualize.blame_lines import verdict_lines
from iterprime_xai.visualize.describe import safe
from iterprime_xai.visualize.encoded import fitting, jpeg
from iterprime_xai.visualize.explorer.meant import meant
from iterprime_xai.visualize.explorer.message import flag_of, text_of, texts_of, value_of, whole_of
from iterprime_xai.visualize.explorer.query import Phrases
from iterprime_xai.visualize.explorer.rule import rule_of
from iterprime_xai.visualize.explorer.rule_shown import meant_rule
from iterprime_xai.visualize.explorer.sample_view import SampleView, answer_view, sample_view
from iterprime_xai.visualize.explorer.state import ExplorerState
from iterprime_xai.visualize.explorer.view import facets, listing

if TYPE_CHECKING:
    from iterprime_xai.systems.segmenter import ZeroShotSegmenter

THUMBNAIL = 72
"""Longer side of a picture in the list, in pixels."""

PICTURE = ("sample_id", "image_id", "image_path", "image_sha256")
"""Columns that lead to a picture."""

MOST_THUMBNAILS = 200
"""Thumbnails kept in memory, some 2 kB each."""

PARTS = ("listing", "facets", "sample", "second", "notes", "slices")
"""What an act can change, and a view draws again."""


class Session:
    """One user exploring one run.

    ``act`` does what the user asks for and says what changed; the parts themselves are asked for by name. Only the sample that is
    looked at is in memory.

    Args:
        run: a run, or its folder.
        against: a second run to compare with, or its folder; phrases are lined up by their ids.
        threshold: IoU from which an answer is right.
        system: the run's system in memory, for asking again; ``None`` makes it from the manifest when it is first asked.
        author: whose notes are written; ``None``: the user of the machine.

    Raises:
        OptionError: a threshold out of range, or a second run that has none of the phrases.
        StorageError: a run that cannot be read.
    """

    def __init__(
        self,
        run: Run | str | Path,
        against: Run | str | Path | None = None,
        *,
        threshold: float = THRESHOLD,
        system: ZeroShotSegmenter | None = None,
        author: str | None = None,
    ) -> None:
        self.run = read_run(run) if isinstance(run, str | Path) else run
        self.against = read_run(against) if isinstance(against, str | Path) else against
        self.threshold = threshold
        self.notes = Notes(self.run.path, self.run.key, author)
        self.labels = Labels(self.run.path, self.run.key, author)
        self._marked: dict[str, set[str]] | None = None
        table = failure_table(self.run, threshold)
        if not len(table):
            raise StorageError(f"{self.run.path} has no rows yet: nothing to explore.")
        self._other = None if self.against is None else failure_table(self.against, threshold)
        self._labelled = LabelledTable(self.run, table, self.labels)
        self.state = ExplorerState(self._phrases(), self._marks)
        self.asker = Asker(self.run, system)
        self.case: Case | None = None
        self._second = SampleView()
        self._thumbnails: OrderedDict[str, bytes] = OrderedDict()
        self._acts: dict[str, Callable[[Mapping[str, Any]], set[str]]] = {
            "filter": self._filter,
            "sort": self._sort,
            "page": self._page,
            "open": self._open,
            "step": self._step,
            "select": self._select,
            "note": self._note,
            "tag": self._tag,
            "label": self._label,
            "look": self._look,
            "close look": self._close_look,
            "save slice": self._save_slice,
            "slice": self._slice,
            "export": self._export,
        }
        self._read_case()

    def act(self, message: Mapping[str, Any]) -> set[str]:
        """Do what a message asks for (``{"do": ..., ...}``), and name the `PARTS` that are others now.

        Raises ``OptionError`` for an act that there is not, and what the act itself raises; nothing has changed then.
        """
        name = message.get("do") if isinstance(message, Mapping) else None
        if not isinstance(name, str) or name not in self._acts:
            raise OptionError(f"The explorer can {', '.join(self._acts)}, but was asked for {str(message)[:80]}.")
        self._marked = None  # others may have written since the last act
        before = self.state.kept()
        try:
            return self._acts[name](message)
        except BaseException:
            self.state.take_back(before)
            raise

    def about(self) -> dict[str, Any]:
        """What stays: the runs by name, and what their system can be asked."""
        asked, decides = self.run.manifest.asked, self.run.manifest.decides
        return {
            "run": safe(self.run.name),
            "system": safe(str(asked["system"])),
            "data": safe(str(decides["data"]["name"])),
            "detail": decides["detail"],
            "complete": self.run.complete,
            "against": None if self.against is None else safe(self.against.name),
            "threshold": self.threshold,
            "methods": self.asker.methods,
            "layers": self.asker.layers,
            "author": safe(self.notes.author),
        }

    def listing(self) -> dict[str, Any]:
        return listing(self.state)

    def facets(self) -> dict[str, Any]:
        return facets(self.state)

    def sample(self) -> SampleView:
        if self.case is None:
            return SampleView()
        label = self.labels.of(self.case.sample_id)
        return sample_view(self.case, "" if label is None else f"{label.how}, by {label.author}")

    def second(self) -> SampleView:
        """What stands beside the sample: the other run's answer, or a new one; empty where there is neither."""
        return self._second

    def notes_shown(self) -> dict[str, Any]:
        """The notes on the sample, one's own apart, and what is wrong with the files."""
        if self.case is None:
            return {"own": None, "others": [], "problems": []}
        found = self.notes.of(self.case.sample_id)
        shown = [
            {
                "author": safe(each.author),
                "at": each.at,
                "text": safe(each.text),
                "tags": [safe(tag) for tag in each.tags],
            }
            for each in found
        ]
        mine = [each.author == self.notes.author for each in found]
        return {
            "id": self.case.sample_id,
            "own": next((each for each, own in zip(shown, mine, strict=True) if own), None),
            "others": [each for each, own in zip(shown, mine, strict=True) if not own],
            "problems": [
                safe(each) for each in (*self.notes.problems, *self.labels.problems, *self._labelled.problems)
            ],
        }

    def slices_shown(self) -> dict[str, Any]:
        found = slices(self.run.path)
        return {
            "slices": [{"name": safe(each.name), "count": len(each.ids)} for each in found],
            "problems": [safe(each) for each in found.problems],
        }

    def thumbnail(self, sample_id: str) -> bytes:
        """A small JPEG of a sample's picture; empty where it cannot be shown (the sample itself says why)."""
        kept = self._thumbnails.get(sample_id)
        if kept is not None:
            self._thumbnails.move_to_end(sample_id)
            return kept
        try:
            picture = jpeg(fitting(self.run.image(self.run.row(sample_id, PICTURE)), THUMBNAIL), quality=80)
        except StorageError:
            picture = b""
        self._thumbnails[sample_id] = picture
        if len(self._thumbnails) > MOST_THUMBNAILS:
            self._thumbnails.popitem(last=False)
        return picture

    def blame(self) -> list[str]:
        """What passes and words did to the answer of the sample that is looked at, where the run kept their maps."""
        if self.case is None or self.case.grounding is None:
            return []
        found, gold = self.case.grounding, self.case.gold
        lines = verdict_lines(pass_changes(found, gold, self.threshold), word_blame(found, gold))
        return [safe(each) for each in lines]

    # --- acts ------------------------------------------------------------------------------------------------------------

    def _filter(self, message: Mapping[str, Any]) -> set[str]:
        rule = rule_of(value_of(message, "rule", "a rule"))
        self.state.filter(meant_rule(rule, self.state.phrases, self._marks()))
        return {"listing", "facets"} | self._read_case()

    def _sort(self, message: Mapping[str, Any]) -> set[str]:
        self.state.sort(text_of(message, "by"), flag_of(message, "descending"))
        return {"listing"} | self._read_case()

    def _page(self, message: Mapping[str, Any]) -> set[str]:
        self.state.turn(whole_of(message, "page"))
        return {"listing"}

    def _open(self, message: Mapping[str, Any]) -> set[str]:
        self.state.open(text_of(message, "id"))
        return {"listing"} | self._read_case()

    def _step(self, message: Mapping[str, Any]) -> set[str]:
        self.state.step(whole_of(message, "by"))
        return {"listing"} | self._read_case()

    def _select(self, message: Mapping[str, Any]) -> set[str]:
        if message.get("all"):
            self.state.select_all()
        elif message.get("none"):
            self.state.clear_selection()
        else:
            self.state.select(texts_of(message, "ids"), flag_of(message, "on"))
        return {"listing"}

    def _note(self, message: Mapping[str, Any]) -> set[str]:
        sample_id = text_of(message, "id")
        if self.state.phrases.place_of(sample_id) is None:
            raise OptionError(f"The run has no sample {sample_id!r}: nothing to write a note on.")
        self.notes.write(sample_id, text_of(message, "text"), texts_of(message, "tags"))
        self._refresh()
        return {"notes", "facets", "listing"}

    def _tag(self, message: Mapping[str, Any]) -> set[str]:
        """Add a tag to one's own notes on every selected sample."""
        tag, selected = text_of(message, "tag").strip(), list(self.state.selected)
        if not selected:
            raise OptionError("No sample is selected: tick some in the list, or select all that are listed.")
        for done, sample_id in enumerate(selected):
            own = next((each for each in self.notes.of(sample_id) if each.author == self.notes.author), None)
            if own is not None and tag in own.tags:
                continue
            try:
                self.notes.write(sample_id, own.text if own else "", [*(own.tags if own else ()), tag])
            except StorageError as error:
                raise StorageError(
                    f"{done} of {len(selected)} samples are tagged, the others are not. {error}"
                ) from error
        self._refresh()
        return {"notes", "facets", "listing"}

    def _label(self, message: Mapping[str, Any]) -> set[str]:
        """Say what is meant in the sample that is looked at: a proposal, a box, or, with ``back``, take that back."""
        case = self.case
        if case is None or text_of(message, "id") != case.sample_id:
            raise OptionError("What is meant is said of the sample that is looked at: open it first.")
        if message.get("back"):
            self.labels.take_back(case.sample_id)
        else:
            self.labels.write(case.sample_id, *meant(case, message))
        self.state.renew(self._phrases())
        self.case = None
        return {"listing", "facets", "sample"} | self._read_case()

    def _look(self, message: Mapping[str, Any]) -> set[str]:
        if self.case is None:
            raise OptionError("No sample is looked at: open one first.")
        text = text_of(message, "text")
        method = text_of(message, "method") if "method" in message else ""
        layer = None if message.get("layer") is None else whole_of(message, "layer")
        found = self.asker.ask(self.case, text, method=method, layer=layer)
        same = text == self.case.text
        how = "".join([f", {method}" if method else "", f", layer {layer}" if layer is not None else ""])
        self._second = answer_view(found, self.case.gold if same else None, f"asked now{how}")
        return {"second"}

    def _close_look(self, message: Mapping[str, Any]) -> set[str]:
        self._second = self._of_the_other_run(self.case)
        return {"second"}

    def _save_slice(self, message: Mapping[str, Any]) -> set[str]:
        """Save the selection, or everything listed, as a slice."""
        chosen = message.get("selected")
        ids = list(self.state.selected) if chosen else self.state.listed_ids()
        if not ids:
            raise OptionError(
                "There is nothing to save: " + ("no sample is selected." if chosen else "no phrase is listed.")
            )
        save_slice(
            self.run.path,
            text_of(message, "name"),
            {"ids": ids} if chosen else self.state.rule.as_json(),
            ids,
            run_key=self.run.key,
            author=self.notes.author,
            replace=bool(message.get("replace")),
        )
        return {"slices"}

    def _slice(self, message: Mapping[str, Any]) -> set[str]:
        """Show a saved slice: the very samples, or, with ``rule``, what its rule finds now."""
        name = text_of(message, "name")
        shown = {safe(each.name): each.name for each in slices(self.run.path)}
        found = load_slice(self.run.path, shown.get(name, name))
        rule = rule_of(found.rule) if message.get("rule") else rule_of({"ids": list(found.ids)})
        self.state.filter(rule)
        return {"listing", "facets"} | self._read_case()

    def _export(self, message: Mapping[str, Any]) -> set[str]:
        path = Path(text_of(message, "path"))
        if path.exists() and path.resolve().is_relative_to(self.run.path.resolve()):
            raise OptionError(f"{path} belongs to the run: choose another file for the notes.")
        export(self.run, self.notes, path, threshold=self.threshold)
        return set()

    # --- inside ----------------------------------------------------------------------------------------------------------

    def _phrases(self) -> Phrases:
        """The run's phrases, with the gold masks that people gave; those that do not fit any more are told with the notes."""
        return Phrases(self._labelled.renewed(), self._other)

    def _marks(self) -> dict[str, set[str]]:
        """The noted samples by tag, and all of them under the empty one; read once in an act, which may ask several times."""
        if self._marked is None:
            self.notes.refresh()
            found: dict[str, set[str]] = {"": set()}
            for note in self.notes.all():
                for tag in ("", *note.tags):
                    found.setdefault(tag, set()).add(note.sample_id)
            self._marked = found
        return self._marked

    def _refresh(self) -> None:
        """Take up what was just written."""
        self._marked = None
        self.state.refresh()

    def _read_case(self) -> set[str]:
        """Take up the sample that the state looks at, if it is another."""
        primary = self.state.primary
        if primary == (None if self.case is None else self.case.sample_id):
            return set()
        case = None if primary is None else open_case(self.run, primary, self.threshold, self._labelled.gold(primary))
        self.case, self._second = case, self._of_the_other_run(case)
        return {"sample", "second", "notes"}

    def _of_the_other_run(self, case: Case | None) -> SampleView:
        if self.against is None or case is None:
            return SampleView()
        try:
            return sample_view(open_case(self.against, case.sample_id, self.threshold))
        except OptionError:  # a phrase that the other run lacks
            return SampleView()
