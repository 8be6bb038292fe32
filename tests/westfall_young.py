"""Westfall and Young's step-down written out, with scipy's Welch t for every choice of districts."""

from itertools import combinations

import numpy as np
from scipy import stats


def westfall_young(y: np.ndarray, treated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P-values (M,) of the columns of ``y`` (G, M), one at a time and by algorithm 4.1 for all together."""
    districts = np.arange(treated.size)
    t = []
    for rows in combinations(districts, int(treated.sum())):
        chosen = np.isin(districts, rows)
        t.append(np.abs(stats.ttest_ind(y[chosen], y[~chosen], equal_var=False).statistic))
    observed = np.abs(stats.ttest_ind(y[treated], y[~treated], equal_var=False).statistic) - 1e-9
    order = list(np.argsort(-observed))
    adjusted, so_far = np.empty(y.shape[1]), 0.0
    for i, m in enumerate(order):
        largest = np.asarray(t)[:, order[i:]].max(axis=1)
        so_far = max(so_far, float(np.mean(largest >= observed[m])))
        adjusted[m] = so_far
    return (np.asarray(t) >= observed).mean(axis=0), adjusted
