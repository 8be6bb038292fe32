import numpy as np
import pytest

from sverige_did.checks.absolute_violation import absolute_violation
from sverige_did.errors import RefusedError

Z = 1.959963984540054


def test_the_curve_by_hand() -> None:
    found = absolute_violation(-1.2, 0.4, "a", M=(0, 0.3))
    line = found.curves[0]
    assert line.lower == pytest.approx((-1.2 - 0.4 * Z, -1.5 - 0.4 * Z))
    assert line.upper == pytest.approx((-1.2 + 0.4 * Z, -0.9 + 0.4 * Z))
    assert found.numbers["limit"] == pytest.approx(1.2 - 0.4 * Z)


def test_the_interval_touches_zero_at_the_limit_whatever_the_sign() -> None:
    for estimate in (-1.2, 1.2):
        limit = absolute_violation(estimate, 0.4, "a").numbers["limit"]
        line = absolute_violation(estimate, 0.4, "a", M=[limit]).curves[0]
        assert min(abs(line.lower[0]), abs(line.upper[0])) == pytest.approx(0, abs=1e-12)


def test_an_interval_with_zero_in_it_tolerates_no_violation() -> None:
    found = absolute_violation(-11.6, 7.8, "a", scale="pp")
    assert (found.key, found.numbers["limit"]) == ("none", 0)


def test_the_worst_violation_keeps_the_level() -> None:
    """Coverage: with trends apart by exactly M, the interval for M still covers in at least 95 % of draws."""
    rng, se, M, effect, draws = np.random.default_rng(12), 0.5, 0.7, -1.0, 20_000
    line = absolute_violation(-1.0, se, "a", M=[M]).curves[0]
    below, above = -1.0 - line.lower[0], line.upper[0] + 1.0
    for bias in (-M, 0, M):
        estimate = rng.normal(effect + bias, se, draws)
        covered = np.mean((estimate - below <= effect) & (effect <= estimate + above))
        assert covered >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / draws)


def test_a_negative_violation_or_error_is_refused() -> None:
    for wrong in ({"std_error": -1.0}, {"std_error": 1.0, "M": [-0.1]}):
        with pytest.raises(RefusedError):
            absolute_violation(-1.0, outcome="a", **wrong)
