"""Every step of the workflow of a panel in its order and in one process, from its files to both pages."""

from __future__ import annotations

from pathlib import Path

from sverige_did.tasks import (
    check,
    design,
    economy,
    panel,
    panel_estimate,
    panel_ladder,
    panel_sensitivity,
    panel_size,
    plan,
    release,
    report,
    statements,
    targets,
)
from sverige_did.words import LANGUAGES


def pages(study: str, written: Path, data: Path, out: Path) -> Path:
    """The folder ``out`` of the results, made from the plan ``written`` and the files in ``data``."""
    plan.run(study, written, out / "plan.json")
    check.registers(out / "plan.json", data, out / "problems.json")
    names = ("panel.parquet", "coverage.json", "left_out.json", "sources.json")
    panel.run(out / "plan.json", data, *(out / name for name in names))
    inputs = [out / "plan.json", out / "panel.parquet"]
    design.run(*inputs, out / "designs.json")
    inputs.append(out / "designs.json")
    panel_size.run(*inputs, out / "size.json")
    made = ("size.json", "findings.json", "methods_tables.json", "doses.json")
    panel_estimate.run(*inputs, *(out / name for name in made))
    panel_sensitivity.run(*inputs, data, out / "checks.json")
    economy.panel(*inputs[:2], out / "economy.json")
    targets.panel(*inputs[:2], data, out / "targets.json")
    panel_ladder.run(inputs[0], data, out / "ladder.json")
    statements.run(out / "plan.json", out / "statements.json")
    release.run(out, out / "release.json", out / "estimates.csv", out / "estimates.json")
    kinds = (
        "{}.html", "annex.{}.html", "doubt.{}.html", "answers.{}.json", "investment.{}.csv", "declaration.{}.md",
    )  # fmt: skip
    told = ([out / kind.format(language) for language in LANGUAGES] for kind in kinds)
    report.run(out / "release.json", *told)
    return out
