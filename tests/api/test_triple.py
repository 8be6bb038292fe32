"""Triple differences: what reached both parts of a unit alike is taken away, and few treated units are few here too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from frames import WHY, small, study

import sverige_did as sd


def both(effect: float = -3.0, shared: float = 5.0, seed: int = 1, **changes: int) -> pd.DataFrame:
    """Affected and other people in the same districts; ``shared`` reaches both where treated, after the start."""
    parts = [
        small(**{"effect": size, "seed": seed + at, "units": 16} | changes).assign(young=at == 0)
        for at, size in enumerate((effect, 0.0))
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(y=frame["y"] + shared * frame["treated"])


def of(frame: pd.DataFrame, **said: object) -> sd.Study:
    return study(frame, affected="young", **said)


def test_it_is_the_coefficient_of_the_threefold_product() -> None:
    """Least squares with all pairs of unit, period and part held fixed, written out in full."""
    frame = both()
    found = of(frame).triple()
    wide = frame.assign(under=(frame["treated"] & frame["young"]).astype(float))
    wide["pair"] = wide["district"].astype(str) + wide["young"].astype(str)
    wide["when"] = wide["period"].astype(str) + wide["young"].astype(str)
    wide["cell"] = wide["district"].astype(str) + wide["period"].astype(str)
    dummies = [pd.get_dummies(wide[name], dtype=float) for name in ("pair", "when", "cell")]
    design = np.column_stack([wide["under"], *dummies])
    fit = np.linalg.lstsq(design, wide["y"].to_numpy(), rcond=None)[0]
    assert found.estimate == pytest.approx(fit[0], abs=1e-8)


def test_a_peer_has_the_same_number() -> None:
    peer = pytest.importorskip("diff_diff", reason=WHY)
    frame = both().assign(post=lambda one: (one["period"] >= 4).astype(int))
    frame = frame.assign(group=frame["start"].notna().astype(int), part=frame["young"].astype(int))
    fit = peer.TripleDifference().fit(frame, outcome="y", group="group", partition="part", post="post")
    assert of(frame).triple().estimate == pytest.approx(fit.att, abs=1e-8)


def test_what_reached_both_alike_is_no_effect() -> None:
    plain, pushed = of(both(shared=0.0)).triple(), of(both(shared=50.0)).triple()
    assert plain.estimate == pytest.approx(pushed.estimate)
    assert plain.p_value == pytest.approx(pushed.p_value)
    assert of(both(shared=50.0)).verdict().estimate > 40


def test_the_difference_of_two_studies_is_that_of_a_column_of_flags() -> None:
    frame = both()
    one = study(frame[frame["young"]])
    other = study(frame[~frame["young"]])
    assert one.triple(other).to_frame().equals(of(frame).triple().to_frame())
    assert one.triple(other).rows == study(frame[frame["young"]]).differenced(other).verdict().rows


def test_flags_of_treatment_may_be_of_the_affected_alone() -> None:
    frame = both()
    flags = frame.assign(under=frame["treated"] & frame["young"])
    assert of(flags, treated_from=None, treated="under").triple() == of(frame).triple()


def test_few_treated_districts_carry_no_verdict_here_either() -> None:
    found = of(both(treated=1)).triple()
    assert found.verdict == "refused"
    assert "Too few treated districts took part (1)" in found.say("en")


def test_what_it_assumes_is_said_beside_it() -> None:
    found = of(both()).triple()
    assert "what reached both alike is no effect" in found.reasons[-1]
    assert found.context.outcome == "y, young=1 − y, young=0"


def test_starts_that_differ_go_by_date() -> None:
    parts = [
        sd.datasets.simulate(units=24, treated=8, starts=(5, 7), effect=size, seed=at).assign(young=at == 2)
        for at, size in ((2, -4.0), (3, 0.0))
    ]
    found = of(pd.concat(parts, ignore_index=True)).triple()
    assert (found.design, found.verdict) == ("D5", "supported")


@pytest.mark.parametrize(
    ("change", "key", "named"),
    [
        (lambda frame: frame.assign(young=True), "frame_affected", "192 / 192"),
        (lambda frame: frame[frame["young"] | (frame["district"] != "district 05")], "frame_not_alike", "unit"),
        (lambda frame: frame[frame["young"] | (frame["period"] != 2)], "frame_not_alike", "time"),
        (lambda frame: frame.assign(young=frame["young"].where(frame.index > 0, None)), "frame_missing", "0"),
    ],
)
def test_parts_that_are_not_alike_are_refused(change: object, key: str, named: str) -> None:
    with pytest.raises(sd.InputError) as refused:
        of(change(both())).triple()  # type: ignore[operator]
    assert refused.value.problems[0].key == key
    assert named in refused.value.say("en")


def test_without_anybody_untouched_there_is_none_and_on_another_scale_neither() -> None:
    with pytest.raises(sd.InputError, match="whom nothing was done for"):
        study().triple()
    with pytest.raises(sd.RefusedError, match="scale of the outcome itself"):
        of(both(shared=0.0), scale="ratio").triple()


def test_a_row_that_one_part_lacks_is_left_out_of_the_difference() -> None:
    frame = both()
    frame.loc[frame["young"] & (frame["district"] == "district 09") & (frame["period"] == 2), "y"] = np.nan
    assert of(frame).differenced().left_out == ("district 09 2",)
