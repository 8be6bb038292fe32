"""Spending on placements in two parts: who had any in a district, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from sverige_did.bayes.draws.leave_one_out import INTEGRATED, district_likelihood
from sverige_did.bayes.draws.predictive_checks import judged, predictive_checks
from sverige_did.bayes.draws.prior_sensitivity import smoothed, weighted_quantiles
from sverige_did.bayes.draws.replicate import evenly, posterior_draws, predictor
from sverige_did.bayes.draws.replicate_costs import Simulated, simulate_spending, terms_of
from sverige_did.bayes.models.two_part_costs import (
    AMOUNT,
    USE,
    VARIATION,
    CostEffect,
    Pairs,
    Totals,
    build_totals,
    build_use,
    effect_of_pairs,
    effect_of_pairs_in_new_district,
    pairs,
)
from sverige_did.bayes.priors import Normal
from sverige_did.bayes.sampling.sample import CAREFUL
from sverige_did.errors import refuse
from sverige_did.panel import children_living
from sverige_did.results.posteriors import LeftOut, SpendingParts
from sverige_did.sources.panel.placements import MILLION
from sverige_did.studies.fitting import seed_of
from sverige_did.studies.panel.posterior.priors import (
    CENTRAL,
    EFFECT,
    effect_priors,
    prior_draws,
    structure_priors,
    thresholds_of,
)
from sverige_did.studies.panel.posterior.protocol import (
    EffectJob,
    Fits,
    Fitted,
    Part,
    Quantity,
    Ready,
    StudyData,
    one_by_one,
)
from sverige_did.studies.panel.posterior.spending import Spending, spending
from sverige_did.studies.panel.posterior.summaries import district_basis, scale_of

if TYPE_CHECKING:
    import pymc as pm
    from numpy.typing import NDArray

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.draws.replicate import PanelDraws
    from sverige_did.bayes.models.district_effects import PanelPriors
    from sverige_did.bayes.priors import Prior
    from sverige_did.bayes.sampling.sample import Fit, Settings
    from sverige_did.study.blocks import DecisionThresholds
    from sverige_did.study.study import Outcome, PanelStudy

    Floats = NDArray[np.float64]

OUTCOME, OWN = "placement_cost", "mio_dkk"
LARGEST = "largest_amount"
REPLICATIONS = 2000

PARTS: Mapping[str, Callable[[Totals, PanelPriors], pm.Model]] = {"use": build_use, "amount": build_totals}
"""The two models: whether anything is spent on a child, and how much. They share no parameter."""

USUAL_SHARE = float(expit(USE.level.mean))
"""The share of children with spending at which ``plausible`` is read: the middle of the package's prior."""


def prepare(data: StudyData, likelihood: str) -> Ready:
    """The outcome ready to sample, or a record with the reason why it is not."""
    wanted = data.wanted((OUTCOME,))
    if not wanted:
        return Ready()
    placed, frame = data.placements()
    cells, prices = data.panel.outcome(OUTCOME), frame.rules.prices

    def job(item: Outcome) -> CostJob:
        if cells.empty or prices is None:
            raise refuse("costs_no_price")
        thresholds = thresholds_of(data.study, data.designs, OUTCOME)
        children = children_living(cells[cells["group"] == "treated"])
        spent = spending(placed, frame, prices, data.study, children)
        priors = cost_priors(data.study, item, thresholds, spent)
        others = {OUTCOME: alternative_priors(effect_priors(data.study, item.benefit))}
        return CostJob(data.study, likelihood, (item,), others, spent, priors)

    return one_by_one(likelihood, wanted, job)


def cost_priors(
    study: PanelStudy, wanted: Outcome, thresholds: DecisionThresholds, spent: Spending
) -> dict[str, PanelPriors]:
    """By part, the plan's priors; the effect on amounts has the package's."""
    levels = {"use": USE.level, "amount": amount_level(thresholds, spent.children)}
    priors = {part: structure_priors(study, level, wanted.benefit, spent.apart) for part, level in levels.items()}
    return priors | {"amount": replace(priors["amount"], effect=AMOUNT.effect)}


