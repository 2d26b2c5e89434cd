"""What people say of a run's samples, kept beside it: notes and tags, gold masks given by hand, saved slices."""
