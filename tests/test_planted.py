"""Identifiers that were planted in a delivery are found in nothing that any command says or writes but rows of data.

Numbers with 60 added to the day of birth, which the civil register gives to nobody; names, remarks and pseudonyms that
stand nowhere else. They are planted in clean rows, in faulty ones, in columns where they do not belong, and in names of
files; then every byte that a command says or leaves behind is searched for them, plainly and as Snakemake writes names.
"""

from __future__ import annotations

import base64
import re
import shutil
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import small_cases
import small_registers as small
import small_town
import yaml
from made_up_exports import measures_xml
from typer.testing import CliRunner
from workflow_run import snakemake

from sverige_did import words
from sverige_did.cli import app
from sverige_did.errors import SverigeDidError
from sverige_did.sources.panel.delivery import panel_of
from sverige_did.study.study import PanelStudy
from sverige_did.workflow.discover import StudyFiles, find_studies, registers_of

NUMBERS = ("610105-4002", "911204-4001")
NAMES = ("Plantine Opdigtesen", "Plantus Opdigtemand")
REMARK = "ringede til plantet mor om flytningen"
CHILDREN = {f"c{at}": f"PLANTEBARN-{at}X" for at in [*range(12), 90]}
CASES = {"s0": "PLANTESAG-0Q", "s3": "PLANTESAG-3Q"}
WORKER = "PLANTEBEHANDLER-7"

PLANTED = (
    *NUMBERS, *(number.replace("-", "") for number in NUMBERS), *NAMES, REMARK, *CHILDREN.values(), *CASES.values(),
    WORKER,
)  # fmt: skip
LANGUAGES = words.LANGUAGES


def found_in(content: bytes, what: str) -> list[str]:
    """Where any of what was planted stands in something, also in base64 at any of its three beginnings."""
    found = []
    for secret in PLANTED:
        plain = secret.encode()
        forms = {plain, plain.lower(), secret.encode("utf-16-le"), re.sub(rb"[^A-Za-z0-9]", b"", plain)}
        for at in range(3):
            coded = base64.b64encode(b"\0" * at + plain)[4 * (at > 0) : -4]
            forms |= {coded, coded.replace(b"+", b"-").replace(b"/", b"_")}
        found += [f"{what}: {secret}" for form in forms if len(form) > 5 and form in content]
    return found


def left_in(folder: Path, allowed: Collection[str] = ()) -> list[str]:
    """What was planted and stands in a file below the folder or in a name there, but for the parts ``allowed``."""
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if any(place == part or place.startswith(f"{part}/") for part in allowed):
            continue
        found += found_in(place.encode(), f"name {place}")
        found += found_in(path.read_bytes(), place) if path.is_file() else []
    return found


