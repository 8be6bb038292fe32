"""How every fit of a study is made: the plan's settings, a seed of its own, and one second attempt with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sverige_did.bayes.sampling.diagnostics import require
from sverige_did.bayes.sampling.sample import Compiled, Fit, Settings, sample
from sverige_did.errors import RefusedError
from sverige_did.results.estimates import Diagnostics

if TYPE_CHECKING:
    import pymc as pm

    from sverige_did.study.study import CaseStudy, Study

REMEDY = 0.995
"""Target acceptance of the one second attempt (docs/methods.md)."""

LONGER = 3
"""How many times as many draws the second attempt has where there were too few effective ones."""

MIXING = frozenset({"rhat", "ess_bulk", "ess_tail"})
MENDABLE = MIXING | {"divergences"}


def settings_of(study: Study | CaseStudy, cores: int) -> Settings:
    """The plan's settings on so many cores."""
    plan = study.sampling
    return Settings(plan.draws, plan.tune, plan.chains, cores, plan.target_accept)


def seed_of(study: Study | CaseStudy, name: str) -> int:
    """A seed that depends on the plan's and the fit's name alone, so that no fit depends on which others are run."""
    letters = [ord(letter) for letter in name]
    return int(np.random.SeedSequence([study.sampling.seed, *letters]).generate_state(1)[0])


def attempted(model: pm.Model, compiled: Compiled, seed: int, settings: Settings) -> Fit:
    """Draws, whose report says whether they converged; one second attempt, with the same seed, where that can help.

    Smaller steps in any case; more draws where too few were effective. A low E-BFMI is not tried again.
    """
    fit = sample(model, seed=seed, settings=settings, compiled=compiled, criteria=None)
    failed = frozenset(fit.report.failed)
    if failed and failed <= MENDABLE:
        draws = settings.draws * (LONGER if failed & MIXING else 1)
        again = replace(settings, target_accept=REMEDY, draws=draws)
        return sample(model, seed=seed, settings=again, compiled=compiled, criteria=None)
    return fit


def sampled(model: pm.Model, compiled: Compiled, seed: int, settings: Settings) -> Fit:
    """Draws that converged, in the first attempt or the second. Raises RefusedError (``not_converged``) with them."""
    fit = attempted(model, compiled, seed, settings)
    try:
        require(fit.report, fit.draws)
    except RefusedError as refusal:
        refusal.fit = fit
        raise
    return fit


def diagnosed(name: str, fit: Fit) -> Diagnostics:
    """The convergence criteria that a fit met."""
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
