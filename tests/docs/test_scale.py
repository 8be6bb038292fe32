"""The page on growth is what was recorded, and what grows faster than its registers has its reason there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import scale_page

LINES = scale_page.read()


def test_the_page_is_what_was_recorded() -> None:
    assert scale_page.PAGE.read_text("utf-8") == scale_page.text()


def test_no_job_took_more_than_eight_gigabytes() -> None:
    assert 1 in {one.get("parts") for one in LINES}
    assert max(float(str(one["peak_mb"])) for one in LINES if "peak_mb" in one) < 8000


def test_every_stage_grows_in_proportion_or_says_why() -> None:
    told = list(scale_page.stages(LINES))
    assert len(told) > 5
    assert {one.stage for one in told if one.exponent > scale_page.MOST} <= set(scale_page.REASONS)


def test_the_exponent_is_the_power_by_which_made_up_times_grow() -> None:
    times = {8: 2 + 3 * 1.0, 4: 2 + 3 * 2**1.5, 1: 2 + 3 * 8**1.5}
    assert scale_page.Stage("s", "t", times, {}).exponent == pytest.approx(1.5)
