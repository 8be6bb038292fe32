"""The folder of a panel study's data: read for the panel, or checked down to what the panel would refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from sverige_did.errors import InputError, Problem, SverigeDidError
from sverige_did.sources.aggregates.delivery import table_problems, tables_panel
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.registers.codes import MeasureCodes, read_measure_codes, standard_codes
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, read_register
from sverige_did.sources.registers.validate import check_folder, find_registers
from sverige_did.study.study import PanelStudy
from sverige_did.words import Language


def panel_of(folder: Path, study: PanelStudy) -> Built:
    """Read every register, or public table, of the folder and build the panel.

    Raises InputError for one that cannot be used, and as :func:`~sverige_did.sources.panel.build.build`.
    """
    if study.tables is not None:
        return tables_panel(folder, study)
    return build(tables_of(folder, study), study, codes_of(folder, study))


def tables_of(folder: Path, study: PanelStudy, names: Collection[str] | None = None) -> dict[str, RegisterTable]:
    """The registers of the folder by name, or those of them that are asked for; one not delivered is not there.

    Raises InputError for a register that cannot be used, and when made-up data are not called so.
    """
    refuse_unmarked(folder, study)
    found, problems = find_registers(folder, study)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise InputError(*errors)
    requested = {path: one for path, one in found.items() if names is None or one.name in names}
    return {register.name: read_register(path, register) for path, register in requested.items()}


def refuse_unmarked(folder: Path, study: PanelStudy) -> None:
    """Raises InputError when the data are marked as made up and the plan does not say so."""
    if is_marked(folder) and not study.synthetic:
        raise InputError(
            Problem("plan_hides_synthetic", file="study.yaml", column="synthetic", found="false", expected="true")
        )


def problems_of(folder: Path, study: PanelStudy) -> tuple[Problem, ...]:
    """Everything wrong with the registers or tables of a study, and everything that would be left out of its panel.

    The panel is tried only when the registers have no error: what it refuses is then a fault of its own.
    """
    if study.tables is not None:
        return table_problems(folder, study)
    codes = codes_of(folder, study)
    found = check_folder(folder, study, codes=codes)
    if any(problem.severity == "error" for problem in found):
        return found
    try:
        built = panel_of(folder, study)
    except SverigeDidError as refusal:
        return (*found, *refusal.problems)
    return (*found, *built.remarks)


def in_headers_of(
    problems: Iterable[Problem], language: Language, registers: tuple[Register, ...] = REGISTERS
) -> tuple[Problem, ...]:
    """The same problems with columns under the header that a delivery in that language has."""
    owner = {fold(stem): register for register in registers for stem in register.stems}
    messages = []
    for problem in problems:
        register = owner.get(fold(Path(problem.file or "").stem))
        danish = {column.name: column.da for column in register.columns} if register and language == "da" else {}
        values = dict(problem.values)
        if "key" in values:  # the columns that make up the key of a register
            values["key"] = ", ".join(danish.get(name, name) for name in str(values["key"]).split(", "))
        messages.append(replace(problem, column=danish.get(problem.column or "", problem.column), values=values))
    return tuple(messages)


def codes_of(folder: Path, study: PanelStudy) -> MeasureCodes:
    """The mapping of measures that the plan names, else the one that comes with the package."""
    named = study.register_rules.measure_codes
    return read_measure_codes(folder / named) if named else standard_codes()
