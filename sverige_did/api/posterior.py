"""A posterior as a result: the effect on every scale, what was believed before it, and whether the model fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import arviz_plots
import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, PrivateAttr

from sverige_did import words
from sverige_did.api import plots
from sverige_did.api.rows import Row, frame_of
from sverige_did.api.shown import Result, amount, interval
from sverige_did.errors import refuse
from sverige_did.report import numbers
from sverige_did.results.estimates import Curve, Diagnostics, Frozen, Probability
from sverige_did.results.posteriors import Learned, PredictiveCheck
from sverige_did.words import Language, default_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Likelihood = Literal["binomial", "poisson", "negative_binomial", "normal"]
"""Shares of those at risk, events out of an exposure, the same in clusters, and levels."""

Better = Literal["lower", "higher"]
"""Which way an effect is a benefit."""

SENSITIVE = 0.05
"""Above this an answer moves with what is scaled (Kallioinen et al. 2024)."""

MISFIT = 0.05
"""Below this p a predictive check is told of."""


class Quantity(Frozen):
    """One effect on one scale, after and before the data.

    ``row`` has median, sd and interval. ``prior_lower`` to ``prior_upper`` is the same interval of the prior
    alone, of the effect on the treated.
    ``below`` is the probability that the effect is below none, ``benefit`` that it is in the better direction,
    ``beyond`` that it is at least ``worthwhile`` in it, ``within`` that it is nearer to none than ``rope``: None where
    nobody gave a direction or a size.
    """

    row: Row
    prior_median: float | None = None
    prior_lower: float | None = None
    prior_upper: float | None = None
    below: Probability
    benefit: Probability | None = None
    worthwhile: float | None = None
    beyond: Probability | None = None
    rope: float | None = None
    within: Probability | None = None


class Posterior(Result):
    """The effect on the treated, and in a new unit like them, by a hierarchical model of all units and periods.

    ``draws`` is the DataTree that ArviZ takes, ``learned`` every parameter before and after, ``power`` how far the
    effect moves with each prior and with the data, ``checks`` whether data of the model look like these.

    Examples
    --------
    >>> import sverige_did as sd
    >>> frame = sd.datasets.simulate(units=12, treated=4, periods=8, starts=5, effect=-3.0, seed=1)
    >>> study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
    >>> found = study.posterior(better="lower")
    >>> found.likelihood, found.probability(below=0) > 0.9
    ('normal', True)
    """

    kind: ClassVar[str] = "posterior"
    shown: ClassVar[tuple[str, ...]] = (
        "term", "scale", "estimate", "lower", "upper", "prior_lower", "prior_upper", "below", "benefit", "beyond",
        "within",
    )  # fmt: skip

    likelihood: Likelihood
    quantities: tuple[Quantity, ...]
    densities: tuple[Curve, ...]
    learned: tuple[Learned, ...]
    power: dict[str, float] = Field(default_factory=dict)
    checks: tuple[PredictiveCheck, ...] = ()
    diagnostics: Diagnostics
    seconds: float

    _draws: xr.DataTree | None = PrivateAttr(default=None)

    def with_draws(self, draws: xr.DataTree) -> Self:
        """The same result with the draws that it was made of."""
        self._draws = draws
        return self

    @property
    def draws(self) -> xr.DataTree:
        """Groups ``posterior``, ``prior``, ``log_likelihood``, ``sample_stats`` and ``observed_data``.

        ``effect`` (chain, draw) is the effect on the treated in the unit of the outcome. Raises RefusedError
        ``frame_draws`` in a result that was read from JSON: draws are kept by ``draws.to_netcdf(path)``.
        """
        if self._draws is None:
            raise refuse("frame_draws")
        return self._draws

    @property
    def main(self) -> Quantity:
        """The effect on the treated in the unit of the outcome."""
        return self.quantities[0]

    @property
    def estimate(self) -> float:
        """Its median."""
        return self.main.row.estimate

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Both ends of its interval."""
        return self.main.row.lower, self.main.row.upper

    def probability(self, *, below: float | None = None, above: float | None = None) -> float:
        """The probability that the effect on the treated, in the unit of the outcome, lies between both ends.

        Raises RefusedError ``frame_draws`` as :attr:`draws`.
        """
        effect = self.draws["posterior"]["effect"].to_numpy()
        low, high = -np.inf if above is None else above, np.inf if below is None else below
        return float(np.mean((effect > low) & (effect < high)))

    def to_frame(self) -> pd.DataFrame:
        """One row an effect and scale: the columns of every tidy frame, then the prior's interval and probabilities."""
        beside = [one.model_dump(exclude={"row"}) for one in self.quantities]
        extra = pd.DataFrame(beside).astype("float64")
        return pd.concat([frame_of(one.row for one in self.quantities), extra], axis=1)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Prior and posterior of the effect on the treated, by arviz-plots; from the kept densities without draws."""
        ax = plots.axes_of(ax)
        if self._draws is None:
            for curve, line in zip(self.densities, ("--", "-"), strict=True):
                ax.plot(curve.x, curve.y, color=plots.MUTED if line == "--" else plots.DARK, linestyle=line)
        else:
            low, high = self.densities[0].x[0], self.densities[0].x[-1]
            for group, style in (("prior", {"color": plots.MUTED, "linestyle": "--"}), ("posterior", {})):
                _density(ax, self._draws, group, style, self.main)
            ax.set_xlim(low, high)
        ax.axvline(0.0, color=plots.MUTED, linewidth=0.8)
        names = [words.text(f"notebook.axis.{one}") for one in ("prior", "posterior")]
        ax.plot([], [], color=plots.MUTED, linestyle="--", label=names[0])
        ax.plot([], [], color="C0" if self._draws is not None else plots.DARK, label=names[1])
        ax.legend(frameon=False, fontsize="small")
        ax.set_xlabel(words.text("notebook.axis.effect"))
        ax.set_yticks([])
        ax.set_title(f"{self.title()}: {self.context.outcome}", loc="left", parse_math=False)
        return ax

    def say(self, language: Language | None = None) -> str:
        """Where the effect lies with which probability, under the model, and that the verdict does not use it."""
        language, row = language or default_language(), self.main.row
        told = [
            words.text(
                "notebook.say.posterior", language, outcome=self.context.outcome,
                estimate=amount(row.scale, row.estimate, language),
                interval=interval(row.scale, self.limits, row.level or self.context.level, language),
            )
        ]  # fmt: skip
        one = self.main
        for name, share, size in (
            ("benefit", one.benefit, None), ("beyond", one.beyond, one.worthwhile), ("within", one.within, one.rope),
        ):  # fmt: skip
            if share is not None:
                shown = "" if size is None else numbers.significant(size, language, 3)
                told.append(words.text(f"notebook.say.{name}", language, share=_share(share, language), size=shown))
        return " ".join([*told, words.text("notebook.say.model", language)])

    def notes(self, language: Language | None = None) -> tuple[str, ...]:
        """What was noted of the study, what the answer rests on, and what the model does not fit."""
        language = language or default_language()
        told = list(super().notes(language))
        effect, data = self.power.get("effect", 0.0), self.power.get("likelihood", 0.0)
        if effect > SENSITIVE:
            values = {"effect": effect, "likelihood": data, "limit": SENSITIVE}
            shown = {name: numbers.significant(value, language, 2) for name, value in values.items()}
            key = "prior" if effect > data else "conflict"
            told.append(words.text(f"posterior.power.{key}", language, **shown))
        for one in self.checks:
            if one.p < MISFIT:
                names = {
                    "check": words.text(f"posterior.check.{one.check}", language),
                    "meaning": words.text(f"posterior.meaning.{one.check}.{one.side}", language),
                }
                told.append(
                    words.text(f"posterior.{one.side}", language, p=numbers.decimal(one.p, language, 3), **names)
                )
        return tuple(told)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        row = self.main.row
        return (
            f"Posterior(estimate={row.estimate:.4g}, likelihood={self.likelihood!r}, outcome={self.context.outcome!r})"
        )


def _density(ax: Axes, draws: xr.DataTree, group: str, style: dict[str, Any], main: Quantity) -> None:
    """The density of one group on axes that are there; of the posterior with its interval and what is next to none."""
    plain = group == "prior"
    collection = arviz_plots.PlotCollection(
        draws[group].dataset[["effect"]],
        xr.DataTree.from_dict({"/plot": xr.Dataset({"effect": ((), np.array(ax, dtype=object))})}),
        backend="matplotlib",
    )
    seen: dict[Any, Any] = {"dist": style, "title": False, "remove_axis": False, "point_estimate_text": False}
    seen["rope_text"] = False  # it tells of the interval's part in it, and the sentence of the whole posterior
    if plain:
        seen |= {"credible_interval": False, "point_estimate": False}
    arviz_plots.plot_dist(
        draws, var_names=["effect"], group=group, plot_collection=collection, backend="matplotlib",
        ci_kind="eti", ci_prob=main.row.level, point_estimate="median",
        rope=None if plain or main.rope is None else (-main.rope, main.rope),
        visuals=seen,
    )  # fmt: skip


def _share(value: float, language: Language) -> str:
    """A probability in per cent that is never told as certain."""
    if value < 0.005 or value > 0.995:
        end = numbers.decimal(99.5 if value > 0.5 else 0.5, language, 1)
        return words.text(f"notebook.{'over' if value > 0.5 else 'under'}", language, value=end)
    return numbers.percent(value, language)
