"""Sample the posteriors of the outcomes of a panel that share a likelihood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sverige_did.bayes.fitting import diagnosed
from sverige_did.bayes.panel_composition import (
    NAME,
    Composition,
    composition_records,
    fit_composition,
    prepare_composition,
)
from sverige_did.bayes.panel_posterior import Job, fit_jobs, prepare
from sverige_did.bayes.panel_record import record
from sverige_did.bayes.sample import Fit
from sverige_did.bayes.store import write_draws
from sverige_did.design import OutcomeDesign
from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.results_posteriors import PosteriorRecord
from sverige_did.study import Study
from sverige_did.words import text


def run(
    plan: Path, panel: Path, designs: Path, likelihood: str, out: Path, diagnostics: Path, draws: Path, cores: int
) -> tuple[int, int]:
    """Write records, diagnostics and draws; the number of fits and of outcomes that could not be modelled."""
    study, cells = read_model(plan, Study), read_panel(panel)
    asked = (cells, study, read_models(designs, OutcomeDesign))
    told, fits = _together(*asked, cores) if likelihood == NAME else _one_by_one(*asked, likelihood, cores)
    order = {wanted.outcome: at for at, wanted in enumerate(study.outcomes)}
    told.sort(key=lambda one: order[one.outcome])
    write_models(out, told)
    write_models(diagnostics, [diagnosed(name, fit) for name, fit in fits.items()])
    write_draws(draws, fits, study.sha256)
    return len(fits), sum(one.refused for one in told)


def _one_by_one(
    panel: Panel, study: Study, designs: tuple[OutcomeDesign, ...], likelihood: str, cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Every outcome of the likelihood with a model of its own."""
    ready = list(prepare(panel, study, designs, likelihood))
    told = [one for one in ready if isinstance(one, PosteriorRecord)]
    fits = {}
    for fitted in fit_jobs(tuple(one for one in ready if isinstance(one, Job)), study, cores, told=_progress):
        told.append(record(fitted, study))
        fits[fitted.job.name] = _slim(fitted.fit)
    return told, fits


def _together(
    panel: Panel, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """All kinds of placement in one model."""
    ready = prepare_composition(panel, study, designs)
    if not isinstance(ready, Composition):
        return list(ready), {}
    _progress(1, 1, NAME)
    fit = fit_composition(ready, study, cores)
    return list(composition_records(ready, fit, study)), {NAME: _slim(fit)}


def _slim(fit: Fit) -> Fit:
    """Without the predictor of every cell: it is most of the file, and single districts can be read off it."""
    posterior = fit.draws["posterior"].to_dataset().drop_vars("eta")
    return replace(fit, draws=fit.draws.assign({"posterior": type(fit.draws)(posterior)}))


def _progress(at: int, of: int, name: str) -> None:
    """One line a fit: a person who waits sees what for."""
    print(f"  {at}/{of} " + text("cli.fit", name=name), flush=True)  # noqa: T201 - progress belongs on the screen
