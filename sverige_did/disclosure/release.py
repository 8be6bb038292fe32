"""Disclosure control: results become released results, and the report sees nothing else.

Three policies. ``published``: every number is computed from figures that somebody else has already printed, so nothing
new about a child can leave; this is checked. ``registers``: small counts are withheld before release. ``tables``:
public tables, whose publisher has hidden what must be hidden.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from importlib.metadata import version
from typing import Any, Literal

from sverige_did.disclosure.economy import economy_findings, of_this_plan
from sverige_did.errors import InputError, Problem
from sverige_did.outcomes import CATALOGUE
from sverige_did.results.designs import Coverage, OutcomeDesign
from sverige_did.results.doses import DoseResponse
from sverige_did.results.economy import EconomyRecord
from sverige_did.results.estimates import ROW_FIELDS, CheckResult, Diagnostics, Finding, Frozen, Remark
from sverige_did.results.ladder import LadderRecord
from sverige_did.results.methods_tables import MethodsRecord
from sverige_did.results.posteriors import PosteriorRecord
from sverige_did.results.published import Feasible, Reported
from sverige_did.results.sources import SourceFile
from sverige_did.results.statements import Statement
from sverige_did.results.targets import TargetRecord, TargetRecords
from sverige_did.study.study import AnyStudy, PublishedStudy, Study

Policy = Literal["published", "registers", "tables"]


COMPUTED_WITH = ("sverige-did", "numpy", "scipy", "pandas", "pymc", "pytensor", "nutpie", "arviz-stats", "matplotlib")
"""The packages whose versions stand in a release."""


class ReleasedLevel(Frozen):
    """One outcome in one group and period: a level in its unit, or hidden, which is neither 0 nor blank.

    Of a hidden one ``low`` and ``high`` are the range that anybody can work out from the levels that are shown, None
    where they leave it open.
    """

    outcome: str
    group: Literal["treated", "control"]
    period: str
    status: Literal["shown", "hidden"]
    level: float | None = None
    low: float | None = None
    high: float | None = None


class Step(Frozen):
    """In what steps the estimates of one outcome are rounded on one scale."""

    outcome: str
    scale: str
    step: float


class GivenUp(Frozen):
    """What is not shown of one outcome, or shown more roughly than it was computed, so that no child can be told."""

    outcome: str
    what: Literal[
        "levels_years",
        "levels_windows",
        "levels_some",
        "curve_years",
        "curve_none",
        "wider",
        "few_districts",
        "one_district",
    ]


class Release(Frozen):
    """All that a report may tell about one study, and all that it needs.

    ``versions`` names the packages that computed it; ``data_sha256`` is the hash of the panel; ``main_reading`` is the
    reading that the first figure shows: the first one that contradicts none of the reported figures. ``withheld`` are
    outcomes that were estimated from so few children that nothing about them may be released; ``contradicted`` those
    whose printed figures cannot all be true, so that nothing is computed of them. ``steps`` say how estimates are
    rounded, ``windows`` are the levels of the whole windows before and after, and ``given_up`` what disclosure control
    made rougher. Of registers ``data_sha256`` is empty: a hash of few children can be tried until it fits. ``sources``
    are the files of public tables, with the credit that their licence wants.
    """

    study: AnyStudy
    plan_sha256: str
    data_sha256: str
    synthetic: bool
    policy: Policy
    versions: dict[str, str]
    designs: tuple[OutcomeDesign, ...]
    main_reading: str
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    reported: tuple[Reported, ...] = ()
    feasible: tuple[Feasible, ...] = ()
    diagnostics: tuple[Diagnostics, ...] = ()
    methods_tables: tuple[MethodsRecord, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    levels: tuple[ReleasedLevel, ...] = ()
    windows: tuple[ReleasedLevel, ...] = ()
    withheld: tuple[str, ...] = ()
    contradicted: tuple[str, ...] = ()
    left_out: tuple[Remark, ...] = ()
    posteriors: tuple[PosteriorRecord, ...] = ()
    steps: tuple[Step, ...] = ()
    given_up: tuple[GivenUp, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    economy: EconomyRecord | None = None
    targets: tuple[TargetRecord, ...] = ()
    ladder: LadderRecord | None = None
    doses: tuple[DoseResponse, ...] = ()
    statements: tuple[Statement, ...] = ()


def release_published(
    *,
    study: Study,
    data_sha256: str,
    synthetic: bool,
    reported: tuple[Reported, ...],
    designs: tuple[OutcomeDesign, ...],
    feasible: tuple[Feasible, ...],
    contradicted: Collection[str],
    findings: tuple[Finding, ...],
    checks: tuple[CheckResult, ...],
    diagnostics: tuple[Diagnostics, ...],
    economy: EconomyRecord | None = None,
    targets: TargetRecords | None = None,
    ladder: LadderRecord | None = None,
    statements: tuple[Statement, ...] = (),
) -> Release:
    """Release a study of published figures.

    Raises InputError when the study is not one, when a finding was made from another plan, or when an outcome has
    estimates and no published figure of its own: then something else than published figures would leave.
    """
    if not isinstance(study, PublishedStudy):
        raise InputError(Problem("not_published", column="kind", found=study.kind, expected="published"))
    of_this_plan(study, economy, targets)
    findings = (*findings, *economy_findings(study, designs, economy))
    _only_published(study, reported, findings)
    return Release(
        study=study,
        plan_sha256=study.sha256,
        data_sha256=data_sha256,
        synthetic=synthetic,
        policy="published",
        versions={name: version(name) for name in COMPUTED_WITH},
        designs=designs,
        main_reading=_main_reading(study, feasible),
        findings=findings,
        checks=checks,
        reported=reported,
        feasible=feasible,
        contradicted=tuple(sorted(contradicted)),
        diagnostics=diagnostics,
        economy=economy,
        targets=targets.targets if targets else (),
        ladder=ladder,
        statements=statements,
    )


def _only_published(study: PublishedStudy, reported: tuple[Reported, ...], findings: tuple[Finding, ...]) -> None:
    named = {fact.outcome.partition(".")[0] for fact in reported}
    problems = []
    for outcome in dict.fromkeys(finding.outcome for finding in findings):
        if not named & {outcome, *CATALOGUE[outcome].made_of}:
            problems.append(Problem("not_published_outcome", column="outcome", found=outcome))
    if any(finding.plan_sha256 != study.sha256 for finding in findings):
        problems.append(Problem("other_plan"))
    if problems:
        raise InputError(*problems)


def _main_reading(study: PublishedStudy, feasible: tuple[Feasible, ...]) -> str:
    """The first reading of the plan whose own enumeration contradicts no reported figure; the first if all do."""
    own = {found.reading: found for found in reversed(feasible)}  # a reading's first enumeration is its own
    damaged = {reading for reading, found in own.items() if not found.consistent}
    sound = [reading.key for reading in study.readings if reading.key not in damaged]
    return (sound or [reading.key for reading in study.readings] or ["all"])[0]


def estimates_csv(release: Release) -> str:
    """The findings as a table for machines: ``results.ROW_FIELDS``, with a first column that marks synthetic data."""
    return findings_csv(release.findings, synthetic=release.synthetic)


def findings_csv(findings: Iterable[Finding], *, synthetic: bool) -> str:
    """As :func:`estimates_csv`, of the released findings of any kind of study."""
    out = io.StringIO()
    mark: dict[str, Any] = {"synthetic": True} if synthetic else {}
    writer = csv.DictWriter(out, [*mark, *ROW_FIELDS], lineterminator="\n")
    writer.writeheader()
    for finding in findings:
        writer.writerow(mark | finding.row())
    return out.getvalue()
