"""Which doubts a study of published figures can raise against itself, and which it has to name as out of reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from sverige_did.bayes.models.closed_form import NormalPrior, Sampling, shock_constant
from sverige_did.checks.absolute_violation import absolute_violation
from sverige_did.checks.control_group import control_group
from sverige_did.checks.curves import EffectScale
from sverige_did.checks.needed import needed_hazard, needed_points, needed_share
from sverige_did.checks.overdispersion import overdispersion
from sverige_did.checks.overlap import overlap
from sverige_did.checks.partial_year import partial_year
from sverige_did.checks.placebo_areas import SmallGroups
from sverige_did.checks.project_end import project_end
from sverige_did.checks.scale_discrepancy import scale_discrepancy
from sverige_did.checks.shock_curve import shock_curve
from sverige_did.checks.spillover import spillover
from sverige_did.checks.tipping_shock import tipping_shock
from sverige_did.did.scales import Scale, did, std_error
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.areas import Compared, compared
from sverige_did.studies.published.evidence import Evidence
from sverige_did.studies.published.group_tables import CONTROL_LEVEL, GroupTable, levels_of, middle_table
from sverige_did.studies.published.plan_parts import assumed, prior
from sverige_did.study.study import Outcome, PublishedStudy

OUT_OF_REACH = ("pretrends", "placebo_dates", "leave_one_out", "balance", "regression_to_mean")
"""Checks that need district lines, or a period before, and so cannot run on two printed totals."""

DAYS = 365.25
"""In a year."""


def sensitivity_analyses(evidence: Evidence) -> tuple[CheckResult, ...]:
    """Every check of every outcome of the plan whose figures can all be true, in the plan's order."""
    made: list[CheckResult] = []
    for outcome in evidence.outcomes:
        readings = evidence.tables_of(outcome.outcome)
        for tables in readings.values():
            made += _of_table(evidence.study, outcome, middle_table(tables))
            made += _later(evidence, middle_table(tables))
            made += _among_areas(
                evidence.study, middle_table(tables), said=any(one.check == "placebo_areas" for one in made)
            )
        if evidence.design(outcome.outcome).design_class == "D1g":
            made += [_cannot(check, outcome.outcome) for check in OUT_OF_REACH]
        made += _of_family(evidence, outcome)
    return tuple(made)


def _cannot(check: str, outcome: str) -> CheckResult:
    return CheckResult(check=check, outcome=outcome, status="could_not_run", key="two_totals")


def _sampling(study: PublishedStudy, table: GroupTable) -> Sampling:
    """The contrast on its log scale; half an event is added to every cell when one is empty."""
    y, n = np.array(table.events, dtype=float), np.array(table.totals, dtype=float)
    if table.family == "binomial" and ((y == 0) | (y == n)).any():
        y, n = y + 0.5, n + 1
    elif (y == 0).any():
        y = y + 0.5
    scale: Scale = "logit" if table.family == "binomial" else "log"
    theta, se = did(y / n, scale), std_error(y, n, scale, family=table.family)
    constant = shock_constant(np.ones(study.treated.districts), np.ones(study.control.districts))
    return Sampling(theta, se**2, constant, study.sensitivity.shock_autocorrelation)


def _of_table(study: PublishedStudy, outcome: Outcome, table: GroupTable) -> Iterator[CheckResult]:
    grids, level, name = study.sensitivity, study.level, table.outcome
    data = _sampling(study, table)
    scale: EffectScale = "log_odds" if table.family == "binomial" else "log_ratio"
    se = float(np.sqrt(data.variance))
    yield tipping_shock(data, name, reading=table.reading, s=grids.shock_sd, scale=scale, level=level)
    yield _curve(study, outcome, table, data)
    yield absolute_violation(data.theta, se, name, reading=table.reading, scale=scale, level=level)
    yield spillover(data.theta, name, reading=table.reading, kappa=grids.spillover_kappa, scale=scale)
    if table.family == "binomial":
        yield from _of_shares(study, table, data)


def _later(evidence: Evidence, table: GroupTable) -> Iterator[CheckResult]:
    """Counts of the treated that were reported after the main follow-up, with no count of the control group."""
    study = evidence.study
    for fact in evidence.select(table.outcome, "count", "treated"):
        if fact.period_end > study.periods.follow_up:
            data = _sampling(study, table)
            yield project_end(
                table.events,
                table.totals,
                int(fact.number),
                data.c,
                table.outcome,
                reading=table.reading,
                serial=data.r,
                level=study.level,
            )


