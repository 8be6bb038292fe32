"""A study's tables fetched: whole files with their record, made-up data replaced, or nothing touched at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import cycle
from pathlib import Path
from subprocess import PIPE

import pandas as pd
import pytest
import yaml
from statbank_server import AREAS, TABLES, Bank, answers, hang_up, number, statbank_server
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.errors import InputError
from sverige_did.files import read_models
from sverige_did.results.sources import SourceFile
from sverige_did.sources.files.provenance import read_provenance
from sverige_did.sources.files.synthetic_mark import is_marked
from sverige_did.sources.panel.delivery import panel_of, problems_of
from sverige_did.sources.statbank.cache import Cache
from sverige_did.sources.statbank.client import StatBank
from sverige_did.sources.statbank.fetch import fetch
from sverige_did.sources.statbank.recipe import RECIPE, read_recipe
from sverige_did.study.read import read_study

ROOT = Path(__file__).parents[3]
MUNICIPALITIES = [code for code in AREAS if code not in {"000", "084", "910"}]


@pytest.fixture
def bank() -> Iterator[Bank]:
    with statbank_server() as running:
        yield running


@pytest.fixture(autouse=True)
def language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is given a language leaves it in the environment: only until its test is over."""
    monkeypatch.setenv("SVERIGE_DID_LANG", "en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The roll-out as it is committed: its plan, its recipe, and made-up data."""
    shutil.copytree(ROOT / "analyses" / "rollout", tmp_path / "analyses" / "rollout")
    shutil.copytree(ROOT / "data" / "rollout", tmp_path / "data" / "rollout")
    return tmp_path


def fetched(bank: Bank, folder: Path) -> list[tuple[str, dict[str, object]]]:
    told: list[tuple[str, dict[str, object]]] = []
    plan = folder / "analyses" / "rollout"
    with StatBank(bank.address, timeout=10, sleep=lambda _: None) as client:
        fetch(
            client, read_recipe(plan), plan, folder / "data" / "rollout", date(2026, 11, 30),
            lambda key, **values: told.append((key, values)), command="sverige-did statbank fetch rollout",
        )  # fmt: skip
    return told


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "data").rglob("*"))
        if path.is_file()
    }


def test_the_tables_of_the_plan_come_with_their_record(bank, folder):
    (folder / "data" / "rollout" / "notes.txt").write_text("kept\n")
    told = fetched(bank, folder)
    data = folder / "data" / "rollout"
    assert not is_marked(data)
    assert {path.name for path in data.iterdir()} == {
        "README.md", "notes.txt", "provenance.json", "adopters.csv", "anbragte_efter_sted.csv",
        "anbragte_efter_alder.csv", "befolkning.csv", "regnskab.csv", "priser.csv",
    }  # fmt: skip
    records = {one.file: one for one in read_models(data / "provenance.json", SourceFile)}
    for name, record in records.items():
        assert record.sha256 == hashlib.sha256((data / name).read_bytes()).hexdigest()
        assert not record.synthetic
    placed = records["anbragte_efter_sted.csv"]
    assert (placed.table, placed.licence, placed.retrieved) == ("ANBAAR12", "CC BY 4.0", date(2026, 11, 30))
    assert placed.credit == "Danmarks Statistik, statistikbanken.dk/ANBAAR12"
    assert placed.updated == "2026-09-30T08:00:00"
    asked = {one["code"]: one["values"] for one in json.loads(placed.request)["variables"]}
    assert asked["ANBRINGELSE"] == ["0", "1", "9", "7", "8", "27"]
    assert [key for key, _ in told] == ["statbank.asking", "statbank.written"] * 5


def test_every_number_is_the_one_that_was_sent(bank, folder):
    fetched(bank, folder)
    data = folder / "data" / "rollout"
    placed = pd.read_csv(data / "anbragte_efter_sted.csv", sep=";", dtype=str)
    for area, place, year, said in placed.itertuples(index=False):
        assert said == number("ANBAAR12", (area, place, year))
    people = pd.read_csv(data / "befolkning.csv", sep=";", dtype=str)
    assert len(people) == len(MUNICIPALITIES) * 23 * 9
    for area, age, year, said in people.sample(50, random_state=1).itertuples(index=False):
        assert said == number("FOLK1A", (area, "TOT", age, "TOT", f"{int(year) + 1}K1"))
    prices = pd.read_csv(data / "priser.csv", sep=";", dtype=str)
    assert prices.iloc[1].tolist() == ["2012", "7070.5"]
    accounts = pd.read_csv(data / "regnskab.csv", sep=";", dtype=str)
    assert accounts.query("kommune == '860' and funktion == '52824'")["antal"].unique().tolist() == ["0"]


