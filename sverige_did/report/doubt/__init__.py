"""What could overturn each answer of a study, as a page of its own: tipping points, checks, ROBINS-I, and a rating."""

from sverige_did.report.doubt.page import render_doubt

__all__ = ["render_doubt"]
