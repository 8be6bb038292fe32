"""Prior distributions as values: what is believed before the data, in which unit, and why.

``unit`` is a scale (``log_odds``, ``log_rate``, ``log_odds_sd``, ...); ``why`` is a key of the language files.
Normals and half-normals are standardised variables moved and scaled by the prior's own numbers, and all those
numbers stand in one data vector of the model: so models that differ only in their priors share one compilation,
and the sampler starts at the prior's centre whatever the prior is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import scipy

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pytensor.tensor import TensorVariable


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal(mean, sd), both in ``unit``."""

    mean: float
    sd: float
    unit: str
    why: str

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and 0 < self.sd < np.inf):
            raise ValueError(f"a normal prior needs a finite mean and sd > 0, not {self.mean} and {self.sd}")

    def frozen(self) -> scipy.stats.distributions.rv_frozen:
        """The distribution as scipy knows it."""
        return scipy.stats.norm(self.mean, self.sd)


@dataclass(frozen=True, slots=True)
class HalfNormal:
    """A positive quantity (a standard deviation): |Normal(0, sd)|, in ``unit``."""

    sd: float
    unit: str
    why: str

    def __post_init__(self) -> None:
        if not 0 < self.sd < np.inf:
            raise ValueError(f"a half-normal prior needs sd > 0, not {self.sd}")

    def frozen(self) -> scipy.stats.distributions.rv_frozen:
        """The distribution as scipy knows it."""
        return scipy.stats.halfnorm(0, self.sd)


@dataclass(frozen=True, slots=True)
class Beta:
    """A quantity between 0 and 1: Beta(a, b)."""

    a: float
    b: float
    unit: str
    why: str

    def __post_init__(self) -> None:
        if not (self.a > 0 and self.b > 0):
            raise ValueError(f"a beta prior needs a > 0 and b > 0, not {self.a} and {self.b}")

    def frozen(self) -> scipy.stats.distributions.rv_frozen:
        """The distribution as scipy knows it."""
        return scipy.stats.beta(self.a, self.b)


Prior = Normal | HalfNormal | Beta

# The three priors that every effect is reported under (method, section 5.1), on the log-odds or log-rate scale.
SCEPTICAL = Normal(0.0, 0.35, "log_odds", "priors.sceptical")
NEUTRAL = Normal(0.0, 0.75, "log_odds", "priors.neutral")
ENTHUSIASTIC = Normal(-0.8, 0.5, "log_odds", "priors.enthusiastic")
TRIPLET: Mapping[str, Normal] = {"sceptical": SCEPTICAL, "neutral": NEUTRAL, "enthusiastic": ENTHUSIASTIC}

SHOCK = HalfNormal(0.3, "log_odds_sd", "priors.shock")


def draw(prior: Prior, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """``size`` independent draws from the prior, shape (size,)."""
    return np.asarray(prior.frozen().rvs(size=size, random_state=rng), dtype=float)


def log_density(prior: Prior, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log density of the prior at each value, any shape; minus infinity outside its support."""
    if isinstance(prior, Normal):
        return np.asarray(scipy.stats.norm.logpdf(at, prior.mean, prior.sd))
    if isinstance(prior, HalfNormal):
        return np.asarray(scipy.stats.halfnorm.logpdf(at, 0, prior.sd))
    return np.asarray(scipy.stats.beta.logpdf(at, prior.a, prior.b))


def variance(prior: Prior) -> float:
    """The prior variance, in squared units."""
    return float(prior.frozen().var())


@dataclass(frozen=True, slots=True)
class Built:
    """Priors as variables of a model: normals in one vector, half-normals in another, betas one by one.

    A half-normal is the absolute value of a normal, and ``root`` is that normal with its sign.
    """

    normal: TensorVariable | None
    normal_names: tuple[str, ...]
    scale: TensorVariable | None
    root: TensorVariable | None
    scale_names: tuple[str, ...]
    beta: Mapping[str, TensorVariable]

    def __getitem__(self, name: str) -> TensorVariable:
        """The scalar parameter of that name; KeyError when the model has none."""
        if self.normal is not None and name in self.normal_names:
            return self.normal[self.normal_names.index(name)]
        if self.scale is not None and name in self.scale_names:
            return self.scale[self.scale_names.index(name)]
        return self.beta[name]

    def signed(self, name: str) -> TensorVariable:
        """The sd of that name with a sign, for products with variables symmetric about zero.

        There the sign cancels, and the sampler may pass through zero instead of being held at an edge: several times
        as many effective draws as with a logarithm where the sd is small.
        """
        if self.root is None:
            raise KeyError(name)
        return self.root[self.scale_names.index(name)]

    def side_by_side(self, *names: str) -> TensorVariable:
        """Normals, or sds with their signs, as one vector. Raises KeyError unless they were given one after another."""
        for vector, order in ((self.normal, self.normal_names), (self.root, self.scale_names)):
            at = order.index(names[0]) if names[0] in order else 0
            if vector is not None and order[at : at + len(names)] == names:
                return vector[at : at + len(names)]
        raise KeyError(names)


def build_priors(priors: Mapping[str, Prior], by_logarithm: str | None = None) -> Built:
    """Add one scalar parameter a prior to the model in context; of a half-normal one of them ``by_logarithm``, if any.

    Few and long vectors compile several times faster than many scalars: the normals stand in ``normal`` and the
    half-normals in ``scale``, in the order given; the sampler's output has them under their own names.
    """
    normal = {name: prior for name, prior in priors.items() if isinstance(prior, Normal)}
    half = {name: prior for name, prior in priors.items() if isinstance(prior, HalfNormal)}
    beta = {name: prior for name, prior in priors.items() if isinstance(prior, Beta)}
    means = [prior.mean for prior in normal.values()]
    spreads = [*(prior.sd for prior in normal.values()), *(prior.sd for prior in half.values())]
    shapes = [number for prior in beta.values() for number in (prior.a, prior.b)]
    given = pm.Data("prior_parameters", np.asarray([*means, *spreads, *shapes], dtype=float))
    n, m = len(normal), len(half)
    vectors: dict[str, TensorVariable | None] = {"normal": None, "scale": None, "root": None}
    model = pm.modelcontext(None)
    if normal:
        model.add_coord("normal_name", tuple(normal))
        shifted = given[:n] + given[n : 2 * n] * pm.Normal("normal_z", shape=n)
        vectors["normal"] = pm.Deterministic("normal", shifted, dims="normal_name")
    if half:
        model.add_coord("scale_name", tuple(half))
        root = given[2 * n : 2 * n + m] * _roots(tuple(half), by_logarithm)
        vectors |= {"root": root, "scale": pm.Deterministic("scale", abs(root), dims="scale_name")}
    start = 2 * n + m
    betas = {
        name: pm.Beta(name, alpha=given[start + 2 * i], beta=given[start + 2 * i + 1]) for i, name in enumerate(beta)
    }
    return Built(vectors["normal"], tuple(normal), vectors["scale"], vectors["root"], tuple(half), betas)


def _roots(names: tuple[str, ...], by_logarithm: str | None) -> TensorVariable:
    """Standard normals, whose absolute values are half-normal, but for the one that is sampled by its logarithm."""
    if by_logarithm not in names:
        return pm.Normal("scale_z", shape=len(names))
    at = names.index(by_logarithm)
    others, own = pm.Normal("scale_z", shape=len(names) - 1), pm.HalfNormal("positive_z", 1.0)
    return pt.concatenate([others[:at], own[None], others[at:]])


SPREAD = {"normal": "normal_name", "scale": "scale_name"}
"""The vectors of :func:`build_priors` and the dimension that holds their parameters' names."""
