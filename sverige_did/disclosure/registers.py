"""Disclosure control of registers: results about few children stay inside, and so does what would give them away.

Single districts never leave, only groups of them. What leaves about a group is its level period by period, with small
numbers hidden (small_counts.py), and the estimates of outcomes that rest on enough children in every window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

from sverige_did.disclosure.coarse import (
    Steps,
    coarse_check,
    coarse_estimate,
    coarse_posterior,
    coarse_record,
    from_levels,
    is_from_levels,
    own_per,
    steps_of,
)
from sverige_did.disclosure.diagnostics import coarse_diagnostics
from sverige_did.disclosure.economy import economy_findings, of_this_plan, released_economy, released_targets
from sverige_did.disclosure.few import few_districts, led_by_one, lonely, released_checks, too_few
from sverige_did.disclosure.held import with_held, with_held_curves
from sverige_did.disclosure.known import Known
from sverige_did.disclosure.ladder import release_ladder
from sverige_did.disclosure.levels import (
    FEWEST_DISTRICTS,
    GROUPS,
    Cell,
    Levels,
    counted,
    levels_of,
    released_levels,
    with_earlier,
)
from sverige_did.disclosure.money import coarse_economy, unit_of
from sverige_did.disclosure.posteriors import posterior_findings, released_posteriors
from sverige_did.disclosure.programme import PASSES, Decisions, Exposed, Left, Tried, attack, coarser
from sverige_did.disclosure.ranges import with_ranges
from sverige_did.disclosure.release import COMPUTED_WITH, GivenUp, Release, ReleasedLevel, Step
from sverige_did.disclosure.remarks import few_untold
from sverige_did.disclosure.rounding import p_to_step, to_figures
from sverige_did.disclosure.sums import matrices
from sverige_did.disclosure.targets import CoarseTargets, Said, coarse_targets
from sverige_did.disclosure.totals import with_shown_totals
from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE, economic
from sverige_did.panel import Panel, children_living
from sverige_did.periods import periods_in
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.economy import Basis, EconomyRecord
from sverige_did.results.estimates import (
    CheckResult,
    Diagnostics,
    Finding,
    Remark,
)
from sverige_did.results.ladder import LadderRecord
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.results.sources import SourceFile
from sverige_did.results.statements import Statement
from sverige_did.results.targets import TargetRecords
from sverige_did.studies.panel.dose_response import slope_factors
from sverige_did.studies.panel.economy import amounts
from sverige_did.studies.panel.spent import spent_of
from sverige_did.study.study import PanelStudy, Study


class Answers(NamedTuple):
    """What a study of registers found, before anything of it may leave."""

    designs: tuple[OutcomeDesign, ...]
    findings: tuple[Finding, ...]
    methods_tables: tuple[MethodsRecord, ...]
    coverage: tuple[Coverage, ...]
    checks: tuple[CheckResult, ...] = ()
    left_out: tuple[Remark, ...] = ()
    posteriors: tuple[PosteriorRecord, ...] = ()
    diagnostics: tuple[Diagnostics, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    economy: EconomyRecord | None = None
    targets: TargetRecords | None = None
    ladder: LadderRecord | None = None
    doses: tuple[DoseResponse, ...] = ()
    statements: tuple[Statement, ...] = ()


class Once(NamedTuple):
    """What is the same in every draft: the levels, what districts' changes are multiplied by in slopes on doses, what
    targets say by what was counted, which is added to, and how many steps a rounded number may be off: a half, or one
    where levels of an earlier release are held, whether or not this one is. ``earlier`` releases somebody may have.
    """

    levels: Levels
    factors: Mapping[DoseResponse, Mapping[str, float]]
    targets: Said
    steps_off: float
    earlier: tuple[Release, ...] = ()


class Attacked(NamedTuple):
    """A release with what was tried against it, which stays inside: what an outsider knows, the decisions taken, and
    what is left of every hidden number.
    """

    release: Release
    known: Known
    decisions: Decisions
    left: tuple[Left, ...] = ()


def release_registers(
    *,
    study: Study,
    panel: Panel,
    designs: tuple[OutcomeDesign, ...],
    findings: tuple[Finding, ...],
    methods_tables: tuple[MethodsRecord, ...],
    coverage: tuple[Coverage, ...],
    checks: tuple[CheckResult, ...] = (),
    left_out: tuple[Remark, ...] = (),
    posteriors: tuple[PosteriorRecord, ...] = (),
    diagnostics: tuple[Diagnostics, ...] = (),
    sources: tuple[SourceFile, ...] = (),
    economy: EconomyRecord | None = None,
    targets: TargetRecords | None = None,
    ladder: LadderRecord | None = None,
    doses: tuple[DoseResponse, ...] = (),
    statements: tuple[Statement, ...] = (),
    earlier: tuple[Release, ...] = (),
) -> Release:
    """Release a study of registers under the plan's rules for small numbers, or one of public tables as it is.

    ``earlier`` releases of it are known to the outsider too.

    Raises InputError when the study is not one of registers, a finding was made from another plan, or something hidden
    could still be worked out when all that can be coarsened was.
    """
    answers = Answers(
        designs, findings, methods_tables, coverage, checks, left_out, posteriors, diagnostics,
        sources, economy, targets, ladder, doses, statements,
    )  # fmt: skip
    return attacked_release(study, panel, answers, earlier).release


def attacked_release(study: Study, panel: Panel, answers: Answers, earlier: tuple[Release, ...] = ()) -> Attacked:
    """The same with all that was tried: coarser and coarser, until nothing hidden can be told too closely."""
    if not isinstance(study, PanelStudy):
        raise InputError(Problem("not_registers", column="kind", found=study.kind, expected="panel"))
    if any(finding.plan_sha256 != study.sha256 for finding in answers.findings):
        raise InputError(Problem("other_plan"))
    of_this_plan(study, answers.economy, answers.targets)
    if study.tables is not None:
        return Attacked(_as_it_is(study, panel, answers), Known(panel, study), Decisions({}))
    levels = with_earlier(levels_of(panel, study), (level for one in earlier for level in (*one.levels, *one.windows)))
    decisions, blank = _first(study, panel, levels), Known(panel, study)
    once = Once(levels, _factors(panel, study, answers), {}, 1.0 if earlier else 0.5, earlier)
    checks = released_checks(answers.checks, panel, study, study.hidden_below)
    answers = answers._replace(checks=tuple(checks))
    answers = _without_groups(answers, study.hidden_below) if lonely(panel) else answers
    tried: Tried = {}
    for _ in range(PASSES):
        release, known = _draft(study, panel, answers, once, decisions, blank.again())
        for one in earlier:
            known.earlier(one, levels, release)
            known.earlier_estimates(one, answers.findings, release)
        exposed, left = attack(known, tried)
        if not exposed:
            return Attacked(release, known, decisions, left)
        next_ = coarser(decisions, exposed)
        if next_ == decisions:
            break
        decisions = next_
    raise InputError(*(_refusal(one) for one in exposed[:3]))


def _refusal(one: Exposed) -> Problem:
    """Which values tell a hidden number, by the names of outcomes and never of districts."""
    blamed = ", ".join(dict.fromkeys(name.split("|")[1] for name in one.blamed)) or one.name.split("|")[0]
    return Problem("release_told", found=blamed)


def _first(study: PanelStudy, panel: Panel, levels: Levels) -> Decisions:
    """What leaves before it is attacked: levels at the finest resolution that hides nothing."""
    wanted = [item.outcome for item in study.outcomes]
    few = {name for name in wanted if too_few(panel, study, name, study.hidden_below)}
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in wanted:
        alike.setdefault(counted(name), []).append(name)
    resolution = {what: levels.finest(names) for what, names in alike.items()}
    lone = {name for name in wanted if few_districts(panel, name) or led_by_one(panel, study, name)}
    return Decisions(resolution, withheld=frozenset(few | lone))


def _without_groups(answers: Answers, threshold: int) -> Answers:
    """Without the net benefit, the ladder, slopes, and every target: whatever the plan's outcomes are."""
    economy, targets = answers.economy, answers.targets
    shut = None if economy is None else released_economy(economy, economy.outcomes, threshold)
    if targets is not None:
        hidden = released_targets(targets.targets, [one.outcome for one in targets.targets], threshold)
        targets = targets.model_copy(update={"targets": hidden})
    return answers._replace(economy=shut, targets=targets, ladder=None, doses=())


