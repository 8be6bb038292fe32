"""Made-up public tables by municipality and year: children placed, residents, accounts and prices, and who adopted.

A stand-in for the tables of the public statistics bank, of their size and with their gaps. The number placed in the
whole country begins and ends as printed (12,804 on 31 December 2011 and 11,715 on 31 December 2018); all else is made
up. Two worlds share every draw: in the one with the programme some children of the adopters who would have been in an
institution live with a family instead, so that what the programme did is counted and not typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from sverige_did.did.arrays import FloatArray
from sverige_did.sources.spells.spells import IntArray

KNOWN: Final = {
    "101": "København", "159": "Gladsaxe", "167": "Hvidovre", "219": "Hillerød", "376": "Guldborgsund",
    "510": "Haderslev", "657": "Herning", "756": "Ikast-Brande",
}  # fmt: skip
"""The municipalities that go by their real codes; all others have codes and names that do not exist."""

DOCUMENTED: Final = {"510": (2015, "E08"), "167": (2015, "E08"), "657": (2016, "002")}
"""The adopters with a printed year, and the source that prints it; all others are made up, and so are their years."""

MADE_UP: Final = {2016: 6, 2017: 7, 2018: 7, 2019: 4}
"""How many made-up municipalities adopt in each year: 24 were advised from 2016 to 2019 (E09)."""

PLACES: Final = {
    "1": "Netværksplejefamilie", "21": "Almindelig plejefamilie", "22": "Kommunal plejefamilie",
    "9": "Døgninstitution, almindelig afdeling", "7": "Delvis lukket døgninstitution", "8": "Sikret afdeling",
    "27": "Opholdssted", "11": "Kost- eller efterskole", "6": "Eget værelse m.v.", "99": "Uoplyst",
}  # fmt: skip
INSTITUTIONS: Final = ("9", "7", "8", "27")
FAMILIES: Final = ("1", "21")
"""Where the programme's children live instead of in an institution."""

SHARES: Final = (0.06, 0.44, 0.01, 0.16, 0.015, 0.01, 0.14, 0.06, 0.09, 0.015)
"""Of each place among those placed."""

FUNCTIONS: Final = {
    "52820": ("27", "11", "6", "99"), "52822": ("1", "21", "22"), "52823": ("9", "7"), "52824": ("8",),
}  # fmt: skip
"""The functions of the accounts, with the places that they pay."""

PRICES: Final = {"52820": 800.0, "52822": 430.0, "52823": 1250.0, "52824": 3200.0}
"""Thousand kroner for a year, in prices of the last year."""

AGES: Final = tuple(str(age) for age in range(23))


@dataclass(frozen=True, slots=True)
class Country:
    """What the made-up country is like: sds and effects on log odds or logs.

    ``moved`` is the chance that a child of an adopter who would be in an institution is with a family instead, once
    the programme is ``ramp`` years old. ``stay`` is the share of children who are still placed a year later.
    """

    municipalities: int = 98
    first: int = 2011
    last: int = 2019
    placed_first: float = 12804.0
    placed_eighth: float = 11715.0
    residents: float = 1_545_000.0
    level_sd: float = 0.28
    share_sd: float = 0.35
    shock_sd: float = 0.12
    shock_autocorrelation: float = 0.6
    stay: float = 0.72
    share_of_minors: float = 0.79
    moved: float = 0.16
    ramp: int = 2
    price_rise: float = 0.009
    smallest_absent: int = 4
    signs: int = 3

    @property
    def years(self) -> IntArray:
        """(T,) the years of the tables."""
        return np.arange(self.first, self.last + 1)


@dataclass(frozen=True, slots=True, eq=False)
class MadeTables:
    """Codes and names of M municipalities, the year each adopted (0 for never) and how that is known, and the numbers.

    ``residents`` (M, T, ages), ``placed`` and ``without`` (M, T, places) with and without the programme, ``minors``
    (M, T), ``accounts`` (M, T, functions) in thousand kroner, ``price`` (T,).
    """

    country: Country
    codes: tuple[str, ...]
    names: tuple[str, ...]
    adopted: IntArray
    known_from: tuple[str, ...]
    residents: IntArray
    placed: IntArray
    without: IntArray
    minors: IntArray
    accounts: IntArray
    price: FloatArray
    silent: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    @property
    def absent(self) -> frozenset[str]:
        """The smallest municipalities, which the tables of children placed leave out."""
        smallest = np.argsort(self.residents.sum(axis=(1, 2)))[: self.country.smallest_absent]
        return frozenset(self.codes[at] for at in smallest)


def made_tables(seed: int, country: Country | None = None) -> MadeTables:
    """Tables of a made-up country."""
    country = country or Country()
    rngs = np.random.default_rng(seed).spawn(6)
    codes, names = _municipalities(country)
    size = _sizes(codes, country, rngs[0])
    adopted, known_from = _adopters(codes, size, country, rngs[1])
    residents = _residents(size, country, rngs[2])
    without = _stocks(residents, country, rngs[3])
    placed = _with_programme(without, adopted, country, rngs[4])
    price = np.asarray(7000.0 * (1 + country.price_rise) ** np.arange(country.years.size), dtype=np.float64)
    return MadeTables(
        country=country,
        codes=codes,
        names=names,
        adopted=adopted,
        known_from=known_from,
        residents=residents,
        placed=placed,
        without=without,
        minors=rngs[5].binomial(placed.sum(axis=2), country.share_of_minors),
        accounts=_accounts(placed, price, rngs[5]),
        price=price,
        silent=_silent(codes, size, country, rngs[5]),
    )


