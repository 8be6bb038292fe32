"""``python -m sverige_did`` collects no garbage while modules come in, and does again before a command works."""

from __future__ import annotations

import gc

from typer.testing import CliRunner

from sverige_did.cli import app


def test_garbage_is_collected_again_once_a_command_is_there() -> None:
    gc.disable()
    try:
        assert CliRunner().invoke(app, ["plan", "--help"]).exit_code == 0
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
