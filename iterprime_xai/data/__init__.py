"""Data in and out: pictures, data sets by name, the REFER layout, and generated scenes."""

from __future__ import annotations

from iterprime_xai.data.dataset import DataSet, PictureEntry
from iterprime_xai.data.images import Picture, read_image, sha256
from iterprime_xai.data.refer import read_refer, write_refer
from iterprime_xai.data.sources import data_names, open_data

__all__ = [
    "DataSet",
    "Picture",
    "PictureEntry",
    "data_names",
    "open_data",
    "read_image",
    "read_refer",
    "sha256",
    "write_refer",
]
