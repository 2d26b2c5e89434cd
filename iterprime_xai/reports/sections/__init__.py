"""What the sections of the reports show: one file a theme, each a few functions that a cell calls."""
