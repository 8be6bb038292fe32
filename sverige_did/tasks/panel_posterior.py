"""Sample the posteriors of the outcomes of a panel that share a likelihood."""

from __future__ import annotations

from pathlib import Path

from sverige_did.bayes.sampling.store import write_draws
from sverige_did.disclosure.draws import kept_draws
from sverige_did.files import read_model, read_models, write_models
from sverige_did.results.designs import OutcomeDesign
from sverige_did.studies.panel.posterior.fitting import diagnosed
from sverige_did.studies.panel.posterior.models import MODELS
from sverige_did.studies.panel.posterior.pipeline import posteriors
from sverige_did.studies.panel.posterior.protocol import StudyData
from sverige_did.study.study import Study
from sverige_did.words import text


def run(
    plan: Path,
    panel: Path,
    designs: Path,
    data: Path,
    likelihood: str,
    out: Path,
    diagnostics: Path,
    draws: Path,
    cores: int,
) -> tuple[int, int]:
    """Write records, diagnostics and draws; the number of fits and of outcomes that could not be modelled."""
    study = read_model(plan, Study)
    given = StudyData(study, read_models(designs, OutcomeDesign), panel, data)
    records, fits = posteriors(given, likelihood, cores, told=_progress)
    kept = {name: kept_draws(fit, MODELS[likelihood].keeps) for name, fit in fits.items()}
    write_models(out, records)
    write_models(diagnostics, [diagnosed(name, fit) for name, fit in fits.items()])
    write_draws(draws, kept, study.sha256)
    return len(fits), sum(one.refused for one in records)


def _progress(at: int, of: int, name: str) -> None:
    """One line a fit: a person who waits sees what for."""
    print(f"  {at}/{of} " + text("cli.fit", name=name), flush=True)  # noqa: T201 - progress belongs on the screen