def _draft(
    study: PanelStudy, panel: Panel, answers: Answers, once: Once, decisions: Decisions, known: Known
) -> tuple[Release, Known]:
    """The release that the decisions make, and what an outsider would know by it: added to ``known``."""
    levels = once.levels
    wanted = [item.outcome for item in study.outcomes]
    withheld = tuple(name for name in wanted if name in decisions.withheld)
    kept = released_posteriors(study, answers.designs, answers.posteriors, withheld)
    net = released_economy(answers.economy, withheld, study.hidden_below)
    without_money = tuple(
        finding
        for finding in (
            *answers.findings,
            *posterior_findings(study, answers.designs, answers.methods_tables, kept),
        )
        if finding.outcome not in withheld
    )
    with_money = (
        *without_money, *(one for one in economy_findings(study, answers.designs, net) if one.outcome not in withheld)
    )  # fmt: skip
    resolution, shut = dict(decisions.resolution), decisions.shut | _shut(levels, withheld)
    shown = with_ranges(tuple(released_levels(levels, wanted, resolution, shut)), steps_off=once.steps_off)
    windows = tuple(cell for cell in levels.cells if cell.resolution == "windows")
    per = {name: own_per(name, _living(panel, name)) for name in wanted}
    steps = steps_of(with_money, windows, per, decisions.wider)
    coarse_net = coarse_economy(net, steps, decisions.wider)
    every = (
        *without_money,
        *(one for one in economy_findings(study, answers.designs, coarse_net) if one.outcome not in withheld),
    )
    targets = coarse_targets(
        answers.targets.targets if answers.targets else (), panel, study, levels,
        decisions.shut | _all_of(levels, withheld), steps, once.targets,
    )  # fmt: skip
    doses = tuple(_coarse_doses(answers.doses, withheld, decisions))
    true_checks = tuple(check for check in answers.checks if not {check.outcome, check.about} & set(withheld))
    true_checks = tuple(with_shown_totals(true_checks, (level for cell, level in shown if cell in windows)))
    checks = tuple(coarse_check(check, steps) for check in true_checks)
    true_records = tuple(_with_few_untold(answers.methods_tables, study, withheld))
    points = _steps_of_curves(with_money, levels, per, decisions)
    records = tuple(
        coarse_record(
            one, steps, points,
            curve=decisions.curves.get(one.outcome) != "none", years=decisions.curves.get(one.outcome) == "years",
        )
        for one in true_records
    )  # fmt: skip
    known.levels((cell, level.status == "shown") for cell, level in shown)
    known.ranges(shown)
    known.hidden(_once_each(cell for cell in levels.cells if cell.outcome in wanted and cell.key in levels.hidden))
    known.districts()
    known.estimates(without_money, steps)
    _beside_known(known, panel, study, once.factors, (net, coarse_net), targets, doses, steps, decisions.wider)
    for true, new in zip(true_records, records, strict=True):
        step = points.of.get((true.outcome, CATALOGUE[true.outcome].scale))
        if true.event is not None and new.event is not None and step is not None:
            years = decisions.curves.get(true.outcome) == "years"
            known.curve(true.outcome, true.event, new.event, step, years=years)
    for check, new_check in zip(true_checks, checks, strict=True):
        known.check(check, new_check, steps.of.get((check.outcome, check.scale or "")))
    own = {outcome: step for (outcome, scale), step in points.of.items() if scale == CATALOGUE[outcome].scale}
    release = Release(
        study=study,
        plan_sha256=study.sha256,
        data_sha256="",
        synthetic=panel.synthetic,
        policy="registers",
        versions={name: version(name) for name in COMPUTED_WITH},
        designs=answers.designs,
        main_reading="all",
        findings=tuple(with_held(_coarse_findings(every, shown, steps, per), once.earlier, study.sha256)),
        diagnostics=tuple(
            coarse_diagnostics(one) for one in answers.diagnostics if one.fit.partition(".")[0] not in withheld
        ),
        posteriors=tuple(coarse_posterior(one, steps, study.register_rules.base) for one in kept),
        checks=checks,
        methods_tables=tuple(with_held_curves(records, own, once.earlier, study.sha256)),
        coverage=tuple(_coverage(one) for one in answers.coverage),
        levels=tuple(level for cell, level in shown if cell.resolution != "windows"),
        windows=tuple(level for cell, level in shown if cell.resolution == "windows"),
        withheld=withheld,
        left_out=few_untold(answers.left_out, study),
        steps=tuple(Step(outcome=outcome, scale=scale, step=step) for (outcome, scale), step in steps.of.items()),
        given_up=tuple(_given_up(panel, study, shown, wanted, decisions)),
        statements=answers.statements,
        sources=answers.sources,
        economy=coarse_net,
        targets=released_targets(targets.records, withheld, study.hidden_below),
        ladder=release_ladder(answers.ladder, study),
        doses=tuple(_shown_dose(one) for one in doses),
    )
    return release, known


