"""Whole zero-shot systems: short compositions of the floors below."""

from iterprime_xai.systems.grounder import Grounder, load

__all__ = ["Grounder", "load"]
