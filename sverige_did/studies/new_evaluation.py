"""The plan of a new evaluation: how many districts are to begin, which, and what it will be able to show.

The power is that of the verdict in a design made of the districts themselves, with their children and earlier levels; a
rate is what it was. Districts' own swings are read off three earlier levels or more, or else are what somebody says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from sverige_did.errors import RefusedError, refuse
from sverige_did.inference.districts import Bools, Districts, Floats, Ints
from sverige_did.inference.lottery import Balanced, balanced, places_by_stratum
from sverige_did.inference.simulated.design import Family, OwnData, OwnDesign, own_design
from sverige_did.inference.simulated.power import Tally, power
from sverige_did.inference.verdict import SMALLEST_ARM
from sverige_did.outcomes import CATALOGUE, CatalogueOutcome
from sverige_did.results.power import NewDesign, Power, SetBalance

FAMILIES: dict[str, Family] = {"share": "binomial", "rate": "poisson", "score": "normal"}
"""What is drawn for each family of outcomes that districts can be compared on."""

SIZES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Effects whose power is told, as shares of the level."""

WANTED = 0.8
FEWEST_LEVELS = 3


class Known(NamedTuple):
    """What is known of G districts: ``names``, ``children`` (G,) that the outcome counts among, earlier ``levels``
    (G, L) in its unit, the last one latest, and ``strata`` (G,)."""

    names: tuple[str, ...]
    children: Floats
    levels: Floats
    strata: Ints


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: the ``outcome``, the ``change`` to be found (a share of the level, negative for a fall),
    periods ``before`` and ``after``, how many are to ``begin`` (None: as few as find the change), swings of districts
    (``shock``, a share of the level; None: read off the levels), their ``memory``, ``child_sd`` for a score, the share
    of sets to ``keep``, and the ``seed``.
    """

    outcome: str
    change: float
    before: int
    after: int
    begin: int | None = None
    shock: float | None = None
    memory: float = 0.3
    child_sd: float = 6.0
    keep: float = 0.1
    seed: int = 1


class Planned(NamedTuple):
    """What came out: the sets, which of them was drawn, and the numbers that the page tells."""

    found: Balanced
    drawn: int
    told: NewDesign


USUAL_SHOCK = 0.15
"""How districts swing at least, as a share of the level: a few earlier levels that happen to agree promise no less."""


def new_evaluation(known: Known, wish: Wish, *, simulations: int) -> Planned:
    """Draw one of the balanced sets, and compute what the evaluation can show.

    Raises RefusedError: those of :func:`checked` and :func:`~sverige_did.inference.lottery.balanced`, and
    ``lottery_never`` where not even half of the districts find the change.
    """
    entry = checked(known, wish)
    numbers = [wish.begin] if wish.begin is not None else list(range(SMALLEST_ARM, len(known.names) // 2 + 1))
    searched: list[tuple[int, float]] = []
    for number in numbers:
        found = _sets(known, wish, number)
        drawn = int(np.random.default_rng([wish.seed, 1]).integers(len(found.sets)))
        own, read_off = _design(known, wish, entry, found.sets[drawn], found.sets)
        (tally,) = power(own, [wish.change], seed=wish.seed, simulations=simulations)
        searched.append((number, tally.power))
        if tally.power >= WANTED:
            break
    else:
        if wish.begin is None:
            raise refuse("lottery_never", found=f"{100 * max(one for _, one in searched):.0f} %", expected="80 %")
    _none_certain(found, known)
    treated = found.sets[drawn]
    sign = -1 if wish.change < 0 else 1
    tallies = power(own, [wish.change, *(sign * size for size in SIZES)], seed=wish.seed, simulations=simulations)
    told = NewDesign(
        outcome=wish.outcome, districts=known.names, drawn=tuple(np.array(known.names)[treated].tolist()),
        sets=len(found.sets), looked_at=found.candidates, every=found.every, searched=tuple(searched),
        powers=tuple(map(_power, tallies)), shock=own.relative_shock, shock_known=read_off,
        memory=own.memory, balance=tuple(_balance(known, found.sets, treated)), before=wish.before, after=wish.after,
        change=wish.change,
    )  # fmt: skip
    return Planned(found, drawn, told)


def checked(known: Known, wish: Wish) -> CatalogueOutcome:
    """What the outcome is in the catalogue. Raises RefusedError ``out_of_range`` for numbers that no design can have,
    ``lottery_outcome`` for an outcome that is no share, rate or score."""
    entry = CATALOGUE[wish.outcome]
    if entry.family not in FAMILIES:
        expected = ", ".join(sorted(key for key, one in CATALOGUE.items() if one.family in FAMILIES))
        raise refuse("lottery_outcome", found=wish.outcome, expected=expected)
    most = len(known.names) - SMALLEST_ARM
    limits = {
        "change": (-1 < wish.change < 3 and wish.change != 0, wish.change, "-1 < change < 3, change != 0"),
        "before": (1 <= wish.before <= 60, wish.before, "1 <= before <= 60"),
        "after": (1 <= wish.after <= 60, wish.after, "1 <= after <= 60"),
        "keep": (0 < wish.keep <= 1, wish.keep, "0 < keep <= 1"),
        "districts": (most >= SMALLEST_ARM, len(known.names), f"districts >= {2 * SMALLEST_ARM}"),
        "begin": (
            wish.begin is None or SMALLEST_ARM <= wish.begin <= most,
            wish.begin or 0,
            f"{SMALLEST_ARM} <= begin <= {most}",
        ),
        "shock": (wish.shock is None or 0 <= wish.shock < 2, wish.shock or 0, "0 <= shock < 2"),
        "memory": (0 <= wish.memory < 1, wish.memory, "0 <= memory < 1"),
        "child_sd": (wish.child_sd > 0, wish.child_sd, "child_sd > 0"),
    }
    for name, (ok, found, expected) in limits.items():
        if not ok:
            raise refuse("out_of_range", name=name, found=f"{found:g}", expected=expected)
    return entry


def _sets(known: Known, wish: Wish, number: int) -> Balanced:
    """The sets of so many districts that are nearest to the others in size and in every earlier level."""
    rng = np.random.default_rng([wish.seed, 0])
    treated = places_by_stratum(number, known.strata)
    return balanced(covariates(known), treated, known.strata, keep=wish.keep, rng=rng)


def covariates(known: Known) -> Floats:
    """What is balanced (G, 1 + L): the logarithm of the children, and every earlier level."""
    return np.column_stack([np.log(known.children), known.levels])


def _none_certain(found: Balanced, known: Known) -> None:
    """Raises RefusedError ``lottery_certain`` where a district is in every set that is admitted, or in none."""
    share = found.sets.mean(axis=0)
    certain = [name for name, one in zip(known.names, share, strict=True) if one in {0.0, 1.0}]
    if certain:
        raise refuse("lottery_certain", found=", ".join(certain))


def _design(known: Known, wish: Wish, entry: CatalogueOutcome, treated: Bools, sets: Bools) -> tuple[OwnDesign, bool]:
    """The design on the outcome's own scale, if nothing is done, with the sets that were drawn from; and whether its
    swings are read off the earlier levels."""
    family = FAMILIES[entry.family]
    per = entry.per if family != "normal" else 1.0
    rate = known.levels.mean(axis=1) / per
    none = np.zeros(rate.size, dtype=np.int64), np.empty((rate.size, 0))
    sample = Districts(rate, treated, np.ones(rate.size), *none, sets)
    before = np.arange(wish.before + wish.after) < wish.before
    children = np.maximum(np.rint(known.children), 1.0)[:, None]
    table = np.ones((rate.size, before.size))
    counted = children if family != "normal" else 1.0
    data = OwnData(
        sample, y=table * rate[:, None] * counted, children=table * children, before=before, family=family,
        stays=family == "binomial",
    )  # fmt: skip
    shock, memory, read_off = _shock(known, wish, data, per)
    child_sd = wish.child_sd if family == "normal" else 0.0
    return OwnDesign(data, np.column_stack([rate, rate]), shock, memory, child_sd), read_off


def _shock(known: Known, wish: Wish, data: OwnData, per: float) -> tuple[float, float, bool]:
    """The sd of districts' own swings as the design takes it, their memory, and whether they are read off levels."""
    levels = known.levels / per
    if wish.shock is None and levels.shape[1] >= FEWEST_LEVELS:
        read = _read_off(levels, data, wish.child_sd if data.family == "normal" else None)
        if read is not None and read.relative_shock > USUAL_SHOCK:
            return read.shock_sd, read.memory, True
    shock, level = USUAL_SHOCK if wish.shock is None else wish.shock, float(levels.mean())
    if data.family == "normal":
        return shock * abs(level), wish.memory, False
    side = 1 - level if data.family == "binomial" else 1.0
    return float(np.sqrt(np.log1p(shock**2))) / side, wish.memory, False


