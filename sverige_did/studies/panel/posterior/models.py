"""The registry of posterior models: one entry each. A new model is one file, one entry here, and its words.

Nothing here needs a sampler: the workflow and the release read the names and what may leave, and a model's file is
imported when it is asked to prepare.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sverige_did.studies.panel.posterior.protocol import Ready, StudyData


@dataclass(frozen=True, slots=True)
class Model:
    """One likelihood: the module of its ``prepare``, and what may leave of what it finds.

    Of its draws, the scalar parameters and the variables that ``keeps`` names are written to disk; all that has a value
    by child, by questionnaire, by cell or, unless it is named, by district is not. Where ``sums_to_zero``, the effect
    on one of its outcomes gives away that on another: all are released, or none.
    """

    module: str
    keeps: frozenset[str] = frozenset()
    sums_to_zero: bool = False

    def prepare(self) -> Callable[[StudyData, str], Ready]:
        """What makes the jobs of a study, given the likelihood's name: ``prepare`` of the module."""
        return cast("Callable[[StudyData, str], Ready]", import_module(self.module).prepare)


_COUNTS = Model("sverige_did.studies.panel.posterior.counts", keeps=frozenset({"lambda", "tau_district"}))

MODELS: Mapping[str, Model] = {
    "poisson": _COUNTS,
    "binomial": _COUNTS,
    "composition": Model(
        "sverige_did.studies.panel.posterior.composition", keeps=frozenset({"tau_type"}), sums_to_zero=True
    ),
    "negative_binomial": _COUNTS,
    "sdq": Model("sverige_did.studies.panel.posterior.sdq"),
    "costs": Model("sverige_did.studies.panel.posterior.costs"),
    "transitions": Model("sverige_did.studies.panel.posterior.transitions"),
    "durations": Model("sverige_did.studies.panel.posterior.durations"),
}
"""In the order in which the workflow samples them, each by a process of its own."""
