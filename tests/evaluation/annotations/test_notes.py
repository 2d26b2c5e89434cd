"""Notes are on the disk at once, nobody overwrites anybody, and what cannot be read is named."""

from __future__ import annotations

import errno
import getpass
import json
import multiprocessing
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iterprime_xai.evaluation.annotations import note as note_module
from iterprime_xai.evaluation.annotations.note import Note
from iterprime_xai.evaluation.annotations.notes import Notes
from iterprime_xai.records import OptionError, StorageError

HOSTILE = [
    "<script>alert(1)</script> & \"quoted\" 'twice' \\ud800 \\n",
    "🦊👩‍👩‍👧 é e\u0301",
    "\u202eright to left שלום مرحبا\u202c",
    "lines\nof\r\nall\rkinds\u2028and\u0085more\x00\x1b[31m\ttabs",
    "half \udc80 a character, and \ud83d another",
    "x" * 10_000,
    "  blanks stay  ",
]


def file_of(notes: Notes) -> Path:
    (path,) = notes.folder.iterdir()
    return path


def line(sample="a", at="2026-01-01T00:00:00.000000+00:00", author="ann", text="t", tags=(), run_key="key", **more):
    values = {"sample_id": sample, "at": at, "author": author, "text": text, "tags": list(tags), "run_key": run_key}
    return (json.dumps(values | more, ensure_ascii=False) + "\n").encode()


def texts(notes: Notes, sample="a") -> list[tuple[str, str]]:
    return [(each.author, each.text) for each in notes.of(sample)]


def put(folder: Path, name: str, content: bytes) -> Path:
    (folder / "notes").mkdir(exist_ok=True)
    path = folder / "notes" / name
    path.write_bytes(content)
    return path


def test_a_note_is_one_line_that_says_all_of_it_and_is_found_again(tmp_path):
    notes = Notes(tmp_path, "key", "Ann Lee")
    assert not list(tmp_path.iterdir())  # reading makes nothing
    before = datetime.now(UTC)
    made = notes.write("val/3", "the dog is half hidden", ["hard", "dog", "hard"])
    assert made == Note("val/3", made.at, "Ann Lee", "the dog is half hidden", ("hard", "dog"), "key")
    assert before <= datetime.fromisoformat(made.at) <= datetime.now(UTC)
    path = file_of(notes)
    assert path.name.startswith("ann-lee-")
    assert json.loads(path.read_text("utf-8")) == {
        "sample_id": "val/3", "at": made.at, "author": "Ann Lee", "text": "the dog is half hidden",
        "tags": ["hard", "dog"], "run_key": "key",
    }  # fmt: skip
    assert path.read_bytes().count(b"\n") == 1
    for each in (notes, Notes(tmp_path, "key", "Bob")):
        assert each.of("val/3") == (made,)
        assert each.all() == [made]
        assert each.tags() == {"dog": {"val/3"}, "hard": {"val/3"}}
        assert each.problems == ()
    assert notes.of("val/4") == ()


def test_the_newest_note_of_an_author_holds_and_authors_stand_side_by_side(tmp_path):
    ann, bob = Notes(tmp_path, "key", "ann"), Notes(tmp_path, "key", "bob")
    ann.write("a", "first", ["one"])
    bob.write("a", "other")
    ann.write("a", "second", ["two"])
    bob.write("b", "more", ["two"])
    assert texts(ann) == [("bob", "other"), ("ann", "second")]
    assert ann.refresh() == 1  # bob's second
    assert ann.tags() == {"two": {"a", "b"}}
    assert [each.text for each in ann.all()] == ["other", "second", "more"]
    assert b"first" in b"".join(path.read_bytes() for path in ann.folder.iterdir())


def test_an_empty_note_takes_the_authors_own_away_and_no_other(tmp_path):
    ann, bob = Notes(tmp_path, "key", "ann"), Notes(tmp_path, "key", "bob")
    ann.write("a", "mine", ["tag"])
    bob.write("a", "his")
    assert not ann.write("a", "").says_something
    assert texts(ann) == [("bob", "his")]
    assert ann.tags() == {}
    ann.write("a", "", ["only a tag"])
    assert ann.tags() == {"only a tag": {"a"}}


def test_two_notebooks_of_one_person_have_a_file_each_and_the_last_word_holds(tmp_path):
    one, two = Notes(tmp_path, "key", "ann"), Notes(tmp_path, "key", "ann")
    one.write("a", "from one")
    two.write("a", "from two")
    assert len(list(one.folder.iterdir())) == 2
    one.refresh()
    assert texts(one) == texts(two) == [("ann", "from two")]


