"""Tell a release as one page."""

from __future__ import annotations

from pathlib import Path

from sverige_did.disclosure.release import Release
from sverige_did.files import read_model, write_text
from sverige_did.report import render
from sverige_did.words import Language


def run(release: Path, out: Path, language: Language) -> None:
    """Write the page in one language."""
    write_text(out, render(read_model(release, Release), language))
