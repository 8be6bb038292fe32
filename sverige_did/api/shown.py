"""How a result is shown: as text for a terminal, as HTML for a notebook, as Markdown and LaTeX, and as a tidy frame."""

from __future__ import annotations

import html
import math
import re
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pandas as pd
from pydantic import ValidationError

from sverige_did import words
from sverige_did.api.told import of_its_units
from sverige_did.errors import InputError, Problem, spoken
from sverige_did.periods import period_kind
from sverige_did.report import numbers
from sverige_did.report.district_inference import said
from sverige_did.results.estimates import Frozen, Remark
from sverige_did.words import Language, default_language
from sverige_did.words.units import Told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURES = 4
"""Significant figures of an estimate in a table."""

LEAST_P = 0.0001
"""A smaller p-value is told as being below it."""

PROBABILITIES = frozenset({"below", "benefit", "beyond", "within"})
LEAST_SHARE = 0.001
"""No probability of a posterior is told as nearer to none or to certainty."""

NULL = {"ratio": 1.0}
"""The value that means no effect, where it is not 0."""


_HTML = re.compile(r"<(?=[a-z/!?])|&(?=#?\w+;)", re.I)
"""What opens a tag or names a sign: with anything else after it either is only itself, as in »p < 0.05«."""


class Context(Frozen):
    """What a study compares; it goes with every result.

    ``starts`` are the distinct first treated periods; ``weights``, ``strata`` and ``cluster`` the caller's columns,
    None where there is none; ``left_out`` how many rows have no outcome,
    ``starting`` how many are left out as the period in which their unit starts; ``told`` what sentences call the units;
    ``synthetic``: the numbers are made up, as those of ``sd.datasets.simulate``.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> context = study.verdict().context
    >>> context.n_units, context.n_treated, context.starts
    (20, 4, ('7',))
    """

    outcome: str
    unit: str
    time: str
    scale: str
    level: float
    n_units: int
    n_treated: int
    periods: tuple[str, ...]
    starts: tuple[str, ...]
    weights: str | None = None
    strata: str | None = None
    cluster: str | None = None
    covariates: tuple[str, ...] = ()
    left_out: int = 0
    starting: int = 0
    told: Told = "unit"
    synthetic: bool = False

    @property
    def calendar(self) -> bool:
        """Whether time is told in years and parts of them, and not in numbers of any other unit."""
        return all(period_kind(one) is not None or re.fullmatch(r"\d{4}-\d\d-\d\d", one) for one in self.periods)

    def said(self, language: Language | None = None) -> str:
        """One line: the outcome, how many units and periods, and when treatment starts."""
        spoken(language)
        parts = [
            words.text(
                "notebook.context", language, outcome=self.outcome, units=self.n_units, treated=self.n_treated,
                unit=self.unit, periods=len(self.periods), first=self.periods[0], last=self.periods[-1],
                starts=", ".join(self.starts[:6]) + (" …" if len(self.starts) > 6 else ""),
            )
        ]  # fmt: skip
        named = {"weights": self.weights, "strata": self.strata, "cluster": self.cluster}
        named["covariates"] = ", ".join(self.covariates) or None
        parts += [words.text(f"notebook.{key}", language, name=name) for key, name in named.items() if name]
        if self.synthetic:
            parts.append(words.text("notebook.synthetic", language))
        counts = {"left_out": self.left_out, "starting": self.starting}
        parts += [words.text(f"notebook.{key}", language, count=count) for key, count in counts.items() if count]
        return " · ".join(parts)


SAYING = ("say", "title", "notes", "summary", "table", "to_html", "to_frame", "plot")
"""The methods of a result in which words are chosen."""


