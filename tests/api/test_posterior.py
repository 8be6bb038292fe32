"""Posteriors of a data frame: what was put in comes out, is told with its prior, and is not told where it failed."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from frames import study
from scipy.special import expit

import sverige_did as sd
from sverige_did.api.posterior_models import modelled
from sverige_did.bayes.draws.replicate import PanelDraws
from sverige_did.words import LANGUAGES

mpl.use("Agg")

LOG_ODDS = -0.6
QUICK = {"draws": 1500, "tune": 800, "target_accept": 0.97}
"""Fewer draws than the defaults, for data that ask for no more."""


def shares(seed: int = 3) -> pd.DataFrame:
    """16 districts in 4 periods, 4 of them with lower odds from the third on; made up."""
    rng = np.random.default_rng(seed)
    unit, period = np.divmod(np.arange(64), 4)
    size = rng.integers(150, 400, 16)[unit]
    eta = -1.0 + rng.normal(0, 0.3, 16)[unit] + rng.normal(0, 0.2, 64) + LOG_ODDS * ((unit < 4) & (period > 1))
    frame = pd.DataFrame({"district": unit, "period": period + 1, "start": np.where(unit < 4, 3, 0)})
    return frame.assign(placed=rng.binomial(size, expit(eta)), children=size, rate=100 * expit(eta))


COUNTS = {"y": None, "events": "placed", "exposure": "children", "per": 100}


@cache
def of_shares() -> sd.Posterior:
    return study(shares(), **COUNTS).posterior(better="lower", rope=1.0, worthwhile=5.0, **QUICK)


@cache
def of_levels() -> sd.Posterior:
    return study(shares(), y="rate").posterior(better="higher", **QUICK)


EVERY = (of_shares, of_levels)
each = pytest.mark.parametrize("made", EVERY)


def test_the_effect_that_was_put_in_is_found_on_every_scale() -> None:
    found = of_shares().to_frame().set_index(["term", "scale"])
    assert found.loc[("att", "log_odds"), "lower"] < LOG_ODDS < found.loc[("att", "log_odds"), "upper"]
    assert found.loc[("att", "log_odds"), "upper"] < -0.1
    # In points, from the level that the treated have after.
    after = shares().query("start > 0 and period > 2")
    level = 100 * (after["placed"] / after["children"]).mean()
    without = 100 * expit(np.log(level / (100 - level)) - found.loc[("att", "log_odds"), "estimate"])
    assert found.loc[("att", "level"), "estimate"] == pytest.approx(level - without, abs=1.5)
    assert found.loc[("att", "ratio"), "estimate"] == pytest.approx(level / without, abs=0.05)
    wider = found["upper"] - found["lower"]
    assert wider["new_unit", "level"] > wider["att", "level"]


def test_levels_have_the_effect_of_levels() -> None:
    found = of_levels()
    assert found.likelihood == "normal"
    assert found.estimate == pytest.approx(study(shares(), y="rate").verdict().estimate, abs=2.0)
    lower, upper = found.limits
    assert lower is not None
    assert upper is not None
    assert lower < -10 < upper < 0
    assert found.main.benefit == pytest.approx(1 - found.main.below)


def test_probabilities_are_shares_of_the_draws() -> None:
    found = of_shares()
    effect = found.draws["posterior"]["effect"].to_numpy().ravel()
    assert found.estimate == pytest.approx(np.median(effect))
    assert found.main.below == found.main.benefit == np.mean(effect < 0) == found.probability(below=0)
    assert found.main.beyond == np.mean(effect <= -5) == pytest.approx(found.probability(below=-5))
    assert found.main.within == np.mean(np.abs(effect) <= 1) == pytest.approx(found.probability(above=-1, below=1))
    assert of_levels().main.within is None


def test_draws_go_into_arviz_as_they_are() -> None:
    az = importlib.import_module("arviz")
    draws = of_shares().draws
    assert set(draws.children) == {"posterior", "prior", "log_likelihood", "sample_stats", "observed_data"}
    assert draws["log_likelihood"]["y"].shape == (4, 1500, 64)
    summary = az.summary(draws, var_names=["effect", "sigma_s"], ci_prob=0.95, ci_kind="eti")
    assert float(summary.loc["effect", "mean"]) == pytest.approx(draws["posterior"]["effect"].mean().item(), abs=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cells with a shock of their own are hard to leave out one by one
        assert np.isfinite(az.loo(draws).elpd)


@each
def test_it_has_what_every_result_has(made: Any) -> None:
    found = made()
    assert type(found).from_json(found.to_json()) == found
    for language in LANGUAGES:
        assert "nan" not in found.summary(language)
        assert found.to_markdown(language).count("\n") == len(found.to_frame()) + 1
    assert "tabular" in found.to_latex()
    assert found._repr_html_() == found.to_html()
    ax = plt.subplots()[1]
    assert found.plot(ax) is ax
    plt.close("all")


def test_it_is_told_as_the_answer_of_a_model_and_never_as_the_verdict() -> None:
    told = of_shares().say("en")
    assert "the verdict does not use it" in told
    assert "The probability of a benefit is over 99.5%." in told
    assert "over 0.999" in of_shares().to_markdown("en")
    assert "of at least 5 is" in told
    assert "benefit" in of_levels().say("en")
    assert of_shares().say("da").count("Sandsynligheden") == 3


def test_without_its_draws_it_can_still_be_drawn_and_says_where_they_went() -> None:
    again = sd.Posterior.from_json(of_shares().to_json())
    assert len(again.plot().lines) >= 3
    with pytest.raises(sd.RefusedError, match="do not travel"):
        _ = again.draws
    plt.close("all")


def test_the_prior_stands_beside_it_and_another_can_be_given() -> None:
    setting = study(shares(), **COUNTS).setting
    narrow, wide = (
        modelled(setting, "binomial", prior).prior_effects(np.random.default_rng(1)) for prior in ((-0.3, 0.05), None)
    )
    assert np.std(narrow["att", "log_odds"]) < np.std(wide["att", "log_odds"]) / 2
    assert np.mean(narrow["att", "log_odds"]) == pytest.approx(-0.3, abs=0.03)
    main = of_shares().main
    assert main.prior_lower is not None
    assert main.prior_upper is not None
    assert main.prior_lower < -15 < 15 < main.prior_upper
    frame = of_shares().to_frame()
    assert frame.loc[frame["term"] == "new_unit", "prior_median"].isna().all()


def test_the_effect_of_the_prior_is_that_of_the_model_at_the_same_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """At parameters of no spread and no shocks the effect is that of two shares."""
    made = modelled(study(shares(), **COUNTS).setting, "binomial", None)
    names = ("mu", "gamma", "tau", "sigma_alpha", "sigma_lambda", "sigma_s", "sigma_tau", "rho")
    values = dict(zip(names, np.array([-1.0, 0.2, -0.5, 0, 0, 0, 0, 0.5])[:, None] * np.ones((1, 4)), strict=True))
    monkeypatch.setattr(
        "sverige_did.api.posterior_models.prior_draws", lambda *_: PanelDraws(values, walk=None, effect=None)
    )
    found = made.prior_effects(np.random.default_rng(2))
    np.testing.assert_allclose(found["att", "level"], 100 * (expit(-1.3) - expit(-0.8)))
    np.testing.assert_allclose(found["att", "ratio"], expit(-1.3) / expit(-0.8))


def test_draws_of_a_fit_that_failed_are_kept_aside_and_not_reported() -> None:
    with pytest.raises(sd.RefusedError, match="cannot be trusted") as failed:
        study(shares(), y="rate").posterior(draws=30, tune=10)
    draws: Any = failed.value.draws
    assert draws["posterior"]["tau"].sizes["chain"] == 4
    assert sd.RefusedError().draws is None


def test_data_that_cannot_have_come_of_the_model_are_refused_with_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sverige_did.api.posterior_fit.IMPOSSIBLE", 1.0)
    with pytest.raises(sd.RefusedError, match="cannot have come of the fitted model") as failed:
        study(shares(), y="rate").posterior(**QUICK)
    assert "log_likelihood" in failed.value.draws.children  # type: ignore[attr-defined]


DATES = {"start": lambda frame: np.where(frame["district"] < 2, 3, np.where(frame["district"] < 4, 4, 0))}


@pytest.mark.parametrize(
    ("ask", "key"),
    [
        (lambda: study(shares().assign(**DATES), **COUNTS).posterior(), "posterior_staggered"),
        (lambda: study(shares(), y="rate").posterior("binomial"), "frame_likelihood"),
        (lambda: study(shares(), **COUNTS).posterior("normal"), "frame_likelihood"),
        (lambda: study(shares(), **COUNTS).posterior("gamma"), "unknown_option"),
        (lambda: study(shares(), **COUNTS).posterior(better="up"), "unknown_option"),
        (lambda: study(shares(), **COUNTS).posterior(worthwhile=2.0), "frame_no_direction"),
        (lambda: study(shares(), **COUNTS, strata="start").posterior(), "frame_not_known_here"),
        (lambda: study(shares(), **COUNTS, cluster="district").posterior(), "frame_not_known_here"),
        (lambda: study(shares(), **COUNTS, covariates="rate").posterior(), "frame_covariates_here"),
        (lambda: study(shares().assign(placed=0.5), **COUNTS).posterior("poisson"), "cells_counts"),
        (lambda: study(shares().assign(children=300.5), **COUNTS).posterior("binomial"), "totals_count_above_trials"),
    ],
)
def test_what_no_model_here_can_say_is_refused_before_anything_is_sampled(ask: Any, key: str) -> None:
    with pytest.raises(sd.RefusedError) as refused:
        ask()
    assert refused.value.problems[0].key == key
    assert refused.value.problems[0].mend("da")


@pytest.mark.parametrize(
    ("said", "likelihood"),
    [({}, "binomial"), ({"per": 1000}, "negative_binomial"), ({"exposure": "half"}, "negative_binomial")],
)
def test_the_likelihood_is_that_of_what_the_study_has(said: dict[str, Any], likelihood: str) -> None:
    usual = importlib.import_module("sverige_did.api.posterior_models").usual
    assert usual(study(shares().assign(half=lambda one: one["children"] / 2.5), **COUNTS | said).setting) == likelihood


def test_windows_and_periods_that_are_left_out_reach_the_model() -> None:
    made = modelled(study(shares(), y="rate", before=(2, 2)).setting, "normal", None)
    assert sorted(set(made.levels.period)) == [0, 1, 2]  # type: ignore[attr-defined]
    assert made.levels.level.size == 48  # type: ignore[attr-defined]


def test_one_treated_unit_is_told_to_rest_on_the_others_and_the_prior() -> None:
    frame = shares().assign(start=lambda one: np.where(one["district"] == 0, 3, 0))
    remarks = importlib.import_module("sverige_did.api.posterior_fit")._remarks(study(frame, y="rate").setting)
    assert [one.key for one in remarks] == ["notebook.note.posterior_few"]
