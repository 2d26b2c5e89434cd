"""Notes and tags that people write about samples of a run, in files beside it that nobody's writing can spoil."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from iterprime_xai.evaluation.annotations.journal import Journal
from iterprime_xai.evaluation.annotations.note import Note, author_name, check_note, line_of, note_of
from iterprime_xai.records.writing import as_path

FOLDER = "notes"
"""Where notes lie in a run's folder."""


class Notes:
    """The notes of a run, of everyone who writes some; a note is on the disk when :meth:`write` returns.

    Each object that writes has a file of its own, and nothing is ever overwritten (`journal.Journal`): of each author the newest
    note on a sample holds, and older ones stay in the files. Notes of different authors stand side by side. Two writers with one
    author's name are one author: the newer note of the two holds.
    """

    def __init__(self, folder: str | Path, run_key: str, author: str | None = None) -> None:
        """Read the notes in the folder of a run; nothing is made on the disk before the first note is written.

        Args:
            folder: the run's folder; notes lie in ``notes/`` inside it.
            run_key: of the run, ``Run.key``; it is written into every note.
            author: any text; ``None``: the system's name of the user; "someone" for an empty one.
        """
        self.folder = as_path(folder) / FOLDER
        self.run_key = run_key
        self.author = author_name(author)
        self._journal = Journal(self.folder, self.author, "note", note_of, line_of)

    def write(self, sample_id: str, text: str, tags: Iterable[str] = ()) -> Note:
        """Save a note in place of this author's older one on the sample, and give it back as it was saved.

        Empty text without tags takes the author's note away. Half a character (a lone surrogate) is kept; two halves side by side
        become the character that they make.

        Raises:
            OptionError: a text of more than 100,000 characters; a tag that is empty, longer than 100 characters, or has a ";"
                or a line break in it.
            StorageError: full disk, or no right to write. The note is not saved then; an older one still holds.
        """
        once = check_note(sample_id, text, tags)
        return self._journal.write(sample_id, lambda at: Note(sample_id, at, self.author, text, once, self.run_key))

    def of(self, sample_id: str) -> tuple[Note, ...]:
        """The notes on a sample, one an author, the oldest first."""
        return tuple(each for each in self._journal.of(sample_id) if each.says_something)

    def all(self) -> list[Note]:
        """Every note that holds, the oldest first."""
        return [each for each in self._journal.all() if each.says_something]

    def _holding(self) -> Iterator[Note]:
        return (each for each in self._journal.holding() if each.says_something)

    def tags(self) -> dict[str, set[str]]:
        """The samples under each tag, tags in the order of the alphabet."""
        found: dict[str, set[str]] = {}
        for note in self.all():
            for tag in note.tags:
                found.setdefault(tag, set()).add(note.sample_id)
        return dict(sorted(found.items()))

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read or is not as it seems, a sentence each; nothing of it ends the reading of the rest."""
        others = sum(note.run_key != self.run_key for note in self._holding())
        about_others = f"{others} notes were written about another run than {self.run_key}: its answers may differ."
        return (*self._journal.problems, *([about_others] if others else ()))

    def refresh(self) -> int:
        """Read what has been written since the last time, by anyone, and give the number of new lines.

        Only the new end of files that have grown is read, so that this can be called at every view. A file that has shrunk, was
        replaced or is gone makes everything be read again.
        """
        return self._journal.refresh()
