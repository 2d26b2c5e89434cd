"""Tutorials: lessons as notebooks, checks that give hints, and a table of who passed what."""

from iterprime_xai.tutorials.exercise import Hint, Verdict, exercise, expect

__all__ = ["Hint", "Verdict", "exercise", "expect"]
