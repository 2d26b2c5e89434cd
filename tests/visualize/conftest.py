"""Runs of the toy system, made once; tests that write into a run take a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from run_stand_ins import ToySystem
from toy_explored import HostileSet, copied, made, session


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("explored") / "toy", detail="full")


@pytest.fixture(scope="session")
def other_run(tmp_path_factory) -> Path:
    """The same data set, but for three pictures, answered with another mask each time in two."""
    from toy_explored import toy_set

    fewer = toy_set()
    fewer.count = 6
    return made(tmp_path_factory.mktemp("explored") / "other", fewer, ToySystem(setting=2), detail="light")


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory) -> Path:
    name = '<img src=x onerror=alert(1)> & "it\'s" \u202eevil 🦒'
    return made(tmp_path_factory.mktemp("explored") / name, HostileSet(8, 2), detail="full")


@pytest.fixture
def explored(toy_run, tmp_path):
    """A session of "ann" on a copy of the toy run, with its pictures and system."""
    return session(copied(toy_run, tmp_path / "toy"))
