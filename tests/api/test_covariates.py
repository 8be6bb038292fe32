"""Covariates by formula: the columns of its design, each fixed before anybody starts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from frames import small, study

import sverige_did as sd


def frame() -> pd.DataFrame:
    made = small(units=14, treated=5)
    number = made["district"].str[-2:].astype(int)
    return made.assign(region=np.where(number % 3 == 0, "north", "south"), flag=number % 2 == 0)


def changes(made: pd.DataFrame) -> pd.DataFrame:
    """One change a district, worked out by hand."""
    first = made.groupby("district").agg(start=("start", "first"), children=("children", "first"),
                                         region=("region", "first"), flag=("flag", "first"))  # fmt: skip
    after = made[made["period"] >= 4].groupby("district")["y"].mean()
    before = made[made["period"] < 4].groupby("district")["y"].mean()
    return first.assign(change=after - before, treated=first["start"].notna().astype(int))


@pytest.mark.parametrize("formula", ["~ children", "~ np.log(children) + C(region)", "~ children * flag", "~ region"])
def test_the_effect_is_that_of_the_same_formula_by_least_squares(formula: str) -> None:
    fit = smf.ols(f"change ~ treated + {formula[1:]}", data=changes(frame())).fit()
    found = study(frame(), covariates=formula).verdict()
    assert found.estimate == pytest.approx(fit.params["treated"], rel=1e-9)


def test_the_columns_go_by_the_names_of_the_formula() -> None:
    found = study(frame(), covariates="~ np.log(children) + region").context
    assert found.covariates == ("np.log(children)", "region[T.south]")
    assert "np.log(children), region[T.south]" in found.said("en")


def test_a_plain_formula_is_a_list_of_names() -> None:
    assert (
        study(frame(), covariates="~ children").methods().rows == study(frame(), covariates="children").methods().rows
    )


def test_what_varies_over_time_is_frozen_first_and_said() -> None:
    moving = frame().assign(children=lambda one: one["children"] * np.where(one["period"] < 4, 1, 9))
    found = study(moving, covariates="~ np.log(children)").verdict()
    assert found.estimate == pytest.approx(study(frame(), covariates="~ np.log(children)").verdict().estimate)
    assert any("“children” varies over time" in note for note in found.reasons)


def test_people_have_means_of_numbers_and_one_name() -> None:
    people = frame().loc[lambda one: one.index.repeat(3)].reset_index(drop=True)
    found = study(people, rows="people", covariates="~ children + region").verdict()
    assert found.estimate == pytest.approx(study(frame(), covariates="~ children + region").verdict().estimate)
    mixed = people.assign(region=lambda one: np.where(one.index == 0, "north", one["region"]))
    with pytest.raises(sd.InputError, match="region"):
        study(mixed, rows="people", covariates="~ children + region")


@pytest.mark.parametrize(
    ("covariates", "key", "named"),
    [
        ("~ nothing", "frame_column", "nothing"),
        ("~ log(children", "frame_formula", ""),
        ("y ~ children", "frame_formula", "y ~ children"),
        ("~ np.log(children - 99999)", "frame_formula", "np.log(children - 99999)"),
        (["children", "~ region"], "frame_formula", "children, ~ region"),
    ],
)
def test_a_formula_that_cannot_be_used_is_told(covariates: object, key: str, named: str) -> None:
    with pytest.raises(sd.InputError) as refused:
        study(frame(), covariates=covariates)
    assert refused.value.problems[0].key == key
    assert named in refused.value.say("en")


def test_methods_that_know_no_covariates_name_those_that_do() -> None:
    found = study(frame(), covariates="~ children")
    for method in ("event_study", "imputation", "synthetic", "twfe", "size", "power"):
        with pytest.raises(sd.RefusedError, match=r"verdict\(\).*methods\(\).*att_gt"):
            getattr(found, method)()
    assert found.att_gt().aggregate("event").rows[0].std_error
