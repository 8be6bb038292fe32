"""Ibragimov and Mueller (2016): one effect a treated district, Student's t over those K effects.

Each treated district's change is compared with the mean of the controls. The K effects share that mean, whose
sampling error the test leaves out: with few controls it rejects too often.
"""

from __future__ import annotations

import numpy as np

from sverige_did.inference.cluster_robust import TTest, t_test
from sverige_did.inference.districts import Districts


def ibragimov_mueller(sample: Districts, alpha: float = 0.05) -> TTest:
    """Whether the mean of the effects of the treated districts, one by one, differs from zero, t(K - 1).

    Raises RefusedError ``no_variation_within`` when the K effects are all the same.
    """
    effects = sample.change[sample.treated] - sample.change[~sample.treated].mean()
    k = effects.size
    return t_test(float(effects.mean()), float(effects.std(ddof=1) / np.sqrt(k)), k - 1, alpha)