def frames(made: MadeTables) -> dict[str, pd.DataFrame]:
    """The files by name, as text: those that ``sverige-did statbank fetch`` would write, and who adopted."""
    seen = [at for at, code in enumerate(made.codes) if code not in made.absent]
    total = np.concatenate([made.placed.sum(axis=2, keepdims=True), made.placed], axis=2)
    ages = np.stack([made.placed.sum(axis=2), made.minors, made.placed.sum(axis=2) - made.minors], axis=2)
    adopters = [at for at in np.argsort(made.adopted, kind="stable") if made.adopted[at]]
    return {
        "anbragte_efter_sted.csv": _table(made, seen, total, "anbringelse", ("0", *PLACES), hide=True),
        "anbragte_efter_alder.csv": _table(made, seen, ages, "alder", ("0", "9917", "1822"), hide=True),
        "befolkning.csv": _table(made, range(len(made.codes)), made.residents, "alder", AGES),
        "regnskab.csv": _table(made, range(len(made.codes)), made.accounts, "funktion", tuple(FUNCTIONS)),
        "priser.csv": pd.DataFrame({"år": made.country.years, "antal": np.round(made.price, 1)}).astype(str),
        "adopters.csv": pd.DataFrame(
            {
                "kommune": [made.codes[at] for at in adopters],
                "navn": [made.names[at] for at in adopters],
                "start": [str(made.adopted[at]) for at in adopters],
                "kilde": [made.known_from[at] for at in adopters],
            }
        ),
    }


def effects(made: MadeTables) -> dict[str, float]:
    """What the programme did, counted in both worlds: means over adopters and the years they had it, each alike.

    Of the municipalities that the tables of children placed show, up to the last year.
    """
    seen = np.array([code not in made.absent for code in made.codes])
    under = (made.adopted[:, None] > 0) & (made.country.years >= made.adopted[:, None]) & seen[:, None]
    institutions = [list(PLACES).index(code) for code in INSTITUTIONS]
    moved = (made.placed - made.without)[:, :, institutions].sum(axis=2)
    return {
        "institution_share": float((100 * moved / made.placed.sum(axis=2))[under].mean()),
        "institution_per_1000": float((1000 * moved / made.residents.sum(axis=2))[under].mean()),
        "placed_per_1000": 0.0,
    }


def _municipalities(country: Country) -> tuple[tuple[str, ...], tuple[str, ...]]:
    others = country.municipalities - len(KNOWN)
    codes = (*KNOWN, *(str(900 + at) for at in range(1, others + 1)))
    return codes, (*KNOWN.values(), *(f"Opdigtet kommune {code}" for code in codes[len(KNOWN) :]))


def _sizes(codes: tuple[str, ...], country: Country, rng: np.random.Generator) -> FloatArray:
    """(M,) residents of 0-22 years; the capital is the largest, and those with a real code are of middling size."""
    size = np.sort(rng.lognormal(0.0, 0.75, len(codes)))
    middle = rng.choice(np.arange(45, 85), len(KNOWN) - 1, replace=False)
    order = np.concatenate([[len(codes) - 1], middle, rng.permutation(np.setdiff1d(np.arange(len(codes) - 1), middle))])
    return np.asarray(country.residents * size[order] / size.sum())


def _adopters(
    codes: tuple[str, ...], size: FloatArray, country: Country, rng: np.random.Generator
) -> tuple[IntArray, tuple[str, ...]]:
    """(M,) the year each adopted, 0 for never, and how that is known; none of the smallest, which no table shows."""
    year = np.zeros(len(codes), dtype=np.int64)
    known_from = ["" for _ in codes]
    for code, (when, source) in DOCUMENTED.items():
        year[codes.index(code)], known_from[codes.index(code)] = when, source
    able = np.flatnonzero((np.arange(len(codes)) >= len(KNOWN)) & (size > np.sort(size)[country.smallest_absent + 4]))
    chosen = rng.choice(able, sum(MADE_UP.values()), replace=False)
    for at, when in zip(chosen, np.repeat(list(MADE_UP), list(MADE_UP.values())), strict=True):
        year[at], known_from[at] = when, "opdigtet"
    return year, tuple(known_from)


def _residents(size: FloatArray, country: Country, rng: np.random.Generator) -> IntArray:
    """(M, T, ages) residents, a little more or fewer from year to year."""
    drift = np.exp(np.cumsum(rng.normal(-0.001, 0.006, (size.size, country.years.size)), axis=1))
    by_age = rng.dirichlet(np.full(len(AGES), 400.0), size.size)
    return np.rint(size[:, None, None] * drift[:, :, None] * by_age[:, None, :]).astype(np.int64)


