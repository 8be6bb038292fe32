"""Sample the posteriors of the outcomes of a panel that share a likelihood."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sverige_did.bayes import panel_costs, panel_moves, panel_sdq
from sverige_did.bayes.fitting import diagnosed
from sverige_did.bayes.panel_composition import (
    NAME,
    Composition,
    composition_records,
    fit_composition,
    prepare_composition,
)
from sverige_did.bayes.panel_costs_record import cost_record
from sverige_did.bayes.panel_moves_record import move_records
from sverige_did.bayes.panel_posterior import Job, fit_jobs, prepare
from sverige_did.bayes.panel_record import record
from sverige_did.bayes.panel_sdq_record import score_record
from sverige_did.bayes.sample import Fit
from sverige_did.bayes.store import write_draws
from sverige_did.design import OutcomeDesign
from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.results_posteriors import PosteriorRecord
from sverige_did.sources.delivery import codes_of, tables_of
from sverige_did.sources.moves_panel import count_moves
from sverige_did.sources.panel_frame import make_setting
from sverige_did.sources.person_year_panel import placements
from sverige_did.sources.register_panel import prices_of
from sverige_did.sources.sdq_judged import sex_of
from sverige_did.sources.sdq_panel import comparable_forms
from sverige_did.study import Study
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
    study, classes = read_model(plan, Study), read_models(designs, OutcomeDesign)
    if likelihood == panel_sdq.NAME:
        told, fits = _scores(data, study, classes, cores)
    elif likelihood == panel_moves.NAME:
        told, fits = _moves(data, study, classes, cores)
    elif likelihood == panel_costs.NAME:
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


def _scores(
    data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Children's SDQ scores, questionnaire by questionnaire; nothing where none were delivered."""
    tables = tables_of(data, study, panel_sdq.REGISTERS)
    if "sdq_waves" not in tables:
        return [], {}
    setting = make_setting(tables, study)
    sex = sex_of(tables, setting)
    girl = None if (sex == "unknown").any() else sex == "girls"
    ready = panel_sdq.prepare_sdq(comparable_forms(tables, setting), girl, setting, study, designs)
    if not isinstance(ready, panel_sdq.ScoreJob):
        return [ready] if ready is not None else [], {}
    _progress(1, 1, panel_sdq.OUTCOME)
    fitted = panel_sdq.fit_scores(ready, study, cores)
    name = f"{panel_sdq.OUTCOME}.{panel_sdq.NAME}"
    return [score_record(fitted, study)], {name: scalars_only(fitted.fit)}


def _moves(
    data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Moves on the ladder, rung by rung in one model."""
    tables = tables_of(data, study, panel_moves.REGISTERS)
    setting = make_setting(tables, study)
    spells = placements(tables["placements"], setting, codes_of(data, study)).spells
    job, told = panel_moves.prepare_moves(count_moves(spells, setting), setting, study, designs)
    if job is None:
        return list(told), {}
    _progress(1, 1, panel_moves.NAME)
    fitted = panel_moves.fit_moves(job, study, cores)
    return [*told, *move_records(fitted, study)], {panel_moves.NAME: scalars_only(fitted.fit)}


def _spending(
    panel: Panel, data: Path, study: Study, designs: tuple[OutcomeDesign, ...], cores: int
) -> tuple[list[PosteriorRecord], dict[str, Fit]]:
    """Spending on placements in two parts, from the placements' prices a day."""
    tables = tables_of(data, study, panel_costs.REGISTERS)
    setting = make_setting(tables, study)
    placed = placements(tables["placements"], setting, codes_of(data, study))
    cells = panel.outcome(panel_costs.OUTCOME)
    ready = panel_costs.prepare_costs(cells, placed, setting, prices_of(setting), study, designs)
    if not isinstance(ready, panel_costs.CostJob):
        return [ready] if ready is not None else [], {}
    fitted = panel_costs.fit_costs(ready, study, cores, told=_progress)
    told = [cost_record(fitted, study)]
    return told, {panel_costs.fit_name(part): scalars_only(fit) for part, fit in fitted.fits.items()}


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


def _progress(at: int, of: int, name: str) -> None:
    """One line a fit: a person who waits sees what for."""
    print(f"  {at}/{of} " + text("cli.fit", name=name), flush=True)  # noqa: T201 - progress belongs on the screen
