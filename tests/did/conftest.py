"""Made-up districts for the estimators: columns with a known effect, in no particular order."""

from collections.abc import Callable

import numpy as np
import pytest

from sverige_did.did.arrays import DistrictPanel, panel_from_rows

Columns = dict[str, np.ndarray]


def draw(
    rng: np.random.Generator,
    *,
    starts: tuple[float, ...] = (2013.0,) * 4 + (np.nan,) * 9,
    periods: int = 7,
    effect: float = 2.0,
    noise: float = 1.0,
) -> Columns:
    """One row a district and year from 2010; ``starts`` holds each district's go-live, nan for never."""
    start = np.asarray(starts)
    year = 2010.0 + np.arange(periods)
    under = year >= start[:, None]
    y = 20 + 3 * rng.normal(size=(start.size, 1)) + rng.normal(size=periods).cumsum() + effect * under
    shuffle = rng.permutation(under.size)
    columns = {
        "unit": np.repeat([f"d{i:02d}" for i in range(start.size)], periods),
        "period": np.tile(year, start.size),
        "y": (y + noise * rng.normal(size=y.shape)).ravel(),
        "treated": under.ravel(),
        "weights": np.repeat(rng.uniform(50, 400, start.size).round(), periods),
    }
    return {name: values[shuffle] for name, values in columns.items()}


@pytest.fixture
def columns() -> Callable[..., Columns]:
    return draw


@pytest.fixture
def panel(rng: np.random.Generator) -> DistrictPanel:
    """Four of thirteen districts treated from 2013, seven years, complete."""
    return panel_from_rows(**draw(rng))


@pytest.fixture
def staggered_panel(rng: np.random.Generator) -> DistrictPanel:
    """Cohorts of 3, 4 and 2 districts in 2012, 2013 and 2015 beside six that never start."""
    starts = (2012.0,) * 3 + (2013.0,) * 4 + (2015.0,) * 2 + (np.nan,) * 6
    return panel_from_rows(**draw(rng, starts=starts))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20130801)


def thin(columns: Columns, rows: slice) -> Columns:
    """The columns without the given rows: an unbalanced panel."""
    return {name: np.delete(values, rows) for name, values in columns.items()}


@pytest.fixture
def unbalanced_panel(rng: np.random.Generator) -> DistrictPanel:
    """The districts of ``panel`` with nine rows missing."""
    return panel_from_rows(**thin(draw(rng), slice(0, 9)))
