"""How every fit of a study is made: the plan's settings, a seed of its own, and one second attempt with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.gates import require
from sverige_did.bayes.sample import Compiled, Fit, Settings, sample
from sverige_did.results import Diagnostics

if TYPE_CHECKING:
    import pymc as pm

    from sverige_did.study import Study

REMEDY = 0.995
"""Target acceptance of the one second attempt that divergences are given (docs/methods.md)."""

LONGER = 3
"""How many times as many draws the one second attempt has that slow mixing is given (docs/methods.md)."""

MIXING = frozenset({"rhat", "ess_bulk", "ess_tail"})


def settings_of(study: Study, cores: int) -> Settings:
    """The plan's settings on so many cores."""
    plan = study.sampling
    return Settings(plan.draws, plan.tune, plan.chains, cores, plan.target_accept)


def seed_of(study: Study, name: str) -> int:
    """A seed that depends on the plan's and the fit's name alone, so that no fit depends on which others are run."""
    letters = [ord(letter) for letter in name]
    return int(np.random.SeedSequence([study.sampling.seed, *letters]).generate_state(1)[0])


def sampled(model: pm.Model, compiled: Compiled, seed: int, settings: Settings) -> Fit:
    """Draws that pass every gate; where one kind of failure alone stands in the way, a second attempt is made, once.

    Divergences alone: smaller steps. Too few effective draws alone: more draws. Anything else is not tried again.
    Raises RefusedError (``sampler_gates``).
    """
    fit = sample(model, seed=seed, settings=settings, compiled=compiled, gates=None)
    if fit.report.failed == ("divergences",):
        return sample(model, seed=seed, settings=replace(settings, target_accept=REMEDY), compiled=compiled)
    if fit.report.failed and MIXING.issuperset(fit.report.failed):
        return sample(model, seed=seed, settings=replace(settings, draws=LONGER * settings.draws), compiled=compiled)
    require(fit.report)
    return fit


def diagnosed(name: str, fit: Fit) -> Diagnostics:
    """The gates that a fit met."""
    report = fit.report
    return Diagnostics(
        fit=name,
        chains=fit.settings.chains,
        draws=fit.settings.draws,
        seed=fit.seed,
        r_hat_max=report.rhat,
        ess_bulk_min=report.ess_bulk,
        ess_tail_min=report.ess_tail,
        divergences=report.divergences,
        bfmi_min=report.bfmi,
        passed=not report.failed,
    )
