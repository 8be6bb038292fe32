"""``python -m sverige_did``: the front door without an installed script, and that of every step of the workflow."""

import gc

gc.disable()  # for as long as modules are imported, of which nothing is garbage: a twentieth of a model's time

from sverige_did.cli import app  # noqa: E402

app()
