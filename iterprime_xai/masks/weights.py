"""Which weights a proposer has: a hash of all of them, the same for the same weights from any file on any machine."""

from __future__ import annotations

import hashlib
from typing import Any


def weights_sha256(model: Any) -> str:
    """Hex digest of the names, shapes, types and bytes of a torch model's parameters and buffers; about a second a gigabyte."""
    import torch

    digest = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(values.shape)} {values.dtype} ".encode())
        digest.update(values.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
