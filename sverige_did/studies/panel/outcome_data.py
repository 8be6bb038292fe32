"""One outcome of a plan with its cells: which of them are before and after, and the arrays made of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from sverige_did.did.arrays import DistrictPanel, Weighting
from sverige_did.did.window import Window
from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.districts import Bools, Floats, lottery_of
from sverige_did.inference.level_choice import Choice
from sverige_did.outcomes import CATALOGUE, RESIDENTS, CatalogueOutcome, is_what_was_done
from sverige_did.panel import COUNTED, Panel, children_living
from sverige_did.results.designs import OutcomeDesign
from sverige_did.results.estimates import DesignClass, Estimate, Finding, Remark, Verdict, remarks_of
from sverige_did.studies.panel.arrays import district_panel, study_window
from sverige_did.study.study import Outcome, PanelStudy
from sverige_did.windows import Partial, cells_after, cells_before, partial_of


class OutcomeData(NamedTuple):
    """One outcome of the plan with its cells."""

    study: PanelStudy
    wanted: Outcome
    design_class: DesignClass
    cells: pd.DataFrame
    weights: pd.Series[float] | None

    @property
    def entry(self) -> CatalogueOutcome:
        """What the catalogue says of the outcome."""
        return CATALOGUE[self.wanted.outcome]

    @property
    def name(self) -> str:
        """The key of the outcome."""
        return self.wanted.outcome

    @property
    def chosen(self) -> Choice:
        """How the plan says that the treated districts were chosen."""
        return self.study.chosen

    @property
    def is_what_was_done(self) -> bool:
        """Whether it says what was done: it has no verdict, and stands among no outcomes that have."""
        return is_what_was_done(self.wanted.outcome, self.wanted.role)

    @property
    def scale(self) -> str:
        """The scale of the outcome itself, on which no effect is 0."""
        return self.entry.scale

    @property
    def per(self) -> float:
        """The denominator that goes with it: 100 for percentage points, 1,000 for a rate per 1,000.

        For an amount of the group it is the number of children who live in the treated districts.
        """
        return (
            children_living(self.cells[self.cells["group"] == "treated"]) if self.entry.of_the_group else self.entry.per
        )

    @property
    def weighting(self) -> Weighting:
        """Whether districts count the same or by their children before go-live."""
        return "equal" if self.weights is None else "baseline"

    def found(self, verdict: Verdict, result: Estimate) -> Finding:
        """An estimate in the context of the study."""
        return Finding(
            study=self.study.study,
            outcome=self.wanted.outcome,
            reading="all",
            design_class=self.design_class,
            verdict=verdict,
            plan_sha256=self.study.sha256,
            result=result,
        )

    def rng(self) -> np.random.Generator:
        """Randomness of its own, so that no outcome's numbers depend on which others are asked for."""
        return np.random.default_rng([self.study.sampling.seed, zlib.crc32(self.wanted.outcome.encode())])

    def shared_rng(self) -> np.random.Generator:
        """Randomness that all outcomes share, for tests that take them through the same choices of districts."""
        return np.random.default_rng([self.study.sampling.seed, zlib.crc32(b"max_t_adjustment")])

    def before(self) -> pd.DataFrame:
        """The cells of the periods that count as before."""
        return cells_before(self.cells, self.study.periods)

    def after(self) -> pd.DataFrame:
        """The cells of the periods that count as after."""
        return cells_after(self.cells, self.study.periods)

    def totals(self) -> Iterator[Floats]:
        """Values and denominators (2, 2) added up: rows treated, control; columns before, after."""
        sides = (self.before(), self.after())
        for name in ("value", "denominator"):
            yield np.array([
                [side.loc[side["group"] == group, name].sum() for side in sides] for group in ("treated", "control")
            ])  # fmt: skip

    def window(self) -> Window:
        """The periods before and after, as numbers; what lies in neither is the donut."""
        return study_window(self.cells, self.study.periods)

    @property
    def partial(self) -> Partial:
        """What the plan makes of a period that is treated in part."""
        return partial_of(self.study.periods)

    def lottery(self, units: Sequence[str], treated: Bools) -> Bools | None:
        """The sets (n, G) these districts were drawn from, given what others of the plan's are; None without a lot.

        Raises RefusedError: ``lottery_districts`` where the plan's lottery has not all of them, ``lottery_not_drawn``
        where others are treated than were drawn.
        """
        plan = self.study.lottery
        if plan is None:
            return None
        where = {name: at for at, name in enumerate(plan.districts)}
        if strange := set(units) - where.keys():
            raise refuse("lottery_districts", found=str(len(strange)))
        drawn = np.isin(plan.districts, plan.treated)
        rows = np.array([where[name] for name in units])
        if not np.array_equal(drawn[rows], treated):
            raise refuse("lottery_not_drawn", found=str(int((drawn[rows] != treated).sum())))
        return lottery_of(plan.rows(), drawn, rows)

    def arrays(self, partial: Partial, per: float | None = None) -> DistrictPanel:
        """The arrays of the estimators, with strata where the plan exchanges districts within them.

        ``per`` is another denominator than the outcome's own: 1 for shares and plain rates.
        """
        cells = self.cells
        if cells["kind"].isin(["money"]).any() and cells["denominator"].notna().all():
            # An amount per resident child: its denominator is a size, and no count of events.
            cells = cells.assign(value=self.per * cells["value"] / cells["denominator"])
        panel = district_panel(cells, partial=partial, per=per or self.per, weights=self.weights)
        strata = cells.groupby("unit")["stratum"].first().reindex(list(panel.labels))
        return panel if strata.isna().any() else replace(panel, strata=pd.factorize(strata, sort=True)[0])