class Result(Frozen):
    """What every result of a study can do.

    Frozen; ``str()`` is :meth:`summary`, a notebook shows :meth:`to_html`, and ``from_json(to_json())`` gives it back.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> results = (study.verdict(), study.twfe(), study.methods())
    >>> all(isinstance(one, sd.Result) for one in results)
    True
    >>> [list(one.to_frame().columns)[:3] for one in results]
    [['term', 'estimate', 'std_error'], ['term', 'estimate', 'std_error'], ['term', 'estimate', 'std_error']]
    """

    kind: ClassVar[str]
    shown: ClassVar[tuple[str, ...]]
    """The columns of the frame that a reader sees, in their order."""

    context: Context
    remarks: tuple[Remark, ...] = ()

    def __init_subclass__(cls, **said: Any) -> None:
        # Here and not at each of them, so that no result can forget whose units it tells of.
        super().__init_subclass__(**said)
        for name in SAYING:
            if name in vars(cls):
                setattr(cls, name, of_its_units(vars(cls)[name]))

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """The numbers as a tidy frame, one row an estimate."""

    @abstractmethod
    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw it on ``ax``, or on axes of its own; returned either way."""

    @abstractmethod
    def say(self, language: Language | None = None) -> str:
        """The sentence that the design allows, in Danish (``da``) or English (``en``)."""

    @of_its_units
    def title(self, language: Language | None = None) -> str:
        """What it is, in a few words."""
        return words.text(f"notebook.title.{self.kind}", language)

    @of_its_units
    def notes(self, language: Language | None = None) -> tuple[str, ...]:
        """What has to be known beside the numbers, a sentence each."""
        return tuple(dict.fromkeys(said(remark, language or default_language()) for remark in self.remarks))

    def summary(self, language: Language | None = None) -> str:
        """Title, sentence, table and notes as text."""
        table = self.table(language).to_string(index=False, justify="left")
        lines = [self.title(language), self.context.said(language), "", self.say(language), "", table]
        notes = self.notes(language)
        return "\n".join([*lines, *([""] if notes else []), *(f"- {note}" for note in notes)])

    @of_its_units
    def table(self, language: Language | None = None) -> pd.DataFrame:
        """The numbers as a reader meets them: rounded, with headings in words."""
        language = language or default_language()
        frame = self.to_frame()
        kept = [name for name in self.shown if name in frame and not _empty(frame[name])]
        made = {
            words.text(f"notebook.column.{name}", language): [_cell(name, one, language) for one in frame[name]]
            for name in kept
        }
        if "method" in kept and "term" in frame and "term" not in kept:
            head = words.text("notebook.column.method", language)
            made[head] = apart(frame["method"].tolist(), frame["term"].tolist(), language)
        return pd.DataFrame(made, dtype=object)

    def to_html(self, language: Language | None = None) -> str:
        """The summary as HTML."""
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes(language))
        return (
            f"<div><p><strong>{html.escape(self.title(language))}</strong><br>"
            f"<small>{html.escape(self.context.said(language))}</small></p>"
            f"<p>{html.escape(self.say(language))}</p>{self.table(language).to_html(index=False, border=0)}"
            f"{f'<ul>{notes}</ul>' if notes else ''}</div>"
        )

    def to_markdown(self, language: Language | None = None) -> str:
        """The table in Markdown."""
        table = self.table(language)
        rows = [list(table.columns), ["---"] * table.shape[1], *table.to_numpy().tolist()]
        return "\n".join("| " + " | ".join(map(_in_markdown, row)) + " |" for row in rows)

    def to_latex(self, language: Language | None = None) -> str:
        """The table in LaTeX, for the package booktabs."""
        return str(self.table(language).to_latex(index=False, escape=True))

    def to_json(self) -> str:
        """Everything, for :meth:`from_json`."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The result that :meth:`to_json` wrote; InputError ``frame_json`` for any other text."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as fault:
            found = ", ".join(dict.fromkeys(str(one["loc"][0]) for one in fault.errors() if one["loc"])) or "–"
            raise InputError(Problem("frame_json", found=found, values={"kind": cls.__name__})) from None

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(outcome={self.context.outcome!r}, n_units={self.context.n_units})"


def _in_markdown(cell: object) -> str:
    """A cell as it reads: names are other people's, and what shows Markdown takes HTML in it for a command."""
    plain = _HTML.sub(lambda sign: html.escape(sign[0]), str(cell))
    return re.sub(r"([\\|\[])", r"\\\1", " ".join(plain.splitlines()))


def _empty(column: pd.Series) -> bool:
    return bool(column.isna().all()) or bool((column.astype(object) == "").all())


def _cell(name: str, value: object, language: Language) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if name in {"method", "check"}:
        return label(str(value), language)
    if name in {"term", "scale"} and words.has(f"notebook.{name}.{value}", language):
        return words.text(f"notebook.{name}.{value}", language)
    if name in PROBABILITIES and isinstance(value, float):
        ends = {True: ("over", 1 - LEAST_SHARE), False: ("under", LEAST_SHARE)}
        key, end = ends[value > 0.5]
        shown = numbers.decimal(min(max(value, LEAST_SHARE), 1 - LEAST_SHARE), language, 3)
        sure = min(value, 1 - value) < LEAST_SHARE
        return words.text(f"notebook.{key}", language, value=numbers.decimal(end, language, 3)) if sure else shown
    if name == "p_value" and isinstance(value, float):
        least = numbers.decimal(LEAST_P, language, 4)
        return f"< {least}" if value < LEAST_P else numbers.decimal(value, language, 4 if value < 0.1 else 3)
    if isinstance(value, float):
        return numbers.significant(value, language, FIGURES)
    return str(value)


def apart(methods: Sequence[str], terms: Sequence[str], language: Language | None = None) -> list[str]:
    """The words for methods (R,); what several rows have in common is told apart by what each estimates."""
    named = [label(one, language) for one in methods]
    kinds = {name: {term for one, term in zip(named, terms, strict=True) if one == name} for name in set(named)}
    told = []
    for name, term in zip(named, terms, strict=True):
        key = f"notebook.term.{term}"
        tells = len(kinds[name]) > 1 and words.has(key, language)
        told.append(f"{name}: {words.text(key, language)}" if tells else name)
    return told


def label(key: str, language: Language | None = None) -> str:
    """The words for a method or a check; what has none goes by its key."""
    names = (f"notebook.method.{key}", f"labels.inference.{key}", f"labels.estimator.{key}", f"labels.check.{key}")
    return next((words.text(name, language) for name in names if words.has(name, language)), key)


def amount(scale: str, value: float, language: Language) -> str:
    """An effect as it stands in a sentence: a ratio as a change in per cent, a level with its sign."""
    if scale == "ratio":
        return numbers.change(value, language)
    shown = numbers.significant(value, language, 3)
    told = f"+{shown}" if value > 0 else shown
    return words.text("labels.amount.log_odds", language, value=told) if scale == "log_odds" else told


def interval(scale: str, limits: tuple[float | None, float | None], level: float, language: Language) -> str:
    """An interval as it stands in a sentence."""
    lower, upper = limits
    if lower is None or upper is None:
        return words.text("report.interval.none", language)
    key = (
        ("any" if math.isinf(upper) else "at_most")
        if math.isinf(lower)
        else "at_least"
        if math.isinf(upper)
        else "both"
    )
    low, high = (amount(scale, end, language) if math.isfinite(end) else "" for end in (lower, upper))
    span = words.text(f"report.span.{key}", language, lower=low, upper=high, least=low)
    return words.text("report.interval.level", language, level=numbers.percent(level, language), span=span)
