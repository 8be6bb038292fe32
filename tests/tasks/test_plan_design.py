"""`sverige-did plan-design`: from a table of districts to a plan that the package takes, and every fault in words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sverige_did.cli import app
from sverige_did.errors import InputError
from sverige_did.study.read import read_study
from sverige_did.study.study import PanelStudy
from sverige_did.tasks import check
from sverige_did.tasks import plan as plan_task

NAMES = [f"Distrikt {letter}" for letter in "ABCDEFGHIJKLMNOP"]


def table(folder: Path, *, change: tuple[str, str] = ("", ""), stratum: bool = False, levels: int = 2) -> Path:
    rng = np.random.default_rng(3)
    head = "distrikt;børn;" + ("stratum;" if stratum else "") + ";".join(f"niveau_{at + 1}" for at in range(levels))
    rows = [
        f"{name};{rng.integers(40, 90)};" + (f"{'by' if at < 8 else 'land'};" if stratum else "")
        + ";".join(f"{rng.normal(25, 5):.1f}".replace(".", ",") for _ in range(levels))
        for at, name in enumerate(NAMES)
    ]  # fmt: skip
    path = folder / "distrikter.csv"
    path.write_text("\n".join([head, *rows]).replace(*change) + "\n", "utf-8")
    return path


def asked(folder: Path, source: Path, *more: str) -> tuple[int, str]:
    options = ["plan-design", str(source), str(folder / "ny"), "--start", "2027-02-01", "--until", "2028-12-31",
               "--change", "-0.7", "--seed", "11", "--simulations", "1000", *more]  # fmt: skip
    found = CliRunner().invoke(app, options)
    return found.exit_code, f"{found.output}{found.exception or ''}".replace("\n", " ")


def test_the_folder_holds_a_plan_with_its_lottery_and_the_starts_of_those_drawn(tmp_path: Path) -> None:
    code, said = asked(tmp_path, table(tmp_path, stratum=True))
    assert code == 0, said
    plan = read_study(tmp_path / "ny" / "study.yaml")
    assert isinstance(plan, PanelStudy)
    assert plan.lottery is not None
    assert plan.chosen == "random"
    assert plan.treated.districts == len(plan.lottery.treated)
    assert (plan.grid.first, plan.grid.last) == ("2023H1", "2028H2")
    assert str(plan.periods.baseline) == "2026-12-31"
    assert [one.outcome for one in plan.outcomes if one.role == "primary"] == ["institution_share"]
    assert plan.lottery.districts == tuple(NAMES)
    by_stratum = {sum(at <= 8 for at in one) for one in plan.lottery.sets}
    assert len(by_stratum) == 1  # as many of each stratum in every set
    register = (tmp_path / "ny" / "data" / "distrikter.csv").read_text("utf-8-sig").splitlines()
    begun = {line.split(";")[0] for line in register[1:] if line.endswith("01-02-2027")}
    assert begun == set(plan.lottery.treated)
    assert len(register) == 1 + 16 * 12
    for language, word in (("da", "trukket ved lod"), ("en", "drawn by lot")):
        page = (tmp_path / "ny" / f"design.{language}.md").read_text("utf-8")
        assert word in page
        assert all(name in page for name in plan.lottery.treated)
        assert "--seed 11" in page


def test_the_same_command_draws_the_same_and_another_seed_another(tmp_path: Path) -> None:
    source, drawn = table(tmp_path), []
    for at, seed in enumerate(("11", "11", "12")):
        folder = tmp_path / str(at)
        assert asked(folder, source, "--seed", seed, "--begin", "5")[0] == 0
        drawn.append(read_study(folder / "ny" / "study.yaml").lottery)
    assert drawn[0] == drawn[1]
    assert drawn[0].sets == drawn[2].sets
    assert drawn[0].drawn != drawn[2].drawn


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [(("Distrikt B", "Distrikt A"), [], "same district"),
     (("niveau_1;niveau_2", "noget;andet"), [], "No earlier level"),
     (("Distrikt A;", "Distrikt A;900;x;;"), [], "row 2"),
     (("", ""), ["--begin", "2"], "begin"),
     (("", ""), ["--until", "9999-12-31"], "longer than any plan"),
     (("", ""), ["--until", "2028-05-31"], "ends no half-year"),
     (("", ""), ["--until", "2057-12-31"], "longer than any plan"),
     (("", ""), ["--start", "1899-07-01", "--until", "1910-12-31"], "before any register"),
     (("", ""), ["--change", "0.7"], "for the worse"),
     (("", ""), ["--change", "3"], "-1 < change < 3"),
     (("", ""), ["--memory", "1"], "0 <= memory < 1"),
     (("", ""), ["--change", "-0.02"], "too seldom"),
     (("", ""), ["--outcome", "placement_spending"], "cannot be planned"),
     (("", ""), ["--outcome", "nonsense"], "nonsense"),
     (("", ""), ["--until", "2027-03-01"], "--until"),
     (("", ""), ["--start", "soon"], "no day"),
     (("", ""), ["--keep", "0"], "keep"),
     (("", ""), ["--shock", "-1"], "shock")],
)  # fmt: skip
def test_what_cannot_be_is_told_in_words_and_leaves_no_folder(
    tmp_path: Path, change: tuple[str, str], options: list[str], said: str
) -> None:
    code, told = asked(tmp_path, table(tmp_path, change=change), *options)
    assert code == 1, told
    assert said in told
    assert not (tmp_path / "ny").exists()


def test_too_few_districts_and_a_level_that_cannot_be(tmp_path: Path) -> None:
    source = table(tmp_path)
    lines = source.read_text("utf-8").splitlines()
    source.write_text("\n".join(lines[:7]) + "\n", "utf-8")
    code, told = asked(tmp_path, source, "--begin", "3")
    assert code == 1
    assert "too few ways" in told
    source.write_text("\n".join([lines[0], *lines[2:], "Distrikt Q;50;250,0;20,0"]) + "\n", "utf-8")
    code, told = asked(tmp_path, source)
    assert code == 1
    assert "per cent" in told


def test_a_condition_that_leaves_no_lot_is_refused(tmp_path: Path) -> None:
    """A district unlike any other is in no balanced set: who begins would not be drawn at all."""
    source = table(tmp_path)
    lines = source.read_text("utf-8").splitlines()
    odd = ["Distrikt A;9000;95,0;95,0", *lines[2:]]
    source.write_text("\n".join([lines[0], *odd]) + "\n", "utf-8")
    code, told = asked(tmp_path, source, "--begin", "4", "--keep", "0.05")
    assert code == 1
    assert "Distrikt A" in told
    assert "--keep" in told


def test_nothing_that_lies_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "ny").mkdir()
    (tmp_path / "ny" / "mine.txt").write_text("mine")
    code, _ = asked(tmp_path, table(tmp_path), "--begin", "5")
    assert code == 1
    assert [one.name for one in (tmp_path / "ny").iterdir()] == ["mine.txt"]


def checked_folder(folder: Path, today: date) -> list[tuple[str, str]]:
    return [(one.key, one.severity) for one in check.run(folder, "en", today).problems]


def test_a_planned_study_waits_for_its_registers_until_its_last_period_has_ended(tmp_path: Path) -> None:
    """One sentence with the day and the files; once the time is over, or a register has come, every fault again."""
    assert asked(tmp_path, table(tmp_path), "--begin", "5")[0] == 0
    new = tmp_path / "ny"
    assert checked_folder(new, date(2028, 12, 31)) == [("reg_not_due", "warning")]
    late = dict(checked_folder(new, date(2029, 1, 1)))
    assert "reg_not_due" not in late
    assert late["reg_no_rows"] == late["reg_blank_cell"] == "error"
    said = CliRunner().invoke(app, ["check", str(new)], env={"COLUMNS": "400"}).output
    if date.today() <= date(2028, 12, 31):
        assert "planned: its last period ends on 2028-12-31" in said
        assert all(name in said for name in ("distrikter.csv", "anbringelser.csv", "børn.csv"))
        assert "Next: " not in said
    # Another fault of what lies there is told all the same.
    districts = new / "data" / "distrikter.csv"
    laid = districts.read_bytes()
    districts.write_bytes(laid.replace(b"2023H1", b"2023K1", 1))
    assert {key for key, _ in checked_folder(new, date(2027, 1, 1))} > {"reg_not_due"}
    districts.write_bytes(laid)
    # A register that has come ends the waiting.
    children = new / "data" / "børn.csv"
    children.write_text("barn;fødselshalvår;køn;distrikt\nb1;2015H1;dreng;Distrikt A\n", "utf-8")
    assert "reg_no_rows" in dict(checked_folder(new, date(2027, 1, 1)))


def test_without_any_file_the_registers_that_are_waited_for_are_named(tmp_path: Path) -> None:
    assert asked(tmp_path, table(tmp_path), "--begin", "5")[0] == 0
    for path in (tmp_path / "ny" / "data").iterdir():
        path.unlink()
    (found,) = check.run(tmp_path / "ny", "da", date(2027, 1, 1)).problems
    assert found.key == "reg_not_due"
    assert "anbringelser" in found.say("da")


def test_the_workflow_stops_at_a_planned_study_with_that_sentence(tmp_path: Path) -> None:
    assert asked(tmp_path, table(tmp_path), "--begin", "5", "--until", "2056-12-31")[0] == 0
    new, plan = tmp_path / "ny", tmp_path / "plan.json"
    plan_task.run("ny", new / "study.yaml", plan)
    with pytest.raises(InputError) as refused:
        check.registers(plan, new / "data", tmp_path / "problems.json")
    assert [(one.key, one.severity) for one in refused.value.problems] == [("reg_not_due", "error")]