def own_groups(study: PublishedStudy, table: GroupTable) -> SmallGroups:
    """The districts behind a table, of equal size, at its two dates; years between them are rounded up."""
    when = study.periods
    districts = study.treated.districts, study.control.districts
    each = tuple(round(max(events[0], 1) / number, 2) for events, number in zip(table.events, districts, strict=True))
    apart = int(np.ceil((when.follow_up - when.baseline).days / DAYS))
    return SmallGroups(*districts, (each[0], each[1]), apart=max(1, apart))


def own_difference(study: PublishedStudy, table: GroupTable) -> Compared:
    """What is held against areas where nothing was done."""
    return Compared(table.outcome, own_groups(study, table), _sampling(study, table).theta, table.reading)


def _among_areas(study: PublishedStudy, table: GroupTable, *, said: bool) -> Iterator[CheckResult]:
    """Of every outcome that the areas have; that there are none is said once."""
    found = None if study.areas is None and said else compared(study.areas, own_difference(study, table))
    if found is not None:
        yield found


def _curve(study: PublishedStudy, outcome: Outcome, table: GroupTable, data: Sampling) -> CheckResult:
    before = prior(study, "effect")
    return shock_curve(
        data,
        NormalPrior(before.mean, float(before.sd or 0)),
        table.outcome,
        reading=table.reading,
        s=study.sensitivity.shock_sd,
        lower_is_better=outcome.benefit != "higher",
    )


def _of_shares(study: PublishedStudy, table: GroupTable, data: Sampling) -> Iterator[CheckResult]:
    y, n, name, level = np.array(table.events), np.array(table.totals), table.outcome, study.level
    reading, grids = table.reading, study.sensitivity
    yield overlap(y, n, name, reading=reading, rho=grids.overlap_rho, level=level)
    yield overdispersion(y, n, name, reading=reading, phi=grids.overdispersion, level=level)
    yield scale_discrepancy(y, n, name, reading=reading)
    sizes, levels = (assumed(study, key) for key in ("control_to_treated", "control_share_level"))
    if CONTROL_LEVEL in table.assumptions and sizes and levels and name == levels_of(study):
        yield control_group(y, n, name, reading=reading, sizes=sizes.grid, levels=levels.grid, level=level)
    without = float(y[0, 0] / n[0, 0])
    if 0 < without < 1:
        shocks = grids.shock_sd
        rises = any(one.outcome == name and one.benefit == "higher" for one in study.outcomes)
        yield needed_share(without, data.variance, data.c, name, reading=reading, s=shocks, level=level, rises=rises)


def _of_family(evidence: Evidence, outcome: Outcome) -> Iterable[CheckResult]:
    """Doubts of outcomes that have no table of counts."""
    family = CATALOGUE[outcome.outcome].family
    if family == "money":
        return _of_money(evidence, outcome)
    if family == "score":
        return _of_score(evidence.study, outcome.outcome)
    if family == "duration":
        return _of_duration(evidence, outcome.outcome)
    return ()


def _of_money(evidence: Evidence, outcome: Outcome) -> Iterator[CheckResult]:
    treated, control = (evidence.change(outcome.outcome, group) for group in ("treated", "control"))
    if treated is None or control is None:
        return
    study = evidence.study
    size = assumed(study, "control_to_treated")
    scaled = treated.point - control.point / (size.value if size else 1.0)
    saved = [
        fact.number * (1e-6 if fact.unit == "dkk" else 1.0)
        for fact in evidence.select(outcome.outcome, "change", "treated")
        if fact.period_end < study.periods.follow_up and fact.period_end > study.periods.baseline
    ]
    already = -saved[0] if saved else None
    e = study.sensitivity.partial_year
    yield partial_year(scaled, outcome.outcome, e=e, saved_before=already, scale="mio_dkk")
    yield spillover(scaled, outcome.outcome, kappa=study.sensitivity.spillover_kappa, scale="mio_dkk")


def _of_score(study: PublishedStudy, outcome: str) -> Iterator[CheckResult]:
    """How many points two groups could have shown; nothing where the plan does not say how scores vary."""
    children, sd, retest = (assumed(study, f"sdq_{key}") for key in ("children_per_group", "sd", "retest"))
    if children and sd and retest:
        yield needed_points(children.value, sd.value, retest.value, outcome, grid=children.grid, level=study.level)


def _of_duration(evidence: Evidence, outcome: str) -> Iterator[CheckResult]:
    events = sum(
        fact.number for fact in evidence.facts if fact.outcome.startswith(f"{outcome}.") and fact.measure == "count"
    )
    designs = assumed(evidence.study, "case_clustering")
    if designs and events:
        yield needed_hazard(events, outcome, designs=designs.grid, level=evidence.study.level)
