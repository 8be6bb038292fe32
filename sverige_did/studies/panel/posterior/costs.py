"""Spending on placements made ready for the model of costs: who had any in a district, and what it came to.

Each district has two cells, the time before and the time after. A child counts once in each, however long it stays, so
no child is taken for several. What the children of a cell cost together is modelled, not each child's amount: a few
days in a place are a small amount, and a normal distribution of logarithms would make too much of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from sverige_did.bayes.draws.replicate import predictor
from sverige_did.bayes.models.district_effects import Cells
from sverige_did.bayes.models.two_part_costs import AMOUNT, USE, VARIATION, Totals, build_totals, build_use
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sampling.sample import CAREFUL, compile_model
from sverige_did.errors import RefusedError, refuse
from sverige_did.panel import children_living
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.child_spending import spent_on_children
from sverige_did.sources.panel.placements import MILLION
from sverige_did.studies.panel.posterior.cells import weights_of_setting, windows_of_setting
from sverige_did.studies.panel.posterior.counts import refused
from sverige_did.studies.panel.posterior.fitting import sampled, seed_of, settings_of
from sverige_did.studies.panel.posterior.priors import (
    CENTRAL,
    EFFECT,
    PriorGate,
    bearing_of,
    effect_priors,
    gate_of,
    prior_draws,
    structure_priors,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.models.district_effects import PanelPriors
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Compiled, Fit
    from sverige_did.results.designs import OutcomeDesign
    from sverige_did.sources.panel.frame import Setting
    from sverige_did.sources.panel.placements import Placements
    from sverige_did.sources.panel.prices import PriceIndex
    from sverige_did.study.blocks import Bearing
    from sverige_did.study.study import Outcome, Study

NAME = "costs"
OUTCOME = "placement_cost"
REGISTERS = frozenset({"districts", "children", "residences", "placements"})
"""The registers that spending and districts are read from."""

PARTS: Mapping[str, Callable[[Totals, PanelPriors], pm.Model]] = {"use": build_use, "amount": build_totals}
"""The two models: whether anything is spent on a child, and how much. They share no parameter."""

USUAL_SHARE = float(expit(USE.level.mean))
"""The share of children with spending at which ``plausible`` is read: the middle of the package's prior."""


@dataclass(frozen=True, slots=True, eq=False)
class Spending:
    """What was spent in each district before and after, in kroner a year.

    ``amount`` (A,) is a child's, for checks alone. ``weights`` (G,) are the resident children of each district before
    go-live, or ones. ``children`` live in the treated districts: spending per child times so many is that of the
    group. ``apart`` is how many periods lie between the middles of the two windows.
    """

    totals: Totals
    amount: NDArray[np.float64]
    weights: NDArray[np.float64]
    children: float
    apart: float

    @property
    def fewest(self) -> int:
        """The smallest number of children with spending in a group and window."""
        return int(_users(self.totals.use).min())


def _users(use: Cells) -> NDArray[np.float64]:
    """Children with spending, (4,): the controls before and after, the treated before and after."""
    return np.bincount(2 * use.treated[use.district] + use.period, weights=use.low, minlength=4)


@dataclass(frozen=True, slots=True, eq=False)
class CostJob:
    """The outcome made ready. ``priors`` and each of ``stances`` have one entry a part of the model."""

    wanted: Outcome
    bearing: Bearing
    spent: Spending
    priors: Mapping[str, PanelPriors]
    stances: Mapping[str, Mapping[str, Normal]]
    gate: PriorGate

    def named(self, part: str) -> dict[str, Prior]:
        """The priors of the scalar parameters of one part by name."""
        own: dict[str, Prior] = {"log_cv": VARIATION} if part == "amount" else {}
        return {**self.priors[part].named(), **own}


def prepare_costs(
    cells: pd.DataFrame,
    placed: Placements,
    setting: Setting,
    prices: tuple[PriceIndex, int] | None,
    study: Study,
    designs: tuple[OutcomeDesign, ...],
) -> CostJob | PosteriorRecord | None:
    """The outcome ready to sample, a record with the reason why it is not, or None where the plan does not ask for it.

    ``cells`` are those of the panel's own outcome, whose unit is told. Raises RefusedError (``posterior_prior_absurd``)
    where the prior believes in what the plan calls absurd.
    """
    wanted = next((item for item in study.outcomes if item.outcome == OUTCOME), None)
    if wanted is None:
        return None
    try:
        if cells.empty or prices is None:
            raise refuse("costs_no_price")
        bearing = bearing_of(study, designs, OUTCOME)
        children = children_living(cells[cells["group"] == "treated"])
        job = _job(study, wanted, bearing, spending(placed, setting, prices, study, children))
    except RefusedError as refusal:
        return refused(OUTCOME, NAME, refusal)
    job.gate.require(OUTCOME)
    return job


