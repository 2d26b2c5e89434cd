"""Whole zero-shot systems: short compositions of the floors below."""

from iterprime_xai.systems.grounder import Grounder, load
from iterprime_xai.systems.registry import load_system, settings_of, system_names

__all__ = ["Grounder", "load", "load_system", "settings_of", "system_names"]
