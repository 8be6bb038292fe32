"""Models compiled once for all Bayesian tests: compilation is most of the waiting."""

import pytest
from group_contrast import build_group_contrast

from sverige_did.bayes.models import group_totals, hidden_districts
from sverige_did.bayes.sampling.sample import Compiled, compile_model

HIDDEN = hidden_districts.districts(treated=[1.0] * 4, control=[1.0] * 16)
MID_TERM = ((17, 8), (75, 75))
PLACED = ((67, 58), (300, 300))


@pytest.fixture(scope="session")
def shares() -> Compiled:
    return compile_model(group_totals.build_group_totals(MID_TERM, PLACED, HIDDEN))


@pytest.fixture(scope="session")
def rates() -> Compiled:
    return compile_model(group_totals.build_group_rates(MID_TERM, PLACED, HIDDEN))


@pytest.fixture(scope="session")
def contrast() -> Compiled:
    return compile_model(build_group_contrast(0.0, 1.0, 1.0))
