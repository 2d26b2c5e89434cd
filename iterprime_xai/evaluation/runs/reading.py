"""A run that is read: rows one after the other or by id, columns as an Arrow table, queries, and pictures again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterprime_xai.evaluation.runs.coding import read_bits, read_map, read_mask
from iterprime_xai.evaluation.runs.folder import PARTS, RunFolder
from iterprime_xai.evaluation.runs.manifest import Manifest, read_manifest
from iterprime_xai.evaluation.runs.parts import PartNote, note_of, part_name, read_note
from iterprime_xai.records import MissingExtraError, OptionError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa
    from PIL import Image

    from iterprime_xai.data.dataset import DataSet
    from iterprime_xai.records import Sample


class Run:
    """The rows of a run folder; a run that is not done yet can be read as far as it is. Made by :func:`read_run`.

    Rows are dicts in the columns of ``docs/runs.md``. Maps and masks in them are small coded values: :meth:`heatmap`,
    :meth:`bits` and :meth:`mask` turn them into arrays.
    """

    def __init__(self, path: Path, manifest: Manifest, data: DataSet | None = None) -> None:
        self.path = path
        self.manifest = manifest
        self.key = manifest.key
        self._given = data
        self._notes: dict[Path, PartNote] = {}

    @property
    def name(self) -> str:
        """What it is called in tables: its folder's name."""
        return self.path.resolve().name

    @cached_property
    def files(self) -> list[Path]:
        """The part files that are there, in order."""
        folder = RunFolder(self.path)
        return [path for each in self.manifest.shards if (path := folder.part(each["number"])).exists()]

    @property
    def complete(self) -> bool:
        """Whether every part is there."""
        return len(self.files) == len(self.manifest.shards)

    def __len__(self) -> int:
        import pyarrow.parquet as pq

        return sum(pq.read_metadata(path).num_rows for path in self.files)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every row, in the order of the data set; a few are in memory at a time."""
        return self.rows()

    def versions(self) -> list[dict[str, str]]:
        """The different sets of library versions that made the parts."""
        found: list[dict[str, str]] = []
        for path in self.files:
            if path not in self._notes:
                self._notes[path] = read_note(path)
            versions = dict(self._notes[path].versions)
            if versions not in found:
                found.append(versions)
        return found

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Every row with these columns (all for ``None``), in the order of the data set."""
        import pyarrow.parquet as pq

        names = self._known(columns)
        for path in self.files:
            with _open(path) as file:
                assert isinstance(file, pq.ParquetFile)
                for batch in file.iter_batches(32, columns=names):
                    yield from batch.to_pylist(maps_as_pydicts="strict")

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """These columns (all for ``None``) as Arrow tables, one a part, in the order of the data set.

        A name may go on into a nested column, as Parquet writes it: ``proposals.list.element.area`` reads no mask.
        """
        import pyarrow as pa

        names = self._known(columns)
        for path in self.files:
            with _open(path) as file:
                try:
                    self._notes[path] = note_of(file.metadata)
                    yield file.read(names).replace_schema_metadata(None)
                except (OSError, ValueError, pa.ArrowException) as error:
                    raise StorageError(f"{path} cannot be read: {error}. Delete it and evaluate again.") from error

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """These columns (all for ``None``) of every row as an Arrow table, in the order of the data set.

        Only these are read: without masks and maps, 100,000 rows are a few megabytes.
        """
        import pyarrow as pa

        from iterprime_xai.evaluation.runs.schema import SCHEMA

        names = self._known(columns)
        schema = SCHEMA if names is None else pa.schema([SCHEMA.field(name) for name in names])
        tables = list(self.tables(columns))
        return pa.concat_tables(tables).select(schema.names) if tables else schema.empty_table()

    def sql(self, query: str) -> Any:
        """What DuckDB answers to a query over the table ``rows``, as a relation; needs the extra ``runs``."""
        try:
            import duckdb
        except ImportError as error:
            raise MissingExtraError('Queries need the package duckdb: pip install "iterprime-xai[runs]".') from error
        connection = duckdb.connect()
        files = [str(path) for path in self.files]
        if not files:
            raise StorageError(f"{self.path} has no rows yet.")
        connection.from_parquet(files).create_view("rows")
        return connection.sql(query)

    def row(self, sample_id: str, columns: Sequence[str] | None = None) -> dict[str, Any]:
        """The row of a sample with these columns (all for ``None``).

        Raises ``OptionError`` for an id or a column that the run does not have, with the nearest one.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = self._known(columns)
        read = None if wanted is None else list(dict.fromkeys(["sample_id", *wanted]))
        ids = self._ids
        place = pc.index(ids, pa.scalar(str(sample_id), ids.type)).as_py()
        if place < 0:
            from difflib import get_close_matches

            near = get_close_matches(str(sample_id), ids.to_pylist(), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise OptionError(f"The run {self.path} has no sample {sample_id!r}{hint}")
        file = bisect_right(self._ends, place)
        place -= self._ends[file - 1] if file else 0
        with _open(self.files[file]) as part:
            for group in range(part.num_row_groups):
                rows = part.metadata.row_group(group).num_rows
                if place < rows:
                    part_row = part.read_row_group(group, columns=read).slice(place, 1)
                    found = part_row.to_pylist(maps_as_pydicts="strict")[0]
                    if found["sample_id"] == str(sample_id):
                        return dict(found) if wanted is None else {name: found[name] for name in wanted}
                    break
                place -= rows
        raise StorageError(f"{self.files[file]} changed while it was read.")

    def remember(self, sample_ids: pa.ChunkedArray) -> None:
        """Take every sample's id in the order of the rows from one who read them: :meth:`row` need not read every part then.

        Raises ``StorageError`` for a number of them that is not the run's.
        """
        if len(sample_ids) != self._ends[-1]:
            raise StorageError(f"{self.path} has {self._ends[-1]} rows, but {len(sample_ids)} ids were remembered.")
        self.__dict__["_ids"] = sample_ids

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        """The id of every sample, in the order of the rows."""
        import pyarrow as pa

        parts = []
        for path in self.files:
            with _open(path) as file:
                parts.append(file.read(["sample_id"])[0])
        return pa.chunked_array([chunk for part in parts for chunk in part.chunks], pa.string())

    @cached_property
    def _ends(self) -> list[int]:
        """How many rows there are up to the end of every part file; 0 without one. A part is whole, or it is not there."""
        there = {path.name for path in self.files}
        rows = [each["samples"] for each in self.manifest.shards if part_name(each["number"]) in there]
        return list(accumulate(rows)) or [0]

    heatmap = staticmethod(read_map)
    bits = staticmethod(read_bits)
    mask = staticmethod(read_mask)

    def image(self, row: Mapping[str, Any]) -> Image.Image:
        """The upright picture of a row: from its path, else from the data set that the manifest names.

        Raises ``StorageError`` where it is not the picture that was evaluated, or cannot be found again.
        """
        from iterprime_xai.data.images import read_image, sha256

        path = row["image_path"]
        if path is not None and Path(path).exists():
            image = read_image(path).image
        else:
            image = read_image(self._source(row)).image
        if row["image_sha256"] is not None and sha256(image) != row["image_sha256"]:
            raise StorageError(
                f"The picture {path or row['image_id']} is not the one that was evaluated: its pixels have changed."
            )
        return image

    def sample(self, row: Mapping[str, Any]) -> Sample:
        """The sample of a row as its data set gives it, with the masks of all annotated things.

        Raises ``StorageError`` where the run does not know its data set, or that has no such sample any more.
        """
        for each in self._samples(row):
            if each.id == row["sample_id"]:
                return each
        raise StorageError(f"{self._data.name} has no sample {row['sample_id']!r} any more.")

    def _source(self, row: Mapping[str, Any]) -> Any:
        """The picture as the data set gives it."""
        return self._samples(row)[0].image

    def _samples(self, row: Mapping[str, Any]) -> Sequence[Sample]:
        """Every sample of a row's picture."""
        if self._data is None:
            raise StorageError(
                f"The picture of {row['sample_id']!r} was given from memory: the run does not know where to find it again. "
                "Give its data set to read_run(path, data=...)."
            )
        entry = self._entries.get(row["image_id"])
        if entry is None:
            raise StorageError(f"{self._data.name} has no picture {row['image_id']!r} any more.")
        found: Sequence[Sample] = self._data.samples_of(entry)
        return found

    @cached_property
    def _data(self) -> Any:
        asked = self.manifest.asked
        if self._given is not None or asked["data"] is None:
            return self._given
        from iterprime_xai.data.sources import open_data

        return open_data(asked["data"], **asked["data_options"])

    @cached_property
    def _entries(self) -> dict[str, Any]:
        return {each.image_id: each for each in self._data.pictures()}

    def _known(self, columns: Sequence[str] | None) -> list[str] | None:
        if columns is None:
            return None
        from difflib import get_close_matches

        from iterprime_xai.evaluation.runs.schema import SCHEMA

        for name in columns:
            if name.partition(".")[0] not in SCHEMA.names:
                near = get_close_matches(str(name), SCHEMA.names, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise OptionError(f"A run has no column {name!r}{hint} It has: {', '.join(SCHEMA.names)}.")
        return list(columns)

    def __repr__(self) -> str:
        there, all_of_them = len(self.files), len(self.manifest.shards)
        parts = "complete" if there == all_of_them else f"{there} of {all_of_them} parts"
        return f"Run({str(self.path)!r}, {self.manifest.asked['system']} on {self.manifest.decides['data']['name']}, {parts})"


def read_run(path: str | Path, data: DataSet | None = None) -> Run:
    """Read a run folder.

    Args:
        path: the folder.
        data: the data set that was evaluated, where it was given from memory: its pictures can then be shown again.

    Raises ``StorageError`` for a folder that is no run or has a newer or damaged manifest.
    """
    from iterprime_xai.records.writing import as_path

    folder = as_path(path)
    if folder.name == PARTS and not (folder / "manifest.json").exists():
        folder = folder.parent
    return Run(folder, read_manifest(folder), data)


def _open(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise StorageError(f"{path} cannot be read: {error}. Delete it and evaluate again.") from error
