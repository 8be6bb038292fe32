"""What several layers' tests share."""

from __future__ import annotations

import pytest
from small_release import make_release

from sverige_did.disclosure.release import Release


@pytest.fixture(scope="session")
def release() -> Release:
    """A small made-up release with something of every kind."""
    return make_release()
