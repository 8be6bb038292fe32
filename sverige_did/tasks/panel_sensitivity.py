"""Look for what would overturn each finding of a study of registers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sverige_did.files import read_model, read_models, write_models
from sverige_did.panel import Panel, read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.sources.panel.build import build
from sverige_did.sources.panel.delivery import codes_of, tables_of
from sverige_did.sources.panel.frame import Tables, children_by_number
from sverige_did.sources.panel.unreported import NEEDED, unreported_panels
from sverige_did.sources.registers.codes import MeasureCodes
from sverige_did.studies.panel.sensitivity import sensitivity_analyses
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import File, Filled, Folder
from sverige_did.windows import days_followed

UNREPORTED = (0.1, 0.3, 0.5)
"""Shares of the changes of placement that are left out. KORA found accounts and activities to be more than 50 % apart
for one or more kinds of measure in six of eight municipalities."""

DRAWS = 3
"""Choices of the changes that are averaged for each share."""


def run(plan: File, panel: File, designs: File, data: Folder, out: File) -> Filled:
    """Write the checks; their number."""
    study = read_model(plan, PanelStudy)
    beside = {} if study.registers is None else _beside(study, data)
    found = sensitivity_analyses(read_panel(panel), study, read_models(designs, OutcomeDesign), **beside)
    write_models(out, found)
    return {"checks": len(found)}


def _beside(study: PanelStudy, data: Path) -> dict[str, Any]:
    """What the same registers would have given otherwise, as :func:`sensitivity_analyses` takes it: read once."""
    every, codes = children_by_number(tables_of(data, study)), codes_of(data, study)
    needed = {name: every[name] for name in NEEDED if name in every}
    return {
        "elsewhere": _elsewhere(every, study, codes) if "residences" in every else None,
        "homes_unknown": "residences" not in every,
        "unreported": _unreported(needed, study, codes),
        "stayed_on": _stayed_on(needed, study, codes),
        "definitions": _definitions(needed, study, codes),
    }


def _elsewhere(tables: Tables, study: PanelStudy, codes: MeasureCodes) -> Panel:
    """The panel with children counted by the other rule of residence."""
    rules = study.register_rules
    other = "on_the_day" if rules.residence.rule == "baseline" else "baseline"
    residence = rules.residence.model_copy(update={"rule": other})
    moved = study.model_copy(update={"registers": rules.model_copy(update={"residence": residence})})
    return build(tables, moved, codes).panel


def _unreported(tables: Tables, study: PanelStudy, codes: MeasureCodes) -> Mapping[float, Sequence[Panel]]:
    """The panels with changes of placement left out."""
    rng = np.random.default_rng([study.sampling.seed, zlib.crc32(b"unreported_changes")])
    return unreported_panels(tables, study, codes, UNREPORTED, draws=DRAWS, rng=rng)


def _stayed_on(tables: Tables, study: PanelStudy, codes: MeasureCodes) -> Panel:
    """The panel had those who came of age while placed stayed placed for as long as the programme is followed."""
    return build(tables, study, codes, stay_on=days_followed(study.periods)).panel


def _definitions(tables: Tables, study: PanelStudy, codes: MeasureCodes) -> dict[str, Panel]:
    """The panels that another ladder and another rule for overlapping placements give, where the plan varies them."""
    rules, wanted = study.register_rules, study.multiverse.placement
    changes: dict[str, dict[str, str]] = {
        "other_ladder": {"home_based": "support" if rules.home_based == "kora" else "kora"},
        "other_overlap": {"overlap": "first" if rules.overlap == "highest_rung" else "highest_rung"},
    }
    return {
        option: build(tables, study.model_copy(update={"registers": rules.model_copy(update=change)}), codes).panel
        for option, change in changes.items()
        if option in wanted
    }
