"""The Bayesian models in designs small enough to be fitted five hundred times, for tests/validation/sbc.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from move_effects import effect_on_moves
from sbc_ranks import Quantity

from sverige_did.bayes.models.binomial import build_binomial
from sverige_did.bayes.models.composition import TypeCells, average_type_effect, build_dirichlet_multinomial
from sverige_did.bayes.models.district_effects import Cells, PanelPriors
from sverige_did.bayes.models.durations import LINKS, Stays, average_duration_effect, build_durations
from sverige_did.bayes.models.effects import effect_on_treated, percent, weights_of
from sverige_did.bayes.models.group_totals import (
    build_group_rates,
    build_group_totals,
    effect_on_rates,
    effect_on_shares,
)
from sverige_did.bayes.models.hidden_districts import districts
from sverige_did.bayes.models.negative_binomial import build_negative_binomial
from sverige_did.bayes.models.poisson import build_poisson
from sverige_did.bayes.models.sdq_districts import ScoreDistricts
from sverige_did.bayes.models.sdq_growth import Scores, build_sdq, development_in_points
from sverige_did.bayes.models.transitions import Ladder, Moves, build_transitions
from sverige_did.bayes.models.two_part_costs import Totals, build_totals
from sverige_did.bayes.priors import Normal


@dataclass(frozen=True)
class Case:
    """A model in a small design: ``simulator`` has every count in ``y``; ``build(y)`` is the model that is judged.

    Every ``thin``-th draw is ranked: the slower a model mixes, the larger. ``target`` is the target acceptance: nearer
    to one where data drawn from the prior can be such that larger steps diverge.
    """

    simulator: Any
    build: Callable[[np.ndarray], Any]
    names: tuple[str, ...]
    derived: Mapping[str, Quantity]
    thin: int = 8
    target: float = 0.9


# Reconstructed mid-term counts among the placed (docs/methods.md); in tens of placed children as an exposure.
COUNTS = np.array([[17.0, 8], [75, 75]])
PLACED = np.array([[67.0, 58], [300, 300]])
TOTALS = ("level", "gap", "drift", "tau", "s")
HIDDEN = districts([1] * 4, [1] * 16)


def group_totals() -> Case:
    """Two groups before and after, as shares."""
    return Case(
        build_group_totals(COUNTS, PLACED, HIDDEN),
        lambda y: build_group_totals(y.reshape(2, 2), PLACED, HIDDEN),
        TOTALS,
        {"att": lambda draws: effect_on_shares(draws).difference},
    )


def group_rates() -> Case:
    """Two groups before and after, as rates."""
    return Case(
        build_group_rates(COUNTS, PLACED / 10, HIDDEN),
        lambda y: build_group_rates(y.reshape(2, 2), PLACED / 10, HIDDEN),
        TOTALS,
        {"att": lambda draws: effect_on_rates(draws).difference},
    )


# Six districts, three of them treated from half-way through the second of five periods; two cells are missing, and
# just enough treated cells are left for effects to differ between districts.
DISTRICT, PERIOD = np.delete(np.divmod(np.arange(30), 5), [5, 22], axis=1)
TREATED = np.arange(6) < 3
DOSE = np.where(TREATED[DISTRICT], np.array([0.0, 0.5, 1, 1, 1])[PERIOD], 0.0)
SIZE = 15.0 + 10 * (DISTRICT % 3) + PERIOD
RATES = PanelPriors(level=Normal(-1.0, 1.0, "log_rate", "priors.total_rate"))
SHARED = ("mu", "gamma", "tau", "sigma_alpha", "sigma_lambda", "sigma_s", "sigma_tau", "rho")


def cells(low: np.ndarray, high: np.ndarray | None = None) -> Cells:
    """The panel with these counts."""
    return Cells(DISTRICT, PERIOD, TREATED, DOSE, low, low if high is None else high, SIZE)


KNOWN = cells(np.ones(len(SIZE)))


def panel(
    build: Callable[[Cells], Any],
    outcome: Callable[[np.ndarray], np.ndarray],
    own: tuple[str, ...] = (),
    observed: Callable[[np.ndarray], Cells] = cells,
    target: float = 0.9,
    known: Cells = KNOWN,
) -> Case:
    """A district model; ``observed`` makes of the counts what is published of them, ``known`` is with all of them."""
    return Case(
        build(known),
        lambda y: build(observed(y)),
        (*SHARED, *own),
        {"att": lambda draws: effect_on_treated(draws, known, outcome).difference},
        target=target,
    )


def coarse(y: np.ndarray) -> Cells:
    """Every third count published as the five numbers that it is among: 0-4, 5-9, ..."""
    hide = np.arange(len(y)) % 3 == 0
    low = np.where(hide, y // 5 * 5, y)
    return cells(low, np.where(hide, low + 4, y))


def windows(y: np.ndarray) -> Cells:
    """Sixteen districts before and after, three in four treated, some half-way: one sum is missing."""
    district, period = np.delete(np.divmod(np.arange(32), 2), 29, axis=1)
    treated = np.arange(16) < 12
    dose = np.where(treated[district] & (period == 1), np.where(district % 4 == 0, 0.5, 1.0), 0.0)
    return Cells(district, period, treated, dose, y, y, 30.0 + 10 * (district % 4))


def types_of_placement() -> Case:
    """Three kinds of placement in six districts and four periods, two of them treated from the third."""
    district, period = np.divmod(np.arange(24), 4)
    treated = np.arange(6) < 2
    dose = np.where(treated[district] & (period >= 2), 1.0, 0.0)

    def types(y: np.ndarray) -> TypeCells:
        return TypeCells(district, period, treated, dose, y)

    def att(draws: Any) -> np.ndarray:
        rows = np.flatnonzero(dose)
        change = np.repeat(draws.values("tau_type")[:, None, :], rows.size, axis=1)
        return average_type_effect(draws.values("eta")[:, rows], change, np.full(rows.size, 1 / rows.size))[:, 0]

    some = types(np.tile([10.0, 12.0, 8.0], (24, 1)))
    return Case(
        build_dirichlet_multinomial(some),
        lambda y: build_dirichlet_multinomial(types(y)),
        ("sigma_alpha", "sigma_lambda", "log_kappa"),
        {"tau": lambda draws: draws.values("tau_type")[:, 0], "att": att},
        thin=12,
    )


def sdq() -> Case:
    """Twenty children in three waves, seen by two kinds of informant; every other child is helped from the second."""
    child, wave = np.divmod(np.arange(60), 3)
    time, dose = 0.5 * wave + 0.02 * (child % 5), (child % 2) * (wave > 0) * 1.0

    def scores(y: np.ndarray) -> Scores:
        return Scores(child, (child // 2 + wave) % 2, time, dose, y)

    some = scores(np.full(60, 15.0))
    return Case(
        build_sdq(some),
        lambda y: build_sdq(scores(y)),
        ("level", "trend", "tau", "log_kappa", "sd_child", "sd_slope", "sd_informant"),
        {"att": lambda draws: development_in_points(draws, some)},
    )


def sdq_places() -> Case:
    """Twenty-four children of four districts, six in each, in three waves; one district is helped from the second."""
    child, wave = np.divmod(np.arange(72), 3)
    places = ScoreDistricts(np.arange(24) % 4, wave, np.arange(4) < 1)
    dose = places.treated[places.district[child]] * (wave > 0) * 1.0
    time = 0.5 * wave + 0.02 * (child % 5)

    def scores(y: np.ndarray) -> Scores:
        return Scores(child, (child // 4 + wave) % 2, time, dose, y)

    some = scores(np.full(72, 15.0))
    return Case(
        build_sdq(some, places=places),
        lambda y: build_sdq(scores(y), places=places),
        (
            "level", "trend", "tau", "log_kappa", "sd_child", "sd_slope", "sd_informant",
            "gamma", "sigma_alpha", "sigma_s", "sigma_lambda",
        ),
        {"att": lambda draws: development_in_points(draws, some)},
    )  # fmt: skip


# Children on three rungs; from a foster family nobody goes straight to secure care, and some turn 18.
LADDER = Ladder(
    origin=np.array([1.0, 2, 3]),
    destination=np.array([0.0, 1, 2, 3, np.nan]),
    possible=np.array([[1, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 1, 1, 1, 1]], dtype=bool),
)


def transitions() -> Case:
    """Moves on the ladder in five districts and three periods, two of them treated from the second."""
    district, period, origin = (index.ravel() for index in np.indices((5, 3, 3)))
    treated = np.arange(5) < 2
    dose = np.where(treated[district] & (period >= 1), 1.0, 0.0)

    def moves(y: np.ndarray) -> Moves:
        return Moves(LADDER, district, period, origin, treated, dose, y)

    some = moves(np.where(LADDER.stay, 12.0, 2.0)[origin] * LADDER.possible[origin])
    weights = np.ones(len(origin))  # never the counts: truth and draws must be told the same
    return Case(
        build_transitions(some),
        lambda y: build_transitions(moves(y)),
        ("stay", "tau_down", "tau_up", "sd_level", "sd_gap", "sigma_alpha", "sigma_lambda", "sigma_tau", "log_kappa"),
        {"att_down": lambda draws: effect_on_moves(draws, some, weights).down[:, 1]},
        thin=12,
    )


def totals() -> Case:
    """What is spent in each cell, on one to four users."""
    users = cells(1.0 + np.arange(len(SIZE)) % 4)

    def spent(y: np.ndarray) -> Totals:
        return Totals(users, y, 2015)

    return Case(
        build_totals(spent(np.full(len(SIZE), 1e5))),
        lambda y: build_totals(spent(y)),
        (*SHARED, "log_cv"),
        {"att": lambda draws: effect_on_treated(draws, users, np.exp).difference},
        target=0.98,
    )


def _mean_stay(draws: Any, some: Stays) -> np.ndarray:
    """The effect on the mean stay up to three periods, draw by draw in their order."""
    panel = some.cells
    rows = np.flatnonzero(panel.dose > 0)
    place = np.searchsorted(np.flatnonzero(TREATED), panel.district[rows])
    eta, change = draws.values("eta")[:, rows], draws.values("tau_district")[:, place] * panel.dose[rows]
    walk = draws.values("walk")[:, None, :]
    hazards = LINKS["cloglog"].hazard(np.stack([eta, eta - change])[..., None] + walk)
    return average_duration_effect(hazards[None], weights_of(panel)[rows]).mean


def durations() -> Case:
    """Who leaves in the first, second, or a later period of a stay, in the panel's cells."""
    row, stay = (index.ravel() for index in np.indices((len(SIZE), 3)))
    at_risk = np.array([10.0, 7.0, 12.0])[stay] + DISTRICT[row] % 3

    def stays(y: np.ndarray) -> Stays:
        return Stays(DISTRICT[row], PERIOD[row], stay, TREATED, DOSE[row], y, y, at_risk)

    some = stays(np.ones(len(row)))
    return Case(
        build_durations(some),
        lambda y: build_durations(stays(y)),
        (*SHARED, "sigma_length"),
        {"att": lambda draws: _mean_stay(draws, some)},
    )


MODELS: Mapping[str, tuple[int, Callable[[], Case]]] = {
    "group_totals": (0, group_totals),
    "group_rates": (1, group_rates),
    "binomial": (2, lambda: panel(build_binomial, percent)),
    "binomial_hidden": (3, lambda: panel(build_binomial, percent, observed=coarse)),
    "poisson": (5, lambda: panel(lambda known: build_poisson(known, RATES), np.exp, target=0.98)),
    "negative_binomial": (
        6,
        lambda: panel(lambda known: build_negative_binomial(known, RATES), np.exp, ("clustering",), target=0.98),
    ),
    "dirichlet_multinomial": (7, types_of_placement),
    "sdq": (9, sdq),
    "transitions": (10, transitions),
    "cost_totals": (12, totals),
    "durations": (13, durations),
    "sdq_places": (14, sdq_places),
    "binomial_two_windows": (
        15,
        lambda: panel(build_binomial, percent, observed=windows, target=0.95, known=windows(np.ones(31))),
    ),
}
"""By name: the number that goes into the seed, which never changes (4, 8 and 11 are of models that are gone)."""
