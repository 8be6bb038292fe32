"""Postings as accounts of the two groups, counted by hand on the small delivery; and what is wrong with postings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import small_registers as small

from sverige_did.errors import Problem
from sverige_did.sources.panel.frame import make_panel_frame
from sverige_did.sources.panel.posted import with_accounts
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.validate import read_folder

# c0 lives in A (treated), c3 in D (control), c9 is in no table of children that is placed.
ROWS: list[tuple[str, Any, str, str | None, str | None]] = [
    ("01005-528231002-015007-529", "1.000,50", "2013-03-01", None, "c0"),
    ("01005-528231002-015007-529", "-200,50", "2013-04-01", None, "c0"),
    ("01005-528231002-015007-529", "500,00-", "2013-05-01", None, "c3"),
    ("5.28.23.1.001", "4.000,00", "2013-06-01", None, "c3"),
    ("528221002", "300,00", "2016-01-31", "27.27.30", None),
    ("528232001", "-100,00", "2013-07-01", None, "c0"),
]


def postings(rows: list[tuple[str, Any, str, str | None, str | None]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["account", "amount", "date", "kle", "child"])


def checked(tmp_path: Path, rows: list[tuple[str, Any, str, str | None, str | None]]) -> list[Problem]:
    frames = {name: small.delivery()[name] for name in ("districts", "children", "placements")}
    small.write(tmp_path, frames | {"postings": postings(rows)})
    return [one for one in read_folder(tmp_path, small.study()).checked.problems if one.file == "postings.csv"]


def test_postings_are_summed_by_year_function_and_group_and_credits_lower_them(tmp_path: Path) -> None:
    frames = {name: small.delivery()[name] for name in ("districts", "children", "placements")}
    tables = small.tables(tmp_path, frames | {"postings": postings(ROWS)})
    frame = make_panel_frame(tables, small.study())
    found = with_accounts(tables, frame, standard_codes())["accounts"].usable().set_index(["year", "function", "group"])
    assert found["gross"].to_dict() == {
        (2013.0, "5.28.23", "control"): 3500.0, (2013.0, "5.28.23", "treated"): 800.0,
        (2013.0, "5.28.23", "whole"): 4300.0, (2016.0, "5.28.22", "whole"): 300.0,
    }  # fmt: skip
    assert found["refusion"][2013.0, "5.28.23", "treated"] == 100.0
    # Accounts that were delivered are never replaced.
    whole = small.tables(tmp_path, small.delivery() | {"postings": postings(ROWS)})
    assert with_accounts(whole, frame, standard_codes())["accounts"] is whole["accounts"]


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (("015025-529", "1,00", "2013-03-01", None, "c0"), "post_account_unread"),
        (("528231002-528221002", "1,00", "2013-03-01", None, "c0"), "post_account_unread"),
        (("528291001", "1,00", "2016-03-01", None, "c0"), "post_unknown_function"),
        (("528221002", "1,00", "2014-03-01", None, "c0"), "post_unknown_function"),
        (("528221099", "1,00", "2016-03-01", None, "c0"), "post_unknown_account"),
        (("528231002", "1,00", "2030-03-01", None, "c0"), "post_other_year"),
        (("528221002", "1,00", "2016-03-01", "27.27.33", "c0"), "post_kle_conflict"),
        (("528241999", "-5,00", "2016-03-01", None, "c0"), "post_negative_sum"),
        (("528242999", "5,00", "2016-03-01", None, "c0"), "post_refund_sign"),
        (("528243999", "5,00", "2016-03-01", None, "c0"), "post_other_kind"),
        (("528231002", "1,00", "2016-03-01", None, None), "post_no_child"),
        (("528231002", "1,00", "2016-03-01", None, "c77"), "post_unknown_child"),
        (("528231002", "en krone", "2016-03-01", None, "c0"), "reg_not_a_number"),
        (("528231002", "1.234", "2016-03-01", None, "c0"), None),  # the file's other amounts settle the sign
        (("528231002", "1,00", "2016-13-01", None, "c0"), "reg_not_a_date"),
    ],
)
def test_bad_postings_are_named_and_no_child_is(
    tmp_path: Path, row: tuple[str, Any, str, str | None, str | None], key: str | None
) -> None:
    found = checked(tmp_path, [*ROWS[:4], row])
    assert key is None or key in {one.key for one in found}
    for language in ("da", "en"):
        said = "".join(one.say(language) for one in found)
        assert "c77" not in said
        assert "c0" not in said


def test_unknown_accounts_are_named_with_their_sum(tmp_path: Path) -> None:
    strange = [("528221099", "1.234.567,00", "2016-03-01", None, "c0"), ("528221099", "0,50", "2017-03-01", None, "c0")]
    [one] = [one for one in checked(tmp_path, [*ROWS[:4], *strange]) if one.key == "post_unknown_account"]
    assert dict(one.values) == {"account": "5.28.22.1.099", "years": "2016\u20132017", "count": 2,
                          "sum": "1\u202f234\u202f568", "first": 2016, "last": 2023}  # fmt: skip


def monthly(amount: str = "10.000,00") -> list[tuple[str, Any, str, str | None, str | None]]:
    """Two children on one account, a posting a month from 2011 to 2014."""
    return [
        ("528231002", amount, f"{year}-{month:02}-15", None, child)
        for year in range(2011, 2015)
        for month in range(1, 13)
        for child in ("c0", "c3")
    ]


def keys(found: list[Problem]) -> set[tuple[str, int | None]]:
    return {(one.key, one.row) for one in found if one.key.startswith("post_year") or one.key in _ODD}


_ODD = {"reg_total_row", "reg_out_of_line"}


def test_postings_that_are_alike_have_nothing_out_of_line(tmp_path: Path) -> None:
    assert keys(checked(tmp_path, monthly())) == set()


def test_a_year_of_postings_that_lacks_or_is_in_thousands_is_told(tmp_path: Path) -> None:
    rows = monthly()
    assert keys(checked(tmp_path, [one for one in rows if one[2][:4] != "2013"])) == {("post_year_missing", None)}
    smaller = [(one[0], "10,00", *one[2:]) if one[2][:4] == "2013" else one for one in rows]
    assert ("post_year_far", 50) in keys(checked(tmp_path, smaller))


def test_a_zero_too_many_is_told_by_its_row_and_shows_no_child(tmp_path: Path) -> None:
    rows = monthly()
    rows[4] = (rows[4][0], "100.000,00", *rows[4][2:])
    found = checked(tmp_path, rows)
    assert keys(found) == {("reg_out_of_line", 6)}
    assert "c0" not in "".join(one.say("da") for one in found)


@pytest.mark.parametrize("total", ["960.000,00", "240.000,00"])
def test_a_total_among_postings_with_an_account_of_its_own_is_told_by_its_row(tmp_path: Path, total: str) -> None:
    assert ("reg_total_row", 98) in keys(
        checked(tmp_path, [*monthly(), ("528231002", total, "2014-12-31", None, None)])
    )