def test_what_is_fetched_is_read_by_the_plan(bank, folder):
    fetched(bank, folder)
    study = read_study(folder / "analyses" / "rollout" / "study.yaml")
    built = panel_of(folder / "data" / "rollout", study)
    assert not built.panel.synthetic
    cells = built.panel.outcome("institution_share")
    assert set(cells.loc[cells["group"] == "treated", "unit"]) == {
        "510", "167", "657", "860", "710", "420", "530", "240", "440", "157", "390", "607",
    }  # fmt: skip
    assert set(cells["unit"]) == set(MUNICIPALITIES) - {"147", "482"}  # two points in 2014; not in the table at all
    begun = cells.drop_duplicates("unit").set_index("unit")["treated_from"].dt.year
    assert begun.loc[["510", "657", "860"]].tolist() == [2015, 2016, 2016]
    spent = built.panel.outcome("placement_spending")
    one = spent[(spent["unit"] == "657") & (spent["period"] == "2012")].iloc[0]
    functions = ("52820", "52822", "52823", "52824")
    amount = sum(int(number("REGK31", ("657", code, "1", "UE", "LOBM", "2012"))) for code in functions)
    assert one["value"] == pytest.approx(amount / 1000 * (7000 + 70.5 * 8) / 7070.5)
    problems = problems_of(folder / "data" / "rollout", study)
    assert {problem.key for problem in problems} == {"agg_incomplete"}


def test_a_file_that_was_changed_since_is_told(bank, folder):
    fetched(bank, folder)
    data = folder / "data" / "rollout"
    with (data / "priser.csv").open("a") as file:
        file.write("2020;7700\n")
    assert [one.file for one in read_provenance(data) if one.changed] == ["priser.csv"]
    study = read_study(folder / "analyses" / "rollout" / "study.yaml")
    problems = [one for one in problems_of(data, study) if one.key == "provenance_changed"]
    assert [(one.file, one.severity) for one in problems] == [("priser.csv", "warning")]


def test_fetching_twice_gives_the_same_files(bank, folder):
    fetched(bank, folder)
    first = state(folder)
    fetched(bank, folder)
    assert state(folder) == first