def said_by(*arguments: object) -> tuple[str, int]:
    """All that a command says: on the screen, in its exception, in warnings; and its status."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        done = CliRunner().invoke(app, list(map(str, arguments)))
    error = "".join(traceback.format_exception(done.exception)) if done.exception else ""
    assert "Traceback" not in done.output
    assert not error or isinstance(done.exception, SystemExit), error
    return done.output + (done.stderr or "") + "".join(str(one.message) for one in caught), done.exit_code


def planted() -> dict[str, pd.DataFrame]:
    """The small delivery with children and cases that are called what stands nowhere else."""
    names = CHILDREN | CASES
    return {
        name: frame.assign(
            **{key: frame[key].map(lambda one: names.get(one, one)) for key in ("child", "case") if key in frame}
        )
        for name, frame in small.delivery().items()
    }


def in_row(frame: pd.DataFrame, row: int, **cells: object) -> pd.DataFrame:
    """The frame with other cells in a row."""
    changed = frame.astype(object)
    for name, cell in cells.items():
        changed.loc[row, name] = cell
    return changed


def twice(frame: pd.DataFrame, row: int) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[row]]], ignore_index=True)


CHILD = CHILDREN["c0"]
Change = Callable[[pd.DataFrame, int], pd.DataFrame]
FAULTS: dict[str, tuple[str, Change]] = {
    "a date that is none": ("placements", lambda f, row: in_row(f, row, start="31-02-2013")),
    "a remark for a date": ("placements", lambda f, row: in_row(f, row, start=REMARK)),
    "a name for a date": ("placements", lambda f, row: in_row(f, row, end=NAMES[0])),
    "an end before its start": ("placements", lambda f, row: in_row(f, row, end="2012-01-01")),
    "a code that nobody knows": ("placements", lambda f, row: in_row(f, row, measure="SEL 66.1.66")),
    "a remark for a code": ("placements", lambda f, row: in_row(f, row, measure=f"SEL 66 {REMARK}")),
    "a child for a code": ("placements", lambda f, row: in_row(f, row, measure=CHILD)),
    "a remark for a reason": ("placements", lambda f, row: in_row(f, row, end_reason=REMARK)),
    "a remark for a price": ("placements", lambda f, row: in_row(f, row, price=REMARK)),
    "a price below nought": ("placements", lambda f, row: in_row(f, row, price=-5)),
    "a spell twice": ("placements", lambda f, row: twice(f, row)),
    "spells over each other": ("placements", lambda f, row: twice(f, row).assign(end=None)),
    "a child that no register has": ("placements", lambda f, row: in_row(f, row, child="PLANTEBARN-11X-")),
    "cells moved by one": ("placements", lambda f, row: in_row(f, row, measure=CHILD, start="ANBAAR 9")),
    "a child twice": ("children", lambda f, row: twice(f, row)),
    "a half-year that is none": ("children", lambda f, row: in_row(f, row, birth_half_year=CHILD)),
    "a remark for a half-year": ("children", lambda f, row: in_row(f, row, birth_half_year=REMARK)),
    "a name for a sex": ("children", lambda f, row: in_row(f, row, sex=NAMES[1])),
    "a child for a district": ("children", lambda f, row: in_row(f, row, district=CHILD)),
    "a remark for a district": ("children", lambda f, row: in_row(f, row, district=REMARK)),
    "no child": ("children", lambda f, row: in_row(f, row, child=None)),
    "a child born after": ("children", lambda f, row: in_row(f, row, birth_half_year="2031H1")),
    "a case twice": ("cases", lambda f, row: twice(f, row)),
    "a case of no child": ("cases", lambda f, row: in_row(f, row, child=CASES["s0"])),
    "a case closed before": ("cases", lambda f, row: in_row(f, row, closed="2001-01-01")),
    "a complaint about no case": ("complaints", lambda f, row: in_row(f, row, case=CHILD)),
    "a remark for points": ("sdq_waves", lambda f, row: in_row(f, row, emotion=REMARK)),
    "points beyond": ("sdq_waves", lambda f, row: in_row(f, row, emotion=77)),
    "an informant by name": ("sdq_waves", lambda f, row: in_row(f, row, informant=NAMES[0])),
    "a form twice": ("sdq_waves", lambda f, row: twice(f, row)),
    "a follow-up of nobody": ("follow_ups", lambda f, row: in_row(f, row, child=WORKER)),
    "a worker for a team": ("caseworkers", lambda f, row: in_row(f, row, team=CHILD)),
    "a remark for a team": ("caseworkers", lambda f, row: in_row(f, row, team=REMARK)),
    "hours in words": ("caseworkers", lambda f, row: in_row(f, row, fte=REMARK)),
}
"""By the register and what is done to one of its rows."""

STOPS: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "a number in a cell": ("placements", lambda f: in_row(f, 0, end_reason=f"hos {NUMBERS[0]}")),
    "a number for a child": ("placements", lambda f: f.assign(child=NUMBERS[1])),
    "a number for a header": ("placements", lambda f: f.rename(columns={"price": NUMBERS[0]})),
    "a column of remarks": ("placements", lambda f: f.assign(bemærkning=REMARK)),
    "no header": ("children", lambda f: f.set_axis(f.iloc[0].astype(str), axis=1)),
}
"""What is said of a whole file; with a number in it nothing else is said."""


def laid(folder: Path, frames: dict[str, pd.DataFrame]) -> Path:
    (folder / "data").mkdir(parents=True)
    small.write(folder / "data", frames)
    (folder / "study.yaml").write_text(yaml.safe_dump(small.plan(), allow_unicode=True), "utf-8")
    return folder


def with_faults(turn: int) -> dict[str, pd.DataFrame]:
    """Every fault, each in a row of its own; in the other turn those that would hide it stand in other rows."""
    frames = planted()
    at: Counter[str] = Counter()
    for register, change in FAULTS.values():
        frame = frames[register]
        frames[register] = change(frame, (at[register] * (1, 3)[turn] + turn) % len(planted()[register]))
        at[register] += 1
    return frames


def checked(folder: Path, out: Path, language: str) -> None:
    """Check a study in one language, and search what is said and written; something is told, if only a warning."""
    written = [out / f"{language}.{form}" for form in ("json", "html")]
    said, status = said_by("--language", language, "check", folder, "--json", written[0], "--html", written[1])
    assert status in {0, 1}
    assert len(written[0].read_text("utf-8")) > 50
    assert not found_in(said.encode(), language)
    assert not left_in(out, {"study/data"})


@pytest.mark.parametrize(("turn", "language"), [(0, "da"), (1, "en")])
def test_a_check_says_and_writes_none_of_it(
    turn: int, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    checked(laid(tmp_path / "study", with_faults(turn)), tmp_path, language)


@pytest.mark.parametrize("name", STOPS)
def test_a_check_that_stops_says_and_writes_none_of_it(name: str, tmp_path: Path) -> None:
    register, change = STOPS[name]
    frames = {one: planted()[one] for one in ("districts", "children", "placements")}
    checked(laid(tmp_path / "study", frames | {register: change(frames[register])}), tmp_path, "da")


@pytest.mark.parametrize("fault", ["a remark for a price", "a number in a cell", "a child that no register has"])
def test_reading_for_the_panel_says_none_of_it(fault: str, tmp_path: Path) -> None:
    frames = {one: planted()[one] for one in ("districts", "children", "placements")}
    if fault in STOPS:
        frames["placements"] = STOPS[fault][1](frames["placements"])
    else:
        frames["placements"] = FAULTS[fault][1](frames["placements"], 0)
    folder = laid(tmp_path, frames)
    study = small.study()
    assert isinstance(study, PanelStudy)
    with pytest.raises(SverigeDidError) as refusal:
        panel_of(folder / "data", study)
    trace = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value) + repr(refusal.value.problems)
    assert not found_in((trace + refusal.value.say("da") + refusal.value.say("en")).encode(), fault)


def test_a_clean_delivery_leaves_its_children_nowhere(tmp_path: Path) -> None:
    folder = laid(tmp_path / "study", planted())
    said, status = said_by("check", folder, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    assert status == 0, said
    assert not found_in(said.encode(), "check")
    for line in (
        ("plan", "small", "--source", folder / "study.yaml", "--out", tmp_path / "results" / "plan.json"),
        ("registers", "--plan", tmp_path / "results" / "plan.json", "--data", folder / "data",
         "--out", tmp_path / "results" / "problems.json"),
        ("panel", "--plan", tmp_path / "results" / "plan.json", "--data", folder / "data",
         "--out", tmp_path / "results" / "panel.parquet", "--coverage", tmp_path / "results" / "coverage.json",
         "--left-out", tmp_path / "results" / "left_out.json", "--sources", tmp_path / "results" / "sources.json"),
    ):  # fmt: skip
        said, status = said_by(*line)
        assert status == 0, said
        assert not found_in(said.encode(), line[0])
    assert not left_in(tmp_path, {"study/data"})


def raw(folder: Path, *, faulty: bool) -> Path:
    """What a municipality has before anything is done: numbers, names, remarks and caseworkers."""
    folder.mkdir(parents=True)
    third = f"{NAMES[0]};Vej 3;Avlum;{REMARK}\n" if faulty else ""
    (folder / "børn.csv").write_text(
        f"CPR-nr;Navn;Distrikt;Bemærkning\n{NUMBERS[0]};{NAMES[0]};Avlum;{REMARK}\n{NUMBERS[1]};{NAMES[1]};Kibæk;\n{third}",
        "utf-8",
    )
    book = openpyxl.Workbook()
    book.properties.creator = WORKER
    for row in (["Personnummer", "Foranstaltning", "Startdato", "Slutdato", "Døgnpris", "Sagsbehandler"],
                [NUMBERS[0].replace("-", ""), "SEL 66.1.6", "01-02-2013", None, 1234.567, WORKER],
                [int(NUMBERS[1].replace("-", "")), REMARK if faulty else "SEL 66.1.1", "01-03-2013", None, 987.5, None],
                ):  # fmt: skip
        book.active.append(row)
    book.save(folder / "anbringelser.xlsx")
    (folder / "L201.xml").write_text(
        measures_xml([(NUMBERS[0], CASES["s0"], "401", "2015-02-01", "2015-03-01")]), "utf-8"
    )
    return folder


@pytest.mark.parametrize("faulty", [False, True])
def test_pseudonyms_and_exports_say_and_write_none_of_it(faulty: bool, tmp_path: Path) -> None:
    source = raw(tmp_path / "rå", faulty=faulty)
    for language in LANGUAGES:
        out, over = tmp_path / f"ud.{language}", tmp_path / f"over.{language}"
        line = ["--language", language, "pseudonymise", source, out, "--key", tmp_path / "nøgle"]
        said, status = said_by(*line, *(["--new-key"] if language == "da" else []))
        assert status == int(faulty), said
        more, refused = said_by("--language", language, "convert", source, tmp_path / "direkte")
        assert refused == 1
        assert not found_in((said + more).encode(), "pseudonymise")
        if not faulty:
            said, status = said_by("--language", language, "convert", out, over)
            assert not found_in(said.encode(), "convert")
    assert not left_in(tmp_path, {"rå"})


def test_cases_and_answers_say_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    folder = small_cases.laid_out(tmp_path / "study")
    for path in (folder / "data").glob("*.csv"):
        frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig").iloc[:200]
        header = {"sag": "PLANTESAG-0Q", "sagsbehandler": WORKER, "respondent": CHILD}
        for name in {*header} & {*frame}:
            frame[name] = header[name] + frame[name]
        at = 0
        for name in frame.columns.difference([*header, "syntetisk"]):
            frame.loc[at := at + 1, name] = REMARK
            frame.loc[at := at + 1, name] = frame.loc[at, next(iter({*header} & {*frame}))]
        frame.to_csv(path, sep=";", index=False)
    for language in LANGUAGES:
        out = tmp_path / f"{language}.html"
        said, status = said_by("--language", language, "check", folder, "--html", out, "--json", tmp_path / "a.json")
        assert status == 1
        assert not found_in(said.encode(), language)
    assert not left_in(tmp_path, {"study/data"})


def test_a_file_named_by_a_number_is_no_input_that_a_workflow_writes_down(tmp_path: Path) -> None:
    folder = laid(tmp_path / "study", planted())
    for name in (f"{NUMBERS[0]}.csv", f"noter om {NUMBERS[1].replace('-', '')}.csv"):
        (folder / "data" / name).write_text("a;b\n1;2\n")
    (files,) = find_studies(folder).values()
    assert isinstance(files, StudyFiles)
    assert not found_in(" ".join(registers_of(folder, files)).encode(), "inputs")


# The whole workflow


@pytest.mark.slow
@pytest.mark.parametrize("faulty", [False, True])
def test_a_run_of_everything_leaves_none_of_it(faulty: bool, tmp_path: Path) -> None:
    """Logs, pages, the release, the results, and what Snakemake keeps: .snakemake/log, metadata and the names of both.

    Nothing is excepted but ``data``, which is what came in. With faults a rule fails, and says why.
    """
    folder = small_town.study(tmp_path / "our-town")
    data = folder / "data"
    names: dict[str, str] = {}
    for path in sorted(data.glob("*.csv")):
        text = path.read_text("utf-8-sig")
        for old in sorted(set(re.findall(r"SYN-[A-Z0-9]+", text)), key=len, reverse=True):
            names.setdefault(old, f"SYN-{CHILDREN['c0']}{len(names):04}")
            text = re.sub(rf"\b{re.escape(old)}\b", names[old], text)
        path.write_text(text, "utf-8")
    if faulty:
        lines = (data / "anbringelser.csv").read_text("utf-8").splitlines()
        cells = lines[5].split(";")
        lines[5] = ";".join([*cells[:2], REMARK, *cells[3:]])
        (data / "anbringelser.csv").write_text("\n".join(lines) + "\n", "utf-8")
        (data / f"{NUMBERS[0]}.csv").write_text("a;b\n1;2\n")
    done = snakemake(folder, "all", "--keep-going", "--cores", "2")
    assert done.returncode == int(faulty), done.stdout + done.stderr
    assert not found_in((done.stdout + done.stderr).encode(), "screen")
    assert (folder / ".snakemake" / "metadata").is_dir()
    assert not left_in(folder, {"data"})
    shutil.rmtree(folder)
