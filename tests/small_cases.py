"""A small study of cases: its plan, a good delivery as frames, and the made-up data of the committed study."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sverige_did.sources.registers.schemas import CASE_REGISTERS
from sverige_did.study.cases import CaseStudy
from sverige_did.synthetic.cases import ITEMS, CaseModel, case_registers
from sverige_did.synthetic.writing import write_delivery
from sverige_did.tasks.new import run as new

ROOT = Path(__file__).parents[1]


def both(text: str) -> dict[str, str]:
    return {"da": text, "en": text}


def plan(**changes: Any) -> CaseStudy:
    """A plan that fits the generator's default model."""
    model = CaseModel()
    tree = {
        "study": "small", "kind": "cases", "synthetic": True, "title": both("Small"), "question": both("Sooner?"),
        "population": both("Made-up cases"), "written": "2026-01-01", "known_when_written": both("Everything"),
        "municipalities": [{"key": name.casefold(), "name": name} for name in model.names],
        "periods": {
            "before": {"first": model.before[0], "last": model.before[1]},
            "start": model.during[0],
            "during": {"first": model.during[0], "last": model.during[1]},
            "extracted": model.extracted,
        },
        "bias": {"reason": both("Nobody knows"), "at_the_same_time": [both("Fewer cases")]},
        "survey": {
            "items": [{"key": item, "text": both(f"Statement {item}")} for item in ITEMS],
            "invited": [
                {"municipality": name.casefold(), "wave": wave, "number": 32}
                for name in model.names for wave in ("before", "during")
            ],
        },
        "sampling": {"seed": 1},
    }  # fmt: skip
    return CaseStudy.model_validate(tree | changes)


def delivery(seed: int = 1, **changes: Any) -> dict[str, pd.DataFrame]:
    """The registers of a made-up delivery, as frames."""
    return case_registers(CaseModel(**changes), np.random.default_rng(seed))


def write(folder: Path, frames: dict[str, pd.DataFrame]) -> Path:
    """The delivery in its folder."""
    write_delivery(folder, frames, registers_of=CASE_REGISTERS)
    return folder


def laid_out(place: Path) -> Path:
    """A new study as the command lays it out, its plan fitted to the made-up delivery that takes the headers' place."""
    new(place, date(2026, 1, 31), "cases")
    plan, model = place / "study.yaml", CaseModel()
    text = plan.read_text("utf-8")
    for letter, name in zip("ABC", model.names, strict=True):
        text = text.replace(f"kommune-{letter.lower()}", name.casefold()).replace(f"Kommune {letter}", name)
    for old, fitting in (
        ("synthetic: false", "synthetic: true"),
        ("first: 2015-01-01, last: 2016-12-31", f"first: {model.before[0]}, last: {model.before[1]}"),
        ("start: 2017-01-01", f"start: {model.during[0]}"),
        ("first: 2017-01-01, last: 2018-12-31", f"first: {model.during[0]}, last: {model.during[1]}"),
        ("extracted: 2019-06-30", f"extracted: {model.extracted}"),
    ):
        assert old in text
        text = text.replace(old, fitting)
    plan.write_text(text, "utf-8")
    for file in (place / "data").iterdir():
        file.unlink()
    write(place / "data", delivery())
    return place
