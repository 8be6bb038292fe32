"""The folder of a panel study's data: read for the panel, or checked down to what the panel would refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from sverige_did.errors import InputError, Problem, SverigeDidError
from sverige_did.sources.aggregates.delivery import checked_tables, tables_panel
from sverige_did.sources.exports.formats import export_of, files_in
from sverige_did.sources.exports.l201_xml import is_xml
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.panel.build import Built, build
from sverige_did.sources.panel.frame import children_by_number
from sverige_did.sources.registers.codes import MeasureCodes, read_measure_codes, standard_codes
from sverige_did.sources.registers.headers import fold
from sverige_did.sources.registers.register import Register
from sverige_did.sources.registers.schemas import REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, in_danish_alone, read_register
from sverige_did.sources.registers.validate import Assumed, Checked, check_folder, find_registers
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


def problems_of(folder: Path, study: PanelStudy, today: date | None = None) -> tuple[Problem, ...]:
    """Everything wrong with the registers or tables of a study, and everything that would be left out of its panel."""
    return checked(folder, study, today).problems


def checked(folder: Path, study: PanelStudy, today: date | None = None) -> Checked:
    """The same, and what was assumed while the files were read.

    The panel is tried only when the registers have no error: what it refuses is then a fault of its own. On a day
    ``today`` before the last period has ended, registers that are still empty are no faults: then one problem
    (:data:`NOT_DUE`, a warning) says that the study is planned.
    """
    if study.tables is not None:
        return checked_tables(folder, study)
    try:
        codes = codes_of(folder, study)
    except InputError as refusal:
        return Checked(refusal.problems)
    looked = check_folder(folder, study, codes=codes)
    found = Checked(_exports_named(looked.problems, folder), looked.assumed)
    if today is not None and today <= study.grid.end and (planned := _planned(folder, study, found.problems)):
        return Checked(planned)
    if any(problem.severity == "error" for problem in found.problems):
        return found
    try:
        refuse_unmarked(folder, study)
        more = build(children_by_number(looked.tables), study, codes).remarks
    except SverigeDidError as refusal:
        more = refusal.problems
    return found._replace(problems=(*found.problems, *more))


NOT_DUE = "reg_not_due"
"""The key of what is said of a study whose registers are laid out and not yet due."""

_AWAITED = frozenset({"reg_no_folder", "reg_no_registers", "reg_no_rows"})
"""What is found wrong with a delivery that is still to come."""


def _planned(folder: Path, study: PanelStudy, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """That the study is planned, with the files that it waits for, and all that is wrong with it besides; nothing where
    something was delivered. Districts may lie there with their periods, without the numbers that nobody knows yet."""
    files = find_registers(folder, study)[0] if folder.is_dir() else {}
    ground = next((path.name for path, one in files.items() if one.name == "districts"), None)
    empty = {one.file for one in problems if one.key == "reg_no_rows"}
    if {path.name for path in files} - {ground} != empty - {ground}:
        return ()
    awaited = list(dict.fromkeys([*([ground] if ground else []), *sorted(one for one in empty if one)]))
    named = ", ".join(awaited or (one.da for one in REGISTERS))
    rest = (one for one in problems if one.key not in _AWAITED and not (one.file == ground and _blank(one)))
    values = {"last": study.grid.end, "files": named}
    return (Problem("reg_not_due", file=folder.name, severity="warning", values=values), *rest)


def _blank(problem: Problem) -> bool:
    return problem.key == "reg_blank_cell" or problem.values.get("key") == "reg_blank_cell"


def _exports_named(problems: tuple[Problem, ...], folder: Path) -> tuple[Problem, ...]:
    """The same problems, with files that a system has exported named as what they are: no register until converted."""
    strange = {one.file for one in problems if one.key == "reg_unknown_file"}
    files = files_in(folder) if folder.is_dir() else []
    paths = [path for path in files if path.name in strange or is_xml(path)]
    if any(is_xml(path) and holds_cpr(path.name) for path in paths):
        return (Problem("reg_cpr_in_name", file=folder.name),)
    named = {path.name: export.da for path in paths if (export := export_of(path))}
    kept = [one for one in problems if not (one.key == "reg_unknown_file" and one.file in named)]
    told = [Problem("export_in_data", file=file, values={"export": export}) for file, export in named.items()]
    return (*told, *kept)


_COLUMNS_WANTED = frozenset({"reg_wrong_table", "reg_unknown_column"})
"""Faults whose expected text is a list of columns."""


def in_headers_of(
    problems: Iterable[Problem], language: Language, registers: tuple[Register, ...] = REGISTERS
) -> tuple[Problem, ...]:
    """The same problems in the names of a delivery in that language: columns, registers, words that a column allows."""
    if language != "da":
        return tuple(problems)
    owner = {fold(stem): register for register in registers for stem in register.stems}
    return tuple(_in_danish(problem, owner) for problem in problems)


def assumed_in_headers(
    assumed: Iterable[Assumed], language: Language, registers: tuple[Register, ...] = REGISTERS
) -> tuple[Assumed, ...]:
    """The same assumptions, with columns under the header that a delivery in that language has."""
    if language != "da":
        return tuple(assumed)
    owner = {fold(stem): register for register in registers for stem in register.stems}

    def named(one: Assumed) -> Assumed:
        register = owner.get(fold(Path(one.file).stem))
        columns = {column.name: column.da for column in register.columns} if register else {}
        column = one.assumption.column
        return one._replace(assumption=replace(one.assumption, column=columns.get(column or "", column)))

    return tuple(map(named, assumed))


def _in_danish(problem: Problem, owner: Mapping[str, Register]) -> Problem:
    register = owner.get(fold(Path(problem.file or "").stem))
    columns = {column.name: column.da for column in register.columns} if register else {}
    tables = {one.name: one.da for one in owner.values()}
    named = next((column for column in register.columns if column.name == problem.column), None) if register else None
    allowed = {value.name: value.da for value in named.allowed} if named else {}

    def told(text: str | None, names: Mapping[str, str]) -> str | None:
        return None if text is None else ", ".join(names.get(name, name) for name in text.split(", "))

    values = {
        name: told(str(value), columns if name == "key" else tables) if name in {"key", "register"} else value
        for name, value in problem.values.items()
    }
    return replace(
        problem,
        file=tables.get(problem.file or "", problem.file),
        column=columns.get(problem.column or "", problem.column),
        found=told(problem.found, tables) if problem.key == "reg_file_twice" else told(problem.found, allowed),
        expected=told(in_danish_alone(problem), columns if problem.key in _COLUMNS_WANTED else allowed),
        values=values,
    )


def codes_of(folder: Path, study: PanelStudy) -> MeasureCodes:
    """The mapping of measures that the plan names, else the one that comes with the package."""
    named = study.register_rules.measure_codes
    return read_measure_codes(folder / named) if named else standard_codes()
