"""From a delivery to findings: who counts as before, what is refused where, and nothing that is called an effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_cases as small

from sverige_did.results.cases import ALL
from sverige_did.results.estimates import NotAnEffectError
from sverige_did.sources.cases.delivery import CaseData, read_cases
from sverige_did.studies.cases.estimate import estimate_cases
from sverige_did.studies.cases.posterior import prepare_survey, prepare_waits
from sverige_did.studies.cases.survey import answers_of
from sverige_did.studies.cases.waits import OUTCOMES, PRIMARY, waits_of
from sverige_did.survival.restricted_mean import restricted_mean
from sverige_did.synthetic.cases import CaseModel, true_days


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> CaseData:
    return read_cases(small.write(tmp_path_factory.mktemp("cases"), small.delivery()), small.plan())


def cases(**columns: list[object]) -> pd.DataFrame:
    """Cases of one municipality by hand; dates that are not given never come."""
    n = len(columns["referred"])
    blank = {name: [None] * n for name in ("decided", "measure", "ended")}
    frame = pd.DataFrame(blank | columns)
    for name in ("referred", "decided", "measure", "ended"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.assign(municipality="gladsaxe", caseworker=1.0, exempt="yes", during=frame["referred"] > "2017-06-01")


def test_a_wait_ends_by_the_first_of_measure_exit_and_extraction() -> None:
    frame = cases(
        referred=["2015-01-01", "2015-01-01", "2019-03-01"],
        measure=["2015-02-01", None, None],
        ended=[None, "2015-01-11", None],
    )
    waits = waits_of(frame, small.plan()).waits
    assert waits.days.tolist() == [31, 10, 30]
    assert waits.cause.tolist() == [1, 2, 0]


def test_the_decision_divides_the_wait(data: CaseData) -> None:
    study = small.plan()
    parts = {outcome: waits_of(data.cases, study, outcome) for outcome in OUTCOMES}
    both = data.cases["decided"].notna() & data.cases["measure"].notna()
    to, onward, whole = (
        (data.cases[end] - data.cases[begin]).dt.days[both].sum()
        for begin, end in (("referred", "decided"), ("decided", "measure"), ("referred", "measure"))
    )
    assert to + onward == whole
    assert len(parts["decision_to_measure"].waits) == int(data.cases["decided"].notna().sum())


def test_municipalities_come_first_then_their_mean_twice_and_none_is_an_effect(data: CaseData) -> None:
    found = [one for one in estimate_cases(data, small.plan()).findings if one.outcome == PRIMARY]
    days = [one for one in found if one.result.estimand == "first_180_days"]
    assert [one.reading for one in days] == ["gladsaxe", "guldborgsund", "ikast-brande", ALL, ALL]
    assert days[3].result.estimate == pytest.approx(np.mean([one.result.estimate for one in days[:3]]))
    assert days[4].result.estimate == pytest.approx(days[3].result.estimate)
    for one in found:
        assert (one.design_class, one.verdict) == ("D4", "descriptive")
        with pytest.raises(NotAnEffectError):
            _ = one.att


def test_no_interval_of_days_is_wider_than_the_days_there_are(data: CaseData) -> None:
    """Two municipalities as the measurements have one degree of freedom, and t goes to 12.7 standard errors."""
    for one in estimate_cases(data, small.plan()).findings:
        if one.result.scale == "days" and one.result.lower is not None:
            most = int(one.result.estimand.split("_")[1])
            assert -most <= one.result.lower <= one.result.estimate <= one.result.upper <= most


def test_an_arm_that_is_empty_in_one_municipality_stops_none_of_the_others(tmp_path: Path) -> None:
    frames = small.delivery()
    gone = (frames["cases"]["municipality"] == "Gladsaxe") & (frames["cases"]["referred"] > "2017-06-01")
    frames["cases"] = frames["cases"][~gone].reset_index(drop=True)
    study = small.plan()
    data = read_cases(small.write(tmp_path, frames), study)
    made = estimate_cases(data, study)
    assert {one.reading for one in made.findings if one.outcome == PRIMARY} == {"guldborgsund", "ikast-brande", ALL}
    said = [one.model_dump()["values"] for one in made.remarks]
    assert any(values.get("municipality") == "Gladsaxe" for values in said)
    assert prepare_waits(data, study).places == ("guldborgsund", "ikast-brande")


def test_checks_that_cannot_run_say_why_and_the_others_run(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["cases"] = frames["cases"].drop(columns="exempt")
    made = estimate_cases(read_cases(small.write(tmp_path, frames), small.plan()), small.plan())
    status = {one.check: (one.status, one.key) for one in made.checks}
    assert status["not_exempt"] == ("could_not_run", "no_types")
    assert status["only_completed"] == ("ran", "result")


def test_without_caseworkers_cases_are_left_out_one_by_one(tmp_path: Path) -> None:
    frames = small.delivery()
    frames["cases"] = frames["cases"].drop(columns="caseworker")
    data = read_cases(small.write(tmp_path, frames), small.plan())
    made = estimate_cases(data, small.plan())
    assert {one.result.inference for one in made.findings} == {"case_jackknife", "municipalities"}
    assert prepare_waits(data, small.plan()).model is not None


def test_every_invited_caseworker_counts_alike_in_the_mean(data: CaseData) -> None:
    groups = [one for one in answers_of(data, small.plan()).groups if (one.item, one.wave) == ("time", "before")]
    parts, (together,) = groups[:3], groups[3:]
    assert together.agree == pytest.approx(np.mean([one.agree for one in parts]))  # 32 were invited everywhere
    assert together.lowest == pytest.approx(sum(one.agreeing for one in parts) / 96)
    silent = 96 - sum(one.respondents for one in parts)
    assert together.highest == pytest.approx((sum(one.agreeing for one in parts) + silent) / 96)
    assert len(prepare_survey(data, small.plan()).places) == 3


def test_the_truth_of_the_made_up_cases_is_what_many_of_them_say() -> None:
    """Municipality by municipality, in days; waits are whole days, which takes the same off both arms."""
    model = CaseModel(exempt_cases=4000, other_cases=0, respondents=((0, 0),) * 3, caseworkers=400)
    frame = small.case_registers(model, np.random.default_rng(1))["cases"]
    waits = waits_of(
        frame.assign(
            municipality=frame["municipality"].str.casefold(), during=frame["referred"] > "2017-06-01",
            ended=frame["closed"], caseworker=0.0,
        ),
        small.plan(),
    )  # fmt: skip

    for at, name in enumerate(model.names):
        mine = waits.of(waits.place == at)
        found = restricted_mean(mine.waits, mine.during, 90)
        assert found.estimate == pytest.approx(true_days(model)[name]["90"], abs=3.5 * found.std_error)
