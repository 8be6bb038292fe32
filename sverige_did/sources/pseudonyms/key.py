"""The key that makes pseudonyms: it stays with the municipality, and whoever has it can find a child again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from sverige_did.errors import InputError, Problem

BYTES = 32
_MOST = 4096
"""Bytes of the file that are read: what is longer is no key."""

_LETTERS = 16
"""Of base 32, so 80 bits: among a million children two share a pseudonym once in two million million deliveries."""


def new_key(path: Path) -> None:
    """Write a new random key that only its owner can read. Raises InputError where a file is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(Problem("pseudo_key_there", file=path.name)) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES) + "\n")


def read_key(path: Path, *apart_from: Path) -> bytes:
    """The key, which must be one, be readable by its owner alone, and lie in none of the folders ``apart_from``."""
    if not path.is_file():
        raise InputError(Problem("pseudo_no_key", file=path.name))
    if any(path.resolve().is_relative_to(folder.resolve()) for folder in apart_from):
        raise InputError(Problem("pseudo_key_beside", file=path.name))
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(Problem("pseudo_key_open", file=path.name, expected="600"))
    try:
        with path.open("rb") as file:
            key = bytes.fromhex(file.read(_MOST).decode("ascii").strip())
    except ValueError:  # UnicodeDecodeError is one too
        key = b""
    if len(key) < BYTES:
        raise InputError(Problem("pseudo_bad_key", file=path.name, expected=f"{2 * BYTES} hexadecimal digits"))
    return key


def pseudonym(key: bytes, kind: str, identifier: str) -> str:
    """The pseudonym of one identifier: HMAC-SHA256 over kind and identifier, so a child and a case never share one."""
    digest = hmac.new(key, f"{kind}\0{identifier}".encode(), hashlib.sha256).digest()
    return "P" + base64.b32encode(digest).decode("ascii")[:_LETTERS]
