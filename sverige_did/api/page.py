"""The page of one study in a data frame, for the researcher who made it: nothing in it is hidden, and it says so first.

It has the look of the released pages and none of their disclosure control, so it is no release: what may leave the
house goes through a study with a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.ticker import ScalarFormatter

import sverige_did
from sverige_did import words
from sverige_did.api.doubts import Checks
from sverige_did.api.events import EventStudy
from sverige_did.api.levels import Levels, levels_of
from sverige_did.api.results import Methods, Verdict
from sverige_did.errors import InputError, Problem, RefusedError
from sverige_did.report import svg
from sverige_did.report.tables import Table
from sverige_did.words import LANGUAGES, Language

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from sverige_did.api.own_size import Size
    from sverige_did.api.shown import Result
    from sverige_did.api.study import Study

SIMULATIONS = 1_000
"""Made-up data sets for what would settle it: a Monte Carlo error of some one per cent."""

WIDTH, HEIGHT = 720, 340

ANOTHER_SCALE = "frame_scale_here"

SIGNS = frozenset({"method", "check", "finding", "term", "scale", "period", "cohort", "group"})


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with what is said below it."""

    name: str
    heading: str
    sentences: tuple[str, ...]
    figure: Markup | None = None
    table: Table | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All that a page tells, computed once for both languages; what the study cannot carry is its refusal."""

    verdict: Verdict | RefusedError
    levels: Levels
    methods: Methods | RefusedError
    events: EventStudy | RefusedError
    checks: Checks | RefusedError
    power: Size | RefusedError


def written(study: Study, folder: Path) -> tuple[Path, ...]:
    """The pages ``study.<language>.html``; see :meth:`sverige_did.api.study.Study.report`.

    Raises InputError ``frame_folder`` where the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem("frame_folder", file=str(folder)))
    found = Found(
        verdict=_or_refused(study.verdict),
        levels=levels_of(study.setting),
        methods=_or_refused(study.methods),
        events=_or_refused(study.event_study),
        checks=_or_refused(study.sensitivity),
        power=_or_refused(partial(study.power, SIMULATIONS)),
    )
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for language in LANGUAGES:
        pages.append(folder / f"study.{language}.html")
        pages[-1].write_text(rendered(found, language), "utf-8")
    return tuple(pages)


def _or_refused[Of: Result](make: Callable[[], Of]) -> Of | RefusedError:
    try:
        return make()
    except RefusedError as refusal:
        return refusal


def rendered(found: Found, language: Language) -> str:
    """The page as text: style and figures inline, no script, nothing fetched."""
    other: Language = "en" if language == "da" else "da"
    context = found.levels.context
    loader = ChoiceLoader([PackageLoader("sverige_did.api"), PackageLoader("sverige_did.report")])
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    css = files("sverige_did.report").joinpath("static/report.css").read_text("utf-8")
    with words.naming(context.told), words.speaking(language):
        return made.get_template("study.html.j2").render(
            language=language,
            other=other,
            sibling=f"study.{other}.html",
            css=Markup(css),  # noqa: S704 (a file of this package)
            t=partial(_text, language),
            outcome=context.outcome,
            said=context.said(language),
            synthetic=context.synthetic,
            version=sverige_did.__version__,
            sections=tuple(_sections(found, language)),
        )


def _text(language: Language, key: str, **values: object) -> str:
    return words.text(f"notebook.page.{key}", language, **values)


def _sections(found: Found, language: Language) -> Iterator[Section]:
    verdict, context = found.verdict, found.levels.context
    made = partial(_section, synthetic=context.synthetic, outcome=context.outcome, language=language)
    if isinstance(verdict, RefusedError):
        yield _no_verdict(verdict, language)
    else:
        yield made("verdict", verdict, drawn=False, lead=(verdict.title(language),))
    yield made("levels", found.levels)
    yield made("methods", found.methods, noted=False)
    yield made("events", found.events, noted=False)
    # Where starts differ, what the checks weigh is one of several averages, and the page says which.
    weighed = (words.text("notebook.note.checks_of_dates", language),) if len(context.starts) > 1 else ()
    yield made("checks", found.checks, drawn=False, noted=False, lead=weighed)
    yield made("settle", found.power, noted=False)


def _no_verdict(refusal: RefusedError, language: Language) -> Section:
    """Why there is none, and what to do; the other sections come all the same."""
    said = [text for one in refusal.problems for text in (one.sentence(language), one.mend(language)) if text]
    return Section("verdict", _text(language, "heading.verdict"), tuple(said))


def _section(
    name: str, result: Result | RefusedError, *, language: Language, synthetic: bool, outcome: str, drawn: bool = True,
    noted: bool = True, lead: tuple[str, ...] = (),
) -> Section:  # fmt: skip
    heading = _text(language, f"heading.{name}")
    if isinstance(result, RefusedError):
        return Section(name, heading, tuple(_why_not(one, outcome, language) for one in result.problems))
    shown = result.table(language)
    table = Table(
        heading,
        tuple(map(str, shown.columns)),
        tuple(tuple(map(str, row)) for row in shown.to_numpy().tolist()),
        frozenset(at for at, column in enumerate(_keys(result)) if column not in SIGNS),
    )
    figure = None
    if drawn:
        mark = words.text("report.synthetic.mark", language) if synthetic else None
        figure = svg.draw(
            name, WIDTH, HEIGHT, partial(_paint, result), title=f"{heading}: {result.say(language)}", mark=mark
        )
    sentences = tuple(dict.fromkeys((*lead, result.say(language))))
    return Section(name, heading, sentences, figure, table, result.notes(language) if noted else ())


def _why_not(problem: Problem, outcome: str, language: Language) -> str:
    """Why a section is empty, for who reads the page and has asked for no method by its name."""
    if problem.key == ANOTHER_SCALE:
        return words.text("notebook.say.elsewhere", language, outcome=outcome)
    return problem.sentence(language)


def _keys(result: Result) -> tuple[str, ...]:
    """The columns of a result's table by their keys, those that are left out as empty among them."""
    heads = {words.text(f"notebook.column.{key}"): key for key in (*type(result).shown, *SIGNS) if _known(key)}
    return tuple(heads.get(str(head), "") for head in result.table().columns)


def _known(key: str) -> bool:
    return words.has(f"notebook.column.{key}", "en")


def _paint(result: Any, figure: Figure) -> None:
    figure.set_layout_engine("constrained")
    ax = result.plot(figure.add_subplot())
    ax.set_title("", loc="left")  # the heading says it
    if words.default_language() == "da":
        for axis in (ax.xaxis, ax.yaxis):
            if isinstance(axis.get_major_formatter(), ScalarFormatter):
                axis.set_major_formatter(_Comma())


class _Comma(ScalarFormatter):
    """Numbers at an axis with a comma before their decimals, as Danish has it."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return super().__call__(x, pos).replace(".", ",")

    def get_offset(self) -> str:
        return super().get_offset().replace(".", ",")