def amount_level(thresholds: DecisionThresholds, children: float) -> Normal:
    """Prior of the logarithm of the kroner spent a year on a child with spending: 95 % on what ``plausible`` mio. kr.
    a year for so many children are when :data:`USUAL_SHARE` of them have spending.
    """
    low, high = np.log(np.asarray(thresholds.plausible) * MILLION / (children * USUAL_SHARE))
    return Normal(float(low + high) / 2, float(high - low) / (2 * CENTRAL), "log_kroner", "priors.plan")


def alternative_priors(of_use: Mapping[str, Normal]) -> dict[str, dict[str, Normal]]:
    """The plan's priors of the effect, which are about the share of children with spending, and on the amounts.

    These keep the package's prior about no effect, as much narrower or wider as the other is than the plan's own: who
    doubts that fewer children are placed doubts that they are placed more cheaply too.
    """
    planned = of_use[EFFECT].sd
    return {
        key: {"use": prior, "amount": replace(AMOUNT.effect, sd=AMOUNT.effect.sd * prior.sd / planned)}
        for key, prior in of_use.items()
    }


@dataclass(frozen=True, eq=False)
class CostJob(EffectJob):
    """The outcome made ready. ``priors`` and each alternative have one entry a part of the model."""

    spent: Spending
    priors: Mapping[str, PanelPriors]

    @property
    def parts(self) -> Mapping[str, Part]:
        """Whether anything is spent on a child, and how much."""
        stems = {part: f"{self.name}.{part}" for part in PARTS}
        return {part: Part(f"{OUTCOME}.{self.name}_{part}", stem, f"{stem}.main") for part, stem in stems.items()}

    @property
    def basis(self) -> Mapping[str, object]:
        """As every district model's."""
        assumed = ("parallel_trends_log_odds", "parallel_trends_log", f"prior_{EFFECT}")
        return district_basis("bayes_costs", self.spent.totals.use.treated, self.spent.weights, assumed)

    def model(self, part: str) -> pm.Model:
        """The model of a part."""
        return PARTS[part](self.spent.totals, self.priors[part])

    def settings(self, plan: Settings, part: str) -> Settings:
        """Amounts in small steps: if children are nearly alike, the districts' shocks must meet every total."""
        careful = max(plan.target_accept, CAREFUL.target_accept)
        return plan if part == "use" else replace(plan, target_accept=careful)

    def priors_of(self, part: str) -> Mapping[str, Prior]:
        """Of the shared structure, and how unlike children are in what they cost."""
        own: dict[str, Prior] = {"log_cv": VARIATION} if part == "amount" else {}
        return {**self.priors[part].named(), **own}

    def label(self, part: str, parameter: str, _outcome: str) -> str:
        """With the part's name before its own."""
        return f"{part}_{parameter}"

    def prior_levels(self, rng: np.random.Generator) -> Mapping[str, Floats]:
        """What the treated group would spend."""
        use = self.spent.totals.use
        share, mean = (predictor(prior_draws(self.priors[part], rng), use, rng) for part in PARTS)
        level = (expit(share) * np.exp(mean)) @ (use.size / use.size.sum()) * self.spent.children / MILLION
        return {OUTCOME: level}

    def rows(self, fits: Fits) -> Mapping[str, NDArray[np.int64]]:
        """The same pairs whenever the fits have as many draws."""
        return self.pairs(fits)._asdict()

    def pairs(self, fits: Fits) -> Pairs:
        """Which draws of both parts go together."""
        rng = np.random.default_rng(seed_of(self.study, f"{self.likelihood}.pairs"))
        return pairs(fits["use"], fits["amount"], rng)

    def effect(self, fits: Fits) -> CostEffect:
        """The effect per resident child."""
        totals = self.spent.totals
        return effect_of_pairs(fits["use"], fits["amount"], totals, self.pairs(fits), self.spent.weights)

    def quantities(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Quantity, ...]]:
        """Of the treated group; a new district has its own number of children, so only the ratio speaks to it."""
        effect, per, totals = self.effect(fits), self.spent.children / MILLION, self.spent.totals
        new = effect_of_pairs_in_new_district(fits["use"], fits["amount"], totals, self.pairs(fits), rng)
        reported = (
            Quantity(per * effect.per_child, "att", OWN, 0.0, self.thresholds(OUTCOME)),
            Quantity(effect.ratio, "att", "ratio", 1.0, None),
            Quantity(new.ratio, "new_district", "ratio", 1.0, None),
        )
        return {OUTCOME: reported}

    def ratio(self, _outcome: str, fits: Fits) -> Floats:
        """Spending with the programme over spending without."""
        return self.effect(fits).ratio

    def with_effect(self, _outcome: str, prior: Mapping[str, Normal]) -> CostJob:
        """With another prior of the effect in both parts."""
        return replace(self, priors={part: replace(self.priors[part], effect=one) for part, one in prior.items()})

    def with_shock(self, sd: float) -> CostJob:
        """With another prior of shocks in both parts."""
        priors = {part: replace(one, shock=replace(one.shock, sd=sd)) for part, one in self.priors.items()}
        return replace(self, priors=priors)

    def scaled_effect(self, quantities: tuple[Quantity, ...]) -> Floats:
        """The logarithm of the ratio."""
        return np.asarray(np.log(quantities[1].draws))

    def log_likelihood(self, part: str, fit: Fit) -> Floats:
        """Of all cells."""
        return np.asarray(terms_of(part, fit, self.spent.totals, slice(None))(fit.values("eta")).sum(axis=1))

    def checks(self, fits: Fits, rng: np.random.Generator) -> Mapping[str, tuple[Predictive, ...]]:
        """The checks of district models on spending per resident child, and the dearest child.

        In mio. kr.: what a child costs is then of the order of one, as in the counts that these checks were written
        for.
        """
        spent, drawn = self.spent, self.replicated(fits, REPLICATIONS, rng)
        found = predictive_checks(spent.totals.total / MILLION, drawn.total / MILLION, spent.totals.use, spent.weights)
        dearest = judged(LARGEST, float(spent.amount.max()) / MILLION, drawn.largest / MILLION)
        return {OUTCOME: (*found, dearest)}

    def replicated(self, fits: Fits, draws: int, rng: np.random.Generator) -> Simulated:
        """Spending drawn anew for new districts of the same sizes."""
        use = self.spent.totals.use
        share, mean = (predictor(posterior_draws(fits[part], draws), use, rng) for part in PARTS)
        log_cv = fits["amount"].values("log_cv")[evenly(fits["amount"], draws)]
        return simulate_spending(expit(share), np.exp(mean), log_cv, use.size, rng)

    def more(self, fitted: Fitted, rng: np.random.Generator) -> Mapping[str, object]:
        """Each district left out, and where the effect comes from."""
        effect, per = self.effect(fitted.fits), self.spent.children / MILLION
        by_use, by_amount = (
            scale_of(self.wanted, Quantity(per * draws, "att", OWN, 0.0, None))
            for draws in (effect.by_use, effect.by_amount)
        )
        parts = SpendingParts(children=self.spent.fewest, by_use=by_use, by_amount=by_amount)
        return {"left_out": left_out(self, fitted.fits, rng), "spending": parts}


