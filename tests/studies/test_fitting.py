"""One second attempt, and only where it can help; seeds that no other fit can move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import xarray as xr
from small_posterior import plan

from sverige_did.bayes.sampling.diagnostics import STANDARD, ConvergenceReport
from sverige_did.bayes.sampling.sample import Fit, Settings
from sverige_did.errors import RefusedError
from sverige_did.studies import fitting

GOOD = ConvergenceReport(1.001, "tau", 900.0, "tau", 900.0, 0.9, 0, STANDARD)
FIRST = Settings(draws=1000, tune=500, target_accept=0.95)


def attempts(monkeypatch: pytest.MonkeyPatch, *reports: ConvergenceReport) -> list[tuple[Settings, bool]]:
    """The settings of every attempt, and whether its gates were judged at once; the sampler returns ``reports``."""
    requested: list[tuple[Settings, bool]] = []
    waiting = list(reports)

    def sample(_: Any, *, seed: int, settings: Settings, criteria: Any = STANDARD, **__: Any) -> Fit:
        requested.append((settings, criteria is not None))
        return Fit(xr.DataTree(), waiting.pop(0), settings, seed, "0" * 64, 0.0)

    monkeypatch.setattr(fitting, "sample", sample)
    return requested


@pytest.mark.parametrize(
    ("first", "draws"),
    [
        (replace(GOOD, divergences=2), 1000),
        (replace(GOOD, ess_tail=390.0), 3000),
        (replace(GOOD, rhat=1.02, divergences=1), 3000),
    ],
)
def test_smaller_steps_and_where_needed_more_draws(monkeypatch, first, draws):
    requested = attempts(monkeypatch, first, GOOD)
    fit = fitting.sampled(None, None, 7, FIRST)  # type: ignore[arg-type]
    assert requested == [(FIRST, False), (replace(FIRST, target_accept=fitting.REMEDY, draws=draws), False)]
    assert fit.report is GOOD


def test_good_draws_are_taken_as_they_are_and_bad_energy_is_not_tried_again(monkeypatch):
    assert len(attempts(monkeypatch, GOOD)) == 0
    assert fitting.sampled(None, None, 7, FIRST).settings == FIRST  # type: ignore[arg-type]
    requested = attempts(monkeypatch, replace(GOOD, bfmi=0.1, divergences=3))
    with pytest.raises(RefusedError):
        fitting.sampled(None, None, 7, FIRST)  # type: ignore[arg-type]
    assert len(requested) == 1


def test_a_seed_depends_on_the_plan_and_the_name_alone():
    requested = plan()
    assert fitting.seed_of(requested, "a") == fitting.seed_of(requested, "a") != fitting.seed_of(requested, "b")
    other = plan(sampling={"seed": 4})
    assert fitting.seed_of(other, "a") != fitting.seed_of(requested, "a")
    assert fitting.settings_of(requested, 3) == Settings(400, 500, 2, 3, 0.9)


def test_what_is_told_of_a_fit_is_what_was_found():
    told = fitting.diagnosed("one", Fit(xr.DataTree(), replace(GOOD, rhat=1.5), FIRST, 7, "0" * 64, 0.0))
    assert (told.fit, told.seed, told.draws, told.r_hat_max, told.passed) == ("one", 7, 1000, 1.5, False)
