"""The failure explorer: a run's phrases filtered, sorted and looked at one by one, with notes; state apart from widgets."""
