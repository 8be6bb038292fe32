from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sverige_did.errors import InputError, RefusedError
from sverige_did.sources.registers.codes import Ladder, Rung, normal_code, read_measure_codes, standard_codes


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("§ 52, stk. 3, nr. 7", "SEL 52.3.7"),
        ("SEL-52-3.7", "SEL 52.3.7"),
        ("serviceloven §52.3.7", "SEL 52.3.7"),
        ("52.3.7", "SEL 52.3.7"),
        ("barnets lov § 46", "BL 46"),
        ("BL §30.1", "BL 30.1"),
        ("barnets lov § 43, stk. 1, nr. 4", "BL 43.1.4"),
        ("SEL2019 § 66, stk. 1, nr. 4", "SEL2019 66.1.4"),
        ("ANBAAR12: 21", "ANBAAR 21"),
        ("ukendt", "ukendt"),
    ],
)
def test_a_paragraph_has_one_spelling(written: str, code: str) -> None:
    assert normal_code(written) == code


@pytest.mark.parametrize(
    ("code", "rung"),
    [
        ("SEL 66.1.3", Rung.NETWORK),
        ("ANBAAR 1", Rung.NETWORK),
        *[(f"SEL2019 66.1.{number}", Rung.FOSTER) for number in (1, 2, 3)],
        ("SEL2019 66.1.4", Rung.NETWORK),
        ("SEL2019 66.1.5", Rung.HOME_BASED),
        ("SEL2019 66.1.6", Rung.INSTITUTION),
        ("SEL2019 66.1.7", Rung.INSTITUTION),
        ("SEL2019 66.1.8", Rung.HOME_BASED),
        *[(f"BL 43.1.{number}", Rung.FOSTER) for number in (1, 2, 3)],
        ("BL 43.1.4", Rung.NETWORK),
        ("BL 43.1.5", Rung.HOME_BASED),
        ("BL 43.1.6", Rung.INSTITUTION),
        ("BL 43.1.7", Rung.HOME_BASED),
        *[(f"ANBAAR {code}", Rung.FOSTER) for code in (21, 22, 23, 24, 25, 26)],
        *[(f"ANBAAR {code}", Rung.INSTITUTION) for code in (9, 7, 8, 27)],
        *[(f"ANBAAR {code}", Rung.HOME_BASED) for code in (11, 6)],
    ],
)
@pytest.mark.parametrize("ladder", ["kora", "support"])
def test_types_of_placement_stand_on_the_rung_that_both_ladders_give_them(
    code: str, rung: Rung, ladder: Ladder
) -> None:
    assert standard_codes().place(pd.Series([code]), ladder=ladder)["rung"].tolist() == [rung]


@pytest.mark.parametrize(
    ("code", "kora", "support"),
    [
        ("SEL 66.1.7", (3, True), (3, False)),
        ("SEL 66.1.4", (3, True), (3, False)),
        ("SEL 52.3.3", (2, False), (3, False)),
        ("BL 32", (2, False), (3, False)),
        *[(f"BL 32.1.{number}", (2, False), (3, False)) for number in (1, 2, 4, 5, 6, 8)],
        *[(f"BL 32.1.{number}", (2, False), (2, False)) for number in (3, 7)],
        ("BL 43.1.5", (3, True), (3, False)),
        ("BL 43.1.7", (3, True), (3, False)),
        ("SEL 11.3", (1, False), (2, False)),
    ],
)
def test_where_the_ladders_disagree_the_caller_decides(
    code: str, kora: tuple[int, bool], support: tuple[int, bool]
) -> None:
    codes = pd.Series([code])
    for ladder, expected in (("kora", kora), ("support", support)):
        placed = standard_codes().place(codes, ladder=ladder)  # type: ignore[arg-type]  # a loop over literals
        assert (placed["rung"].item(), placed["placed"].item()) == expected


def test_every_measure_of_barnets_lov_has_its_forerunner_in_serviceloven_on_the_same_rung() -> None:
    """Kinds of place in both laws; a children's home is either kind of institution of the law before."""
    pairs = {4: ["3"], 5: ["4"], 6: ["5", "6"], 7: ["7"], 1: ["1", "2"]}
    for new, old in pairs.items():
        codes = pd.Series([f"BL 43.1.{new}", *(f"SEL 66.1.{number}" for number in old)])
        for ladder in ("kora", "support"):
            placed = standard_codes().place(codes, ladder=ladder)  # type: ignore[arg-type]  # a loop over literals
            assert placed["rung"].nunique() == placed["placed"].nunique() == 1


def test_a_number_that_means_another_place_by_then_is_named_with_its_new_spelling() -> None:
    codes = pd.Series(["SEL 66.1.3", "§ 66.1.7", "SEL 66.1.3", "SEL 66.1.6", "BL 43.1.4", None])
    start = pd.to_datetime(pd.Series(["2019-05-31", "2019-06-01", "2021-01-01", "2021-01-01", "2024-01-01", None]))
    found = standard_codes().outdated(codes, start)
    assert found.dropna().to_dict() == {1: "SEL2019 66.1.7", 2: "SEL2019 66.1.3"}


def test_a_decision_to_place_has_no_rung_until_the_place_is_known() -> None:
    decided = standard_codes().place(pd.Series(["SEL 58", "BL 46", None]), ladder="kora")
    assert decided["rung"].isna().all()
    assert decided["placed"].tolist()[:2] == [True, True]


def test_an_unknown_code_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(RefusedError) as error:
        standard_codes().place(pd.Series(["SEL 66.1.66", "SEL 66.1.6"]), ladder="kora")
    assert error.value.problems[0].found == "SEL 66.1.66"
    assert error.value.problems[0].expected == "SEL 66.1.66 → SEL 66.1.6"


def test_an_account_function_means_what_it_meant_that_year() -> None:
    codes = standard_codes()
    before, after = codes.function("5.28.20", 2015), codes.function("52820", 2016)
    assert before is not None
    assert after is not None
    assert Rung.FOSTER in before.rungs
    assert Rung.FOSTER not in after.rungs
    assert codes.function("5.28.22", 2015) is None
    assert codes.function("5.28.99", 2016) is None


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("sources: {a: b}\nmeasures: []\nfunctions: []\nmore: 1\n", "more"),
        (
            "sources: {a: b}\nfunctions: []\nmeasures:\n"
            "- {key: x, da: x, en: x, source: [a], codes: [SEL 1, SEL §1], rung: 1, placed: false}\n",
            "",
        ),
        (
            "sources: {a: b}\nfunctions: []\nmeasures:\n"
            "- {key: x, da: x, en: x, source: [c], codes: [SEL 1], rung: 1, placed: false}\n",
            "",
        ),
    ],
)
def test_a_mapping_of_ones_own_is_checked(tmp_path: Path, text: str, column: str) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        read_measure_codes(path)
    assert [(problem.file, problem.column) for problem in error.value.problems] == [("codes.yaml", column)]


def test_a_mapping_that_is_no_yaml_names_the_row(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text("sources:\n\t- x")
    with pytest.raises(InputError) as error:
        read_measure_codes(path)
    assert error.value.problems[0].row == 2
