"""What a name means: a bundled model, a folder, or a hub id, and which of them are matchers and which dual encoders."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from iterprime_xai.models.hub import ask, is_cached, is_hub_id
from iterprime_xai.models.profiles import LISTED
from iterprime_xai.records import ModelLoadError

BUNDLED_FOLDER = Path(__file__).parent.parent / "assets" / "models"
REAL_CHECKPOINT = "Salesforce/blip-itm-base-coco"
"""The checkpoint that messages point to when a real one is needed."""

WEIGHTS_SUFFIXES = (".pth", ".pt")
"""Files that hold the weights of a release from before the hub: ALBEF's."""

ENCODER_TYPES = frozenset({"clip"})
"""Model types, as config.json has them, of dual encoders; every other bundled model is a matcher."""

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Kind:
    """Matchers or dual encoders: their listed hub ids, the one to point to, and what to say of a model of the other kind."""

    encoders: bool
    listed: tuple[str, ...]
    example: str
    elsewhere: str

    @property
    def bundled(self) -> tuple[str, ...]:
        """Names of the models of this kind that travel in the package."""
        return tuple(
            sorted(
                path.parent.name
                for path in BUNDLED_FOLDER.glob("*/config.json")
                if (json.loads(path.read_text(encoding="utf-8")).get("model_type") in ENCODER_TYPES) == self.encoders
            )
        )


MATCHERS = Kind(
    encoders=False,
    listed=tuple(LISTED),
    example=REAL_CHECKPOINT,
    elsewhere="is a dual encoder (CLIP), without cross-attention to look at: systems such as global_local_clip and tas use it, "
    "and `iterprime_xai.models.load_encoder` loads it",
)
ENCODERS = Kind(
    encoders=True,
    listed=("openai/clip-vit-base-patch32", "openai/clip-vit-base-patch16", "openai/clip-vit-large-patch14"),
    example="openai/clip-vit-base-patch32",
    elsewhere="is an image-text matcher, not a dual encoder: `iterprime_xai.load` loads it",
)


def bundled_models() -> tuple[str, ...]:
    """Names of the matchers that travel in the package."""
    return MATCHERS.bundled


def bundled_encoders() -> tuple[str, ...]:
    """Names of the dual encoders that travel in the package."""
    return ENCODERS.bundled


def find(
    source: str | Path,
    load: Callable[[str | Path, str, dict[str, Any] | None], Loaded],
    hub: dict[str, Any],
    kind: Kind,
) -> Loaded:
    """Load what a name means: a bundled model, a folder, or a hub id, which is looked up in the cache before the network is asked.

    Args:
        source: name, folder or hub id.
        load: from a folder or hub id, a name to call it by, and the hub's options (``None`` for a folder).
        hub: revision, cache_dir and local_files_only.
        kind: what is looked for.

    Raises:
        ModelLoadError: nothing of that name, a bundled model of another kind, not cached and not reachable.
    """
    name = str(source)
    if name in kind.bundled:
        return load(BUNDLED_FOLDER / name, name, None)
    folder = Path(source)
    with suppress(RuntimeError):  # "~nobody" stays as it is
        folder = folder.expanduser()
    if folder.is_dir():
        return load(folder, folder.resolve().name, None)
    local_files_only, hub = hub["local_files_only"], {**hub, "local_files_only": True}
    cached = isinstance(source, str) and is_cached(name, hub["cache_dir"], hub["revision"])
    if not cached and (isinstance(source, Path) or not meant_for_the_hub(name)):
        raise no_such_model(name, folder, kind)
    if local_files_only:
        return load(name, name, hub)

    def from_network() -> Loaded:
        open_hub = {**hub, "local_files_only": False}
        ask(name, open_hub)
        return load(name, name, open_hub)

    if not cached:
        return from_network()
    try:
        return load(name, name, hub)
    except ModelLoadError as error:
        if not isinstance(error.__cause__, OSError):  # only a missing file is worth a look at the network
            raise
        try:
            return from_network()
        except ModelLoadError:
            raise error from error.__cause__


def meant_for_the_hub(name: str) -> bool:
    """Whether a name of the hub's form means the hub: below an existing folder, an unlisted one is a path."""
    listed = name in MATCHERS.listed or name in ENCODERS.listed
    return is_hub_id(name) and (listed or not Path(name).parent.is_dir())


def is_weights_file(source: Any) -> bool:
    """Whether a source is the path of a released .pth checkpoint."""
    return isinstance(source, (str, Path)) and Path(source).suffix.lower() in WEIGHTS_SUFFIXES


def no_such_model(name: str, folder: Path, kind: Kind = MATCHERS) -> ModelLoadError:
    """A name that is nothing, with the nearest that is something: what is beside where it would be, or a known name."""
    if BUNDLED_FOLDER.joinpath(name, "config.json").is_file() and name == Path(name).name:
        return ModelLoadError(f"{name!r} {kind.elsewhere}. Bundled here: {', '.join(kind.bundled) or 'none'}.")
    parent, where = folder.parent, ""
    there = parent.iterdir() if parent.is_dir() else ()
    beside = [each.name for each in there if each.is_dir() or (not kind.encoders and is_weights_file(each))]
    near = [str(parent / each) for each in difflib.get_close_matches(folder.name, beside, 2, 0.6)]
    if parent == Path():
        near = [*difflib.get_close_matches(name, [*kind.bundled, *kind.listed], 1, 0.5), *near]
    elif parent.is_dir():
        where = f" ({parent} has no {'file' if is_weights_file(folder) else 'folder'} {folder.name!r})"
    else:
        where = f" (there is no folder {str(parent)!r} either)"
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    bundled = ", ".join(kind.bundled) or "none here"
    return ModelLoadError(
        f"No such model or folder: {name!r}{where}. Expected a bundled name ({bundled}), an existing "
        f"folder, {'' if kind.encoders else 'a released .pth file, '}or a hub id such as {kind.example}.{hint}"
    )
