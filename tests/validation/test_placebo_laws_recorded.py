"""What docs/size.md says of laws that nobody passed, against the recorded study, and a cell made again."""

import numpy as np
import pytest
import statsmodels.api as sm
from test_bands_recorded import DOCUMENT, load
from whole_window import around_go_live

from sverige_did.did.arrays import panel_from_rows
from sverige_did.inference.two_way import two_way_fixed_effects

STUDY = load("placebo_laws")
ROWS = STUDY.recorded()
ERROR = np.sqrt(0.05 * 0.95 / STUDY.DATA_SETS)


def test_every_cell_of_the_study_is_recorded_and_told() -> None:
    assert [cell for cell, _ in ROWS] == list(STUDY.cells())
    assert STUDY.table() in DOCUMENT


def test_the_verdict_finds_no_more_laws_than_it_says() -> None:
    assert max(rates.verdict for _, rates in ROWS) <= 0.05 + 2 * ERROR


def test_independent_rows_find_laws_everywhere_and_clustered_ones_where_few_pass_them() -> None:
    assert min(rates.ols for _, rates in ROWS) > 0.35
    few = [rates.cr1 for cell, rates in ROWS if cell.treated <= 4]
    half = [rates.cr1 for cell, rates in ROWS if cell.treated == 24]
    assert min(few) > 0.08
    assert max(half) <= 0.05 + 2 * ERROR


def test_the_two_errors_are_those_of_software() -> None:
    """Least squares by statsmodels on dummies, and CR1 as the methods table prints it."""
    y, treated, post = STUDY.panel("unemployment")[:20], np.arange(20) < 4, np.arange(17) >= 9
    unit, time = (axis.ravel() for axis in np.indices(y.shape))
    under = np.outer(treated, post).ravel()
    x = np.column_stack([under, unit[:, None] == np.arange(20), time[:, None] == np.arange(1, 17)]).astype(float)
    plain, clustered = STUDY.two_way(y, treated.astype(float), post.astype(float))
    assert plain == pytest.approx(sm.OLS(y.ravel(), x).fit().pvalues[0], rel=1e-8)
    panel = panel_from_rows(unit, time, y.ravel(), under)
    assert clustered == pytest.approx(two_way_fixed_effects(panel, around_go_live(panel), scale="pp").p_value, rel=1e-8)


def test_a_recorded_cell_can_be_made_again() -> None:
    """Four of twenty, with a tenth of the data sets: within three and a half errors."""
    expected = dict(ROWS)[cell := STUDY.Cell("unemployment", 20, 4)]
    found = STUDY.rates(list(STUDY.cells()).index(cell), cell, 400)
    for new, old in zip(found, expected, strict=True):
        assert abs(new - old) <= 3.5 * np.sqrt(old * (1 - old) / 400)