def _steps_of_curves(
    findings: tuple[Finding, ...], levels: Levels, per: Mapping[str, float], decisions: Decisions
) -> Steps:
    """The steps of points of curves: never finer than a part of what rounding makes of a period, or of a year."""
    cells = tuple(
        cell for cell in levels.cells
        if cell.resolution == ("years" if decisions.curves.get(cell.outcome) == "years" else "periods")
    )  # fmt: skip
    return steps_of(findings, cells, per, decisions.wider)


def _once_each(cells: Iterator[Cell]) -> Iterator[Cell]:
    """One cell of every number."""
    yield from {cell.key: cell for cell in cells}.values()


def _factors(panel: Panel, study: PanelStudy, answers: Answers) -> dict[DoseResponse, Mapping[str, float]]:
    computed = (one for one in answers.doses if one.slope is not None)
    return {one: slope_factors(panel, study, answers.designs, one) for one in computed}


def _coarse_doses(
    doses: tuple[DoseResponse, ...], withheld: tuple[str, ...], decisions: Decisions
) -> Iterator[DoseResponse]:
    """The slopes that may be shown, as they were computed."""
    for one in doses:
        if not {one.dose, one.outcome} & set(withheld) and ("dose", one.dose) not in decisions.shut:
            yield one


def _shown_dose(one: DoseResponse) -> DoseResponse:
    slope = None if one.slope is None else to_figures(one.slope)
    return one.model_copy(update={"slope": slope, "p": None if one.p is None else p_to_step(one.p)})


