"""The telling: figures, tables and pages, made from released results only."""

from sverige_did.report.pages import file_name, render

__all__ = ["file_name", "render"]
