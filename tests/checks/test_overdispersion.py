import numpy as np
import pytest

from sverige_did.checks.overdispersion import overdispersion
from sverige_did.did.scales import wald

Y, N = np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])


def test_each_factor_gives_the_interval_of_the_scaled_error() -> None:
    found = overdispersion(Y, N, "institution_share")
    line = found.curves[0]
    for at, phi in enumerate((0.5, 1.0, 2.0)):
        expected = wald(Y, N, "logit", phi=phi)
        assert (line.x[at], line.lower[at], line.upper[at]) == pytest.approx((phi, expected.lower, expected.upper))
        assert found.curves[1].y[at] == pytest.approx(expected.p_value)


def test_the_interval_touches_zero_at_the_limit() -> None:
    limit = overdispersion(Y, N, "institution_share").numbers["phi_limit"]
    assert overdispersion(Y, N, "institution_share", phi=[limit]).curves[0].upper[0] == pytest.approx(0, abs=1e-12)


def test_ten_times_the_children_stand_ten_times_the_dispersion() -> None:
    few, many = overdispersion(Y, N, "a"), overdispersion(10 * Y, 10 * N, "a")
    assert many.numbers["phi_limit"] == pytest.approx(10 * few.numbers["phi_limit"])
