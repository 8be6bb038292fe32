"""What the recorded calibration of the models for two group totals promises."""

from pathlib import Path

import pandas as pd

RECORDED = pd.read_csv(Path(__file__).parent / "recorded" / "sbc_totals.csv", comment="#")


def test_ranks_of_every_parameter_are_uniform():
    assert len(RECORDED) == 10
    assert RECORDED["p_uniform"].min() * len(RECORDED) > 0.05  # Bonferroni over the ten parameters
    assert RECORDED["mean_rank"].between(0.43, 0.57).all()  # 3.4 standard errors of a uniform mean over 200


def test_no_data_set_makes_the_sampler_stumble_often():
    assert (RECORDED["diverged"] <= 4).all()
    assert (RECORDED["refused"] <= 20).all()
