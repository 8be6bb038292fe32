"""The telling: figures, tables and pages, made from released results only."""

from sverige_did.report.pages import annex_name, file_name, render

__all__ = ["annex_name", "file_name", "render"]
