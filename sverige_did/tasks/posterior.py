"""Sample the posterior of every outcome that two group totals can carry."""

from __future__ import annotations

# First, while little is loaded: for each optional package that it misses, ArviZ goes through all loaded modules.
import arviz_stats  # noqa: F401

from sverige_did.bayes.sampling.store import keep_aside, write_draws
from sverige_did.files import write_models
from sverige_did.studies.fitting import diagnosed
from sverige_did.studies.published.posterior import closed_forms, findings, fit_all
from sverige_did.tasks import Cores, File, Filled, progress, refused_fits
from sverige_did.tasks.evidence import load


def run(
    plan: File,
    reported: File,
    designs: File,
    tables: File,
    feasible: File,
    out: File,
    diagnostics: File,
    draws: File,
    cores: Cores = 2,
) -> Filled:
    """Write findings, diagnostics and draws; the number of fits and of findings."""
    evidence = load(plan, reported, designs, tables, feasible)
    every = list(fit_all(evidence, cores, progress=progress))
    fits = [(job, fit) for job, fit in every if not fit.report.failed]
    aside = {job.name: fit for job, fit in every if fit.report.failed}
    made = [*(finding for job, fit in fits for finding in findings(evidence, job, fit)), *closed_forms(evidence)]
    write_models(out, made)
    write_models(diagnostics, [diagnosed(job.name, fit) for job, fit in every])
    write_draws(draws, {job.name: fit for job, fit in fits}, evidence.study.sha256)
    refused_fits(aside, keep_aside(draws, aside, evidence.study.sha256))
    return {"fits": len(fits), "findings": len(made)}
