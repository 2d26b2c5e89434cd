"""Data in and out: pictures, data sets in the REFER layout, and generated scenes."""

from __future__ import annotations

from iterprime_xai.data.images import Picture, read_image, sha256
from iterprime_xai.data.refer import read_refer, write_refer

__all__ = ["Picture", "read_image", "read_refer", "sha256", "write_refer"]
