"""A small delivery of every register, counted by hand in the tests: six districts, four half-years, few children."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, read_register
from sverige_did.study.study import Study

DISTRICTS = ("A", "B", "C", "D", "E", "F")
TREATED = ("A", "B", "C")
HALF_YEARS = ("2013H1", "2013H2", "2014H1", "2014H2")


def both(text: str) -> dict[str, str]:
    return {"da": f"{text} (da)", "en": f"{text} (en)"}


def plan(**changes: object) -> dict[str, object]:
    """The plan as it would stand in study.yaml; ``registers`` among the changes are laid over those of the plan."""
    rules: dict[str, object] = {
        "grid": {"step": "half_year", "first": "2013H1", "last": "2014H2"},
        "residence": {"rule": "baseline", "date": "2013-06-01"},
        "teams": [
            {"team": "North", "group": "treated"},
            {"team": "South", "group": "control"},
            {"team": "Intake", "group": "neither"},
        ],
        "prices": {
            "name": "made up",
            "source": "made up for this test",
            "base_year": 2014,
            "levels": [{"year": 2013, "level": 100}, {"year": 2014, "level": 110}],
        },
        "follow_up": {"first_months": 3, "then_months": 6, "source": "SEL § 70"},
        "hidden_below": 5,
    }
    outcomes = [
        ("institution_per_1000", "primary", "lower", ["rate_per_1000", "ratio"]),
        ("institution_share", "secondary", "lower", ["pp"]),
        ("complaints", "exploratory", "lower", ["ratio"]),
    ]
    tree: dict[str, object] = {
        "study": "small",
        "kind": "panel",
        "synthetic": True,
        "title": both("A small made-up panel"),
        "question": both("Can registers become a panel?"),
        "population": both("Children who do not exist"),
        "written": "2026-01-31",
        "known_when_written": both("Everything, for it was made up"),
        "treated": {"label": both("Treated"), "districts": 3},
        "control": {"label": both("Control"), "districts": 3},
        "periods": {
            "baseline": "2013-06-30",
            "treatment_start": "2013-08-01",
            "follow_up": "2014-12-31",
            "hard_stop": "2014-12-31",
            "partial": "donut",
        },
        "weights": "districts",
        "questions": [{"key": "all", "text": both("What happened?")}],
        "outcomes": [
            {"outcome": name, "question": "all", "role": role, "benefit": benefit, "scales": scales}
            for name, role, benefit, scales in outcomes
        ],
        "sampling": {"seed": 1},
    }
    over = changes.pop("registers", {})
    assert isinstance(over, dict)
    return tree | {"registers": rules | over} | changes


def study(**changes: object) -> Study:
    return Study.model_validate(plan(**changes))


def districts() -> pd.DataFrame:
    rows = [
        (name, label, 400, 1000, "2013-08-01" if name in TREATED else None, "town" if name in "ADE" else "country")
        for name in DISTRICTS
        for label in HALF_YEARS
    ]
    columns = ["district", "period", "pupils", "residents_0_17", "treated_from", "stratum"]
    return pd.DataFrame(rows, columns=columns)


def children() -> pd.DataFrame:
    """Child c<k> lives in district k mod 6 and was born early in 2004; c90 turns 18 in the middle of 2013."""
    rows = [(f"c{k}", "2004H1", "girl" if k % 2 else "boy", DISTRICTS[k % 6]) for k in range(12)]
    return pd.DataFrame([*rows, ("c90", "1995H2", None, "A")], columns=["child", "birth_half_year", "sex", "district"])


def placements() -> pd.DataFrame:
    """Whole half-years, so that person-years can be counted in the head; c6 moves down, c7 has two measures at once."""
    rows = [
        ("c0", "ANBAAR 9", "2013-01-01", "2013-12-31", "moved", 1000.0),
        ("c0", "ANBAAR 24", "2014-01-01", None, None, 500.0),
        ("c1", "ANBAAR 9", "2013-01-01", None, None, 1000.0),
        ("c3", "ANBAAR 9", "2013-01-01", None, None, 1000.0),
        ("c4", "ANBAAR 1", "2013-07-01", "2014-06-30", "breakdown", 200.0),
        ("c5", "SEL 58", "2013-01-01", "2013-06-30", "planned", 400.0),
        ("c7", "ANBAAR 9", "2014-01-01", "2014-12-31", None, 1000.0),
        ("c7", "ANBAAR 24", "2014-01-01", "2014-12-31", None, 500.0),
        ("c7", "SEL 52.3.3", "2014-01-01", "2014-12-31", None, None),
        ("c90", "ANBAAR 9", "2013-01-01", None, None, 1000.0),
    ]
    return pd.DataFrame(rows, columns=["child", "measure", "start", "end", "end_reason", "price"])


def delivery() -> dict[str, pd.DataFrame]:
    cases = pd.DataFrame(
        [("s0", "c0", "A", "2013-01-01", None), ("s3", "c3", "D", "2013-07-01", "2014-06-30")],
        columns=["case", "child", "district", "opened", "closed"],
    )
    months = [f"{year}-{month:02}" for year in (2013, 2014) for month in range(1, 13)]
    workers = [(team, month, cases, 2.0) for team, cases in (("North", 48), ("South", 96)) for month in months]
    return {
        "districts": districts(),
        "children": children(),
        "placements": placements(),
        "cases": cases,
        "caseworkers": pd.DataFrame(workers, columns=["team", "period", "open_cases", "fte"]),
        "complaints": pd.DataFrame(
            [("North", "2014-03-01", "s0"), ("South", "2014-09-01", "s3"), ("South", "2013-09-01", "s3")],
            columns=["team", "date", "case"],
        ),
        "follow_ups": pd.DataFrame(
            [("c0", "ANBAAR 9", "2013-03-01"), ("c0", "ANBAAR 9", "2013-11-01"), ("c3", "ANBAAR 9", None)],
            columns=["child", "measure", "done"],
        ),
        "sdq_waves": pd.DataFrame(
            [
                ("c0", "2013-05-01", "parent", 9, 4.0, 3.0, 5.0, 2.0, 7.0),
                ("c0", "2014-05-01", "parent", 10, 3.0, 3.0, 4.0, 2.0, 7.0),
                ("c0", "2014-11-01", "staff", 10, 1.0, 1.0, 1.0, 1.0, 7.0),
                ("c3", "2014-05-01", "self", 10, 1.0, 1.0, 1.0, 1.0, 7.0),
            ],
            columns=["child", "date", "informant", "age", "emotion", "conduct", "hyper", "peer", "prosocial"],
        ),
        "accounts": pd.DataFrame(
            [
                (year, function, group, gross)
                for year in (2013, 2014)
                for function, group, gross in (
                    ("5.28.23", "treated", 4e6), ("5.28.20", "treated", 2e6), ("5.28.21", "treated", 1e6),
                    ("5.28.23", "control", 8e6), ("5.28.23", "whole", 99e6),
                )
            ],
            columns=["year", "function", "group", "gross"],
        ),
    }  # fmt: skip


def write(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", sep=";", index=False)


@cache
def standard() -> dict[str, RegisterTable]:
    """The delivery as read from files, once for all tests."""
    with TemporaryDirectory() as folder:
        return _read(Path(folder), delivery())


def tables(folder: Path, frames: dict[str, pd.DataFrame]) -> dict[str, RegisterTable]:
    """Registers as read from files, so that a test sees what a municipality's files become."""
    usual = delivery()
    same = {name for name, frame in frames.items() if name in usual and frame.equals(usual[name])}
    changed = _read(folder, {name: frame for name, frame in frames.items() if name not in same})
    return {name: standard()[name] if name in same else changed[name] for name in frames}


def _read(folder: Path, frames: dict[str, pd.DataFrame]) -> dict[str, RegisterTable]:
    write(folder, frames)
    by_name = {register.name: register for register in REGISTERS}
    return {name: read_register(folder / f"{name}.csv", by_name[name]) for name in frames}
