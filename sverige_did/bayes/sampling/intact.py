"""What HDF5 does not look at before it takes memory or time: whether texts in a file are where they are said to be.

Tables and attributes of a file of draws have checksums. Texts lie in heaps that have none, and neither has what points
at them: one damaged byte there can ask for gigabytes, or send HDF5 round and round without an end.
"""

from __future__ import annotations

import mmap
from pathlib import Path
from struct import Struct

import h5py
import numpy as np

_TEXT = np.dtype([("length", "<u4"), ("collection", "<u8"), ("index", "<u4")])
"""How HDF5 writes where a text lies."""

_HEAP, _SIZE = b"GCOL\x01\0\0\0", Struct("<Q")
_ITEM = Struct("<HH4xQ")
"""How a heap begins, before its size, and each item in it: its number, who uses it, and its size."""


def require_sound_heaps(path: Path | str) -> None:
    """Raises ValueError where the items of a heap do not lie one after the other within it."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_HEAP)
        while at >= 0:
            head = content[at + len(_HEAP) : at + len(_HEAP) + _SIZE.size]
            size = _SIZE.unpack(head)[0] if len(head) == _SIZE.size else 0
            if at + size > len(content):
                raise ValueError("heap")
            _walk(content, at + len(_HEAP) + _SIZE.size, at + size)
            at = content.find(_HEAP, at + 1)


def _walk(content: mmap.mmap, at: int, end: int) -> None:
    while at + _ITEM.size <= end:
        number, _, size = _ITEM.unpack_from(content, at)
        step = _ITEM.size + -(-size // 8) * 8 if number else size  # what is left over is counted with its head
        if not 0 < step <= end - at:
            raise ValueError("heap")
        at += step


def require_no_more_than_there_is(path: Path | str, file: h5py.File) -> None:
    """Raises ValueError for arrays and texts that are said to be larger than the file."""
    room = Path(path).stat().st_size

    def look(_: str, item: object) -> None:
        if not isinstance(item, h5py.Dataset) or (at := item.id.get_offset()) is None:
            return  # a dimension without values of its own, which nobody reads
        if item.nbytes > room:
            raise ValueError(item.name)
        kind = h5py.check_string_dtype(item.dtype)
        if kind is not None and kind.length is None:
            texts = np.fromfile(path, _TEXT, count=item.size, offset=at)
            if (texts["length"] > room).any():
                raise ValueError(item.name)

    file.visititems(look)
