"""Text of a plan, of a register, of a printed figure or of a data frame is text wherever it is told, and nothing else.

Every place for text of a plan is found by trying, not by a list: whatever is taken as text is replaced. The same is
told of harmless texts of the same length; a page may then have no element and no attribute more than that.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pyarrow.parquet as parquet
import pytest
import yaml
from mutations import places, put
from pydantic import BaseModel, ValidationError
from rich.console import Console
from small_pages import with_everything
from small_release import make_release

import sverige_did as sd
from sverige_did.disclosure.release import Release, estimates_csv
from sverige_did.errors import UNSEEN, Problem, RefusedError, SverigeDidError
from sverige_did.report import render
from sverige_did.report.compare import as_tables, compared
from sverige_did.report.doubt import render_doubt
from sverige_did.report.figures import figures_of
from sverige_did.report.front import render_front
from sverige_did.report.machines import for_machines
from sverige_did.report.next_office import investment_sheet, knowledge_declaration
from sverige_did.report.problems import problems_html, problems_json, problems_table
from sverige_did.study.read import read_plan
from sverige_did.study.study import KINDS
from sverige_did.study.yaml_tree import tree_of
from sverige_did.words import LANGUAGES

ROOT = Path(__file__).parents[1]
TAG = "</title></style></script></textarea></svg>--><script>alert(1)</script><img src=x onerror=a(1)><svg/onload=a()>"
QUOTES = "\" onmouseover=\"alert(1)\" x=' onfocus='alert(2)' `javascript:alert(3)` ]]> <!-- &lt;b&gt; &#60;i&#62;"
TEMPLATES = "{{ 7*7 }} {% raw %} {0} {x.__class__} %s %(x)s $\\frac{1}{0}$ $x^$ \\input{/etc} [b](javascript:a)"
FORMULA = "=cmd|' /C calc'!A0"
RICH = "[bold red]x[/] [link=file:///etc]y[/link] [/nothing] :skull:"
PAYLOADS = {
    "tags": f"x {TAG}", "quotes": f"x {QUOTES}", "templates": f"x {TEMPLATES}", "formula": FORMULA, "rich": f"x {RICH}",
}  # fmt: skip
OTHER_FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1"]


def harmless(text: str) -> str:
    """As long and with blanks in the same places, so that lines break where they did."""
    return re.sub(r"[^\w\s]", "x", text)


class Elements(HTMLParser):
    """Every element of a page with the names of its attributes, and the values of those that do something."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.doing: list[str] = []
        self.scripts: list[str] = []
        self.within = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.within = tag
        self.seen[tag, tuple(sorted(name for name, _ in attrs))] += 1
        self.doing += [
            str(value) for name, value in attrs if name in {"href", "src", "style", "action"} or name[:2] == "on"
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        if self.within in {"script", "style"}:
            self.scripts.append(data)
        self.within = "" if data.strip() else self.within

    def handle_comment(self, data: str) -> None:
        self.seen["comment", ()] += 1


def same_elements(page: str, clean: str) -> None:
    """A page with hostile texts has the elements, the scripts and the addresses of one with harmless texts."""
    found, plain = Elements(page), Elements(clean)
    assert found.seen == plain.seen
    assert [harmless(one) for one in found.doing] == [harmless(one) for one in plain.doing]
    assert not any("javascript:" in one for one in found.doing)


def texts_of(tree: Any, accepts: Any) -> list[tuple[Any, ...]]:
    """The places of a tree in which any text is taken, where a text stood before."""
    free = []
    for path in places(tree):
        at = tree
        for key in path:
            at = at[key]
        if isinstance(at, str) and accepts(put(copy.deepcopy(tree), path, "x ' {y} <z> & \" æ; 1")):
            free.append(path)
    return free


def filled(tree: Any, free: list[tuple[Any, ...]], text: str) -> Any:
    """The tree with the text in each of these places; each has a number before it, so that no two are the same."""
    tree = copy.deepcopy(tree)
    for number, path in enumerate(free):
        tree = put(tree, path, f"{text} {number}" if text[:1] in "=+-@" else f"{number} {text}")
    return tree


def takes(kind: type[BaseModel]) -> Any:
    def accepts(tree: Any) -> bool:
        try:
            kind.model_validate(tree)
        except (ValidationError, SverigeDidError):
            return False
        return True

    return accepts


# Plans


PLANS = {"herning": "published", "example": "panel", "rollout": "panel", "frikommuner": "cases"}
FEWEST = {"herning": 60, "example": 60, "rollout": 60, "frikommuner": 20}
"""Places for text in each plan at least, so that the search for them cannot come out empty."""


@cache
def plan_tree(name: str) -> tuple[Any, list[tuple[Any, ...]]]:
    tree = tree_of((ROOT / "analyses" / name / "study.yaml").read_text("utf-8"), name)
    if name == "herning":
        beside = tree_of((ROOT / "analyses" / name / "readings.yaml").read_text("utf-8"), name)
        tree |= {"readings": beside.pop("readings"), "reconstruction": beside}
    return tree, texts_of(tree, takes(KINDS[PLANS[name]]))


@pytest.mark.parametrize("name", PLANS)
def test_in_no_text_of_a_plan_stands_a_sign_that_is_not_seen(name: str, tmp_path: Path) -> None:
    tree, free = plan_tree(name)
    assert len(free) >= FEWEST[name]
    path = tmp_path / "study.yaml"
    for sign in ("\x00", "\x1b[31m", "\u202e", "\u2066", "\x9b", "\x7f"):
        path.write_text(yaml.dump(filled(tree, free[:3], f"x{sign}y"), Dumper=yaml.CSafeDumper), "utf-8")
        with pytest.raises(SverigeDidError) as refusal:
            read_plan(path)
        assert {one.key for one in refusal.value.problems} <= {"text_unseen", "not_yaml"}
        assert not UNSEEN.search(refusal.value.say("da"))


# Releases told


TEXTS = {
    "reported": ("place", "finding_da", "finding_en", "source_file"),
    "statements": ("place", "source"),
    "sources": ("title", "credit", "licence", "made_by", "address"),
}
"""Fields of a release beside its plan that hold other people's texts."""


def hostile_release(base: Release, text: str) -> Release:
    """The release with the text in every place of its plan, its figures, statements and sources that takes any."""
    tree = base.study.model_dump(mode="json")
    study = type(base.study).model_validate(filled(tree, free_of(base.study), text))
    parts: dict[str, Any] = {"study": study}
    for name, fields in TEXTS.items():
        parts[name] = tuple(
            one.model_copy(update={field: text for field in fields if getattr(one, field, None) is not None})
            for one in getattr(base, name)
        )
    return base.model_copy(update=parts)


@cache
def _free(text: str, kind: type[BaseModel]) -> tuple[tuple[Any, ...], ...]:
    return tuple(texts_of(json.loads(text), takes(kind)))


def free_of(study: BaseModel) -> list[tuple[Any, ...]]:
    return list(_free(study.model_dump_json(), type(study)))


BASES = {"small": make_release, "everything": with_everything}
TOLD = {"front": render_front, "annex": render, "doubt": render_doubt}


@pytest.mark.parametrize("base", BASES)
def test_a_page_has_no_element_that_a_harmless_text_has_not(base: str) -> None:
    text = f"x {TAG} {QUOTES} {TEMPLATES} {FORMULA}"
    release, clean = (hostile_release(BASES[base](), one) for one in (text, harmless(text)))
    for tell in TOLD.values():
        page = tell(release, "da")
        same_elements(page, tell(clean, "da"))
        for figure in figures_of(page).values():
            ElementTree.fromstring(figure)


@pytest.mark.parametrize("formula", [FORMULA, *OTHER_FORMULAS])
def test_no_cell_of_a_table_begins_as_a_formula(formula: str) -> None:
    release = hostile_release(make_release(), formula)
    tables = [(estimates_csv(release), ",")]
    tables += [(investment_sheet(release, language), ";" if language == "da" else ",") for language in LANGUAGES]
    for text, separator in tables:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        assert len(rows) > 3
        assert len({len(row) for row in rows}) == 1
        assert not [cell for row in rows for cell in row if cell[:1] in {*"=@\t\r\n"}]
        signed = [cell for row in rows for cell in row if cell[:1] in {*"+-"}]
        assert all(re.match(r"[+-](\d[\d.,]*|inf)( |$)", cell) for cell in signed)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_files_for_machines_and_drafts_hold_it_as_text(payload: str) -> None:
    text = PAYLOADS[payload]
    release = hostile_release(make_release(), text)
    made = for_machines(release, {"a.json": b"{}"})
    crate = json.loads(made["ro-crate-metadata.json"])
    assert {one["@id"] for one in crate["@graph"]} == {
        one["@id"]
        for one in json.loads(for_machines(make_release(), {"a.json": b"{}"})["ro-crate-metadata.json"])["@graph"]
    }
    for entry in made["citation.bib"].decode().split("@")[1:]:
        assert not re.search(r"(?<!\\)[&%$#_]", entry.partition(",")[2].replace("sverige_did", "")), entry
        assert "\\input" not in entry
        assert entry.count("{") == entry.count("}")
    schema = parquet.read_schema(io.BytesIO(made["estimates.parquet"]))
    held = str({key.decode(): value.decode() for key, value in (schema.metadata or {}).items()})
    assert text not in held
    for language in LANGUAGES:
        draft = knowledge_declaration(release, language)
        plain = knowledge_declaration(hostile_release(make_release(), harmless(text)), language)
        marks = [[line.split(" ")[0] for line in one.splitlines() if line[:1] in {"#", "-"}] for one in (draft, plain)]
        assert marks[0] == marks[1]
        assert not re.search(r"<[a-zA-Z/!]", draft)
        assert "](" not in draft


def test_a_comparison_shows_markup_of_the_terminal_as_text() -> None:
    release = hostile_release(make_release(), RICH)
    for language in LANGUAGES:
        console = Console(file=io.StringIO(), width=4000, force_terminal=True, highlight=False)
        for shown in as_tables(compared(release, make_release(), language), (RICH, "b"), language):
            console.print(shown, markup=False) if isinstance(shown, str) else console.print(shown)
        said = console.file.getvalue()  # type: ignore[attr-defined]
        assert "[bold red]x[/]" in said
        assert "\x1b]8;" not in said


# What is wrong with files


def test_problems_show_cells_and_names_as_text() -> None:
    ugly = [*PAYLOADS.values(), "a\x1b[31mb", "a\x1b]8;;file:///etc\x07b", "a\u202eb", "a\x00b"]
    for fields in ({"found": True}, {"file": True}, {"column": True}, {"expected": True}):
        problems = [Problem("reg_not_a_number", row=at, **dict.fromkeys(fields, text)) for at, text in enumerate(ugly)]
        clean = [
            Problem("reg_not_a_number", row=at, **dict.fromkeys(fields, harmless(text))) for at, text in enumerate(ugly)
        ]
        for language in LANGUAGES:
            page = problems_html(problems, language)
            assert Elements(page).seen.keys() == Elements(problems_html(clean, language)).seen.keys()
            console = Console(file=io.StringIO(), width=4000, force_terminal=True)
            console.print(problems_table(problems, language))
            said = re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue())  # type: ignore[attr-defined]
            for text in (page, said, problems_json(problems)):
                assert not UNSEEN.search(text)
            assert "found" in fields or "[/nothing]" in said