def spending(
    placed: Placements, setting: Setting, prices: tuple[PriceIndex, int], study: Study, children: float
) -> Spending:
    """Spending before and after in the districts where every day has a price; ``children`` as in :class:`Spending`.

    Raises RefusedError: ``posterior_no_cells`` (no district has all its prices), ``costs_no_users`` (nothing was spent
    in a group before or after), those of ``Cells`` and of ``Totals``.
    """
    sides, n = windows_of_setting(setting, study), setting.shape[0]
    windows = (sides.before, sides.after)
    if not all(window.any() for window in windows):
        raise refuse("cells_one_period")
    found = [spent_on_children(placed, setting, *prices, inside=window) for window in windows]
    # Cells in the order of the windows, then of the districts.
    cell, amount = (
        np.concatenate(each)
        for each in zip(*((one.district + at * n, one.amount) for at, one in enumerate(found)), strict=True)
    )
    kept = np.concatenate([one.priced for one in found])
    if not kept.any():
        raise refuse("posterior_no_cells")
    residents = np.concatenate([np.round(setting.residents[:, window].mean(axis=1)) for window in windows])
    treated = (setting.units["group"] == "treated").to_numpy()
    use = _cells(np.bincount(cell, minlength=2 * n).astype(float), residents, treated, kept)
    if (_users(use) == 0).any():
        raise refuse("costs_no_users")
    known = np.unique(np.tile(np.arange(n), 2)[kept])
    before, after = (float(np.flatnonzero(window).mean()) for window in windows)
    return Spending(
        totals=Totals(use, np.bincount(cell, weights=amount, minlength=2 * n)[kept], prices[1]),
        amount=amount[kept[cell]],
        weights=weights_of_setting(setting, study)[known],
        children=children,
        apart=after - before,
    )


def _cells(
    users: NDArray[np.float64], residents: NDArray[np.float64], treated: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> Cells:
    """The cells that are ``kept`` of all (2 D,), before and after, with districts numbered anew."""
    known, district = np.unique(np.tile(np.arange(len(treated)), 2)[kept], return_inverse=True)
    treated, period = treated[known], np.repeat([0, 1], len(treated))[kept]
    return Cells(
        district=district,
        period=period,
        treated=treated,
        dose=(treated[district] & (period == 1)).astype(float),
        low=users[kept],
        high=users[kept],
        size=residents[kept],
    )


def _job(study: Study, wanted: Outcome, bearing: Bearing, spent: Spending) -> CostJob:
    levels = {"use": USE.level, "amount": amount_level(bearing, spent.children)}
    priors = {part: structure_priors(study, level, wanted.benefit, spent.apart) for part, level in levels.items()}
    priors["amount"] = replace(priors["amount"], effect=AMOUNT.effect)
    rng = np.random.default_rng(seed_of(study, f"{NAME}.prior"))
    use = spent.totals.use
    share, mean = (predictor(prior_draws(priors[part], rng), use, rng) for part in PARTS)
    level = (expit(share) * np.exp(mean)) @ (use.size / use.size.sum()) * spent.children / MILLION
    required = study.posterior.admissible_share if study.posterior else 0.0
    gate = gate_of(level, bearing, required)
    return CostJob(wanted, bearing, spent, priors, stances(effect_priors(study, wanted.benefit)), gate)


def amount_level(bearing: Bearing, children: float) -> Normal:
    """Prior of the logarithm of the kroner spent a year on a child with spending: 95 % on what ``plausible`` mio. kr.
    a year for so many children are when :data:`USUAL_SHARE` of them have spending.
    """
    low, high = np.log(np.asarray(bearing.plausible) * MILLION / (children * USUAL_SHARE))
    return Normal(float(low + high) / 2, float(high - low) / (2 * CENTRAL), "log_kroner", "priors.plan")


def stances(of_use: Mapping[str, Normal]) -> dict[str, dict[str, Normal]]:
    """The plan's stances on the effect, which are about the share of children with spending, and on the amounts.

    These keep the package's prior about no effect, as much narrower or wider as the stance is than the plan's own: who
    doubts that fewer children are placed doubts that they are placed more cheaply too.
    """
    main = of_use[EFFECT].sd
    return {
        key: {"use": prior, "amount": replace(AMOUNT.effect, sd=AMOUNT.effect.sd * prior.sd / main)}
        for key, prior in of_use.items()
    }


class CostFit(NamedTuple):
    """A job with the draws of each part, and a way to sample a part again under other priors."""

    job: CostJob
    fits: Mapping[str, Fit]
    again: Callable[[str, str, PanelPriors], Fit]


def fit_costs(
    job: CostJob, study: Study, cores: int, told: Callable[[int, int, str], None] = lambda *_: None
) -> CostFit:
    """Sample both parts. ``told`` hears which fit begins, of how many, and its name.

    Amounts are sampled in small steps: if children are nearly alike, the districts' swings must meet every total.
    """
    plan = settings_of(study, cores)
    careful = replace(plan, target_accept=max(plan.target_accept, CAREFUL.target_accept))
    settings = {"use": plan, "amount": careful}
    code: dict[str, Compiled] = {}

    def fitted(name: str, part: str, priors: PanelPriors) -> Fit:
        model = PARTS[part](job.spent.totals, priors)
        if part not in code:
            code[part] = compile_model(model)
        return sampled(model, code[part], seed_of(study, f"{NAME}.{part}.{name}"), settings[part])

    fits = {}
    for at, part in enumerate(PARTS, start=1):
        told(at, len(PARTS), fit_name(part))
        fits[part] = fitted("main", part, job.priors[part])
    return CostFit(job, fits, fitted)


def fit_name(part: str) -> str:
    """The group of a part's draws in the store."""
    return f"{OUTCOME}.{NAME}_{part}"
