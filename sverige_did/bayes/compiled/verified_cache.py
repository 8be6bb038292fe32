"""Machine code that is kept is run again only as it was written: each file of the cache holds its own hash.

numba keeps what it compiles in files that it believes. A file that was emptied ends every command, and one in which a
byte was changed changes estimates, which nobody sees. Here each file begins with a hash of its name, of the versions
that made it and of what follows; a file that does not fit is as good as none, and is written anew.
"""

from __future__ import annotations

import pickle
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from numba.core import caching as _caching

caching: Any = _caching  # it has no types

MADE_BY = " ".join(f"{name} {version(name)}" for name in ("sverige-did", "numba", "llvmlite", "pytensor", "numpy"))
_LENGTH = 32


def seal(name: str, content: bytes) -> bytes:
    """What is written in the file of that name: the hash, and the content."""
    return _hash(name, content) + content


def opened(name: str, sealed: bytes) -> bytes | None:
    """The content of a file of that name, or None where these versions did not write it under this name."""
    told, content = sealed[:_LENGTH], sealed[_LENGTH:]
    return content if told == _hash(name, content) else None


def _hash(name: str, content: bytes) -> bytes:
    return sha256(b"\0".join((MADE_BY.encode(), name.encode(), content))).digest()


class _VerifiedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """numba's index and data of one function, read only where the hash fits, and written where it can be.

    The data of a signature lie under a number made of it. numba takes the next that is free, so of two commands that
    compile at once each would find the other's code under its own signature. The files have names of their own, so that
    a program with numba as it comes, which would stumble over the hash, never meets them.
    """

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Any) -> None:
        super().__init__(cache_path, f"{filename_base}.sealed", source_stamp)

    def save(self, key: Any, data: Any) -> None:
        """Keep the code of one signature."""
        overloads = self._load_index()
        if key not in overloads:
            overloads[key] = self._data_name(int.from_bytes(sha256(self._dump(key)).digest()[:6]))
            self._save_index(overloads)
        self._save_data(overloads[key], data)

    def _load_index(self) -> dict[Any, str]:
        content = _read(Path(self._index_path))
        return {} if content is None else pickle.loads(content)  # noqa: S301 - sealed by us

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, self._dump(overloads))

    def _load_data(self, name: str) -> Any:
        content = _read(Path(self._data_path(name)))
        if content is None:
            raise FileNotFoundError(name)  # numba takes that for code that is not kept
        return pickle.loads(content)  # noqa: S301 - sealed by us

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), self._dump(data))

    def _write(self, path: str, content: bytes) -> None:
        try:
            with self._open_for_write(path) as file:
                file.write(seal(Path(path).name, content))
        except OSError:
            return  # a full disk or a folder of somebody else's: the code is compiled again next time


def _read(path: Path) -> bytes | None:
    try:
        return opened(path.name, path.read_bytes())
    except OSError:
        return None


def verify_kept_code() -> None:
    """From now on numba reads and writes what it keeps as above."""
    caching.IndexDataCacheFile = _VerifiedFiles
