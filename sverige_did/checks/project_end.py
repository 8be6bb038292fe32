"""A later count of the treated alone: what it would say if the control group had stayed where it was last seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sverige_did.bayes.models.closed_form import Sampling
from sverige_did.checks.tipping_shock import tipping_shock
from sverige_did.did.exact import poisson_did
from sverige_did.did.scales import did, std_error
from sverige_did.results.estimates import CheckResult


def project_end(
    events: ArrayLike,
    totals: ArrayLike,
    later: int,
    constant: float,
    outcome: str,
    *,
    reading: str = "all",
    serial: float = 0.0,
    level: float = 0.95,
) -> CheckResult:
    """Exact ratio of ratios with the treated group's later count in the place of the one after.

    ``events`` over ``totals`` are (2, 2), rows treated, control; columns before, after. ``constant`` and ``serial`` are
    those of the district shocks (:class:`~sverige_did.bayes.models.closed_form.Sampling`); the tipping shock adds half
    an event to every cell when one is empty. An assumption carries it all: nobody has published the control group's
    later count.
    """
    y, n = np.array(events, dtype=float), np.array(totals, dtype=float)
    y[0, 1] = later
    exact = poisson_did(y, n, level=level)
    filled = y + 0.5 if (y == 0).any() else y
    log_ratio = Sampling(did(filled / n, "log"), std_error(filled, n, "log", family="poisson") ** 2, constant, serial)
    shock = tipping_shock(log_ratio, outcome, scale="log_ratio", level=level).numbers["tipping_shock"]
    return CheckResult(
        check="project_end",
        outcome=outcome,
        reading=reading,
        key="excludes" if exact.upper is not None and exact.upper < 1 else "includes",
        numbers={
            "before": float(y[0, 0]),
            "later": float(later),
            "upper": exact.upper,
            "p": exact.p_value,
            "shock": shock,
        },
        assumptions=("control_unchanged_later", "shocks_alike"),
    )
