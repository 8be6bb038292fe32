"""Data to try things on: made-up panels with known effects, the figures of Herning, and the example's registers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.inference.simulated.size import remembering

PACKAGE = Path(__file__).parents[1]

__all__ = ["herning", "registers", "simulate"]


def __dir__() -> list[str]:
    return __all__


def simulate(
    *,
    units: int = 20,
    treated: int = 4,
    periods: int = 10,
    starts: int | Sequence[int] = 7,
    effect: float = -2.0,
    noise: float = 1.0,
    memory: float = 0.5,
    spread: float = 1.0,
    gap: float = 0.0,
    seed: int = 1,
) -> pd.DataFrame:
    """A balanced panel with an effect that is known: ``district``, ``period``, ``start``, ``children`` and ``y``.

    Levels lie around 20 with district and period effects. From its start on a treated district's level is ``effect``
    higher; ``frame.attrs["effect"]`` says so too. Districts swing by themselves with a standard deviation of ``noise``
    in a period and the ``memory`` of an AR(1), treated ones ``spread`` times as much. ``gap``: how much higher the
    treated lie before. ``starts``: one period, or several over which the treated are spread; ``start`` is missing for
    those that never begin.

    >>> frame = simulate(units=10, treated=3, periods=4, starts=3, effect=1.5, noise=0.0)
    >>> after = frame["period"] >= frame["start"]
    >>> len(frame), int(after.sum()), frame.attrs["effect"]
    (40, 6, 1.5)
    """
    dates = [starts] if isinstance(starts, int) else list(starts)
    if not (0 < treated < units and dates and all(1 < one <= periods for one in dates)):
        found = f"units={units}, treated={treated}, periods={periods}, starts={starts}"
        expected = "0 < treated < units, 1 < starts <= periods"
        raise InputError(Problem("frame_between", found=found, expected=expected, values={"name": "units, starts"}))
    rng = np.random.default_rng(seed)
    start = np.full(units, np.nan)
    start[:treated] = np.resize(np.array(dates, dtype=float), treated)
    shocks = remembering(rng.standard_normal((units, periods, 1)), memory)[:, :, 0]
    shocks *= noise * np.where(np.arange(units) < treated, spread, 1.0)[:, None]
    time = np.arange(1, periods + 1)
    level = 20 + rng.normal(0, 3, (units, 1)) + rng.normal(0, 1, (1, periods)) + shocks
    level += gap * (np.arange(units) < treated)[:, None] + effect * (time >= start[:, None])
    frame = pd.DataFrame(
        {
            "district": np.repeat([f"district {at + 1:02}" for at in range(units)], periods),
            "period": np.tile(time, units),
            "start": pd.array(np.repeat(start, periods), dtype="Int64"),
            "children": np.repeat(rng.integers(200, 2_000, units), periods),
            "y": level.ravel(),
        }
    )
    frame.attrs |= {"effect": effect, "synthetic": True}
    return frame


def herning() -> pd.DataFrame:
    """The figures that were printed of Herning's programme, one row a figure, with source and page.

    Columns are described in ``data/herning/README.md``. Two group totals carry no verdict: see ``sverige-did run``.

    >>> herning()["outcome"].nunique() > 5
    True
    """
    return pd.read_csv(_file("herning", "published.csv"), dtype=str, keep_default_na=False)


def registers() -> dict[str, pd.DataFrame]:
    """The registers of the example, a made-up municipality: one table a register, all columns as text.

    Every child in them is made up. ``sverige-did run`` makes the study of them.

    >>> sorted(registers())[:3]
    ['anbringelser', 'boern', 'bopaele']
    """
    folder = _file("example", "boern.csv").parent
    return {
        path.stem: pd.read_csv(path, sep=";", dtype=str, keep_default_na=False) for path in sorted(folder.glob("*.csv"))
    }


def _file(study: str, name: str) -> Path:
    """A data file: beside the package in a clone, inside it in a wheel."""
    for folder in (PACKAGE / "api" / "data" / study, PACKAGE.parent / "data" / study):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"data/{study}/{name}")
