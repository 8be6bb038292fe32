"""The answer to a study as a short page: what was seen, what it can carry, and what would overturn it."""

from sverige_did.report.front.page import render_front

__all__ = ["render_front"]
