"""A study of registers that the whole workflow runs on: a made-up municipality of eight districts, two outcomes."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import yaml

from sverige_did.tasks.new import run as new
from sverige_did.tasks.synthesize import run as synthesize

DISTRICTS, SEED = 8, 5
KEPT = {"distrikter.csv", "boern.csv", "anbringelser.csv", "SYNTHETIC.txt"}
ASKED = {"institution_per_1000", "placement_cost"}
LEVELS = [{"year": year, "level": 100.0} for year in range(2009, 2016)]


def study(folder: Path) -> Path:
    """A new study as the command lays it out, filled with synthetic registers, asking for two outcomes."""
    new(folder, date(2026, 1, 31))
    shutil.rmtree(folder / "data")
    synthesize(folder / "data", SEED, DISTRICTS)
    for file in (folder / "data").iterdir():
        if file.name not in KEPT:
            file.unlink()
    path = folder / "study.yaml"
    plan = yaml.safe_load(path.read_text("utf-8"))
    plan["synthetic"] = True
    plan["registers"] |= {
        "last_day_counts": False,
        "prices": {"name": "made up", "source": "made up", "base_year": 2015, "levels": LEVELS},
    }
    plan["outcomes"] = [item for item in plan["outcomes"] if item["outcome"] in ASKED]
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), "utf-8")
    return folder
