"""Every check's sentence and axes exist in both languages and are filled by the check's own numbers."""

from collections.abc import Callable

import numpy as np
import pytest

from sverige_did import words
from sverige_did.bayes.models.closed_form import Sampling
from sverige_did.checks.absolute_violation import absolute_violation, absolute_violation_of_districts
from sverige_did.checks.curves import cells_with_odds, curve, grid, wald_lines
from sverige_did.checks.overdispersion import overdispersion
from sverige_did.checks.overlap import overlap
from sverige_did.checks.partial_year import partial_year
from sverige_did.checks.regression_to_mean import regression_of_districts
from sverige_did.checks.scale_discrepancy import scale_discrepancy
from sverige_did.checks.shared_shock import shared_shock
from sverige_did.checks.spillover import spillover
from sverige_did.checks.tipping_shock import tipping_shock
from sverige_did.checks.tipping_shock_districts import tipping_shock_of_dates, tipping_shock_of_districts
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.cluster_robust import TTest
from sverige_did.inference.districts import Districts, districts
from sverige_did.results.estimates import CheckResult
from sverige_did.studies.panel.phase_in import start_up

Y, N = np.array([[17, 8], [75, 75]]), np.array([[67, 58], [300, 300]])
EMPTIED = np.array([[17, 0], [75, 75]])
FLAT = np.array([[17, 15], [75, 75]])
MOVED = np.array([[50, 50], [20, 5]])
HUNDRED = np.full((2, 2), 100)

EVERY_SENTENCE: dict[str, Callable[[], CheckResult]] = {
    "overlap.needed": lambda: overlap(Y, N, "institution_share"),
    "overlap.never": lambda: overlap(FLAT, N, "institution_share", rho=(0, 0.5)),
    "overlap.always": lambda: overlap(EMPTIED, N, "institution_share"),
    "tipping_shock.result": lambda: tipping_shock(Sampling(-3.7, 2.1, 0.625), "institution_share"),
    "tipping_shock.none": lambda: tipping_shock(Sampling(-0.75, 0.26, 0.625), "institution_share"),
    "spillover.result": lambda: spillover(-11.6, "institution_share", limits=(-26.9, 3.8), scale="pp"),
    "partial_year.result": lambda: partial_year(-4.0, "placement_spending"),
    "partial_year.with_savings": lambda: partial_year(-4.0, "placement_spending", saved_before=0.7),
    "absolute_violation.result": lambda: absolute_violation(-1.2, 0.5, "institution_share"),
    "absolute_violation.none": lambda: absolute_violation(-11.6, 7.8, "institution_share", scale="pp"),
    "scale_discrepancy.agree": lambda: scale_discrepancy(Y, N, "institution_share"),
    "scale_discrepancy.disagree": lambda: scale_discrepancy(MOVED, HUNDRED, "institution_share"),
    "scale_discrepancy.agree_rate": lambda: scale_discrepancy(Y, 20 * N, "placements", family="poisson"),
    "scale_discrepancy.disagree_rate": lambda: scale_discrepancy(MOVED, HUNDRED, "placements", family="poisson"),
    "scale_discrepancy.empty_cell": lambda: scale_discrepancy([[0, 5], [5, 5]], HUNDRED, "institution_share"),
    "overdispersion.result": lambda: overdispersion(Y, N, "institution_share"),
    "overdispersion.none": lambda: overdispersion(Y, N, "institution_share", phi=(4.0, 8.0)),
    "tipping_shock.districts": lambda: tipping_shock_of_districts(*far_apart(-8.0), "institution_share", scale="pp"),
    "tipping_shock.districts_none": lambda: tipping_shock_of_districts(
        *far_apart(0.1), "institution_share", scale="pp"
    ),
    "tipping_shock.dates": lambda: tipping_shock_of_dates(
        far_apart(-8.0)[0], 1.0, 0.5, "institution_share", scale="pp"
    ),
    "tipping_shock.dates_none": lambda: tipping_shock_of_dates(
        far_apart(0.1)[0], 1.0, 0.5, "institution_share", scale="pp"
    ),
    "absolute_violation.districts": lambda: absolute_violation_of_districts(
        far_apart(-8.0)[0], "institution_share", scale="pp", axis="pp"
    ),
    "shared_shock.result": lambda: shared(6, -3.0),
    "shared_shock.treated": lambda: shared(6, -20.0),
    "shared_shock.control": lambda: shared(14, -20.0),
    "shared_shock.never": lambda: shared(6, -100.0),
    "shared_shock.open": lambda: shared(6, 0.1, p_value=0.5),
    "partial_year.start_up": lambda: start_up(-4.0, 0.2, "placement_spending", scale="mio_dkk"),
    "regression_to_mean.districts": lambda: regression_of_districts(
        -4.0, 2.0, 0.8, "institution_share", scale="pp", axis="pp"
    ),
    "regression_to_mean.districts_opposite": lambda: regression_of_districts(
        4.0, 2.0, 0.8, "institution_share", scale="pp", axis="pp"
    ),
}


