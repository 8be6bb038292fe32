"""Treated districts that were chosen for their level: the rule beside the level before, and the same choice elsewhere.

Programmes begin where the need is. What is high falls back by itself, and high and low districts may be on different
paths, so where the treated are the highest, the verdict calls nothing an effect far too often: on a real panel of
English areas in up to 26 % of draws (docs/size.md). Where the same rule has to hold beside the level before as a
covariate too, it did so in at most 4 %: the finding must stand by itself, and among districts of one level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np

from sverige_did.errors import RefusedError, option
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Bools, Districts, Floats, finite
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.verdict import SMALLEST_ARM, refusals, told_by_one

DRAWS = 4_999
"""Assignments of a test here: it is asked whether p is below the level, not how far."""

Choice = Literal["random", "level", "rise", "will", "unknown"]
"""How the treated districts were chosen: by lot, because they were high, because they had risen, by themselves, or
nobody knows.
"""


class RuleP(NamedTuple):
    """The larger p of the two methods of the verdict, with the calibrated test."""

    p_value: float
    test: TTest


def rule(sample: Districts, *, rng: np.random.Generator, alpha: float = 0.05) -> RuleP:
    """The rule of verdict.py by its larger p, without the other methods of the table.

    Raises RefusedError: those of :func:`permutation_p` and :func:`calibrated_test`.
    """
    test = calibrated_test(sample, alpha)
    p = permutation_p(sample, rng=rng, draws=DRAWS, limit=DRAWS, order=sample.order).p_value
    return RuleP(max(p, test.p_value), test)


def beside_level(sample: Districts, level: Floats, *, rng: np.random.Generator, alpha: float = 0.05) -> RuleP | None:
    """The same with the level (G,) before go-live as one more covariate; a level that all share changes nothing.

    None where the level leaves the comparison to a single district, or to none: then districts of one level that were
    treated and that were not do not both exist. Where the levels of the two sides do not overlap (:func:`apart`), what
    is left rests on a straight line through them.

    Raises RefusedError: ``inference_not_finite`` for a level that is missing, and those of :func:`rule`.
    """
    adjusted = with_level(sample, level)
    if adjusted is sample:
        return rule(sample, rng=rng, alpha=alpha)
    if np.linalg.matrix_rank(adjusted.design) < adjusted.design.shape[1] or told_by_one(adjusted):
        return None
    return rule(adjusted, rng=rng, alpha=alpha)


def with_level(sample: Districts, level: Floats) -> Districts:
    """The sample with the level (G,) as one more covariate; as it is where all share the level.

    Raises RefusedError ``inference_not_finite`` for a level that is missing.
    """
    spread = float(np.ptp(finite(level, "level", sample.change.size)))
    if spread <= 1e-9 * float(np.abs(level).max()):
        return sample
    return replace(sample, covariates=np.column_stack([sample.covariates, (level - level.mean()) / spread]))


def apart(level: Floats, treated: Bools) -> bool:
    """Whether every treated district lies above every other (G,), or below."""
    mine, others = level[treated], level[~treated]
    return bool(mine.min() > others.max() or mine.max() < others.min())


def chosen_alike(levels: Floats, treated: int, by: Choice) -> Iterator[tuple[Bools, Floats]]:
    """The same choice among untreated districts at every earlier date: who would be chosen (G,), and the changes.

    ``levels`` (G, T) of the untreated districts before go-live, in order. At each date with one period before it
    (two for a rise) the ``treated`` districts that were highest, or had risen most above their mean, are chosen, and
    their change is that from all periods before the date to all periods from it on. Nothing for a choice by lot.
    """
    option("by", by, Choice)
    few = levels.shape[0] < treated + SMALLEST_ARM
    return iter(()) if by == "random" or few else _chosen_alike(levels, treated, by)


def _chosen_alike(levels: Floats, treated: int, by: Choice) -> Iterator[tuple[Bools, Floats]]:
    for cut in range(2 if by == "rise" else 1, levels.shape[1]):
        before, after = levels[:, :cut], levels[:, cut:].mean(axis=1)
        score = before[:, -1] - before[:, :-1].mean(axis=1) if by == "rise" else before.mean(axis=1)
        chosen = np.zeros(levels.shape[0], dtype=bool)
        chosen[np.argsort(-score, kind="stable")[:treated]] = True
        yield chosen, after - before.mean(axis=1)


class Elsewhere(NamedTuple):
    """How many of the ``tried`` dates the same choice came out as supported, where nothing was done."""

    tried: int
    supported: int


def elsewhere(
    sample: Districts, levels: Floats, by: Choice, *, rng: np.random.Generator, alpha: float = 0.05
) -> Elsewhere:
    """Try :func:`chosen_alike` among the controls of a sample; ``levels`` (G, T) before go-live of all its districts.

    Neighbouring dates share most of their data: the count is no rate with an interval.
    """
    control = ~sample.treated
    tried = called = 0
    for chosen, change in chosen_alike(levels[control], int(sample.treated.sum()), by):
        if refusals(chosen, sample.strata[control], alpha):
            continue
        try:
            placebo = replace(sample, change=change, treated=chosen, weights=sample.weights[control],
                              strata=sample.strata[control], covariates=sample.covariates[control])  # fmt: skip
            called += rule(placebo, rng=rng, alpha=alpha).p_value <= alpha
        except RefusedError:
            continue
        tried += 1
    return Elsewhere(tried, int(called))
