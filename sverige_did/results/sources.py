"""Where the files of a study come from: what was asked of whom, when, under which licence, or who made them up."""

from __future__ import annotations

from datetime import date

from sverige_did.results.estimates import Frozen


class SourceFile(Frozen):
    """One file of a study's input.

    ``table`` is the publisher's name of the table, ``updated`` the publisher's own stamp of its last update, and
    ``request`` what was asked, as JSON. ``credit`` is the line that the licence wants to be shown; ``made_by`` the
    command that wrote the file. ``changed``: the file is no longer the one that ``sha256`` is of.
    """

    file: str
    sha256: str
    synthetic: bool = False
    table: str | None = None
    title: str | None = None
    updated: str | None = None
    retrieved: date | None = None
    address: str | None = None
    request: str | None = None
    licence: str | None = None
    credit: str | None = None
    made_by: str | None = None
    changed: bool = False
