"""The explorer's charts: from the state to a figure and a sentence, and from a click or a box to a rule; no widget."""
