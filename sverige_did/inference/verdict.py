"""The rule that turns p-values and intervals into a verdict, and the sentences that explain a disagreement.

An effect is supported if two methods agree at the level alpha, and otherwise inconclusive:

1. the studentised permutation test (the primary p-value), exact if the changes of the districts are exchangeable, and
2. the calibrated test (behrens_fisher.py, the primary interval), which holds its size for normal changes whatever the
   ratio of the variances of treated and control districts.

CR2 with Bell and McCaffrey's degrees of freedom was a third. Without weights and strata it is never wider than the
calibrated test, so no verdict depends on it; with weights its degrees of freedom collapse, and all power with them
(docs/size.md). It stands beside the verdict.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field

from sverige_did import words
from sverige_did.inference.assignments import count_assignments, smallest_p
from sverige_did.inference.conley_taber import control_residuals
from sverige_did.inference.districts import HEAVY_SHARE, Bools, Districts, comparable, heaviest_share, leverage_share
from sverige_did.results.estimates import Frozen, Verdict
from sverige_did.words import Language

SMALLEST_ARM = 3
"""Fewer treated or control districts than this carry no verdict."""

WILD_ARM = 4
"""With an arm smaller than this the wild bootstrap degenerates."""

LONE_SHARE = 0.9
"""A district with this share of what the covariates leave of its arm's treatment tells the effect alone."""


class Note(Frozen):
    """A remark on a methods table: the sentence ``inference.note.<key>``, filled with ``values``."""

    key: str
    values: dict[str, str] = Field(default_factory=dict)

    def say(self, language: Language | None = None) -> str:
        """The remark in one language."""
        return words.text(f"inference.note.{self.key}", language, **self.values)


class Evidence(NamedTuple):
    """The p-values that the verdict and its explanation rest on."""

    studentised: float
    coefficient: float
    cr2: float
    behrens_fisher: float


def decide(found: Evidence, alpha: float) -> Verdict:
    """``supported`` where both methods of the rule reject no effect, else ``inconclusive``."""
    return "supported" if max(found.studentised, found.behrens_fisher) <= alpha else "inconclusive"


def supported(studentised: np.ndarray, behrens_fisher: np.ndarray, alpha: float) -> Bools:
    """The same rule for arrays of p-values, one entry a data set."""
    return np.asarray(np.maximum(studentised, behrens_fisher) <= alpha)


def refusals(treated: Bools, strata: np.ndarray, alpha: float) -> tuple[Note, ...]:
    """Why this design carries no verdict at the level ``alpha``, whatever the data; empty when it can.

    Districts whose stratum lacks the other arm are compared with nobody and do not count.
    """
    compared = comparable(treated, strata)
    n_treated, n_control = int((treated & compared).sum()), int((~treated & compared).sum())
    notes = []
    if n_treated < SMALLEST_ARM:
        notes.append(Note(key="few_treated", values={"found": str(n_treated), "needed": str(SMALLEST_ARM)}))
    if n_control < SMALLEST_ARM:
        notes.append(Note(key="few_control", values={"found": str(n_control), "needed": str(SMALLEST_ARM)}))
    smallest = smallest_p(treated, strata)
    if smallest > alpha:
        ways = f"{count_assignments(treated, strata):d}"
        notes.append(
            Note(key="few_assignments", values={"ways": ways, "smallest": f"{smallest:.3f}", "alpha": f"{alpha:g}"})
        )
    return tuple(notes)


def disagreements(found: Evidence, df: float, alpha: float) -> tuple[Note, ...]:
    """What stands behind methods that disagree; ``df`` are those of the calibrated test."""
    notes = []
    wide = min(found.cr2, found.behrens_fisher) > alpha
    if found.coefficient <= alpha and wide:
        notes.append(Note(key="treated_vary_more"))
    elif found.coefficient > alpha >= found.studentised:
        notes.append(Note(key="treated_vary_less"))
    if found.studentised <= alpha and wide:
        notes.append(Note(key="few_degrees_of_freedom", values={"df": f"{df:.1f}"}))
    if max(found.studentised, found.cr2) <= alpha < found.behrens_fisher:
        notes.append(Note(key="only_if_alike"))
    if found.behrens_fisher <= alpha < found.studentised:
        notes.append(Note(key="permutation_disagrees"))
    return tuple(notes)


def cautions(sample: Districts) -> tuple[Note, ...]:
    """Properties of the design that weaken single methods."""
    notes = []
    alone = int((sample.treated & ~comparable(sample.treated, sample.strata)).sum())
    if alone:
        notes.append(Note(key="stratum_without_control", values={"count": str(alone)}))
    share = heaviest_share(sample.weights, sample.treated)
    if share > HEAVY_SHARE:
        notes.append(Note(key="heavy_district", values={"percent": f"{100 * share:.0f}"}))
    leverage = leverage_share(sample)
    if sample.covariates.shape[1] and leverage > HEAVY_SHARE:
        notes.append(Note(key="leverage", values={"percent": f"{100 * leverage:.0f}"}))
    if min(int(sample.treated.sum()), int((~sample.treated).sum())) < WILD_ARM:
        notes.append(Note(key="wild_degenerate"))
    return tuple(notes)


def missing_methods(sample: Districts) -> tuple[Note, ...]:
    """Why a sensitivity is not in the methods table; the methods of the rule are never left out."""
    sample = sample.compared()
    residual = control_residuals(sample.change, sample)
    if 2 * residual.size < sample.change.size:
        return (Note(key="fewer_controls"),)
    if np.ptp(residual) <= 1e-12 * float(np.abs(sample.change).max()):
        return (Note(key="controls_alike"),)
    return ()


def told_by_one(sample: Districts) -> tuple[Note, ...]:
    """Whether the covariates leave one arm of the comparison to a single district: then there is no verdict.

    Where they leave it all to one, that district fits itself, nothing is left to tell how it swings, and the
    permutation test alone rejects half of the true nulls or more; from nine tenths on, a tenth to a third. The
    calibrated test holds, on the word of one district (docs/methods.md).
    """
    share = leverage_share(sample) if sample.covariates.shape[1] else 0.0
    if share < LONE_SHARE:
        return ()
    return (Note(key="one_district_tells", values={"percent": f"{100 * share:.0f}"}),)
