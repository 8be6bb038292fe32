"""Releases whose pages are odd: one outcome, none that can be told, all hidden, long names, 98 municipalities."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from small_district_panel import START, levels, panel, wanted
from small_panel_study import study
from small_release import make_release, make_study

from sverige_did.checks.spillover import spillover
from sverige_did.design import designs
from sverige_did.disclosure.registers import release_registers
from sverige_did.disclosure.release import Release
from sverige_did.sources.panel.coverage import coverage
from sverige_did.studies.panel.estimate import estimate_panel

RATE = "institution_per_1000"
SHARE = "institution_share"
LONG = "Den sammenlagte indsats for tidlig og netværksbaseret opsporing i de nordvestlige landdistrikter, første del"


def of_districts(
    treated: int, control: int, *, residents: float = 5000.0, outcomes: tuple[str, ...] = (RATE,), **plan: object
) -> Release:
    """A study of registers with made-up rates, estimated and released as the workflow does it."""
    starts = (START,) * treated + (None,) * control
    data = panel({name: levels(2, starts) for name in outcomes}, starts, residents=residents)
    groups = {
        "treated": {"label": {"da": "Indsats", "en": "Programme"}, "districts": treated},
        "control": {"label": {"da": "Øvrige", "en": "Others"}, "districts": control},
    }
    made = study(**{"outcomes": wanted(*outcomes, scales=("ratio",)), **groups, **plan})  # type: ignore[arg-type]
    found = designs(data, made)
    estimated = estimate_panel(data, made, found)
    return release_registers(
        study=made, panel=data, designs=found, findings=estimated.findings, methods_tables=estimated.methods_tables,
        coverage=coverage(data),
    )  # fmt: skip


def many_municipalities() -> Release:
    """As many units as Denmark has municipalities: the numbers of a few, told as those of 98."""
    few = of_districts(4, 12)
    designs = tuple(
        one.model_copy(update={"support": one.support.model_copy(update={"treated_units": 40, "control_units": 58})})
        for one in few.designs
    )
    covered = tuple(
        one.model_copy(update={"units": count, "units_seen": (count,) * len(one.periods)})
        for one in few.coverage
        for count in (40 if one.group == "treated" else 58,)
    )
    return few.model_copy(update={"designs": designs, "coverage": covered})


def one_outcome() -> Release:
    return of_districts(4, 12)


def two_treated() -> Release:
    """Too few treated districts for any verdict."""
    return of_districts(2, 12)


def refused() -> Release:
    """The same of public tables, where the numbers of so few are no secret: they stand beside the refusal."""
    starts = (START,) * 2 + (None,) * 12
    data = panel({RATE: levels(2, starts, effect=-6.0)}, starts)
    plan = study(outcomes=wanted(RATE, scales=("rate_per_1000",)))
    found = designs(data, plan)
    estimated = estimate_panel(data, plan, found)
    return Release(
        study=plan, plan_sha256=plan.sha256, data_sha256="0" * 64, synthetic=True, policy="registers", versions={},
        designs=found, main_reading="all", findings=estimated.findings, checks=(),
        methods_tables=estimated.methods_tables, coverage=coverage(data),
    )  # fmt: skip


def all_hidden() -> Release:
    """So few children that no level may be shown."""
    return of_districts(4, 12, residents=20.0)


def no_outcome() -> Release:
    """A plan whose only outcome nobody has a figure of."""
    plan = make_study()
    lone = next(one for one in plan.outcomes if one.outcome == "wellbeing_sdq")
    made = make_study(outcomes=[lone.model_dump()], questions=[plan.questions[5].model_dump()])
    whole = make_release()
    mine = tuple(one for one in whole.designs if one.outcome == "wellbeing_sdq")
    return make_release(made, designs=mine, findings=(), checks=(), feasible=(), reported=(), diagnostics=())


def long_names() -> Release:
    """Names that no heading, table or figure was made for."""
    label = {"da": LONG, "en": LONG}
    groups = {
        "treated": {"label": label, "districts": 4, "districts_known": True},
        "control": {"label": label, "districts": 16, "districts_known": False},
    }
    made = make_study(title=label, question=label, questions=[
        {"key": one.key, "text": label} for one in make_study().questions
    ], **groups)  # fmt: skip
    return make_release(made)


def with_everything() -> Release:
    """The small release with an assumption that can be moved."""
    moved = spillover(-0.5, SHARE, scale="log_ratio", limits=(-1.2, 0.2))
    whole = make_release()
    return whole.model_copy(update={"checks": (*whole.checks, moved)})


ODD: dict[str, Callable[[], Release]] = {
    one.__name__: cache(one)
    for one in (
        many_municipalities,
        one_outcome,
        two_treated,
        refused,
        all_hidden,
        no_outcome,
        long_names,
        with_everything,
    )
}
"""Each made once in a run of the tests."""
