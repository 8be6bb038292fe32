"""Changes of placement that nobody reported: the old placement goes on, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_registers as small

from sverige_did.errors import RefusedError
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.unreported import changes_in_order, leave_changes_out, unreported_panels
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.synthetic.unreported import unreported

FRAME = pd.DataFrame(
    [
        ("a", "institution", "2013-01-01", "2013-03-01", "moved"),
        ("a", "foster", "2013-03-01", "2013-06-01", "moved"),
        ("a", "network", "2013-06-01", None, None),
        ("b", "foster", "2013-01-01", "2013-02-01", "planned"),
        ("b", "foster", "2013-05-01", "2013-07-01", "planned"),
        ("c", "help at home", "2012-01-01", "2013-03-01", "moved"),
        ("c", "foster", "2013-03-01", "2013-04-01", "other"),
    ],
    columns=["child", "measure", "start", "end", "end_reason"],
    index=pd.Index(range(2, 9), name="row"),
).astype({"start": "datetime64[us]", "end": "datetime64[us]"})
AWAY = (FRAME["measure"] != "help at home").to_numpy()


def thinned(*rows: int, last_day_counts: bool = False) -> pd.DataFrame:
    chosen = FRAME.index.isin(rows)
    return leave_changes_out(FRAME, AWAY, chosen, last_day_counts=last_day_counts)


def test_a_change_is_a_placement_that_begins_where_the_one_before_ended() -> None:
    rows, change = changes_in_order(FRAME, AWAY, last_day_counts=False)
    assert FRAME.index[rows[change]].tolist() == [3, 4]  # not after a gap, and not from help at home
    eve = FRAME.assign(end=FRAME["end"] - pd.Timedelta(days=1))
    rows, change = changes_in_order(eve, AWAY, last_day_counts=True)
    assert FRAME.index[rows[change]].tolist() == [3, 4]


def test_the_placement_before_goes_on_to_the_end_of_the_one_left_out() -> None:
    found = thinned(3)
    assert found.index.tolist() == [2, 4, 5, 6, 7, 8]
    assert found.loc[2, "measure"] == "institution"
    assert found.loc[2, "end"] == pd.Timestamp("2013-06-01")
    pd.testing.assert_frame_equal(found.loc[4:], FRAME.loc[4:])
    both = thinned(3, 4)
    assert pd.isna(both.loc[2, "end"])
    assert pd.isna(both.loc[2, "end_reason"])


def test_what_is_no_change_is_never_left_out() -> None:
    pd.testing.assert_frame_equal(thinned(2, 5, 6, 7, 8), FRAME)
    assert leave_changes_out(FRAME[:0], AWAY[:0], AWAY[:0], last_day_counts=True).empty


def test_panels_keep_the_placed_and_lose_the_moves(tmp_path: Path) -> None:
    tables, plan, codes = small.tables(tmp_path, small.delivery()), small.study(), standard_codes()
    whole = build(tables, plan, codes).panel
    panels = unreported_panels(tables, plan, codes, (0.0, 1.0), draws=2, rng=np.random.default_rng(1))
    for share, drawn in panels.items():
        assert len(drawn) == 2
        for one in drawn:
            for outcome in ("placed_total", "breakdowns"):
                columns = ["unit", "period", "value", "denominator"]
                pd.testing.assert_frame_equal(one.outcome(outcome)[columns], whole.outcome(outcome)[columns])
            moved = sum(one.outcome(name)["value"].sum() for name in ("moved_down_share", "moved_up_share"))
            before = sum(whole.outcome(name)["value"].sum() for name in ("moved_down_share", "moved_up_share"))
            assert before > 0
            assert moved == before if share == 0 else moved < before


def test_a_share_outside_nought_to_one_is_refused() -> None:
    with pytest.raises(RefusedError):
        unreported(FRAME, 1.2, np.random.default_rng(1))
