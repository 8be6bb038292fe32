"""The telling: figures, tables and pages, made from released results only."""
