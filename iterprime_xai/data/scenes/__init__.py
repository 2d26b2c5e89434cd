"""Referring scenes: pictures of drawn things whose every expression and statement is proved by the scene itself."""

from __future__ import annotations