def outcome_data_of(panel: Panel, study: PanelStudy, designs: Sequence[OutcomeDesign]) -> Iterator[OutcomeData]:
    """Every outcome of the plan that the panel has cells of and that has a design class, in the plan's order."""
    classes = {design.outcome: design.design_class for design in designs}
    for wanted in study.outcomes:
        cells, design_class = panel.outcome(wanted.outcome), classes[wanted.outcome]
        if design_class is not None and not cells.empty:
            weights = None if study.weights == "districts" else children(panel, wanted.outcome, study)
            yield OutcomeData(study, wanted, design_class, cells, weights)


def children(panel: Panel, outcome: str, study: PanelStudy) -> pd.Series[float]:
    """The children that an outcome is about in a period before go-live, by district: what districts are weighed by.

    For shares and rates the mean of their own denominators, so that a share of placed children is one of all placed
    children of a group and not the mean of its districts' shares; for means and amounts the resident-years. Frozen
    before go-live, because who is placed after it is an outcome itself.
    """
    cells = panel.outcome(outcome)
    before = cells_before(cells, study.periods)
    if not (cells["kind"].isin(COUNTED).all() and before["denominator"].notna().any()):
        return cells_before(panel.outcome(RESIDENTS), study.periods).groupby("unit")["denominator"].mean()
    frozen = before.groupby("unit")["denominator"].mean().reindex(cells["unit"].unique())
    # Where nobody was at risk before, no change exists that a weight could count.
    return frozen.where(frozen > 0, 1.0)


def bare(estimate: float, scale: str, estimand: str, estimator: str, *assumptions: str) -> Estimate:
    """A number without an interval."""
    return Estimate(
        estimate=float(estimate),
        scale=scale,
        estimand=estimand,
        estimator=estimator,
        inference="none",
        assumptions=assumptions,
    )


def tried[Made](make: Callable[[], Made]) -> tuple[Made | None, tuple[Remark, ...]]:
    """What ``make`` makes, or None and what its refusal says."""
    try:
        return make(), ()
    except RefusedError as refusal:
        return None, remarks_of(refusal.problems)
