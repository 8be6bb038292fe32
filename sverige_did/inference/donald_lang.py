"""Donald and Lang (2007): one change a district, equal variances, Student's t with G - 2 - p degrees of freedom.

The most powerful test when treated and control districts vary alike and normally, and far too eager when treated
districts vary more.
"""

from __future__ import annotations

import numpy as np

from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Districts


def donald_lang(sample: Districts, alpha: float = 0.05) -> TTest:
    """The ordinary least-squares t test on the changes; every district counts the same, whatever its weight.

    Raises RefusedError ``no_variation_within`` when nothing varies within the arms.
    """
    x = sample.design
    beta = np.linalg.lstsq(x, sample.change, rcond=None)[0]
    residual = sample.change - x @ beta
    df = x.shape[0] - x.shape[1]
    variance = float(residual @ residual) / df * float(np.linalg.inv(x.T @ x)[1, 1])
    return t_test(float(beta[1]), float(np.sqrt(variance)), df, alpha)
