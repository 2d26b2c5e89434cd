"""Hub checkpoints: what counts as a hub id, whether a checkpoint is in the local cache, and what to do when it is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from iterprime_xai.records import ModelLoadError

_NEEDED = (
    ("config.json",),
    ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"),
    ("tokenizer.json", "vocab.txt"),
    ("preprocessor_config.json", "processor_config.json"),
)
"""Files that a matcher is made of; of each group one is enough."""

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"


def is_hub_id(name: str) -> bool:
    """Whether a name has the form owner/model that the hub allows: a path with blanks, a drive or a dot in front has not."""
    if re.fullmatch(f"{_PART}/{_PART}", name) is None:
        return False
    return ".." not in name and "--" not in name and not name.endswith(".git")


def is_cached(hub_id: str, cache_dir: str | Path | None = None, revision: str | None = None) -> bool:
    """Whether config, weights, tokenizer and image processor of a hub checkpoint are in the local cache.

    ``revision`` is a branch, tag or commit (default main). False for a name that cannot be a hub id.
    """
    from huggingface_hub import try_to_load_from_cache

    def has(filename: str) -> bool:
        return isinstance(try_to_load_from_cache(hub_id, filename, cache_dir=cache_dir, revision=revision), str)

    return is_hub_id(hub_id) and all(any(map(has, group)) for group in _NEEDED)


def commit_of(hub_id: str, cache_dir: str | Path | None = None, revision: str | None = None) -> str | None:
    """The commit of a cached checkpoint: the name of its snapshot's folder; ``None`` where there is none."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_id, "config.json", cache_dir=cache_dir, revision=revision)
    return Path(config).parent.name if isinstance(config, str) else None


def ask(hub_id: str, hub: dict[str, Any]) -> None:
    """Ask once whether the hub has a checkpoint: without this, an unreachable hub is retried for half a minute."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        HfApi().model_info(hub_id, revision=hub["revision"], timeout=10)
    except (RepositoryNotFoundError, RevisionNotFoundError) as error:
        at = f" at revision {hub['revision']}" if hub["revision"] else ""
        raise ModelLoadError(f"The hub has no model {hub_id!r}{at}, or it is private: check the spelling.") from error
    except Exception as error:
        raise unreachable(hub_id, hub, error) from error


def fetch_command(hub_id: str, hub: dict[str, Any]) -> str:
    """The command that brings a checkpoint into the cache."""
    at = f" --revision {hub['revision']}" if hub["revision"] else ""
    into = f" --cache-dir {hub['cache_dir']}" if hub["cache_dir"] else ""
    return f"hf download {hub_id}{at}{into}"


def unreachable(hub_id: str, hub: dict[str, Any], error: Exception) -> ModelLoadError:
    """What to do about a hub checkpoint that cannot be had."""
    return ModelLoadError(
        f"{hub_id} is neither cached nor reachable. Where there is a network, fetch it with "
        f"`{fetch_command(hub_id, hub)}`; offline, use a bundled one: `tiny`, or for "
        f"a dual encoder `tiny-clip`. ({type(error).__name__})"
    )
