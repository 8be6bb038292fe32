"""Answers kept on disk by what was asked and when the table was last updated; a damaged one is asked for again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sverige_did.files import write_bytes

_HASH = 64


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of answers. The name of each file is the hash of its key, its first 64 bytes the hash of the rest."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        """What was put under the key, or None where nothing was or the file is damaged."""
        try:
            kept = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        head, body = kept[:_HASH], kept[_HASH:]
        return body if head == _digest(body) else None

    def put(self, key: str, body: bytes) -> None:
        """Keep an answer."""
        write_bytes(self._path(key), _digest(body) + body)

    def drop(self, key: str) -> None:
        """Forget an answer that turned out to be none."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{_digest(key.encode()).decode()}.answer"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