def far_apart(effect: float) -> tuple[TTest, Districts]:
    """Four of ten districts that changed by ``effect`` more, and the test of it."""
    treated = np.arange(10) < 4
    sample = districts(np.sin(np.arange(10.0)) + effect * treated, treated)
    return calibrated_test(sample), sample


def shared(treated: int, effect: float, p_value: float = 0.01) -> CheckResult:
    """What the treated, first or last of twenty districts, may share; the larger arm always has the same changes."""
    first = np.arange(20) < min(treated, 20 - treated)
    arm = first if treated < 10 else ~first
    return shared_shock(
        districts(np.sin(np.arange(20.0)) + effect * arm, arm), p_value, "institution_share", scale="pp"
    )


@pytest.mark.parametrize("sentence", EVERY_SENTENCE)
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_check_fills_its_sentence_and_names_its_axes(sentence: str, language: words.Language) -> None:
    found = EVERY_SENTENCE[sentence]()
    assert f"{found.check}.{found.key}" == sentence
    assert (found.status == "could_not_run") == (sentence == "scale_discrepancy.empty_cell")
    filled = words.text(f"checks.{sentence}", language, **{name: f"<{name}>" for name in found.numbers})
    assert "{" not in filled
    for line in found.curves:
        assert words.text(line.x_name, language)
        assert words.text(line.y_name, language)
        assert len(line.x) > 1
    for key in found.assumptions:
        assert words.has(f"checks.assumption.{key}", language) or key == "no_district_shocks"


def test_no_sentence_is_left_unsaid() -> None:
    said = {f"checks.{sentence}" for sentence in EVERY_SENTENCE}
    names = {sentence.split(".")[0] for sentence in EVERY_SENTENCE}
    known = {key for key in words.catalogue("en") if key.split(".")[0] == "checks" and key.split(".")[1] in names}
    assert {key for key in known if not key.endswith(".two_totals")} == said


def test_a_grid_is_sorted_and_kept_within_its_range() -> None:
    assert list(grid("rho", [0.5, 0], 0, 1)) == [0, 0.5]
    for wrong in ([], [1.0], [-0.1], [np.nan]):
        with pytest.raises(RefusedError, match="rho"):
            grid("rho", wrong, 0, 1, open_high=True)


def test_empty_and_full_cells_get_a_half() -> None:
    for y in (EMPTIED, [[17, 58], [75, 75]]):
        events, totals, assumptions = cells_with_odds(y, N)
        assert events[0, 0] == 17.5
        assert totals[0, 0] == 68
        assert "half_added" in assumptions
    assert cells_with_odds(Y, N)[0][0, 0] == 17


def test_lines_of_a_wald_interval_touch_zero_where_p_is_alpha() -> None:
    lower, upper, p = wald_lines(-1.0, np.array([1 / 1.959963984540054]), 1.959963984540054)
    assert (lower[0], upper[0], p[0]) == pytest.approx((-2, 0, 0.05), abs=1e-12)


def test_a_curve_without_limits_has_none() -> None:
    assert curve("a", "rho", "p_value", np.zeros(2), np.ones(2)).lower == ()