def test_what_is_written_last_holds_even_where_another_clock_is_ahead(tmp_path):
    put(tmp_path, "ahead.jsonl", line(at="2999-01-01T02:00:00+02:00", text="from a clock ahead"))
    notes = Notes(tmp_path, "key", "ann")
    assert notes.of("a")[0].at == "2999-01-01T00:00:00.000000+00:00"
    assert notes.write("a", "now").at == "2999-01-01T00:00:00.000001+00:00"
    assert texts(notes) == texts(Notes(tmp_path, "key")) == [("ann", "now")]
    fast = [notes.write("b", str(number)).at for number in range(20)]
    assert fast == sorted(set(fast))


def test_of_two_lines_of_one_time_every_reader_holds_the_same(tmp_path):
    put(tmp_path, "b.jsonl", line(text="b") + line(text="b, later line"))
    put(tmp_path, "a.jsonl", line(text="a"))
    assert texts(Notes(tmp_path, "key")) == [("ann", "b, later line")]
    late = Notes(tmp_path, "key")
    put(tmp_path, "0.jsonl", line(text="0"))
    late.refresh()
    assert texts(late) == [("ann", "b, later line")]


def _write_many(folder, author, barrier):
    notes = Notes(folder, "key", author)
    barrier.wait(60)
    for number in range(200):
        notes.write(f"{number}", f"{author} {number} {os.getpid()} " + "é" * 300)


