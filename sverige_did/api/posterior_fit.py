"""A study's posterior: sampled, judged, held against its prior and its data, or refused with the draws kept aside."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy
import xarray as xr

from sverige_did.api import asked
from sverige_did.api.posterior import Better, Likelihood, Posterior, Quantity
from sverige_did.api.posterior_models import Effects, Modelled, modelled, usual
from sverige_did.api.rows import Row
from sverige_did.api.setting import Floats, Setting
from sverige_did.api.shown import NULL
from sverige_did.bayes.draws.prior_sensitivity import power_sensitivity
from sverige_did.bayes.draws.summaries import equal_tailed, summarise
from sverige_did.bayes.priors import draw, log_density
from sverige_did.bayes.sampling.sample import Compiled, Fit, compile_model, structure
from sverige_did.errors import option, refuse
from sverige_did.inference.verdict import SMALLEST_ARM
from sverige_did.results.estimates import Curve, Remark
from sverige_did.studies.fitting import diagnosed, sampled
from sverige_did.studies.panel.posterior.protocol import SCALED
from sverige_did.studies.panel.posterior.summaries import check_of, learned_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sverige_did.bayes.draws.predictive_checks import Predictive
    from sverige_did.bayes.priors import Prior

IMPOSSIBLE = 0.001
"""Predictive p-value below which nothing is said from a fit, as in a plan that does not say otherwise."""

KEPT = 8
"""How many structures of models stay compiled in a session."""

POINTS = 201

LEAST_DRAWS = 4
"""Of a chain: no convergence criterion is computed from fewer."""

_compiled: dict[str, Compiled] = {}


class Sought(NamedTuple):
    """What effects are held against: which way is ``better``, and the sizes ``rope`` and ``worthwhile``, if any."""

    better: Better | None = None
    rope: float | None = None
    worthwhile: float | None = None

    def check(self) -> None:
        """Refuse what no effect can be held against (InputError; ``frame_no_direction``)."""
        if self.better is not None:
            option("better", self.better, Better)
        for name, size in (("rope", self.rope), ("worthwhile", self.worthwhile)):
            if size is not None:
                asked.number(name, size, above=0)
        if self.worthwhile is not None and self.better is None:
            raise refuse("frame_no_direction")


class Sampler(NamedTuple):
    """What a caller sets of the sampler; the rest is what these models need to converge."""

    draws: int | None = None
    tune: int | None = None
    target_accept: float | None = None

    def check(self) -> None:
        """Refuse (InputError) what no sampler takes, by the name that the caller gave it by."""
        for name, count in (("draws", self.draws), ("tune", self.tune)):
            if count is not None:
                asked.whole(name, count, LEAST_DRAWS)
        if self.target_accept is not None:
            asked.number("target_accept", self.target_accept, above=0, below=1)


def posterior_of(
    setting: Setting, likelihood: Likelihood | None, sought: Sought, effect_prior: tuple[float, float] | None,
    sampler: Sampler,
) -> Posterior:  # fmt: skip
    """See :meth:`sverige_did.api.study.Study.posterior`."""
    chosen = usual(setting) if likelihood is None else likelihood
    option("likelihood", chosen, Likelihood)
    if effect_prior is not None:
        asked.pair("effect_prior", effect_prior, "effect_prior=(mean, sd)")
        asked.number("effect_prior[0]", effect_prior[0])
        asked.number("effect_prior[1]", effect_prior[1], above=0)
    sampler.check()
    sought.check()
    if setting.panel.exposure is None:
        setting = setting.by_cluster("posterior")
    made = modelled(setting, chosen, effect_prior)
    given: dict[str, Any] = {name: value for name, value in sampler._asdict().items() if value is not None}
    settings = replace(made.settings, cores=min(made.settings.chains, os.cpu_count() or 1), **given)
    model = made.model()
    key = structure(model)
    if key not in _compiled:
        while len(_compiled) >= KEPT:
            _compiled.pop(next(iter(_compiled)))
        _compiled[key] = compile_model(model)
    fit = sampled(model, _compiled[key], setting.seed, settings)
    return _read(setting, chosen, made, fit, sought)


def _read(setting: Setting, likelihood: Likelihood, made: Modelled, fit: Fit, sought: Sought) -> Posterior:
    rng = setting.rng()
    effects, prior = made.effects(fit, rng), made.prior_effects(rng)
    checks = made.checks(fit, rng)
    tree = _tree(made, fit, effects, prior, rng)
    _possible(setting, checks, tree)
    quantities = tuple(
        _quantity(setting, whose, scale, values, prior.get((whose, scale)), sought)
        for (whose, scale), values in effects.items()
    )
    learned = tuple(one for one in learned_of(made.named, fit) if np.isfinite(one.shrinkage))
    return Posterior(
        context=setting.context,
        remarks=(*setting.remarks, *_remarks(setting)),
        likelihood=likelihood,
        quantities=quantities,
        densities=_densities(effects["att", "level"], prior["att", "level"]),
        learned=learned,
        power=_power(made, fit, effects["att", "level"]),
        checks=tuple(map(check_of, checks)),
        diagnostics=diagnosed(setting.context.outcome, fit),
        seconds=fit.seconds,
    ).with_draws(tree)


def _possible(setting: Setting, checks: tuple[Predictive, ...], draws: xr.DataTree) -> None:
    """Refused (``posterior_impossible``) where the data cannot have come of the model in what the answer rests on."""
    for one in checks:
        if one.stops(IMPOSSIBLE):
            error = refuse(
                "posterior_impossible", found=f"p = {one.p:.2g}", expected=f"> {IMPOSSIBLE}",
                outcome=setting.context.outcome, check=one.check,
            )  # fmt: skip
            error.draws = draws
            raise error


def _quantity(
    setting: Setting, whose: str, scale: str, values: Floats, prior: Floats | None,
    sought: Sought,
) -> Quantity:  # fmt: skip
    better, rope, worthwhile = sought
    level, null, own = setting.context.level, NULL.get(scale, 0.0), scale == "level"
    sign = -1.0 if better == "lower" else 1.0
    said = summarise(
        values - null, better=better or "higher", threshold=sign * (worthwhile or 0.0), rope=rope or 0.0,
        levels=(level,),
    )  # fmt: skip
    lower, upper = equal_tailed(values, level)
    believed = (None,) * 3 if prior is None else np.quantile(prior, [0.5, (1 - level) / 2, (1 + level) / 2]).tolist()
    row = Row(
        term=whose, estimate=said.median + null, std_error=said.sd, lower=lower, upper=upper, level=level,
        method="posterior", scale=scale, **setting.counted,
    )  # fmt: skip
    return Quantity(
        row=row,
        **dict(zip(("prior_median", "prior_lower", "prior_upper"), believed, strict=True)),
        below=float(np.mean(values < null)),
        benefit=None if better is None else said.prob_benefit,
        worthwhile=worthwhile if own else None,
        beyond=said.prob_beyond if own and worthwhile is not None else None,
        rope=rope if own else None,
        within=said.rope_mass if own and rope is not None else None,
    )


def _densities(posterior: Floats, prior: Floats) -> tuple[Curve, ...]:
    """Prior and posterior of the effect on one grid, wide enough for nearly all of the posterior and both middles."""
    ends = np.concatenate([np.quantile(posterior, [0.001, 0.999]), np.quantile(prior, [0.1, 0.9])])
    pad = 0.1 * float(np.ptp(ends))
    grid = np.linspace(ends.min() - pad, ends.max() + pad, POINTS)
    return tuple(
        Curve(
            name=name, x_name="notebook.axis.effect", y_name="posterior.axis.density", x=tuple(grid),
            y=tuple(scipy.stats.gaussian_kde(values)(grid)),
        )
        for name, values in (("prior", prior), ("posterior", posterior))
    )  # fmt: skip


def _power(made: Modelled, fit: Fit, effect: Floats) -> dict[str, float]:
    """Power scaling of the priors of the effect and of the units' own shocks, and of the likelihood."""
    shape = (fit.settings.chains, fit.settings.draws)
    priors = {
        name: log_density(made.named[parameter], fit.values(parameter)).reshape(shape)
        for name, parameter in SCALED.items()
    }
    return power_sensitivity(effect.reshape(shape), priors, made.log_likelihood(fit).sum(axis=1).reshape(shape))


