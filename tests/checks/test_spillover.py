import numpy as np
import pytest

from sverige_did.checks.spillover import spillover
from sverige_did.errors import RefusedError


def test_the_line_by_hand() -> None:
    found = spillover(-12.0, "institution_share", kappa=(-0.25, 0, 0.5), limits=(-24.0, 4.0), scale="pp")
    line = found.curves[0]
    assert line.y == pytest.approx((-9.6, -12, -24))
    assert line.lower == pytest.approx((-19.2, -24, -48))
    assert line.upper == pytest.approx((3.2, 4, 8))


def test_it_undoes_the_spillover_that_made_the_difference() -> None:
    effect, kappa = -0.8, 0.3
    did = effect - kappa * effect
    assert spillover(did, "a", kappa=[kappa]).curves[0].y[0] == pytest.approx(effect)


def test_the_default_axis_is_the_published_range_and_scales() -> None:
    here, tenfold = spillover(-1.0, "a"), spillover(-10.0, "a")
    assert (here.numbers["kappa_low"], here.numbers["kappa_high"]) == (-0.25, 0.5)
    assert np.array(tenfold.curves[0].y) == pytest.approx(10 * np.array(here.curves[0].y))


def test_a_control_group_that_moved_as_much_is_refused() -> None:
    with pytest.raises(RefusedError):
        spillover(-1.0, "a", kappa=(0, 1))
