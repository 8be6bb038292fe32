"""What must hold of postings: accounts that can be read, a rung for nearly all of them, and sums that can be spending.

Nothing is guessed. What is on no rung is named with its account, its years and its sum, and stays in the register.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sverige_did.errors import Problem
from sverige_did.sources.registers.chart import CURRENT, REFUNDED, Kind, Placed, account_of, standard_chart
from sverige_did.sources.registers.codes import Ladder, MeasureCodes
from sverige_did.sources.registers.rule import Delivery, Rule, at_cells, strangers
from sverige_did.sources.registers.tables import RegisterTable

NEARLY_ALL = 0.95
"""The share of the postings on a chart that should be on exactly one rung."""

FAR, LEAST_AWAY = 8.0, 50_000.0
"""A year, or a posting of a child, is out of line where it is so many times the usual, or so small a part of it; a
posting only where it is so many kroner away too: one bill of a year may well be ten times the others."""

FEW, ENOUGH = 3, 12
"""Of fewer years or postings nothing is said: a function with few of them may well have none in a year."""

HALF_A_KRONE = 0.5

_NAMED: dict[Kind, str] = {
    "unknown": "post_unknown_account", "other_year": "post_other_year", "conflict": "post_kle_conflict",
}  # fmt: skip


def classified(frame: pd.DataFrame, codes: MeasureCodes, ladder: Ladder) -> pd.DataFrame:
    """The postings with ``function`` (``5.28.22``), ``booked`` (the digit of running costs or refunds), ``year``,
    ``kind`` and ``rung`` of :func:`~sverige_did.sources.registers.chart.Chart.placed`, and the ``named`` account.

    A posting without a date or an amount is left out: it is a problem of its own.
    """
    rows = frame.dropna(subset=["account", "amount", "date"])
    accounts = {text: account_of(text) for text in rows["account"].unique()}
    found = [accounts[text] for text in rows["account"]]
    year = rows["date"].dt.year
    numbers = [kle if isinstance(kle, str) else None for kle in rows["kle"]]
    keys = list(zip(rows["account"], numbers, year, strict=True))
    chart = standard_chart()
    each: dict[tuple[str, str | None, int], Placed] = {
        (text, kle, when): chart.placed(accounts[text], kle, int(when), codes, ladder) for text, kle, when in set(keys)
    }
    placed = [each[key] for key in keys]
    return rows.assign(
        year=year,
        function=pd.Series([one and one.dotted for one in found], index=rows.index, dtype="str"),
        booked=pd.Series([one and one.kind for one in found], index=rows.index, dtype="str"),
        named=pd.Series([str(one) if one else None for one in found], index=rows.index, dtype="str"),
        kind=pd.Series([one.kind for one in placed], index=rows.index, dtype="str"),
        rung=pd.Series([one.rung for one in placed], index=rows.index, dtype="Int64"),
    )


def kroner(amount: float) -> str:
    """An amount in whole kroner, with spaces for thousands: it reads alike in both languages."""
    return f"{amount:,.0f}".replace(",", "\u202f").replace("-", "\u2212")


def _years(rows: pd.DataFrame) -> str:
    """``2013, 2015–2017``."""
    found = sorted(map(int, rows["year"].unique()))
    spans: list[list[int]] = []
    for year in found:
        if spans and year == spans[-1][-1] + 1:
            spans[-1][1:] = [year]
        else:
            spans.append([year])
    return ", ".join("\u2013".join(map(str, span)) for span in spans)


def accounts_read(table: RegisterTable, _: Delivery) -> Iterator[Problem]:
    """An account string in which no segment, or more than one, is a function with its grouping."""
    odd = table.frame["account"].map(lambda text: account_of(text) is None, na_action="ignore").eq(True)
    return at_cells(table, "post_account_unread", "account", odd, lambda _: "5.28.22.1.002, 01005-528221002-015025-529")


def accounts_on_the_ladder(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Accounts that are on no rung, named with their sum, and the share of postings that are on one."""
    rows = classified(table.frame, delivery.codes, delivery.study.register_rules.home_based)
    rows = rows[(rows["kind"] != "unreadable") & (rows["booked"] == CURRENT)]
    first, last = standard_chart().years()
    pairs = zip(rows["function"], rows["year"], strict=True)
    known = np.array([delivery.codes.function(name, int(year)) is not None for name, year in pairs], dtype=bool)
    for function, mine in rows[~known].groupby("function"):
        lost: dict[str, object] = {"function": function, "years": _years(mine), "count": len(mine),
                                   "sum": kroner(mine["amount"].sum())}  # fmt: skip
        yield Problem("post_unknown_function", file=table.file, column="account", severity="warning", values=lost)
    for kind, key in _NAMED.items():
        those = rows[known & (rows["kind"] == kind)]
        # What no account has in those years is one thing to say; every other account is a fault of its own.
        for named, mine in [("", those)] * bool(len(those)) if kind == "other_year" else those.groupby("named"):
            values: dict[str, object] = {
                "account": named or ", ".join(sorted(mine["named"].unique())), "count": len(mine),
                "years": _years(mine), "sum": kroner(mine["amount"].sum()),
                "first": first, "last": last,
            }  # fmt: skip
            yield Problem(key, file=table.file, column="account", severity="warning", values=values)
    charted = rows[rows["kind"] != "other_year"]
    share = (charted["kind"] == "rung").mean()
    if len(charted) and share < NEARLY_ALL:
        values = {"share": f"{100 * share:.0f}", "wanted": f"{100 * NEARLY_ALL:.0f}"}
        yield Problem("post_few_on_a_rung", file=table.file, severity="warning", values=values)


