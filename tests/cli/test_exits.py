"""What is expected to go wrong ends in one sentence and an exit code; a mistake of ours in its traceback."""

from __future__ import annotations

import sys

import pytest

from iterprime_xai import cli
from iterprime_xai.cli import exits, ground


def _raise(error):
    raise error


def _out_of_device_memory():
    return type("OutOfMemoryError", (RuntimeError,), {"__module__": "torch"})("CUDA")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left on device"), exits.NO_STORAGE, "No space left on device"),
        (MemoryError(), exits.BAD_INPUT, "smaller picture, or --device cpu"),
        (_out_of_device_memory(), exits.BAD_INPUT, "smaller picture, or --device cpu"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), exits.BAD_INPUT, "smaller picture"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_the_machine_lacks_is_one_sentence_and_an_exit_code(error, code, message, monkeypatch, capsys):
    monkeypatch.setattr(ground, "bundled_sample", lambda _phrase: _raise(error))
    monkeypatch.setattr(sys, "argv", ["iterprime-xai", "ground"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == code
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") <= 1


def test_a_mistake_of_ours_is_not_hidden(monkeypatch):
    monkeypatch.setattr(ground, "bundled_sample", lambda _phrase: _raise(RuntimeError("a bug")))
    monkeypatch.setattr(sys, "argv", ["iterprime-xai", "ground"])
    with pytest.raises(RuntimeError, match="a bug"):
        cli.main()
