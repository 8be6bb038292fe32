"""Districts that share a team or a budget are fewer than they seem: how much may they share for a finding to stay?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import optimize

from sverige_did.inference.arm_variances import ArmVariances, arm_variances
from sverige_did.inference.behrens_fisher import behrens_fisher_test
from sverige_did.inference.cluster_robust import effect_shares, of_districts
from sverige_did.inference.districts import EFFECT, Districts
from sverige_did.results.estimates import CheckResult

MOST = 0.99
"""Districts that share more than this of what moves them are one district."""


def shared_shock(sample: Districts, p_value: float, outcome: str, *, scale: str, alpha: float = 0.05) -> CheckResult:
    """The intra-class correlation of the changes of one arm at which the calibrated interval just reaches no effect.

    ``p_value`` is that of the rule: where it is above ``alpha`` there is no finding to lose, and the key is ``open``.
    """
    treated, control = (tipping_correlation(sample, arm, alpha) for arm in (True, False))
    found = {(True, True): "never", (False, True): "treated", (True, False): "control", (False, False): "result"}
    return CheckResult(
        check="shared_shock",
        outcome=outcome,
        scale=scale,
        key="open" if p_value > alpha else found[treated is None, control is None],
        numbers={
            "percent_treated": None if treated is None else 100 * treated,
            "percent_control": None if control is None else 100 * control,
        },
        assumptions=("shock_shared_alike",),
    )


def tipping_correlation(sample: Districts, treated: bool, alpha: float = 0.05) -> float | None:
    """The correlation in one arm, in [0, .99], at which the calibrated interval reaches no effect; 0 where it does
    without any, None where it does at none."""
    compared = sample.compared()
    variances = arm_variances(compared)
    shares = effect_shares(of_districts(compared), EFFECT)
    estimate = float(shares @ compared.change)
    arm = compared.treated == treated
    concentration = float(shares[arm].sum() ** 2 / np.square(shares[arm]).sum())

    def excess(rho: float) -> float:
        test = behrens_fisher_test(with_shared(variances, treated, rho, concentration), estimate, alpha)
        return abs(estimate) - (test.upper - test.lower) / 2

    if excess(0.0) <= 0:
        return 0.0
    return None if excess(MOST) > 0 else float(optimize.brentq(excess, 0.0, MOST, xtol=1e-9))


def with_shared(variances: ArmVariances, treated: bool, rho: float, concentration: float) -> ArmVariances:
    """The variances by arm if the changes of one arm have the correlation ``rho``.

    What they share does not show in the spread within the arm, which is 1 - rho of the variance of a change, and stays
    in the mean whole. ``concentration`` is the squared sum of the arm's shares over the sum of their squares, the
    number of its districts where they count alike: its part is times 1 + concentration rho / (1 - rho). In pairs, and
    wherever else the spread of one arm holds all of the variance, that spread is taken for either arm's own, which is
    more than it is: the correlation that is named is then too small and not too large.
    """
    added = concentration * rho / (1 - rho)
    if treated:
        own = variances.treated if np.isfinite(variances.df_treated) else variances.control
        return replace(variances, treated=variances.treated + added * own)
    own = variances.control if np.isfinite(variances.df_control) else variances.treated
    return replace(variances, control=variances.control + added * own)