def sums_can_be_spent(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Functions and years whose postings come to less than nothing, and kinds of posting that are no running costs."""
    rows = classified(table.frame, delivery.codes, delivery.study.register_rules.home_based)
    for booked, sign, key in ((CURRENT, 1, "post_negative_sum"), (REFUNDED, -1, "post_refund_sign")):
        sums = sign * rows[rows["booked"] == booked].groupby(["function", "year"])["amount"].sum()
        below = sums[sums < 0]
        for (function, year), amount in zip(below.index.tolist(), below.tolist(), strict=True):
            values: dict[str, object] = {"function": function, "year": year, "sum": kroner(sign * amount)}
            yield Problem(key, file=table.file, column="amount", values=values)
    other = rows[rows["booked"].notna() & ~rows["booked"].isin([CURRENT, REFUNDED])]
    for kind, mine in other.groupby("booked"):
        values = {"kind": kind, "count": len(mine), "sum": kroner(mine["amount"].sum())}
        yield Problem("post_other_kind", file=table.file, column="account", severity="warning", values=values)


def postings_of_children(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """Postings about no child, or about one that the table of children lacks: they are of the whole municipality."""
    child, amount = table.frame["child"], table.frame["amount"]
    known = delivery.tables.get("children")
    strange = strangers(child, known.frame["child"]) if known else child.notna() & False
    for key, where in (("post_no_child", child.isna()), ("post_unknown_child", strange)):
        if where.any():
            values: dict[str, object] = {
                "count": int(where.sum()),
                "of": len(child),
                "sum": kroner(amount[where].sum()),
            }
            yield Problem(key, file=table.file, column="child", severity="warning", values=values)


def years_in_line(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A year of the grid that a function lacks between its others or after them, and one far from its usual sum."""
    rows = classified(table.frame, delivery.codes, delivery.study.register_rules.home_based)
    rows = rows[rows["booked"] == CURRENT]
    grid = delivery.study.grid
    low, high = grid.spans[0][0], grid.end
    whole = range(low.year + ((low.month, low.day) > (1, 1)), high.year + ((high.month, high.day) == (12, 31)))
    booked = sorted(set(map(int, rows["year"])) | set(whole)) if len(rows) else []
    for function, mine in rows.groupby("function"):
        if len(mine) < ENOUGH:
            continue
        sums = mine.groupby("year")["amount"].sum()
        lacking = [year for year in booked if year not in sums.index and year in whole and year > sums.index.min()]
        if lacking:
            yield Problem("post_year_missing", file=table.file, column="date", severity="warning",
                          values={"function": function, "years": ", ".join(map(str, lacking))})  # fmt: skip
        usual = float(sums.median())
        for year, amount in sums.items() if len(sums) >= FEW and usual > 0 else ():
            if not usual / FAR < amount < usual * FAR and amount >= 0:
                row = int(mine.index[mine["year"] == year][0])
                values: dict[str, object] = {"function": function, "year": year, "sum": kroner(amount),
                                             "usual": kroner(usual)}  # fmt: skip
                yield Problem(
                    "post_year_far", file=table.file, row=row, column="amount", severity="warning", values=values
                )


def one_posting_in_line(table: RegisterTable, delivery: Delivery) -> Iterator[Problem]:
    """A posting that adds up the others of its account, and one far from the others of its child on the account."""
    rows = classified(table.frame, delivery.codes, delivery.study.register_rules.home_based)
    rows = rows.dropna(subset=["named"])
    largest = rows["amount"].abs()
    for by in (["named", "year"], ["named"]):
        groups = rows.groupby(by)["amount"]
        rest = groups.transform("sum") - rows["amount"]
        adds = (
            (rest - rows["amount"]).abs().lt(HALF_A_KRONE) & rows["amount"].gt(0) & groups.transform("size").gt(ENOUGH)
        )
        yield from at_cells(table, "reg_total_row", "amount", adds.reindex(table.frame.index, fill_value=False))
        rows = rows[~adds]
    own = rows.dropna(subset=["child"]).assign(size=largest)
    own = own[own["size"] > 0]
    groups = own.groupby(["child", "named"])["size"]
    usual = groups.transform("median")
    far = (own["size"] >= FAR * usual) & (own["size"] - usual >= LEAST_AWAY) & (groups.transform("size") > FEW)
    for row in own.index[far]:
        yield Problem("reg_out_of_line", file=table.file, row=int(row), column="amount", severity="warning",
                      expected=f"≈ {usual[row]:.0f}")  # fmt: skip


POSTED: dict[Rule, tuple[str, ...]] = {
    accounts_read: ("postings",),
    accounts_on_the_ladder: ("postings",),
    sums_can_be_spent: ("postings",),
    postings_of_children: ("postings",),
    years_in_line: ("postings",),
    one_posting_in_line: ("postings",),
}
"""These rules with the register that each is asked about."""
