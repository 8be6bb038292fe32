"""Sample the posteriors of the outcomes of a panel that share a likelihood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from sverige_did.bayes.sampling.sample import Fit
from sverige_did.bayes.sampling.store import write_draws
from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.sources.panel.build import prices_of
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.frame import make_setting
from sverige_did.sources.panel.moves import count_moves
from sverige_did.sources.panel.placements import placements
from sverige_did.sources.panel.wellbeing import comparable_forms
from sverige_did.sources.panel.wellbeing_bands import sex_of
from sverige_did.studies.panel.posterior import costs, sdq, transitions
from sverige_did.studies.panel.posterior.composition import (
    NAME,
    Composition,
    composition_records,
    fit_composition,
    prepare_composition,
)
from sverige_did.studies.panel.posterior.costs_effects import cost_record
from sverige_did.studies.panel.posterior.counts import Job, fit_jobs, prepare
from sverige_did.studies.panel.posterior.fitting import diagnosed
from sverige_did.studies.panel.posterior.record import record
from sverige_did.studies.panel.posterior.sdq_effects import score_record
from sverige_did.studies.panel.posterior.transitions_effects import move_records
from sverige_did.study.study import Study
from sverige_did.tasks import Cores, File, Folder, Told, progress


def run(
    plan: File,
    panel: File,
    designs: File,
    data: Folder,
    likelihood: Annotated[str, typer.Option(help="A key of bayes/models/families.py, composition or sdq")],
    out: File,
    diagnostics: File,
    draws: File,
    cores: Cores = 1,
) -> Told:
    """Write records, diagnostics and draws; the number of fits and of outcomes that could not be modelled."""
    study, classes = read_model(plan, Study), read_models(designs, OutcomeDesign)
    if likelihood == sdq.NAME:
        told, fits = _scores(data, study, classes, cores)
    elif likelihood == transitions.NAME:
        told, fits = _moves(data, study, classes, cores)
    elif likelihood == costs.NAME:
        told, fits = _spending(read_panel(panel), data, study, classes, cores)
    elif likelihood == NAME:
        told, fits = _together(read_panel(panel), study, classes, cores)
    else:
        told, fits = _one_by_one(read_panel(panel), study, classes, likelihood, cores)
    order = {wanted.outcome: at for at, wanted in enumerate(study.outcomes)}
    told.sort(key=lambda one: order[one.outcome])
    write_models(out, told)
    write_models(diagnostics, [diagnosed(name, fit) for name, fit in fits.items()])
    write_draws(draws, fits, study.sha256)
    return {"fits": len(fits), "refused": sum(one.refused for one in told)}


def _one_by_one(
    panel: Panel, study: Study, designs: tuple[OutcomeDesign, ...], likelihood: str, cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Every outcome of the likelihood with a model of its own."""
    ready = list(prepare(panel, study, designs, likelihood))
    told = [one for one in ready if isinstance(one, PosteriorRecord)]
    fits = {}
    for fitted in fit_jobs(tuple(one for one in ready if isinstance(one, Job)), study, cores, told=progress):
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
    progress(1, 1, NAME)
    fit = fit_composition(ready, study, cores)
    return list(composition_records(ready, fit, study)), {NAME: _slim(fit)}


def _scores(
    data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Children's SDQ scores, questionnaire by questionnaire; nothing where none were delivered."""
    tables = tables_of(data, study, sdq.REGISTERS)
    if "sdq_waves" not in tables:
        return [], {}
    setting = make_setting(tables, study)
    sex = sex_of(tables, setting)
    girl = None if (sex == "unknown").any() else sex == "girls"
    ready = sdq.prepare_sdq(comparable_forms(tables, setting), girl, setting, study, designs)
    if not isinstance(ready, sdq.ScoreJob):
        return [ready] if ready is not None else [], {}
    progress(1, 1, sdq.OUTCOME)
    fitted = sdq.fit_scores(ready, study, cores)
    name = f"{sdq.OUTCOME}.{sdq.NAME}"
    return [score_record(fitted, study)], {name: scalars_only(fitted.fit)}


def _moves(
    data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Moves on the ladder, rung by rung in one model."""
    tables = tables_of(data, study, transitions.REGISTERS)
    setting = make_setting(tables, study)
    spells = placements(tables["placements"], setting, codes_of(data, study)).spells
    job, told = transitions.prepare_moves(count_moves(spells, setting), setting, study, designs)
    if job is None:
        return list(told), {}
    progress(1, 1, transitions.NAME)
    fitted = transitions.fit_moves(job, study, cores)
    return [*told, *move_records(fitted, study)], {transitions.NAME: scalars_only(fitted.fit)}


def _spending(
    panel: Panel, data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Spending on placements in two parts, from the placements' prices a day."""
    tables = tables_of(data, study, costs.REGISTERS)
    setting = make_setting(tables, study)
    placed = placements(tables["placements"], setting, codes_of(data, study))
    cells = panel.outcome(costs.OUTCOME)
    ready = costs.prepare_costs(cells, placed, setting, prices_of(setting), study, designs)
    if not isinstance(ready, costs.CostJob):
        return [ready] if ready is not None else [], {}
    fitted = costs.fit_costs(ready, study, cores, told=progress)
    told = [cost_record(fitted, study)]
    return told, {costs.fit_name(part): scalars_only(fit) for part, fit in fitted.fits.items()}


def scalars_only(fit: Fit) -> Fit:
    """Without anything that has a value by child, by questionnaire, by cell or by district."""
    posterior = fit.draws["posterior"].to_dataset()
    kept = posterior[[name for name, values in posterior.items() if set(values.dims) == {"chain", "draw"}]]
    kept = kept.drop_vars([name for name in kept.coords if name not in {"chain", "draw"}])
    return replace(fit, draws=fit.draws.assign({"posterior": type(fit.draws)(kept)}))


def _slim(fit: Fit) -> Fit:
    """Without the predictor of every cell: it is most of the file, and single districts can be read off it."""
    posterior = fit.draws["posterior"].to_dataset().drop_vars("eta")
    return replace(fit, draws=fit.draws.assign({"posterior": type(fit.draws)(posterior)}))