def _stocks(residents: IntArray, country: Country, rng: np.random.Generator) -> IntArray:
    """(M, T, places) children placed on 31 December without the programme: most of them stay from year to year."""
    M, T, K = residents.shape[0], country.years.size, len(PLACES)
    steps = (country.placed_eighth / country.placed_first) ** (np.arange(T) / 7)
    need = np.exp(rng.normal(0, country.level_sd, M)) * residents[:, 0].sum(axis=1)
    level = need / need.sum() * country.placed_first
    eta = np.log(SHARES) + np.zeros((M, T, K))
    institutions = np.isin(list(PLACES), INSTITUTIONS)
    shocks = _ar1(M, T, country, rng) + rng.normal(0, country.share_sd, (M, 1)) - 0.03 * np.arange(T)
    eta[:, :, institutions] += shocks[:, :, None]
    shares = np.exp(eta) / np.exp(eta).sum(axis=2, keepdims=True)
    mean = level[:, None, None] * steps[None, :, None] * np.exp(_ar1(M, T, country, rng) / 2)[:, :, None] * shares
    stocks = np.empty((M, T, K), dtype=np.int64)
    stocks[:, 0] = rng.poisson(mean[:, 0])
    for t in range(1, T):
        left = mean[:, t] / mean[:, t - 1]
        stay = np.minimum(country.stay, left)
        # Where fewer stay than usual nobody comes: a mean of rounding errors would draw on some processors only.
        new = np.where(left < country.stay, 0.0, mean[:, t] - stay * mean[:, t - 1])
        stocks[:, t] = rng.binomial(stocks[:, t - 1], stay) + rng.poisson(new)
    return stocks


def _ar1(M: int, T: int, country: Country, rng: np.random.Generator) -> FloatArray:
    """(M, T) shocks that fade, with the same sd in every year."""
    rho, sd = country.shock_autocorrelation, country.shock_sd
    shock = np.empty((M, T))
    shock[:, 0] = rng.normal(0, sd, M)
    for t in range(1, T):
        shock[:, t] = rho * shock[:, t - 1] + rng.normal(0, sd * np.sqrt(1 - rho**2), M)
    return shock


def _with_programme(without: IntArray, adopted: IntArray, country: Country, rng: np.random.Generator) -> IntArray:
    """(M, T, places) the same children where adopters place some of them with families instead of in institutions."""
    age = np.where(adopted[:, None] > 0, country.years - adopted[:, None] + 1, 0)
    chance = country.moved * np.clip(age / country.ramp, 0.0, 1.0)
    placed = without.copy()
    families = [list(PLACES).index(code) for code in FAMILIES]
    for code in INSTITUTIONS:
        at = list(PLACES).index(code)
        moved = rng.binomial(without[:, :, at], chance)
        near = rng.binomial(moved, 0.25)
        placed[:, :, at] -= moved
        placed[:, :, families[0]] += near
        placed[:, :, families[1]] += moved - near
    return placed


def _accounts(placed: IntArray, price: FloatArray, rng: np.random.Generator) -> IntArray:
    """(M, T, functions) thousand kroner in the prices of each year."""
    M, T, _ = placed.shape
    amounts = np.empty((M, T, len(FUNCTIONS)))
    for at, (function, codes) in enumerate(FUNCTIONS.items()):
        children = placed[:, :, [list(PLACES).index(code) for code in codes]].sum(axis=2)
        own = PRICES[function] * np.exp(rng.normal(0, 0.12, (M, 1)) + rng.normal(0, 0.04, (M, T)))
        amounts[:, :, at] = children * own * price / price[-1]
    return np.rint(amounts).astype(np.int64)


def _silent(
    codes: tuple[str, ...], size: FloatArray, country: Country, rng: np.random.Generator
) -> frozenset[tuple[str, int]]:
    """Municipalities and years whose numbers are not given: ``..`` stands in their place."""
    small = np.argsort(size)[country.smallest_absent : country.smallest_absent + 4]
    chosen = rng.choice(small, country.signs, replace=False)
    return frozenset((codes[at], int(rng.choice(country.years))) for at in chosen)


def _table(
    made: MadeTables,
    seen: Iterable[int],
    numbers: IntArray,
    variable: str,
    values: tuple[str, ...],
    *,
    hide: bool = False,
) -> pd.DataFrame:
    """One row a municipality, value and year, as text."""
    at = np.array(list(seen))
    m, v, t = np.meshgrid(at, np.arange(len(values)), np.arange(made.country.years.size), indexing="ij")
    m, v, t = m.ravel(), v.ravel(), t.ravel()
    code, year = np.array(made.codes)[m], made.country.years[t]
    frame = pd.DataFrame(
        {
            "kommune": code,
            variable: np.array(values)[v],
            "år": year.astype(str),
            "antal": numbers[m, t, v].astype(str),
        }
    )
    quiet = np.array([hide and (one, int(when)) in made.silent for one, when in zip(code, year, strict=True)])
    return frame.assign(antal=frame["antal"].mask(quiet, ".."))