def left_out(job: CostJob, fits: Fits, rng: np.random.Generator) -> LeftOut | None:
    """The common effect with each district left out, each part by its own weights; the parts share no parameter.

    A district for which the weights of a part cannot be trusted is left out of the count.
    """
    totals, draws, logs = job.spent.totals, {}, {}
    for part, fit in fits.items():
        draws[part] = posterior_draws(fit, INTEGRATED)
        logs[part] = district_likelihood(
            draws[part], totals.use, terms_of(part, fit, totals, evenly(fit, INTEGRATED)), rng
        )
    common, medians = _common_ratio(draws), []
    for district in range(len(totals.use.treated)):
        weights = [smoothed(-log[:, district]) for log in logs.values()]
        if all(one.usable for one in weights):
            both = np.prod([one.values for one in weights], axis=0)
            medians.append(float(weighted_quantiles(common, both / both.sum(), np.array([0.5]))[0]))
    if not medians:
        return None
    return LeftOut(districts=len(medians), refitted=0, lowest=min(medians), highest=max(medians))


def _common_ratio(draws: Mapping[str, PanelDraws]) -> NDArray[np.float64]:
    """Spending with the programme over spending without in a district in the middle of the treated, (S,)."""
    use, amount = (draws[part].scalars for part in PARTS)
    level = use["mu"] + use["gamma"]
    return np.asarray(expit(level + use["tau"]) / expit(level) * np.exp(amount["tau"]))
