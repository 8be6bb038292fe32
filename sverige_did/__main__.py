"""``python -m sverige_did``: the front door without an installed script, and that of every step of the workflow."""

import gc

gc.disable()  # for as long as modules are imported: nothing of them is garbage

from sverige_did.cli import app  # noqa: E402 - after the line above

app()
