"""The failure explorer: a run filtered, looked at sample by sample, written about, and kept as slices."""
