"""Five tasks as a new user would do them: no more lines here than where he comes from, and each runs as it stands."""

from __future__ import annotations

import warnings
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from frames import WHY
from scipy.special import expit

import sverige_did as sd

mpl.use("Agg")


def table() -> pd.DataFrame:
    """16 districts in 10 periods with an effect on levels, on shares, and flags of every kind that a peer wants."""
    frame = sd.datasets.simulate(units=16, treated=4, starts=7, effect=-3.0, seed=2)
    rng = np.random.default_rng(1)
    size = frame["children"] // 4
    under = frame["period"] >= frame["start"].fillna(99).astype(int)
    placed = rng.binomial(size, expit(-1.2 + 0.02 * (frame["y"] - 20) - 0.3 * under))
    return frame.assign(
        number=frame["district"].astype("category").cat.codes + 1,
        treat=under.astype(int),
        ever=frame["start"].notna().astype(int),
        post=(frame["period"] >= 7).astype(int),
        first=frame["start"].fillna(0).astype(int),
        size=size,
        placed=placed,
    )


def dates() -> pd.DataFrame:
    frame = sd.datasets.simulate(units=30, treated=12, starts=(5, 7), effect=-3.0, seed=3)
    return frame.assign(
        number=frame["district"].astype("category").cat.codes + 1, first=frame["start"].fillna(0).astype(int)
    )


OURS = {
    "verdict": """
study = sd.did(df, unit="district", time="period", y="y", treated_from="start")
print(study.verdict())
""",
    "event study": """
study = sd.did(df, unit="district", time="period", y="y", treated_from="start")
study.event_study().plot()
""",
    "staggered": """
study = sd.did(several, unit="district", time="period", y="y", treated_from="start")
print(study.att_gt().aggregate("event"))
""",
    "sensitivity": """
study = sd.did(df, unit="district", time="period", y="y", treated_from="start")
print(study.sensitivity().by("relative_magnitudes"))
""",
    "posterior": """
study = sd.did(df, unit="district", time="period", events="placed", exposure="size", treated_from="start")
print(study.posterior(better="lower"))
""",
}

PYFIXEST = {
    "verdict": """
fit = pf.feols("y ~ treat | district + period", df, vcov={"CRV1": "district"})
print(fit.tidy())
""",
    "event study": """
fit = pf.feols("y ~ i(period, ever, ref=6) | district + period", df, vcov={"CRV1": "district"})
fit.iplot()
""",
}

DIFF_DIFF = {
    "verdict": """
fit = dd.DifferenceInDifferences(cluster="number").fit(df, outcome="y", treatment="ever", post="post")
print(fit.summary())
""",
    "staggered": """
fit = dd.CallawaySantAnna().fit(several, "y", "number", "period", "first", aggregate="event_study")
print(fit.summary())
""",
    "sensitivity": """
fit = dd.CallawaySantAnna(base_period="universal").fit(df, "y", "number", "period", "first", aggregate="event_study")
print(dd.HonestDiD(method="relative_magnitude", M=1.0).fit(fit).summary())
""",
}

BAMBI = """
model = bmb.Model("p(placed, size) ~ treat + (1 | district) + (1 | district:period)", df, family="binomial")
print(az.summary(model.fit()))
"""
"""The same hierarchy without effects that differ, a prior that is told, or a word on convergence; not run here."""


def lines(text: str) -> int:
    return len([line for line in text.splitlines() if line.strip()])


@pytest.mark.parametrize("task", OURS)
def test_a_task_takes_no_more_lines_than_where_one_comes_from(task: str) -> None:
    others = [one[task] for one in (PYFIXEST, DIFF_DIFF) if task in one] or [BAMBI]
    assert lines(OURS[task]) <= min(map(lines, others))


@pytest.mark.parametrize("task", OURS)
def test_a_task_runs_as_it_stands(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    frame = table()
    # Four periods are as good an example of a posterior as ten, and of the shape that test_posterior has compiled.
    known: dict[str, Any] = {"sd": sd, "several": dates()}
    known["df"] = frame[frame["period"].between(5, 8)] if task == "posterior" else frame
    exec(OURS[task], known)
    told = capsys.readouterr().out
    if task == "event study":
        assert plt.gca().get_title(loc="left")
        plt.close("all")
    elif task == "posterior":
        assert known["study"].setting.panel.exposure is not None
        assert "the verdict does not use it" in told
    else:
        assert len(told) > 100


def test_what_a_peer_calls_an_effect_is_the_same_number() -> None:
    known: dict[str, Any] = {"df": table(), "several": dates(), "print": lambda *_: None}
    known |= {"pf": pytest.importorskip("pyfixest", reason=WHY), "dd": pytest.importorskip("diff_diff", reason=WHY)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own
        exec(PYFIXEST["verdict"], known)
        twfe = float(known["fit"].coef().iloc[0])
        exec(DIFF_DIFF["verdict"], known)
        two_by_two = float(known["fit"].att)
        exec(DIFF_DIFF["sensitivity"], known)
        exec(DIFF_DIFF["staggered"], known)
        first = next(value["effect"] for time, value in known["fit"].event_study_effects.items() if time == 0)
    one = sd.did(table(), unit="district", time="period", y="y", treated_from="start")
    several = sd.did(dates(), unit="district", time="period", y="y", treated_from="start")
    assert one.twfe().estimate == pytest.approx(twfe, abs=1e-8)
    assert one.verdict().estimate == pytest.approx(two_by_two, abs=1e-8)
    ours = several.att_gt().aggregate("event").to_frame().set_index("term")["estimate"]
    assert ours["event_time +0"] == pytest.approx(first, abs=1e-8)
