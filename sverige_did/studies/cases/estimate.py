"""The difference between cases before and during, one municipality at a time and then together, without a prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sverige_did.errors import RefusedError
from sverige_did.results.cases import ALL, PRIMARY, Arm, CaseCurve, CaseDays, CaseEstimates, CaseGroup
from sverige_did.results.estimates import Estimate, Finding, Remark, remarks_of
from sverige_did.studies.cases.checks import checks_of
from sverige_did.studies.cases.waits import OUTCOMES, CaseWaits, estimated_on, waits_of
from sverige_did.survival.hazard_ratio import hazard_ratio
from sverige_did.survival.incidence import cumulative_incidence
from sverige_did.survival.restricted_mean import (
    Difference,
    followed_to,
    over_municipalities,
    pooled,
    restricted_mean,
)
from sverige_did.survival.waits import EVENT, EXIT, WAITING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from sverige_did.sources.cases.delivery import CaseData
    from sverige_did.study.cases import CaseStudy

ARMS: tuple[Arm, ...] = ("before", "during")
WEEK = 7


def estimate_cases(data: CaseData, study: CaseStudy) -> CaseEstimates:
    """All estimates, groups, curves and checks of the cases; what is refused is a remark and stops nothing else."""
    chosen = estimated_on(data.cases, study)
    cases, others = data.cases[chosen], data.cases[~chosen]
    findings: list[Finding] = []
    remarks: list[Remark] = []
    for outcome in OUTCOMES:
        found, refused = _of_outcome(waits_of(cases, study, outcome), study, outcome)
        findings += found
        remarks += refused
    primary = waits_of(cases, study)
    return CaseEstimates(
        plan_sha256=study.sha256,
        data_sha256=data.sha256,
        findings=tuple(findings),
        groups=tuple(_groups(primary, others, study)),
        days=tuple(_days(primary, study)),
        curves=tuple(_curves(primary, study)),
        checks=checks_of(cases, others, study),
        fewest={outcome: _fewest(waits_of(cases, study, outcome), study) for outcome in OUTCOMES},
        remarks=tuple({one.model_dump_json(): one for one in remarks}.values()),
    )


def by_municipality(
    waits: CaseWaits, study: CaseStudy, horizon: int, outcome: str = PRIMARY
) -> tuple[dict[str, Difference], tuple[Remark, ...]]:
    """The difference in days of every municipality that has one, and why the others have none."""
    found: dict[str, Difference] = {}
    refused: list[Remark] = []
    for at, one in enumerate(study.municipalities):
        mine = waits.of(waits.place == at)
        try:
            found[one.key] = restricted_mean(mine.waits, mine.during, horizon, mine.worker)
        except RefusedError as error:
            refused += [
                Remark(
                    key=f"errors.{said.key}",
                    values={
                        **{k: str(v) for k, v in dict(said.values).items()},
                        "municipality": one.name,
                        "outcome": outcome,
                    },
                )
                for said in error.problems
            ]
    return found, tuple(refused)


def _of_outcome(waits: CaseWaits, study: CaseStudy, outcome: str) -> tuple[list[Finding], list[Remark]]:
    """Of one outcome: every horizon by municipality and together; of the headline also the hazard ratio."""
    findings: list[Finding] = []
    remarks: list[Remark] = []
    jackknife = "case_jackknife" if waits.worker is None else "caseworker_jackknife"
    for horizon in study.horizons:
        each, refused = by_municipality(waits, study, horizon, outcome)
        remarks += refused
        rows = [(key, one, jackknife) for key, one in each.items()]
        if each:
            rows.append((ALL, pooled(list(each.values())), jackknife))
        if len(each) > 1:
            rows.append((ALL, over_municipalities(list(each.values())), "municipalities"))
        findings += [
            _finding(
                study, outcome, place, _estimate(one, "days", f"first_{horizon}_days", "restricted_mean", how, study)
            )
            for place, one, how in rows
        ]
    if outcome == PRIMARY:
        for how, cluster in ((jackknife, waits.worker), ("municipalities", waits.place)):
            if how == "municipalities" and len(waits.places) < 2:
                continue
            try:
                one = hazard_ratio(waits.waits.until(study.horizon), waits.during, waits.place, cluster)
            except RefusedError as error:
                remarks += remarks_of(error.problems)
            else:
                findings.append(_finding(study, outcome, ALL, _ratio(one, how, study)))
    return findings, remarks


def _finding(study: CaseStudy, outcome: str, place: str, result: Estimate) -> Finding:
    return Finding(
        study=study.study,
        outcome=outcome,
        reading=place,
        design_class="D4",
        verdict="descriptive",
        plan_sha256=study.sha256,
        result=result,
    )


def _estimate(one: Difference, scale: str, estimand: str, estimator: str, inference: str, study: CaseStudy) -> Estimate:
    limits = one.interval(study.level)
    if limits and scale == "days":
        # Nobody can spend more days than the horizon has, however few measurements the interval rests on.
        most = float(estimand.split("_")[1])
        limits = max(limits[0], -most), min(limits[1], most)
    return Estimate(
        estimate=one.estimate,
        scale=scale,
        estimand=estimand,
        estimator=estimator,
        inference=inference if limits else "none",
        std_error=one.std_error,
        lower=limits[0] if limits else None,
        upper=limits[1] if limits else None,
        level=study.level if limits else None,
        p_value=one.p_value,
        n_units=one.clusters,
        weights="municipalities",
    )


def _ratio(one: Difference, inference: str, study: CaseStudy) -> Estimate:
    logs = _estimate(one, "ratio", "hazard_ratio", "cox", inference, study)
    ends = {name: float(np.exp(value)) for name in ("lower", "upper") if (value := getattr(logs, name)) is not None}
    return logs.model_copy(update={"estimate": float(np.exp(logs.estimate)), "std_error": None} | ends)


def _fewest(waits: CaseWaits, study: CaseStudy) -> int:
    happened = waits.waits.until(study.horizons[0]).cause == EVENT
    return min(int((happened & arm).sum()) for arm in (waits.during, ~waits.during))


def _arms(waits: CaseWaits, study: CaseStudy) -> Iterator[tuple[str, Arm, CaseWaits]]:
    for at, one in enumerate(study.municipalities):
        for arm in ARMS:
            yield one.key, arm, waits.of((waits.place == at) & (waits.during == (arm == "during")))


def _groups(waits: CaseWaits, others: pd.DataFrame, study: CaseStudy) -> Iterator[CaseGroup]:
    for key, arm, mine in _arms(waits, study):
        cause = mine.waits.until(study.horizon).cause
        apart = (others["municipality"] == key) & (others["during"] == (arm == "during"))
        yield CaseGroup(
            municipality=key,
            arm=arm,
            cases=len(mine.waits),
            measures=int((cause == EVENT).sum()),
            exits=int((cause == EXIT).sum()),
            waiting=int((cause == WAITING).sum()),
            others=int(apart.sum()),
        )


def _days(waits: CaseWaits, study: CaseStudy) -> Iterator[CaseDays]:
    for key, arm, mine in _arms(waits, study):
        for horizon in study.horizons:
            if len(mine.waits) and followed_to(mine.waits, horizon):
                areas = cumulative_incidence(mine.waits.until(horizon)).areas(horizon)
                yield CaseDays(
                    municipality=key,
                    arm=arm,
                    horizon=horizon,
                    waiting=float(areas.waiting[0]),
                    after_exit=float(areas.after_exit[0]),
                    with_measure=float(areas.after_event[0]),
                    cases=len(mine.waits),
                    measures=int((mine.waits.until(horizon).cause == EVENT).sum()),
                )


def _curves(waits: CaseWaits, study: CaseStudy) -> Iterator[CaseCurve]:
    """The curve of every group at the end of each whole week up to the horizon."""
    weeks = [*range(0, study.horizon, WEEK), study.horizon]
    for key, arm, mine in _arms(waits, study):
        if not len(mine.waits):
            continue
        curve, seen = cumulative_incidence(mine.waits), mine.waits
        done = [int(((seen.cause == EVENT) & (seen.days <= week)).sum()) for week in weeks]
        yield CaseCurve(
            municipality=key,
            arm=arm,
            days=tuple(weeks),
            share=tuple(float(curve.at(week)[0]) for week in weeks),
            events=tuple(int(step) for step in np.diff(done, prepend=0)),
            left=tuple(len(seen) - so_far for so_far in done),
        )
