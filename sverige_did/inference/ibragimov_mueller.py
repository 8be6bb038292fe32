"""Ibragimov and Mueller (2016, REStat 98:83): the two-sample t test with the degrees of freedom of the smaller arm.

The variances of treated and control districts are estimated apart, and Student's t with min(K, M) - 1 degrees of
freedom is used whatever their ratio: never too eager for normal changes, and less powerful than the calibrated test
where districts vary alike.
"""

from __future__ import annotations

import numpy as np

from sverige_did.inference.arm_variances import arm_variances
from sverige_did.inference.cluster_robust import TTest, of_districts, t_test
from sverige_did.inference.districts import EFFECT, Districts


def ibragimov_mueller(sample: Districts, alpha: float = 0.05) -> TTest:
    """The difference of means over Welch's standard error, t(min(K, M) - 1); every district counts the same.

    With strata and covariates the variances and their degrees of freedom are those of arm_variances.py.

    Raises RefusedError: ``no_variation_within`` when neither arm varies, and the refusals of ``arm_variances``.
    """
    alike = sample.unweighted()
    variances = arm_variances(alike)
    estimate = float(of_districts(alike).coefficients[EFFECT])
    return t_test(estimate, float(np.sqrt(variances.treated + variances.control)), min(variances.df[:2]), alpha)
