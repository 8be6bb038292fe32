"""Data frames for the tests of the front door, and the studies made of them."""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sverige_did as sd

WHY = "the dependency group `bench` is not installed"


def shipped(package: str, file: str) -> str:
    if find_spec(package) is None:
        pytest.skip(WHY)
    return str(distribution(package).locate_file(file))


def counties() -> pd.DataFrame:
    """County employment (mpdta): ``first`` is 0 for counties that never raised the minimum wage."""
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/mpdta_long.pkl.gz"))
    return frame.rename(columns={"first.treat": "first"}).astype({"first": float})


def states() -> pd.DataFrame:
    """43 states to 2015: 22 expanded Medicaid in 2014, the others not before 2016."""
    frame = pd.read_pickle(shipped("moderndid", "moderndid/core/datasets/ehec_data.pkl.gz"))
    return frame[(frame["year"] < 2016) & (frame["yexp2"] != 2015)]


def small(**changes: Any) -> pd.DataFrame:
    """12 districts, 4 of them from the fourth of six periods, with half-years, counts and a stratum."""
    frame = sd.datasets.simulate(**{"units": 12, "treated": 4, "periods": 6, "starts": 4, "effect": -3.0} | changes)
    half = [f"{2011 + (at - 1) // 2}H{2 - at % 2}" for at in frame["period"]]
    start = frame["start"].map(lambda at: None if pd.isna(at) else f"{2011 + (at - 1) // 2}H{2 - at % 2}")
    events = np.rint(frame["y"] * frame["children"] / 100)
    number = frame["district"].str[-2:].astype(int)
    return frame.assign(
        half=half, begins=start, events=events, stratum=number % 2, treated=frame["period"] >= frame["start"].fillna(99)
    )


def study(frame: pd.DataFrame | None = None, **said: Any) -> sd.Study:
    """A study of :func:`small`'s levels by lot, or of another frame with its columns."""
    columns = {"unit": "district", "time": "period", "y": "y", "treated_from": "start", "chosen": "random"}
    return sd.did(small() if frame is None else frame, **columns | said)
