"""The design analysis of the printed figures: what the method says of it, what is recorded, and the fast posterior."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_bands_recorded import HERE, load

STUDY, FITS = load("design_analysis"), load("posterior_power")
RECORDED = pd.read_csv(HERE / "recorded" / "design_analysis.csv", comment="#")
SAMPLED = pd.read_csv(HERE / "recorded" / "posterior_power.csv", comment="#")
METHODS = (HERE.parents[1] / "docs" / "methods.md").read_text("utf-8")

TABLE = {
    0.0: (0.31, 0.27, 0.21, 0.29, 0.35, 0.05, 0.28, 0.01, 0.44, 1.66),
    0.2: (0.28, 0.24, 0.20, 0.27, 0.37, 0.06, 0.26, 0.01, 0.41, 1.74),
    0.4: (0.21, 0.18, 0.14, 0.22, 0.38, 0.10, 0.22, 0.02, 0.34, 1.96),
    0.6: (0.17, 0.16, 0.13, 0.18, 0.40, 0.15, 0.21, 0.06, 0.35, 2.17),
}
"""The table of an independent simulation of 1,000 data sets (250 for the posterior): by the sd of shocks, the power of
the bare and the studentised permutation, CR2, the wild bootstrap, a logit that ignores shocks and its size, the 95 %
interval of the posterior and its size, P > .95, and by how much what is found exaggerates."""


def row(after: float, shock: float, before: int = 1, later: int = 1, prior: float = 0.3) -> pd.Series:
    same = RECORDED[["after", "shock", "periods_before", "periods_after", "prior"]] == [
        after,
        shock,
        before,
        later,
        prior,
    ]
    return RECORDED[same.all(axis=1)].iloc[0]


def test_every_cell_is_recorded_and_told() -> None:
    assert len(RECORDED) == len(list(STUDY.cells()))
    assert STUDY.table() in METHODS


@pytest.mark.parametrize("shock", TABLE)
def test_the_table_is_that_of_another_simulation(shock: float) -> None:
    power, size, told = row(0.13, shock), row(0.25, shock), TABLE[shock]
    names = ("permutation", "permutation_studentised", "cr2", "wild", "logit")
    error = 3 * np.sqrt(0.25 / 1_000 + 0.25 / 2_000)
    for name, one in zip(names, told, strict=False):
        assert power[name] == pytest.approx(one, abs=error)
    assert size["logit"] == pytest.approx(told[5], abs=0.03)
    by_posterior = 3 * np.sqrt(0.25 / 250)
    assert power["excludes"] == pytest.approx(told[6], abs=by_posterior)
    assert size["excludes"] == pytest.approx(told[7], abs=0.035)
    assert power["sure"] == pytest.approx(told[8], abs=by_posterior)
    assert power["type_m"] == pytest.approx(told[9], abs=0.12)
    assert size[["permutation", "permutation_studentised", "verdict"]].max() <= 0.065


def test_nearly_all_have_to_leave_institutions_and_more_periods_help() -> None:
    studentised = [row(after, 0.2)["permutation_studentised"] for after in (0.09, 0.05, 0.02, 0.005)]
    assert studentised == pytest.approx([0.44, 0.63, 0.76, 0.83], abs=0.05)
    assert studentised[-1] > 0.8 > studentised[-2]
    for (later, shock), told in {(3, 0.2): (0.63, 0.89), (5, 0.2): (0.69, 0.91), (5, 0.4): (0.53, 0.79)}.items():
        found = [row(after, shock, 4, later)["permutation_studentised"] for after in (0.13, 0.09)]
        assert found == pytest.approx(told, abs=0.05)


def test_smaller_effects_exaggerate_and_turn_their_sign() -> None:
    assert 2.2 <= row(0.17, 0.2)["type_m"] <= 3.4
    assert 4 <= row(0.21, 0.2)["type_m"] <= 5.1
    assert 0.05 <= row(0.21, 0.2)["type_s"] <= 0.15


def test_what_the_prior_of_shocks_makes_of_it() -> None:
    found = [row(0.13, 0.4, prior=prior)["excludes"] for prior in (0.15, 0.6, 1.0)]
    assert found == pytest.approx([0.28, 0.18, 0.16], abs=0.08)
    assert row(0.25, 0.6, prior=0.001)["excludes"] == pytest.approx(0.11, abs=0.03)


def test_the_fast_posterior_is_that_of_real_fits() -> None:
    apart = (SAMPLED["fast"] - SAMPLED["sampled"]).abs()
    assert len(SAMPLED) == FITS.EACH * len(FITS.CELLS)
    assert apart.max() < 0.06
    assert apart.mean() < 0.02


def test_the_study_can_be_made_again() -> None:
    cells = list(STUDY.cells())
    again = STUDY.answers(cells[2], np.random.default_rng([STUDY.SEED, 2]), n=300)
    recorded = row(0.13, 0.4)
    for name in ("permutation_studentised", "cr2", "excludes", "verdict"):
        assert again[name] == pytest.approx(recorded[name], abs=4 * np.sqrt(0.25 / 300))
