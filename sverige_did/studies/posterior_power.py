"""The power of the posterior in the design of a study or of a plan, by the fast computation of many posteriors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from sverige_did.bayes.models.closed_form import NormalPrior
from sverige_did.bayes.models.many_posteriors import WindowPriors, Windows, posterior_power
from sverige_did.errors import refuse
from sverige_did.inference.districts import Floats
from sverige_did.inference.simulated.design import OwnDesign
from sverige_did.results.power import PosteriorFound
from sverige_did.study.priors import PACKAGE

FEWEST_CASES = 10
"""With fewer cases of the treated after, on average, a normal likelihood says nothing."""

LEVEL_SD = 0.5
"""Sd of the belief about the level, on the scale of the link."""

MEMORY = 2 / 3
"""The mean of the package's prior of the memory of shocks."""


def posterior_powers(
    design: OwnDesign, changes: Sequence[float], *, seed: int, simulations: int = 1_000
) -> tuple[PosteriorFound, ...]:
    """What the posterior says of made-up studies with each change, under the package's priors.

    The model takes the sums of two windows, worth as many children as they tell of. Raises RefusedError
    ``posterior_power_scale`` for what is not counted: scores have a model of their own.
    """
    family = design.data.family
    if family == "normal":
        raise refuse("posterior_power_scale", found=family, expected="share, rate")
    found = []
    for change in changes:
        moved = replace(design, effect=change)
        y = moved.windows(simulations, np.random.default_rng([seed, 7])).transpose(1, 0, 2)
        n = np.broadcast_to(_counted_by(design)[:, :, None], y.shape)
        treated = design.sample.treated
        if y[treated, 1].sum(axis=0).mean() < FEWEST_CASES:
            found.append(PosteriorFound(change=change, simulations=simulations))
            continue
        windows = Windows(y, n, treated, _again(design), family)
        power = posterior_power(windows, _truth(design, change), _priors(design), sign=-1 if change <= 0 else 1)
        found.append(PosteriorFound(change=change, simulations=simulations, **power._asdict()))
    return tuple(found)


def _counted_by(design: OwnDesign) -> Floats:
    """(G, 2) the children of a district summed over each window."""
    children, before = np.nan_to_num(design.data.children), design.data.before
    return np.column_stack([children[:, side].sum(axis=1) for side in (before, ~before)])


def _lengths(design: OwnDesign) -> tuple[int, int]:
    before = design.data.before
    return int(before.sum()), int((~before).sum())


def _again(design: OwnDesign) -> Floats:
    """How many times the same children stand in the sum of each window."""
    memory = design.memory if design.data.stays else 0.0
    return np.array([_covariance(length, 0, length, memory) * length for length in _lengths(design)])


def _covariance(first: int, gap: int, second: int, memory: float) -> float:
    """Of the means of an AR(1) over two stretches of periods, the other of which starts ``gap`` periods later."""
    at = np.arange(first)[:, None] - (gap + np.arange(second))
    return float((memory ** np.abs(at)).mean())


def _priors(design: OwnDesign) -> WindowPriors:
    """The package's priors, with shocks as they are in the mean of each window."""
    before, after = _lengths(design)
    own = [_covariance(length, 0, length, MEMORY) for length in (before, after)]
    level = float(design.rates[:, 0].mean())
    link = special.logit(level) if design.data.family == "binomial" else np.log(level)
    return WindowPriors(
        level=NormalPrior(float(link), LEVEL_SD),
        effect=NormalPrior(PACKAGE["effect"].mean, _sd("effect")),
        gap_sd=_sd("group_gap"), period_sd=_sd("period_sd"), district=_sd("district_sd"),
        shock=_sd("shock_sd") * float(np.sqrt(np.mean(own))),
        rho=_covariance(before, before, after, MEMORY) / float(np.sqrt(np.prod(own))),
    )  # fmt: skip


def _sd(key: str) -> float:
    return float(PACKAGE[key].sd or 0)


def _truth(design: OwnDesign, change: float) -> float:
    """The effect on the scale of the link, averaged over the treated districts."""
    treated, after = design.sample.treated, design.rates[:, 1]
    moved = design.moved_by(change)[treated]
    if design.data.family == "binomial":
        return float((special.logit(moved) - special.logit(after[treated])).mean())
    return float(np.log(moved / after[treated]).mean())
