from __future__ import annotations

import hashlib
import logging
import traceback
import uuid

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from sverige_did.errors import InputError
from sverige_did.sources.files.cpr import BY_CHANCE, holds_cpr, masked, refuse_cpr, refuse_cpr_in

# Made of the first of January and four zeros: dates that exist, persons who do not.
MADE_UP = "010100-0000"


@pytest.mark.parametrize(
    "text",
    [MADE_UP, "0101000000", "010100 0000", "barnet 010100-0000 flyttet", "x:0101000000;", "610100-0000", "290200-0000"],
)
def test_a_plausible_number_is_found_anywhere(text: str) -> None:
    assert holds_cpr(text)


@pytest.mark.parametrize(
    "text",
    ["", "320100-0000", "011300-0000", "300200-0000", "12010100000", "010100-00001", "2014-01-01", "52820", "a1b2"],
)
def test_what_is_no_date_or_has_other_digits_around_it_is_not(text: str) -> None:
    assert not holds_cpr(text)


def test_a_leading_zero_lost_by_a_spreadsheet_is_found_except_in_amounts() -> None:
    frame = pd.DataFrame({"nr": ["101000000"], "kr": ["101000000"]}, index=[2])
    with pytest.raises(InputError) as caught:
        refuse_cpr(frame, "a.csv", amounts=["kr"])
    assert caught.value.problems[0].column == "nr"
    refuse_cpr(frame[["kr"]], "a.csv", amounts=["kr"])
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"nr": [101000000.0, None]}), "a.parquet")


def test_file_column_and_row_are_told_but_never_the_number(caplog: pytest.LogCaptureFixture) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "note": ["", f"se {MADE_UP}", MADE_UP]}, index=[2, 3, 4])
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError) as caught:
        refuse_cpr(frame, "børn.csv")
    (problem,) = caught.value.problems
    assert (problem.file, problem.column, problem.row) == ("børn.csv", "note", 3)
    assert "2 in this column" in problem.say("en")
    told = caplog.text + repr(caught.value) + caught.value.say("da") + caught.value.say("en")
    told += "".join(traceback.format_exception(caught.value))
    assert MADE_UP not in told
    assert "0000" not in told


def test_a_header_that_is_a_number_is_not_repeated_either() -> None:
    with pytest.raises(InputError) as caught:
        refuse_cpr(pd.DataFrame(columns=pd.Index(["barn", MADE_UP])), "uden overskrift.csv")
    assert caught.value.problems[0].column == "#2"
    assert MADE_UP not in str(caught.value)


DASHES = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"


@pytest.mark.parametrize("dash", DASHES, ids=lambda dash: f"U+{ord(dash):04X}")
def test_no_dash_hides_a_number(dash: str) -> None:
    text = f"010100{dash}0000"
    assert holds_cpr(text)
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"id": ["b1", text]}, index=[2, 3]), "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        "01.01.00-0000", "01-01-00-0000", "01/01/00 0000", "01 01 00 0000", "01_01_00_0000", "010100.0000",
        "010100/0000", "01-01-1900-0000", "010119000000", "01011900-0000", "010100\u00a0-\u00a00000",
        "\uff10\uff11\uff10\uff11\uff10\uff10-0000", "cpr:010100-0000.",
    ],
)  # fmt: skip
def test_other_ways_of_writing_it_are_found(text: str) -> None:
    assert holds_cpr(text)
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"id": ["b1", text]}, index=[2, 3]), "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        "010100\u200b0000", "01\u200d0100\ufeff0000", "010100\u20600000", "010100\t0000", "010100\n0000",
        "01 01 00 00 00",
        "010100:0000", "010100+0000", "010100|0000", "010100\u00b70000", "010100\u20430000", "010100\u18060000",
        "\u0660\u0661\u0660\u0661\u0660\u0660\u0660\u0660\u0660\u0660", "barn010100-0000x", "mor_010100-0000.csv",
        "101.000.000", "1.101.000.000", "10100-0000",
    ],
)  # fmt: skip
def test_signs_that_are_not_seen_other_scripts_and_other_signs_between_hide_no_number(text: str) -> None:
    assert holds_cpr(text, lost_zero=True)
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"id": ["b1", text]}, index=[2, 3]), "a.csv")


@pytest.mark.parametrize("form", ["%Y-%m-%d",
                                  "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+01:00", "%d-%m-%Y", "%d-%m-%Y %H:%M",
                                  "%d.%m.%Y kl. %H:%M", "%d/%m/%Y", "%Y%m%d", "%d-%m-%y", "%d-%m-%Y - 31-12-2012",
                                  "%d-%m-%Y (2013/14)", "%m/%d/%Y"])  # fmt: skip
def test_no_day_or_moment_is_taken_for_a_number(form: str) -> None:
    days = pd.Series(pd.date_range("2008-01-01 00:00", "2024-12-31", freq="29h")).dt.strftime(form)
    assert not [day for day in days if holds_cpr(day, lost_zero=True)]
    refuse_cpr(pd.DataFrame({"dag": days}), "a.csv")


