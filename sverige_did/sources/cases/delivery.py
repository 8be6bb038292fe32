"""A folder of registers for a plan of cases: checked in one list, or read as times and answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sverige_did.errors import InputError, Problem
from sverige_did.sources.cases.rules import CaseDelivery, arms, municipality_keys, problems_between
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.registers.schemas import CASE_REGISTERS
from sverige_did.sources.registers.tables import RegisterTable, read_register
from sverige_did.sources.registers.validate import Checked, files_of, read_registers
from sverige_did.study.cases import CaseStudy

MEASURE, EXIT = 1, 2
"""How a wait ends; 0 is a wait that had not ended when it was last seen."""


def problems_of(folder: Path, study: CaseStudy) -> tuple[Problem, ...]:
    """Everything wrong with the registers of a study of cases; nothing is raised for what is in a file."""
    return checked(folder, study).problems


def checked(folder: Path, study: CaseStudy) -> Checked:
    """The same, and what was assumed while the registers were read."""
    marked = _unmarked(folder, study)
    found = read_registers(
        folder, CASE_REGISTERS, study.files, lambda tables: _between(folder, CaseDelivery(tables, study))
    ).checked
    return found._replace(problems=(*marked, *found.problems))


def _between(folder: Path, delivery: CaseDelivery) -> tuple[Problem, ...]:
    # A file of cases that could not be read has its own message, and is there.
    there = {register.name for register in files_of(folder, CASE_REGISTERS, delivery.study.files)[0].values()}
    missing = () if "cases" in there else (Problem("case_no_cases", file=folder.name, expected="sager / cases"),)
    return (*missing, *problems_between(delivery))


def _unmarked(folder: Path, study: CaseStudy) -> tuple[Problem, ...]:
    if is_marked(folder) and not study.synthetic:
        return (Problem("plan_hides_synthetic", file="study.yaml", column="synthetic", found="false", expected="true"),)
    return ()


@dataclass(frozen=True)
class CaseData:
    """What a study of cases estimates from, and the hash of the files.

    ``cases``: one row a case that begins in a window, with ``municipality`` (key), ``caseworker`` (a number, or missing
    throughout), ``during`` and ``exempt`` (yes, no or missing), ``referred``, ``decided``, ``measure`` and ``ended``,
    the day of an exit without a measure. ``survey``: one row an answer, with ``municipality``, ``wave``, ``item``,
    ``respondent`` (a number) and ``answer``; empty where nobody was asked.
    """

    cases: pd.DataFrame
    survey: pd.DataFrame
    sha256: str


def read_cases(folder: Path, study: CaseStudy) -> CaseData:
    """The registers of the folder. Raises InputError with every error that :func:`problems_of` finds."""
    errors = [problem for problem in problems_of(folder, study) if problem.severity == "error"]
    if errors:
        raise InputError(*errors)
    found, _ = files_of(folder, CASE_REGISTERS, study.files)
    tables = {register.name: read_register(path, register) for path, register in found.items()}
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(path.name.encode() + path.read_bytes())
    return CaseData(_cases(tables["cases"], study), _survey(tables.get("survey"), study), digest.hexdigest())


def _cases(table: RegisterTable, study: CaseStudy) -> pd.DataFrame:
    frame, arm = table.frame, arms(table.frame["referred"], study)
    # A closing after the first measure ends nothing that is waited for.
    ended = frame["closed"].where(frame["measure"].isna())
    worker = pd.Series(pd.factorize(frame["caseworker"])[0], index=frame.index)
    cases = pd.DataFrame(
        {
            "municipality": municipality_keys(table, study),
            "caseworker": worker.where(worker >= 0).astype("float64"),
            "during": arm == "during",
            "exempt": frame["exempt"],
            "referred": frame["referred"],
            "decided": frame["decided"],
            "measure": frame["measure"],
            "ended": ended,
        }
    )
    return cases[arm.notna()].reset_index(drop=True)


def _survey(table: RegisterTable | None, study: CaseStudy) -> pd.DataFrame:
    columns = ["municipality", "wave", "item", "respondent", "answer"]
    if table is None or study.survey is None:
        return pd.DataFrame(columns=columns)
    frame = table.frame.assign(municipality=municipality_keys(table, study))
    frame["respondent"] = pd.factorize(frame["respondent"])[0]
    return frame[columns].dropna(subset=["answer"]).astype({"answer": "int64"}).reset_index(drop=True)
