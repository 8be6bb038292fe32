"""Donald and Lang (2007): one change a district, equal variances, Student's t with G - 1 - S - p degrees of freedom,
for S strata (one without any) and p covariates.

The most powerful test when treated and control districts vary alike and normally, and far too eager when treated
districts vary more.
"""

from __future__ import annotations

import numpy as np

from sverige_did.inference.cluster_robust import TTest, effect_shares, of_districts, t_test
from sverige_did.inference.districts import EFFECT, Districts


def donald_lang(sample: Districts, alpha: float = 0.05) -> TTest:
    """The pooled t test on the changes; every district counts the same, whatever its weight.

    The effect is the one of the other methods, also with strata: the average over the treated districts.

    Raises RefusedError ``no_variation_within`` when nothing varies within the arms.
    """
    fit = of_districts(sample.unweighted())
    residual = fit.y - fit.x @ np.linalg.lstsq(fit.x, fit.y, rcond=None)[0]
    df = fit.x.shape[0] - fit.x.shape[1]
    variance = float(residual @ residual) / df * float(np.square(effect_shares(fit, EFFECT)).sum())
    return t_test(float(fit.coefficients[EFFECT]), float(np.sqrt(variance)), df, alpha)