def test_workbooks_days_are_none_either() -> None:
    days = pd.Series(pd.date_range("2008-01-01", "2024-12-31").to_pydatetime(), dtype=object)
    refuse_cpr(
        pd.DataFrame({"dag": days, "zone": pd.Series(pd.date_range("2008", "2024", tz="UTC"), dtype=object)}), "a.xlsx"
    )


def test_a_mask_hides_numbers_and_nothing_else() -> None:
    assert masked(f"barn{MADE_UP}.csv, række 2: 31-12-2014, 1.000") == "barn[CPR].csv, række 2: 31-12-2014, 1.000"
    assert masked("hændelser_0101000000.csv") == "hændelser_[CPR].csv"
    assert masked("løbenr. 5 – 0099000000") == "løbenr. 5 – 0099000000"


def columns(rng: np.random.Generator, ids: int) -> dict[str, list[str]]:
    """Pseudonyms as systems make them, and amounts in kroner with decimals."""
    raw = [rng.bytes(16) for _ in range(ids)]
    return {
        "sha256": [hashlib.sha256(one).hexdigest() for one in raw],
        "sha256 in capitals": [hashlib.sha256(one).hexdigest().upper() for one in raw],
        "in base 36": ["".join(rng.choice(list("0123456789abcdefghijklmnopqrstuvwxyz"), 12)) for _ in raw],
        "a letter and ten digits": [f"B{number:010d}" for number in rng.integers(0, 10**10, ids)],
        "uuid": [str(uuid.UUID(bytes=one)) for one in raw],
        "ten digits": [f"{number:010d}" for number in rng.integers(0, 10**10, ids)],
        "twelve digits": [f"{number:012d}" for number in rng.integers(0, 10**12, ids)],
        "nine digits": [f"{number}" for number in rng.integers(10**8, 10**9, ids)],
        "amounts": [f"{number / 100:.2f}".replace(".", ",") for number in rng.integers(10**3, 10**9, ids)],
    }


def test_pseudonyms_are_not_taken_for_numbers() -> None:
    """100 deliveries of 500 ids of each kind; the law behind it is the next test."""
    rng = np.random.default_rng(20260131)
    for _ in range(100):
        refuse_cpr(pd.DataFrame(columns(rng, 500)), "a.csv")


def test_a_uuid_is_no_number_though_two_of_its_groups_look_like_one() -> None:
    """One in 130,000 does, so one delivery of 2,000 in 65 was refused by chance."""
    alike = "01012000-0000-4abc-8def-0123456789ab"
    assert not holds_cpr(alike)
    refuse_cpr(pd.DataFrame({"barn": [alike, alike.upper()]}), "a.csv")
    assert holds_cpr(f"{alike} {MADE_UP}")


def test_letters_before_a_column_of_numbers_do_not_hide_them() -> None:
    rng = np.random.default_rng(3)
    real = [f"B{day:02d}{month:02d}{rng.integers(10**6):06d}" for day, month in rng.integers(1, 13, (30, 2))]
    with pytest.raises(InputError):
        refuse_cpr(pd.DataFrame({"barn": real}), "a.csv")
    refuse_cpr(pd.DataFrame({"barn": real[:5]}), "a.csv")  # too few to tell from chance


def test_the_false_alarm_of_bare_digits_is_below_one_in_ten_thousand_from_a_few_ids_on() -> None:
    """Days 1-31 and 61-91 in twelve months, of the 10,000 first four digits; with the leading zero lost, of 900."""
    dates = sum(holds_cpr(f"{first:04d}000000") for first in range(10_000)) / 10_000
    assert dates == pytest.approx(0.0732, abs=1e-4)
    lost = sum(holds_cpr(f"{first}000000", lost_zero=True) for first in range(100, 1_000)) / 900
    for share, fewest in ((dates, 15), (lost, 22)):
        for ids in range(fewest, 400):
            assert binom.sf(np.ceil(BY_CHANCE * ids) - 1, ids, share) < 1e-4


def test_a_column_of_numbers_is_found_with_others_among_them() -> None:
    rng = np.random.default_rng(7)
    days = rng.integers(1, 13, (30, 2))
    real = [f"{day:02d}{month:02d}{rng.integers(100):02d}{rng.integers(10**4):04d}" for day, month in days]
    mixed = [*real, *(f"99{number:08d}" for number in rng.integers(0, 10**8, 25))]
    with pytest.raises(InputError) as caught:
        refuse_cpr(pd.DataFrame({"barn": mixed}), "a.csv")
    (problem,) = caught.value.problems
    assert f"{len(real)} in this column" in problem.say("en")


def test_a_text_is_refused_by_its_row_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        refuse_cpr_in(f"title: a\nquestion: {MADE_UP}\n", "study.yaml")
    assert [(one.file, one.row) for one in caught.value.problems] == [("study.yaml", 2)]
    assert "0000" not in caught.value.say("da") + caught.value.say("en")


def test_a_number_behind_its_own_name_is_found_and_digits_in_a_hash_are_not() -> None:
    assert holds_cpr("01005-528221002-015025-529CPR610105-4002")
    assert holds_cpr("cpr6101054002")
    assert not holds_cpr("529CPR---")
    assert not holds_cpr("ab6101054002")
