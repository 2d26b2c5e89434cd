"""What became of every weight of a checkpoint, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, eq=False)
class LoadingReport:
    """What became of every weight.

    ``loaded``: keys of the file that were taken as they are. ``interpolated`` and ``ignored``: keys of the file, each with what was
    done to it or why it is not needed. ``missing``: names in the model that nothing in the file fills. ``unexpected``: keys of the
    file that nobody knows. ``str()`` of it is a table.
    """

    loaded: tuple[str, ...]
    interpolated: Mapping[str, str]
    ignored: Mapping[str, str]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "interpolated", MappingProxyType(dict(self.interpolated)))
        object.__setattr__(self, "ignored", MappingProxyType(dict(self.ignored)))

    def counts(self) -> dict[str, int]:
        """How many keys met each fate."""
        return {
            name: len(getattr(self, name)) for name in ("loaded", "interpolated", "ignored", "missing", "unexpected")
        }

    def __str__(self) -> str:
        lines = [", ".join(f"{count} {name}" for name, count in self.counts().items())]
        lines += [f"loaded        {key}" for key in self.loaded]
        lines += [f"interpolated  {key}: {how}" for key, how in self.interpolated.items()]
        lines += [f"ignored       {key}: {why}" for key, why in self.ignored.items()]
        lines += [f"missing       {key}" for key in self.missing]
        lines += [f"unexpected    {key}" for key in self.unexpected]
        return "\n".join(lines)