BAD = {
    "sb_page": lambda bank: bank.ill.append(answers(b"<html>", kind="text/html")),
    "sb_incomplete": lambda bank: setattr(bank, "change", lambda text: text[: text.index("\r\n", len(text) // 2) + 2]),
    "sb_updated": lambda bank: setattr(bank, "updated", cycle(["2026-09-30T08:00:00", "2026-11-30T08:00:00"])),
    "sb_no_value": lambda bank: bank.tables.update(
        REGK31=TABLES["REGK31"] | {"FUNKTION": {"52821": "Forebyggende", "53820": "Opholdssteder"}}
    ),
    "sb_no_variable": lambda bank: bank.tables.update(
        PRIS8={"INDEKSTYPE": TABLES["PRIS8"]["TYPE"], "Tid": TABLES["PRIS8"]["Tid"]}
    ),
    "sb_not_found": lambda bank: bank.tables.pop("PRIS8"),
}


@pytest.mark.parametrize("key", BAD)
def test_whatever_goes_wrong_nothing_is_touched(bank, folder, key):
    before = state(folder)
    BAD[key](bank)
    with pytest.raises(InputError) as refusal:
        fetched(bank, folder)
    assert key in {problem.key for problem in refusal.value.problems}
    assert state(folder) == before
    assert [path.name for path in (folder / "data").iterdir()] == ["rollout"]


ILL = {
    "broken off in the middle": (answers(b"ADMKOM;", length=4_000), "broke off"),
    "no answer at all": (hang_up, "broke off"),
    "a page for people": (answers(b"<!DOCTYPE html><title>Login</title>", kind="text/html"), "page for people"),
    "another encoding": (answers("ADMKOM;ALDER".encode("utf-16")), "UTF-8"),
    "a server that is down": (answers(b"", status=503), "503"),
}


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("fault", ILL)
def test_a_download_that_fails_is_told_in_words_and_leaves_what_was_there(bank, folder, monkeypatch, fault, language):
    monkeypatch.setattr("sverige_did.sources.statbank.client.BETWEEN", 0.0)
    monkeypatch.setattr("sverige_did.sources.statbank.client.FIRST_WAIT", 0.0)
    before, (ill, named) = state(folder), ILL[fault]
    bank.ill = [ill] * 9
    command = ["-l", language, "statbank", "fetch", "rollout", "--folder", str(folder), "--address", bank.address]
    done = CliRunner().invoke(app, [*command, "--no-cache"])
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    assert isinstance(done.exception, SystemExit)
    assert language == "da" or named in " ".join(done.output.split())
    assert state(folder) == before
    assert [path.name for path in (folder / "data").iterdir()] == ["rollout"]


def test_what_a_killed_download_left_is_cleared_away_and_the_old_tables_are_put_back(bank, folder):
    """As it lies there when the power goes between the two moves: the old folder aside, the new one not yet there."""
    before, data = state(folder), folder / "data"
    (data / ".rollout.before.x.unfinished").mkdir()
    (data / "rollout").replace(data / ".rollout.before.x.unfinished" / "rollout")
    (data / ".rollout.y.unfinished").mkdir()
    bank.ill = [hang_up]
    with pytest.raises(InputError):
        fetched(bank, folder)
    assert state(folder) == before
    assert [path.name for path in data.iterdir()] == ["rollout"]


@contextmanager
def held(bank: Bank, folder: Path) -> Iterator[tuple[subprocess.Popen[str], threading.Event]]:
    """A fetch in a process of its own that waits for its first answer until the event is set."""
    asked, go = threading.Event(), threading.Event()

    def waits(text: str) -> str:
        asked.set()
        go.wait(60)
        return text

    bank.change = waits
    with subprocess.Popen(command(bank, folder), stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            assert asked.wait(60)
            yield process, go
        finally:
            go.set()
            process.kill()


def command(bank: Bank, folder: Path) -> list[str]:
    return [sys.executable, "-m", "sverige_did", "statbank", "fetch", "rollout", "--folder", str(folder),
            "--address", bank.address, "--no-cache"]  # fmt: skip


def test_a_second_fetch_is_refused_while_the_first_is_at_work_which_ends_well(bank, folder):
    before, data = state(folder), folder / "data"
    with held(bank, folder) as (first, go):
        mine = {path.name for path in data.iterdir()}
        second = subprocess.run(command(bank, folder), capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "Another fetch into this folder is at work." in second.stderr
        assert "Traceback" not in second.stderr
        assert {path.name for path in data.iterdir()} == mine
        assert len(mine) == 2
        go.set()
        assert first.wait(60) == 0
    assert [path.name for path in data.iterdir()] == ["rollout"]
    assert state(folder) != before
    assert not is_marked(data / "rollout")


def test_what_a_fetch_left_that_was_killed_does_not_bar_the_next(bank, folder):
    with held(bank, folder) as (first, _):
        first.kill()
        first.wait(60)
    assert len(list((folder / "data").iterdir())) == 2
    fetched(bank, folder)
    assert [path.name for path in (folder / "data").iterdir()] == ["rollout"]


def test_an_answer_of_which_half_is_lost_is_asked_for_again_and_not_kept(bank, folder):
    """Whole lines, a status of 200 and no length to hold it against: only its rows show that the answer is cut off."""
    plan, cache = folder / "analyses" / "rollout", Cache(folder / "kept")

    def run() -> int:
        with StatBank(bank.address, cache=cache, sleep=lambda _: None) as client:
            return fetch(client, read_recipe(plan), plan, folder / "data" / "rollout", date(2026, 11, 30),
                         lambda *_args, **_values: None, command="test")  # fmt: skip

    bank.change = lambda text: text[: text.index("\r\n", len(text) // 2) + 2]
    with pytest.raises(InputError) as refusal:
        run()
    assert refusal.value.problems[0].key == "sb_incomplete"
    bank.change = lambda text: text
    assert run() == 7


def test_an_adopter_whom_the_table_does_not_know_is_told_with_the_nearest(bank, folder):
    listed = folder / "analyses" / "rollout" / "adopters.csv"
    listed.write_text(listed.read_text("utf-8").replace("Haderslev;2015-2017", "Haderslevv;2015-2017"), "utf-8")
    before = state(folder)
    with pytest.raises(InputError) as refusal:
        fetched(bank, folder)
    (problem,) = refusal.value.problems
    assert (problem.key, problem.found) == ("sb_no_value", "Haderslevv")
    assert problem.expected.startswith("510 (Haderslev)")
    assert state(folder) == before


def test_an_interruption_leaves_nothing_behind(bank, folder, monkeypatch):
    before = state(folder)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sverige_did.sources.statbank.fetch.write_provenance", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fetched(bank, folder)
    assert state(folder) == before


def test_a_folder_without_data_is_made(bank, folder):
    shutil.rmtree(folder / "data")
    fetched(bank, folder)
    assert (folder / "data" / "rollout" / "befolkning.csv").is_file()


def test_the_command_tells_what_it_does_and_keeps_answers(bank, folder, monkeypatch):
    monkeypatch.setattr("sverige_did.sources.statbank.client.BETWEEN", 0.0)
    command = ["-l", "da", "statbank", "fetch", "rollout", "--folder", str(folder), "--address", bank.address]
    command += ["--cache", str(folder / "kept")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "ANBAAR12, opdateret 2026-09-30" in done.output
    assert "rollout: 7 filer hentet og skrevet" in done.output
    first = len(bank.requests())
    assert CliRunner().invoke(app, command).exit_code == 0
    assert len(bank.requests()) == first
    assert CliRunner().invoke(app, [*command, "--no-cache"]).exit_code == 0
    assert len(bank.requests()) == 2 * first


def test_a_study_that_is_not_there_or_has_no_recipe_is_refused(bank, folder):
    command = ["statbank", "fetch", "--folder", str(folder), "--address", bank.address]
    (folder / "analyses" / "rollout" / RECIPE).unlink()
    for name, said in (("nowhere", "no study of this name"), ("rollout", "no file that says what to ask")):
        done = CliRunner().invoke(app, [*command, name])
        assert done.exit_code == 1
        assert said in " ".join(done.output.split())
    assert not bank.asked


@pytest.mark.parametrize(
    "take",
    [
        {"variable": "Tid"},
        {"variable": "Tid", "column": "år", "values": ["2011"], "first": 2011, "last": 2012},
        {"variable": "Tid", "values": ["2011", "2012"]},
        {"variable": "Tid", "column": "år", "value": ["2011"]},
    ],
)
def test_a_recipe_that_says_nothing_clear_is_refused(tmp_path, take):
    recipe = {"tables": [{"table": "PRIS8", "file": "p.csv", "take": [take]}]}
    (tmp_path / RECIPE).write_text(yaml.safe_dump(recipe, allow_unicode=True), "utf-8")
    with pytest.raises(InputError) as refusal:
        read_recipe(tmp_path)
    assert refusal.value.problems[0].key == "plan_value"


def test_a_file_name_that_leads_elsewhere_is_refused(tmp_path):
    recipe = {"tables": [{"table": "PRIS8", "file": "../p.csv", "take": [{"variable": "TYPE", "values": ["x"]}]}]}
    (tmp_path / RECIPE).write_text(yaml.safe_dump(recipe), "utf-8")
    with pytest.raises(InputError):
        read_recipe(tmp_path)


NETWORK = ("httpx", "socket", "urllib.request", "http.client", "requests", "aiohttp", "ftplib")


def test_one_module_alone_can_use_the_network_and_one_command_alone_imports_it():
    package = ROOT / "sverige_did"
    text = {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}
    named = [file for file, source in text.items() for name in NETWORK if f"import {name}" in source]
    assert named == ["sources/statbank/client.py"]
    users = {file for file, source in text.items() if "sources.statbank" in source}
    assert {file for file in users if not file.startswith("sources/statbank/")} == {"tasks/statbank.py"}
    rules = "".join(path.read_text("utf-8") for path in (package / "workflow").glob("*") if path.is_file())
    assert "statbank" not in rules
