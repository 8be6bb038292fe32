"""How much data would be needed: the trade-offs of a new evaluation, simulated before anybody begins.

Each scene is an outcome with a design that a municipality could have, and variations of one thing at a time. The power
is that of the verdict, the very rule that the pages of a study follow; nothing is read off any data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sverige_did.checks.needed import multiplier
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import power
from sverige_did.results.power import CaseReview, PlannedFigure

SIZES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Effects along the axis, as shares of the level."""

WANTED = 0.8
"""The power that a design is asked for."""

CASES = (60, 90, 150, 250, 400, 600)
"""Numbers of cases in which a measure began, of a review of cases before and during."""

DESIGN_EFFECTS = (1.0, 1.5, 2.2)
"""How many times the variance is larger because a caseworker's cases go alike."""

type Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Variation:
    """One figure of a scene: ``key`` says what is varied, ``lines`` are the changed numbers of each line."""

    key: str
    lines: tuple[Mapping[str, float], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """An outcome of a new evaluation: the usual ``design``, the variations, and the ``sign`` of a good effect."""

    key: str
    design: Mapping[str, Any]
    variations: tuple[Variation, ...]
    sign: int = -1


COMMON = {"districts": 20, "treated": 4, "before": 4, "after": 4, "memory": 0.3}
DISTRICTS = Variation("districts", ({"districts": 20, "treated": 4}, {"districts": 40, "treated": 8},
                                    {"districts": 80, "treated": 16}))  # fmt: skip
TREATED = Variation("treated", ({"treated": 4}, {"treated": 6}, {"treated": 10}))
PERIODS = Variation("periods", ({"before": 1, "after": 1}, {"before": 4, "after": 4}, {"before": 10, "after": 10}))
SWINGS = Variation("shock", ({"shock": 0.05}, {"shock": 0.15}, {"shock": 0.3}))

RESPONSE = Variation("response", ({"response": 0.4}, {"response": 0.7}, {"response": 1.0}))
COMPARISON = Variation("comparison", ({"districts": 7}, {"districts": 12}, {"districts": 20}))

SCENES = (
    Scene("share", COMMON | {"family": "binomial", "level": 0.25, "children": 18, "shock": 0.15, "between": 0.3},
          (DISTRICTS, TREATED, PERIODS, SWINGS)),
    Scene("complaints", COMMON | {"family": "poisson", "level": 0.014, "children": 150, "shock": 0.15, "between": 0.3},
          (DISTRICTS, PERIODS, Variation("children", ({"children": 150}, {"children": 500}, {"children": 1500})))),
    Scene("sdq", COMMON | {"family": "normal", "level": 14.0, "child_sd": 6.0, "children": 15, "shock": 0.05,
                           "before": 1, "after": 1, "retest": 0.62, "response": 1.0},
          (Variation("rated", ({"children": 5}, {"children": 15}, {"children": 50})), COMPARISON, DISTRICTS, RESPONSE,
           Variation("waves", ({"before": 1, "after": 1}, {"before": 2, "after": 2}, {"before": 4, "after": 4})))),
)  # fmt: skip
"""The outcomes of the sources: the share in institutions, complaints, and children's wellbeing."""


def simulated(simulations: int, seed: int, told: Told = lambda _done, _all: None) -> tuple[PlannedFigure, ...]:
    """The figures of every scene; ``told`` is called after each line with how many are done, of how many."""
    count = sum(len(one.lines) for scene in SCENES for one in scene.variations)
    done, found = 0, []
    for scene in SCENES:
        for variation in scene.variations:
            lines, powers = [], []
            for changed in variation.lines:
                numbers = dict(scene.design) | dict(changed)
                effects = [scene.sign * size for size in SIZES]
                tallies = power(planned_design(**numbers), effects, seed=seed, simulations=simulations)
                powers.append(tuple(one.power for one in tallies))
                lines.append({name: float(value) for name, value in numbers.items() if name != "family"})
                done += 1
                told(done, count)
            found.append(
                PlannedFigure(
                    scene=scene.key, varied=variation.key, lines=tuple(lines), sizes=SIZES, powers=tuple(powers),
                    smallest=tuple(smallest(one) for one in powers),
                )
            )  # fmt: skip
    return tuple(found)


def smallest(powers: Sequence[float]) -> float | None:
    """The smallest effect that is found with the power wanted, between the points of :data:`SIZES`; None where none.

    A dip by chance does not take back what a smaller effect reached.
    """
    rising = np.maximum.accumulate(np.asarray(powers))
    if rising[-1] < WANTED:
        return None
    beyond = int(np.argmax(rising >= WANTED))
    low, high = rising[beyond - 1], rising[beyond]
    return float(SIZES[beyond - 1] + (WANTED - low) / (high - low) * (SIZES[beyond] - SIZES[beyond - 1]))


def review() -> CaseReview:
    """Of a review of cases before and during, by the formula of the hazards' variance (Schoenfeld 1981)."""
    ratios = tuple(
        tuple(float(np.exp(multiplier() * np.sqrt(4 * effect / events))) for events in CASES)
        for effect in DESIGN_EFFECTS
    )
    return CaseReview(cases=CASES, effects=DESIGN_EFFECTS, ratios=ratios)
