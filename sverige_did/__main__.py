"""``python -m sverige_did``: the front door without an installed script."""

from sverige_did.cli import app

app()
