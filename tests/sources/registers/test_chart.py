"""The chart of accounts: what account strings name, and on which rung a made-up year of postings lies."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from sverige_did.sources.registers.chart import SOURCES, Placed, account_of, chart_text, shares, standard_chart
from sverige_did.sources.registers.codes import standard_codes


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("01005-528221002-015025-529CPR---", "5.28.22.1.002"), ("XXX-528201003-015031-XXX", "5.28.20.1.003"),
        ("5.28.22.1.002", "5.28.22.1.002"), ("05.28.22.1.002", "5.28.22.1.002"), ("0528221002", "5.28.22.1.002"),
        ("528221002", "5.28.22.1.002"), ("5.28.22-1-002", "5.28.22.1.002"),
        # Other segments: an activity, a kind, none, two that could be it, more digits than an account has.
        ("015025-529", None), ("", None), ("528221002-528231002", None), ("5282210021", None), ("I alt", None),
        ("5.28.22.1.0021", None), ("15.28.22.1.002", None),
    ],
)  # fmt: skip
def test_one_segment_is_the_account_or_nothing_is(text: str, named: str | None) -> None:
    assert (str(found) if (found := account_of(text)) else None) == named


def placed(account: str, kle: str | None, year: int) -> Placed:
    return standard_chart().placed(account_of(account), kle, year, standard_codes(), "kora")


def test_account_year_and_kle_number_name_one_rung_or_say_why_not() -> None:
    assert placed("528221002", None, 2019) == Placed("rung", "foster", 5)
    assert placed("528221005", "27.27.33-G01", 2019) == Placed("rung", "network", 4)
    assert placed("528211003", None, 2019) == Placed("rung", "supportive", 2)
    assert placed("528211003", "27.24.03", 2019) == Placed("rung", "examination", 1)  # the chart has the pair
    assert placed("528291001", "27.27.42", 2019) == Placed("rung", "residential_home", 6)  # the number alone
    assert placed("528221002", "27.27.33", 2019).kind == "conflict"
    assert placed("528221002", "27.24.27", 2019).kind == "rung"  # a decision without consent says nothing of where
    assert placed("528221002", None, 2024).kind == "other_year"
    assert placed("528221002", None, 2015).kind == "other_year"
    assert placed("528291001", None, 2019).kind == "unknown"
    assert placed("528211019", None, 2019).kind == "no_rung"
    assert placed("015025", None, 2019).kind == "unreadable"


def test_every_row_of_the_chart_has_a_known_measure_a_source_and_years() -> None:
    rows = list(csv.DictReader(io.StringIO(chart_text()), delimiter=";"))
    keys = {measure.key for measure in standard_codes().measures}
    assert len(rows) > 40
    for row in rows:
        assert not row["foranstaltning"] or row["foranstaltning"] in keys
        assert row["kilde"] in SOURCES
        assert row["indhold"]
        assert int(row["fra"]) <= int(row["til"])
    named = [(row["konto"], row["kle"], row["fra"]) for row in rows]
    assert len(set(named)) == len(named)
    # The two files differ about the groupings of foster families: each of these rows says how.
    assert all(row["note"] for row in rows if "528221001" <= row["konto"] <= "528221004")


def test_nearly_all_postings_of_a_made_up_year_on_the_chart_lie_on_exactly_one_rung_and_none_is_guessed() -> None:
    """Postings spread over the chart as a municipality's spending is: most on placements, few on what has no rung."""
    rng = np.random.default_rng(20190101)
    rows = [row for row in standard_chart().rows if row.account and not row.kle]
    weight = np.array([0.5 if not row.measure else 4.0 if row.account[4] == "1" else 10.0 for row in rows])
    chosen = rng.choice(len(rows), size=5000, p=weight / weight.sum())
    drawn = [placed(rows[at].account, None, 2019) for at in chosen]
    # Three in a hundred are mistyped: to an account that no chart has, and they must stay without a rung.
    wrong = rng.choice(5000, size=150, replace=False)
    for at in wrong:
        drawn[at] = placed(f"528291{rng.integers(100, 999)}", None, 2019)
    found = shares(drawn)
    assert found["rung"] >= 0.95
    assert found["unknown"] == pytest.approx(0.03)
    assert sum(found.values()) == pytest.approx(1.0)
    assert all(drawn[at].rung is None for at in wrong)
    assert all((one.rung is None) == (one.kind != "rung") for one in drawn)
