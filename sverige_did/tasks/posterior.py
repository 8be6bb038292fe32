"""Sample the posterior of every outcome that two group totals can carry."""

from __future__ import annotations

from pathlib import Path

# First, while little is loaded: for each optional package that it misses, ArviZ goes through all loaded modules.
import arviz_stats  # noqa: F401

from sverige_did.bayes.sampling.store import write_draws
from sverige_did.files import write_models
from sverige_did.studies.published.posterior import closed_forms, diagnostics, findings, fit_all
from sverige_did.tasks.evidence import load
from sverige_did.words import text


def run(
    plan: Path,
    reported: Path,
    designs: Path,
    tables: Path,
    out: Path,
    diagnosed: Path,
    draws: Path,
    cores: int,
) -> tuple[int, int]:
    """Write findings, diagnostics and draws; the number of fits and of findings."""
    evidence = load(plan, reported, designs, tables)
    fits = list(fit_all(evidence, cores, told=_progress))
    made = [*(finding for job, fit in fits for finding in findings(evidence, job, fit)), *closed_forms(evidence)]
    write_models(out, made)
    write_models(diagnosed, [diagnostics(job, fit) for job, fit in fits])
    write_draws(draws, {job.name: fit for job, fit in fits}, evidence.study.sha256)
    return len(fits), len(made)


def _progress(at: int, of: int, name: str) -> None:
    """One line a fit: a person who waits sees what for."""
    print(f"  {at}/{of} " + text("cli.fit", name=name), flush=True)  # noqa: T201 - progress belongs on the screen