def _beside_known(
    known: Known, panel: Panel, study: PanelStudy, factors: Mapping[DoseResponse, Mapping[str, float]],
    net: tuple[EconomyRecord | None, EconomyRecord | None], targets: CoarseTargets, doses: tuple[DoseResponse, ...],
    steps: Steps, wider: Mapping[str, float],
) -> None:  # fmt: skip
    """What targets, a net benefit and slopes tell of the same numbers as levels and estimates do."""
    known.levels(((cell, True) for cell in targets.cells), "target")
    true, shown = net
    if true is not None and shown is not None:
        for basis in sorted({one.basis for one in true.benefits}):
            _money_known(known, panel, study, shown, basis, unit_of(true, basis, steps, wider))
    known.doses(doses, factors)


def _money_known(
    known: Known, panel: Panel, study: PanelStudy, shown: EconomyRecord, basis: Basis, unit: float
) -> None:
    """The amounts of one basis as sums of districts' or groups' amounts."""
    outcome = str(economic("booked" if basis == "booked" else "children"))
    if outcome not in known.matrices:
        return
    spent = spent_of(panel.outcome(outcome), study)
    told: dict[str, float] = {}
    for one in shown.benefits:
        if one.basis == basis:
            numbers = {"before": one.before, "expected": one.expected, "actual": one.actual, "saving": one.saving.value}
            told |= {f"{one.scaling}.{name}": value for name, value in numbers.items() if value is not None}
    if basis == "children":
        told |= {f"year.{one.year}": one.saving for one in shown.years}
    found = amounts(spent)
    told = {name: value for name, value in told.items() if name in found}
    known.numbers("economy", outcome, lambda value: amounts(spent._replace(value=value)), told, unit / 2)


def _beside(
    study: PanelStudy, answers: Answers, withheld: tuple[str, ...], net: EconomyRecord | None
) -> dict[str, Any]:
    """What stands beside the estimates, each under the rule of its own file for small numbers."""
    return {
        "statements": answers.statements,
        "sources": answers.sources,
        "economy": net,
        "targets": released_targets(answers.targets.targets if answers.targets else (), withheld, study.hidden_below),
        "ladder": release_ladder(answers.ladder, study),
        "doses": tuple(one for one in answers.doses if not {one.dose, one.outcome} & set(withheld)),
    }