def _read_off(levels: Floats, data: OwnData, child_sd: float | None) -> OwnDesign | None:
    """The design that the earlier levels (G, L) are one data set of, less what children of this sd vary by; None where
    they do not vary within districts."""
    children = np.broadcast_to(data.children[:, :1], levels.shape).copy()
    y = levels * children if data.family != "normal" else levels
    last = np.arange(levels.shape[1]) < levels.shape[1] - 1
    try:
        return own_design(replace(data, y=y, children=children, before=last), child_sd)
    except RefusedError:
        return None


def _power(one: Tally) -> Power:
    return Power(
        change=one.change, simulations=one.simulations, power=one.power, standard_error=one.standard_error,
        type_m=one.type_m if np.isfinite(one.type_m) else None, type_s=one.type_s if np.isfinite(one.type_s) else None,
    )  # fmt: skip


def _balance(known: Known, sets: Bools, treated: Bools) -> Sequence[SetBalance]:
    """Means of those drawn and of the others, and their distance in standard deviations: of the set and at most."""
    x = np.column_stack([known.children, known.levels])
    names = ("children", *(f"level_{at + 1}" for at in range(known.levels.shape[1])))
    sd = np.where(np.ptp(x, axis=0) > 0, x.std(axis=0, ddof=1), 1.0)
    number = sets.sum(axis=1, keepdims=True)
    apart = np.abs((sets @ x) / number - (~sets @ x) / (sets.shape[1] - number)) / sd
    drawn, others = x[treated].mean(axis=0), x[~treated].mean(axis=0)
    rows = zip(names, drawn, others, (drawn - others) / sd, apart.max(axis=0), strict=True)
    return [SetBalance(covariate=name, drawn=a, others=b, apart=c, most=d) for name, a, b, c, d in rows]
