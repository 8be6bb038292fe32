"""Write ``areas.yaml``: how many areas change where nothing is done, for the groups of a study that was run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import cast

import yaml

from sverige_did.disclosure.release import Release
from sverige_did.disclosure.totals import shown_totals
from sverige_did.errors import InputError, Problem, RefusedError, refuse
from sverige_did.files import read_model, read_models, write_text
from sverige_did.panel import Panel, read_panel
from sverige_did.results.designs import OutcomeDesign
from sverige_did.sources.files.read_parquet import refuse_larger
from sverige_did.studies.areas import Compared, alike, calibrated
from sverige_did.studies.panel.area_groups import own_groups
from sverige_did.studies.panel.outcome_data import OutcomeData, outcome_data_of
from sverige_did.studies.published.group_tables import middle_table
from sverige_did.studies.published.sensitivity import own_difference
from sverige_did.study.areas import Areas, AreaShock
from sverige_did.study.study import AnyStudy, PublishedStudy, Study
from sverige_did.tasks.evidence import load

FILES = {
    "published": ("plan.json", "reported.json", "designs.json", "tables.json", "feasible.json"),
    "panel": ("plan.json", "panel.parquet", "designs.json", "release.json"),
}
"""What the workflow has to have written of a study of each kind."""

WIDTH = 118


def run(
    results: Path, areas: Path, out: Path, *, source: str, instead: Mapping[str, str], main: bool, draws: int, seed: int
) -> tuple[Areas, list[Problem]]:
    """What was written to ``out``, and for each outcome that was left out the reason.

    ``results`` is the folder of the study's numbers, ``areas`` a panel of many areas; ``instead`` names the outcome of
    the areas that stands for one of the study. Raises InputError where a file is missing, the areas are made up and the
    study is not (``areas_synthetic``), or no outcome is left (``areas_nothing``).
    """
    study = _study(results)
    if not areas.is_file():
        raise InputError(Problem("missing_file", file=str(areas)))
    refuse_larger(areas)
    panel = read_panel(areas)
    if panel.synthetic and not study.synthetic:
        raise InputError(Problem("areas_synthetic", file=str(areas)))
    found: list[AreaShock] = []
    left_out: list[Problem] = []
    for own in _own(results, study):
        try:
            found.append(_one(panel, own(), instead, draws, seed))
        except RefusedError as refusal:
            left_out += refusal.problems
    if not found:
        raise InputError(*(left_out or [Problem("areas_nothing", file=str(areas))]))
    options = [f"--as {own}={other}" for own, other in instead.items()] + (["--main"] if main else [])
    command = f"sverige-did calibrate {study.study} --areas PANEL --source {shlex.quote(source)}"
    written = Areas(
        source=source, made_by=" ".join([command, *options, f"--draws {draws} --seed {seed}"]),
        prior="main" if main else "beside", outcomes=tuple(found),
    )  # fmt: skip
    write_text(out, _text(written))
    return written, left_out


def exchanges(written: Iterable[str]) -> dict[str, str]:
    """Pairs ``study=areas`` as a mapping. Raises InputError ``areas_as`` for one that is none.

    >>> exchanges(["placed_total=placed_per_1000"])
    {'placed_total': 'placed_per_1000'}
    """
    pairs = [one.split("=") for one in written]
    for pair, text in zip(pairs, written, strict=True):
        if len(pair) != 2 or not all(pair):
            raise InputError(Problem("areas_as", found=text))
    return dict(pairs)


def _one(panel: Panel, own: Compared, instead: Mapping[str, str], draws: int, seed: int) -> AreaShock:
    name = instead.get(own.outcome, own.outcome)
    cells = panel.outcome(name)
    if cells.empty:
        raise refuse("areas_no_outcome", found=own.outcome, expected=", ".join(sorted(panel.cells["outcome"].unique())))
    made = calibrated(cells, name, own.groups, draws=draws, seed=seed)
    return made.model_copy(update={"outcome": own.outcome})


def _study(results: Path) -> AnyStudy:
    plan = results / "plan.json"
    if not plan.is_file():
        raise InputError(Problem("missing_file", file=str(plan)))
    study = read_model(plan, Study)
    for name in FILES[study.kind]:
        if not (results / name).is_file():
            raise InputError(Problem("missing_file", file=str(results / name)))
    return cast("AnyStudy", study)


def _own(results: Path, study: AnyStudy) -> Iterator[Callable[[], Compared]]:
    """Every outcome that compares two groups of counted children, with the numbers that its readings give; those of
    registers are refused when asked for, and where their release hides a total."""
    if isinstance(study, PublishedStudy):
        evidence = load(*(results / name for name in FILES["published"]))
        for outcome in evidence.outcomes:
            made: list[Compared] = []
            for tables in evidence.tables_of(outcome.outcome).values():
                own = own_difference(study, middle_table(tables))
                if not any(alike(one.groups, own.groups) for one in made):
                    made.append(own)
            yield from (partial(lambda one: one, one) for one in made)
        return
    designs = read_models(results / "designs.json", OutcomeDesign)
    released = read_model(results / "release.json", Release)
    told = shown_totals(released.windows) if released.policy == "registers" else None
    for data in outcome_data_of(read_panel(results / "panel.parquet"), study, designs):
        if data.design_class == "D1" and not data.is_what_was_done and data.cells["denominator"].notna().all():
            yield partial(own_groups if told is None or data.name in told else _untold, data)


def _untold(data: OutcomeData) -> Compared:
    """What is written stands in every release: nothing of groups whose totals are hidden there."""
    raise refuse("areas_few_children", found=data.name, expected="a release that shows all four totals")


def _text(areas: Areas) -> str:
    head = (
        "# How areas change where nothing is done: written by the command in made_by, from numbers that are not here.\n"
        "# A part of the plan, read with study.yaml; docs/methods.md, 3.4 says what its numbers mean.\n"
    )
    tree = areas.model_dump(mode="json", exclude_none=True)
    return head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None)