# The door of a data frame


UGLY = f"{TAG} {QUOTES} $x^$ pris $ i {{kr}} {TEMPLATES} {RICH}"


def study_of(text: str) -> sd.Study:
    """A study whose columns and units are called so."""
    frame = sd.datasets.simulate(units=14, treated=4, periods=8, starts=6, effect=-3.0, seed=1)
    named = {"y": f"y {text}", "district": f"unit {text}", "period": f"time {text}", "start": f"start {text}"}
    frame["district"] = [f"{one} {text}" for one in frame["district"]]
    frame = frame.rename(columns=named)
    return sd.did(frame, unit=named["district"], time=named["period"], y=named["y"], treated_from=named["start"])


def test_names_of_columns_and_units_are_text() -> None:
    told = []
    for text in (UGLY, harmless(UGLY)):
        study = study_of(text)
        results = (study.verdict(), study.event_study())
        told.append([one.to_html(language) for one in results for language in LANGUAGES])
        assert all(repr(one) and one.to_latex() and one.to_markdown() for one in results)
        assert repr(study)
    for page, clean in zip(*told, strict=True):
        same_elements(page, clean)


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x00", "\u202e", "\u2066"])
def test_names_with_signs_that_are_not_seen_are_refused_where_they_are_given(sign: str) -> None:
    frame = sd.datasets.simulate()
    options = {"unit": "district", "time": "period", "treated_from": "start"}
    for changed, y in ((frame.rename(columns={"y": f"y{sign}"}), f"y{sign}"),
                       (frame.assign(district=[f"{one}{sign}" for one in frame["district"]]), "y")):  # fmt: skip
        with pytest.raises(sd.InputError) as refusal:
            sd.did(changed, y=y, **options)  # type: ignore[arg-type]
        assert [one.key for one in refusal.value.problems] == ["text_unseen"]
        assert not UNSEEN.search(refusal.value.say("da") + refusal.value.say("en"))


def test_a_dollar_in_a_name_is_drawn_as_a_dollar() -> None:
    """Two of them would begin and end a formula, which matplotlib refuses to draw where it is broken."""
    study = study_of("$x^$ {kr}")
    drawn = [study.verdict().plot(), study.methods().plot(), study.event_study().plot()]
    with mpl.rc_context({"svg.fonttype": "none"}):
        said = ""
        for axes in drawn:
            buffer = io.StringIO()
            axes.figure.savefig(buffer, format="svg")  # type: ignore[union-attr]
            said += "".join(ElementTree.fromstring(buffer.getvalue()).itertext())
            plt.close(axes.figure)  # type: ignore[arg-type]
    assert "y $x^$ {kr}" in said


def test_the_page_of_a_frame_holds_names_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise RefusedError(Problem("did_staggered"))

    monkeypatch.setattr(sd.Study, "power", none)  # minutes, and no name stands in it
    pages = [
        [path.read_text("utf-8") for path in study_of(text).report(tmp_path / str(at))]
        for at, text in enumerate((UGLY, harmless(UGLY)))
    ]
    for page, clean in zip(*pages, strict=True):
        same_elements(page, clean)
        assert not UNSEEN.search(page)