def _as_it_is(study: PanelStudy, panel: Panel, answers: Answers) -> Release:
    """A study of public tables: what somebody else has printed has been controlled there, and is not rounded again."""
    kept = released_posteriors(study, answers.designs, answers.posteriors, ())
    net = released_economy(answers.economy, (), study.hidden_below)
    levels = (
        (name, group, label, matrix.summed(group, matrix.columns([label])))
        for name, matrix in matrices(panel).items()
        if name in {item.outcome for item in study.outcomes}
        for group in GROUPS
        for label in matrix.periods
    )
    return Release(
        study=study,
        plan_sha256=study.sha256,
        data_sha256=panel.sha256,
        synthetic=panel.synthetic,
        policy="tables",
        versions={name: version(name) for name in COMPUTED_WITH},
        designs=answers.designs,
        main_reading="all",
        findings=(
            *answers.findings,
            *posterior_findings(study, answers.designs, answers.methods_tables, kept),
            *economy_findings(study, answers.designs, net),
        ),
        diagnostics=answers.diagnostics,
        posteriors=kept,
        checks=answers.checks,
        methods_tables=answers.methods_tables,
        coverage=answers.coverage,
        levels=tuple(
            ReleasedLevel(outcome=name, group=group, period=label, status="shown", level=found.level)
            for name, group, label, found in levels
            if found is not None
        ),
        left_out=answers.left_out,
        **_beside(study, answers, (), net),
    )


def _shut(levels: Levels, withheld: tuple[str, ...]) -> frozenset[tuple[object, ...]]:
    """The windows of outcomes that are withheld, and of what counts the same."""
    what = {counted(name) for name in withheld}
    return frozenset(
        cell.key for cell in levels.cells if cell.resolution == "windows" and counted(cell.outcome) in what
    )


def _all_of(levels: Levels, withheld: tuple[str, ...]) -> frozenset[tuple[object, ...]]:
    """Every number of what is counted in outcomes that are withheld."""
    what = {counted(name) for name in withheld}
    return frozenset(cell.key for cell in levels.cells if counted(cell.outcome) in what)


def _living(panel: Panel, outcome: str) -> float:
    cells = panel.outcome(outcome)
    mine = cells[cells["group"] == "treated"]
    return children_living(mine) if CATALOGUE[outcome].of_the_group and not mine.empty else 1.0


def _coarse_findings(
    every: tuple[Finding, ...],
    shown: tuple[tuple[Cell, ReleasedLevel], ...],
    steps: Steps,
    per: dict[str, float],
) -> Iterator[Finding]:
    """The findings rounded; those that are made of two windows' levels made again from what is shown of them."""
    levels: dict[str, dict[tuple[str, str], float]] = {}
    for cell, level in shown:
        if cell.resolution == "windows" and level.level is not None:
            # Windows are not equally long: what adds up over time is compared a period.
            periods = periods_in(level.period) if CATALOGUE[level.outcome].adds_up else 1
            levels.setdefault(level.outcome, {})[level.group, cell.when] = level.level / periods
    for finding in every:
        if is_from_levels(finding):
            again = from_levels(finding, levels.get(finding.outcome, {}), per[finding.outcome])
            yield from () if again is None else (again,)
        else:
            result = coarse_estimate(finding.result, finding.outcome, steps)
            yield finding.model_copy(update={"result": result})


def _coverage(one: Coverage) -> Coverage:
    """All districts of a group, or none: which of few are seen in a period tells where nobody is."""
    units = tuple(one.units if seen >= min(FEWEST_DISTRICTS, one.units) else 0 for seen in one.units_seen)
    return one.model_copy(update={"units_seen": units})


def _given_up(
    panel: Panel,
    study: PanelStudy,
    shown: tuple[tuple[Cell, ReleasedLevel], ...],
    wanted: list[str],
    decisions: Decisions,
) -> Iterator[GivenUp]:
    for outcome in wanted:
        if few_districts(panel, outcome):
            yield GivenUp(outcome=outcome, what="few_districts")
        elif led_by_one(panel, study, outcome):
            yield GivenUp(outcome=outcome, what="one_district")
        if outcome in decisions.withheld:
            continue
        resolution = decisions.resolution[counted(outcome)]
        if resolution != "periods":
            yield GivenUp(outcome=outcome, what=f"levels_{resolution}")
        if any(level.outcome == outcome and level.status == "hidden" for _, level in shown):
            yield GivenUp(outcome=outcome, what="levels_some")
        by = decisions.curves.get(outcome)
        if by in {"years", "none"}:
            yield GivenUp(outcome=outcome, what=f"curve_{by}")
        if decisions.wider.get(outcome, 1.0) > 1:
            yield GivenUp(outcome=outcome, what="wider")


def _with_few_untold(
    records: tuple[MethodsRecord, ...], study: PanelStudy, withheld: tuple[str, ...]
) -> Iterator[MethodsRecord]:
    for record in records:
        if record.outcome not in withheld:
            yield record.model_copy(update={"remarks": few_untold(record.remarks, study)})