def test_two_processes_with_one_name_write_at_the_same_time_and_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    workers = [context.Process(target=_write_many, args=(tmp_path, "ann", barrier)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    files = list((tmp_path / "notes").iterdir())
    lines = [json.loads(each) for path in files for each in path.read_text("utf-8").splitlines()]
    assert len(files) == 2
    assert len({(each["text"]) for each in lines}) == len(lines) == 400
    notes = Notes(tmp_path, "key")
    assert len(notes.all()) == 200
    assert notes.problems == ()
    newest = {}
    for path in files:  # of two notes of one microsecond the later file's holds
        for each in map(json.loads, path.read_text("utf-8").splitlines()):
            newest[each["sample_id"]] = max(newest.get(each["sample_id"], ("",)), (each["at"], path.name, each["text"]))
    assert {each.sample_id: each.text for each in notes.all()} == {name: said[2] for name, said in newest.items()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_process_begins_a_file_of_its_own(tmp_path):
    notes = Notes(tmp_path, "key", "ann")
    notes.write("a", "parent")
    child = multiprocessing.get_context("fork").Process(target=notes.write, args=("b", "child"))
    child.start()
    child.join(60)
    notes.write("c", "parent again")
    counts = sorted(path.read_bytes().count(b"\n") for path in notes.folder.iterdir())
    assert counts == [1, 2]


def test_a_torn_last_line_is_left_out_named_and_never_written_onto(tmp_path):
    whole, half = line(text="whole"), line("b", text="torn")[:-20]
    path = put(tmp_path, "ann-killed.jsonl", whole + half)
    notes = Notes(tmp_path, "key", "ann")
    assert [each.text for each in notes.all()] == ["whole"]
    (problem,) = notes.problems
    assert str(path) in problem
    assert f"{len(half)} bytes" in problem
    notes.write("b", "again")
    assert path.read_bytes() == whole + half
    assert [each.text for each in Notes(tmp_path, "key").all()] == ["whole", "again"]
    assert notes.refresh() == 0


def test_a_line_that_is_finished_later_is_read_then(tmp_path):
    content = line(text="one") + line("b", text="zwei é")
    cut = len(content) - 4
    path = put(tmp_path, "slow.jsonl", content[:cut])
    notes = Notes(tmp_path, "key")
    assert len(notes.problems) == 1
    path.write_bytes(content)
    assert notes.refresh() == 1
    assert texts(notes, "b") == [("ann", "zwei é")]
    assert notes.problems == ()


def test_lines_that_are_no_notes_are_named_and_the_rest_is_read(tmp_path):
    bad = [
        b"not json\n",
        b"\n",
        b"[1, 2]\n",
        b"\xff\xfe\n",
        line(tags=[]).replace(b'"tags": []', b'"tags": "abc"'),
        line(at="yesterday"),
        line(at="2026-01-01T00:00:00"),
        b"[" * 100_000 + b"\n",
        line(text="t").replace(b'"t"', b"7"),
        line().replace(b'"author"', b'"who"'),
    ]
    put(tmp_path, "x.jsonl", line(text="before") + b"".join(bad) + line("b", text="after", added_by_a_newer_program=1))
    put(tmp_path, ".hidden.jsonl", b"no\n")
    put(tmp_path, "readme.txt", b"no\n")
    (tmp_path / "notes" / "folder.jsonl").mkdir()
    notes = Notes(tmp_path, "key")
    assert [each.text for each in notes.all()] == ["before", "after"]
    (problem,) = notes.problems
    assert (
        f"{len(bad)} lines are no notes and are left out (line 2, 3, 4, 5, 6, ...; the first: JSONDecodeError"
        in problem
    )


def test_notes_about_another_run_are_shown_and_named(tmp_path):
    put(tmp_path, "x.jsonl", line(run_key="old") + line("b", run_key="key"))
    notes = Notes(tmp_path, "key")
    assert [each.run_key for each in notes.all()] == ["old", "key"]
    assert notes.problems == ("1 notes were written about another run than key: its answers may differ.",)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_any_text_comes_back_as_it_was(tmp_path, text):
    notes = Notes(tmp_path, "key", "ann")
    assert notes.write(text, text, [text[:90].replace("\r", "").replace("\n", "") or "x"]).text == text
    (found,) = Notes(tmp_path, "key").all()
    assert (found.text, found.sample_id) == (text, text)
    assert found.tags == (text[:90].replace("\r", "").replace("\n", ""),)
    content = file_of(notes).read_bytes()
    content.decode("utf-8")
    assert content.count(b"\n") == 1


def test_text_is_kept_as_utf_8_and_two_halves_become_their_character(tmp_path):
    notes = Notes(tmp_path, "key", "a\ud83d\ude00")
    assert notes.write("a", "é🦊 \ud83d\ude00").text == "é🦊 😀"
    assert "é🦊".encode() in file_of(notes).read_bytes()
    notes.write("a", "second")
    assert texts(Notes(tmp_path, "key")) == [("a😀", "second")]


AUTHORS = ["../../x", "/etc/passwd", "C:\\x", "CON", "", "  ", "ann" * 5000, "🦊", "a\0b", "..", "\udc80", "a\nb", "Å"]


@pytest.mark.parametrize("author", AUTHORS, ids=range(len(AUTHORS)))
def test_any_author_has_a_safe_file_and_comes_back_as_given(tmp_path, author):
    run = tmp_path / "run"
    run.mkdir()
    notes = Notes(run, "key", author)
    notes.write("a", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    name = file_of(notes).name
    assert len(name.encode()) < 80
    assert not set(name) & set('/\\:*?"<>|\0\n')
    assert name[0] not in ".-"
    assert Notes(run, "key").of("a")[0].author == (author if author.strip() else "someone")


def test_the_author_is_the_systems_user_or_someone(tmp_path, monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert Notes(tmp_path, "key").author == "ann"

    def unknown():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert Notes(tmp_path, "key").author == "someone"
    with pytest.raises(OptionError, match="An author is text, but got int"):
        Notes(tmp_path, "key", 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "x" * 100_001), "at most 100,000 characters, but this one has 100,001"),
        (("a", None), "A note is text, but got NoneType"),
        (("", "x"), "by its id"),
        ((3, "x"), "by its id"),
        (("a", "x", "tag"), "give a list of one"),
        (("a", "x", [""]), "A tag is text of 1 to 100 characters"),
        (("a", "x", ["t" * 101]), "A tag is text of 1 to 100 characters"),
        (("a", "x", ["a;b"]), 'without ";"'),
        (("a", "x", ["a\nb"]), "line breaks"),
        (("a", "x", [3]), "A tag is text"),
    ],
)
def test_a_note_that_cannot_be_kept_is_refused_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(OptionError, match=message):
        Notes(tmp_path, "key", "ann").write(*arguments)
    assert not list(tmp_path.iterdir())


def test_the_longest_text_and_tags_from_a_generator_are_kept(tmp_path):
    notes = Notes(tmp_path, "key", "ann")
    made = notes.write("a", "\x00" * 100_000, (each for each in ("a", "b")))
    assert made.tags == ("a", "b")
    assert Notes(tmp_path, "key").all() == [made]


def test_refresh_reads_only_what_is_new(tmp_path):
    path = put(tmp_path, "x.jsonl", line(text="old") * 50)
    notes = Notes(tmp_path, "key")
    assert notes.refresh() == 0
    with path.open("r+b") as file:  # what has been read is spoiled in its place: reading it again would find no note
        file.write(b"#" * (len(line(text="old")) * 50 - 1) + b"\n" + line("b", text="new"))
    assert notes.refresh() == 1
    assert (texts(notes), texts(notes, "b")) == ([("ann", "old")], [("ann", "new")])
    assert notes.problems == ()


def test_a_file_that_did_not_grow_is_not_opened(tmp_path, monkeypatch):
    put(tmp_path, "x.jsonl", line() + line("b")[:9])
    grows = put(tmp_path, "y.jsonl", line("c"))
    notes, opened = Notes(tmp_path, "key"), []
    real = Path.open

    def seen(path, *arguments, **options):
        opened.append(path.name)
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", seen)
    notes.refresh()
    assert opened == []
    with open(grows, "ab") as file:
        file.write(line("d"))
    assert notes.refresh() == 1
    assert opened == ["y.jsonl"]


@pytest.mark.parametrize("change", ["shrunk", "replaced", "gone"])
def test_a_file_that_is_another_now_is_read_again(tmp_path, change):
    path = put(tmp_path, "x.jsonl", line(text="one") + line("b", text="two"))
    put(tmp_path, "y.jsonl", line("c", text="stays"))
    notes = Notes(tmp_path, "key")
    assert len(notes.all()) == 3
    if change == "shrunk":
        path.write_bytes(line(text="one"))
    elif change == "replaced":
        other = put(tmp_path, "other", line(text="one") + line("d", text="longer than before"))
        os.replace(other, path)
    else:
        path.unlink()
    notes.refresh()
    left = {"shrunk": ["one"], "replaced": ["one", "longer than before"], "gone": []}[change]
    assert sorted(each.text for each in notes.all()) == sorted([*left, "stays"])


@pytest.mark.parametrize("step", ["write", "short write", "fsync"])
@pytest.mark.parametrize("first", [True, False])
def test_a_note_that_did_not_reach_the_disk_is_not_there(tmp_path, monkeypatch, step, first):
    notes = Notes(tmp_path, "key", "ann")
    if not first:
        notes.write("a", "older")
    before = {path.name: path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    write = os.write

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def short(number, content):
        return write(number, content[:10])

    with monkeypatch.context() as patched:
        patched.setattr(os, step.split()[-1], short if step == "short write" else full)
        with pytest.raises(StorageError, match=r"The note was not saved.*No space left on device.*Free some space"):
            notes.write("a", "lost")
    assert texts(notes) == texts(Notes(tmp_path, "key")) == ([] if first else [("ann", "older")])
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.jsonl")} == before
    notes.write("a", "again")
    assert texts(Notes(tmp_path, "key")) == [("ann", "again")]
    assert notes.problems == ()


def test_half_a_line_that_cannot_be_taken_back_spoils_nothing(tmp_path, monkeypatch):
    notes, write = Notes(tmp_path, "key", "ann"), os.write
    notes.write("a", "older")

    def broken(*_):
        raise OSError(errno.EIO, "Input/output error")

    def short(number, content):
        return write(number, content[:30])

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", short)
        patched.setattr(os, "ftruncate", broken)
        with pytest.raises(StorageError, match="was not saved"):
            notes.write("a", "lost")
    notes.write("b", "next")
    found = Notes(tmp_path, "key")
    assert (texts(found), texts(found, "b")) == ([("ann", "older")], [("ann", "next")])
    assert "ends in the middle of a line (30 bytes)" in found.problems[0]


def test_ctrl_c_in_the_middle_leaves_no_half_line(tmp_path, monkeypatch):
    notes = Notes(tmp_path, "key", "ann")

    def interrupted(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            notes.write("a", "lost")
    assert not list(tmp_path.rglob("*.jsonl"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_place_that_cannot_be_written_says_what_to_do(tmp_path, monkeypatch, number):
    notes = Notes(tmp_path, "key", "ann")

    def refused(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StorageError, match=f"not saved.*{os.strerror(number)}.*you may write"):
        notes.write("a", "lost")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_folder_is_named(tmp_path):
    notes = Notes(tmp_path, "key", "ann")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(StorageError, match="Permission denied"):
            notes.write("a", "lost")
    finally:
        tmp_path.chmod(stat.S_IRWXU)


def test_a_run_folder_that_was_moved_away_does_not_come_back(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    notes = Notes(run, "key", "ann")
    notes.write("a", "text")
    run.rename(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="not saved"):
        notes.write("a", "lost")
    assert not run.exists()
    assert texts(Notes(tmp_path / "elsewhere", "key")) == [("ann", "text")]


def test_a_file_in_place_of_the_folder_is_a_problem_and_no_crash(tmp_path):
    (tmp_path / "notes").write_text("no folder")
    notes = Notes(tmp_path, "key", "ann")
    assert notes.all() == []
    assert "notes cannot be read: Not a directory." in notes.problems[0]
    with pytest.raises(StorageError, match="not saved"):
        notes.write("a", "lost")


def test_time_goes_on_where_the_clock_stands_still(monkeypatch):
    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 1, tzinfo=tz)

    monkeypatch.setattr(note_module, "datetime", Still)
    assert note_module.later_than("") == "2026-01-01T00:00:00.000000+00:00"
    assert note_module.later_than("2026-01-01T00:00:00.000000+00:00") == "2026-01-01T00:00:00.000001+00:00"
    assert note_module.later_than("2026-01-01T00:00:00.999999+00:00") == "2026-01-01T00:00:01.000000+00:00"