def _tree(made: Modelled, fit: Fit, effects: Effects, prior: Effects, rng: np.random.Generator) -> xr.DataTree:
    """The draws as ArviZ takes them, with the effects and the prior beside them, the log-likelihood and the data."""
    shape = (fit.settings.chains, fit.settings.draws)
    own = {_name(key): (("chain", "draw"), values.reshape(shape)) for key, values in effects.items()}
    size = len(next(iter(prior.values())))
    before: Mapping[str, Prior] = made.named
    scalars = {name: (("chain", "draw"), draw(one, size, rng)[None, :]) for name, one in before.items()}
    believed = {_name(key): (("chain", "draw"), values[None, :]) for key, values in prior.items()}
    likelihood = made.log_likelihood(fit)
    return xr.DataTree.from_dict(
        {
            "posterior": fit.draws["posterior"].to_dataset().assign(own),
            "prior": xr.Dataset(scalars | believed),
            "log_likelihood": xr.Dataset({"y": (("chain", "draw", "cell"), likelihood.reshape(*shape, -1))}),
            "sample_stats": fit.draws["sample_stats"].to_dataset(),
            "observed_data": xr.Dataset({"y": (("cell",), made.observed)}),
        }
    )


def _name(key: tuple[str, str]) -> str:
    """``effect`` for the effect on the treated in the unit of the outcome, ``effect_ratio``, ``new_unit_ratio``, …"""
    whose, scale = key
    first = "effect" if whose == "att" else whose
    return first if scale == "level" else f"{first}_{scale}"


def _remarks(setting: Setting) -> tuple[Remark, ...]:
    few = int(setting.panel.ever_treated.sum())
    if few >= SMALLEST_ARM:
        return ()
    return (Remark(key="notebook.note.posterior_few", values={"count": str(few)}),)
