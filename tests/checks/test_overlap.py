import numpy as np
import pytest

from sverige_did.checks.overlap import overlap

Y, N = np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])


def test_the_published_axis() -> None:
    found = overlap(Y, N, "institution_share")
    curves = {line.name: line for line in found.curves}
    assert curves["std_error"].y == pytest.approx((0.51, 0.43, 0.37, 0.29, 0.24), abs=0.005)
    assert curves["p_value"].y == pytest.approx((0.14, 0.08, 0.04, 0.01, 0.002), abs=0.005)


def test_the_interval_touches_zero_at_the_correlation_needed() -> None:
    needed = overlap(Y, N, "institution_share").numbers["rho_needed"]
    at = {line.name: line for line in overlap(Y, N, "institution_share", rho=[needed]).curves}
    assert at["interval"].upper[0] == pytest.approx(0, abs=1e-12)
    assert at["p_value"].y[0] == pytest.approx(0.05)


def test_correlated_stocks_vary_as_the_check_says() -> None:
    """Independent reference: two counts of the same 80 children of whom a third keep their place for certain."""
    rng, keep, p, n, draws = np.random.default_rng(9), 1 / 3, 0.3, 80, 20_000
    before = rng.random((draws, n)) < p
    after = np.where(rng.random((draws, n)) < keep, before, rng.random((draws, n)) < p)
    change = after.mean(axis=1) - before.mean(axis=1)
    control = np.full(2, 10**8)  # a control group too large to add any noise
    found = overlap([[24, 24], 0.3 * control], [[80, 80], control], "institution_share", rho=[keep])
    se = found.curves[1].y[0] * p * (1 - p)  # from log-odds to shares at p
    assert change.std() == pytest.approx(se, rel=0.02)


def test_swapping_groups_changes_only_the_sign() -> None:
    here, swapped = overlap(Y, N, "a"), overlap(Y[::-1], N[::-1], "a")
    assert swapped.numbers["estimate"] == pytest.approx(-here.numbers["estimate"])
    assert swapped.numbers["rho_needed"] == pytest.approx(here.numbers["rho_needed"])


def test_a_clear_finding_needs_no_overlap_and_a_null_one_gains_nothing() -> None:
    assert overlap([[17, 0], [75, 75]], N, "a").numbers["rho_needed"] == 0
    assert overlap([[20, 20], [75, 75]], [[67, 67], [300, 300]], "a").numbers["rho_needed"] is None
