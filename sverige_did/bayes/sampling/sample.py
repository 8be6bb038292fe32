"""The one sampler of every model: compile once, bind new data and priors, draw, and judge the draws.

A model's logp is compiled to machine code, which is most of the waiting. :func:`compile_model` does it once;
:func:`sample` binds any model of the same structure to it, because data and prior parameters stand in ``pm.Data``.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import nutpie
import pytensor
import xarray as xr
from pymc.model.fgraph import clone_model
from pytensor.graph.basic import Constant
from pytensor.graph.traversal import ancestors
from pytensor.printing import debugprint
from pytensor.tensor.random.basic import BetaRV
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from sverige_did import words
from sverige_did.bayes.compiled.nutpie_wrapper import compile_thinly
from sverige_did.bayes.priors import SPREAD
from sverige_did.bayes.sampling.diagnostics import STANDARD, ConvergenceCriteria, ConvergenceReport, judge, require

if TYPE_CHECKING:
    from collections.abc import Callable

    import pymc as pm


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how carefully to sample; the defaults meet the criteria for the models of this package."""

    draws: int = 2000
    tune: int = 1000
    chains: int = 4
    cores: int = 2
    target_accept: float = 0.95


CAREFUL = Settings(draws=5000, tune=2000, target_accept=0.99)
"""For the models of districts, whose shocks' sd may be near zero."""


KEPT_STATISTICS = ("diverging", "energy", "logp", "n_steps")


@dataclass(frozen=True, slots=True)
class Compiled:
    """Machine code for one model structure; ``structure`` is the fingerprint that a model must share to use it."""

    code: Any
    structure: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Draws (groups ``posterior`` and ``sample_stats``) with their diagnostics, seed and sampling time in seconds.

    ``data_sha256`` is the hash of all ``pm.Data`` of the model: the data and the numbers of the priors.
    """

    draws: xr.DataTree
    report: ConvergenceReport
    settings: Settings
    seed: int
    data_sha256: str
    seconds: float

    def values(self, name: str) -> np.ndarray:
        """All draws of one parameter, chains one after another: shape (chains * draws, ...)."""
        block = self.draws["posterior"][name].transpose("chain", "draw", ...).to_numpy()
        return np.asarray(block.reshape(-1, *block.shape[2:]))


def structure(model: pm.Model) -> str:
    """SHA-256 of all that compilation depends on: the random graph, its constants, transforms, shapes, coordinates.

    The values of ``pm.Data`` do not enter: two models with the same fingerprint differ in those alone. The graph of
    logp follows from the random graph and would take fifty times as long to make.
    """
    observed = [model.rvs_to_values[variable] for variable in model.observed_RVs]
    outputs = [*model.basic_RVs, *model.potentials, *model.deterministics, *observed]
    digest = sha256(str(debugprint(outputs, file="str")).encode())
    digest.update(repr([type(transform).__name__ for transform in model.rvs_to_transforms.values()]).encode())
    for node in ancestors(outputs):
        if isinstance(node, Constant):
            digest.update(np.ascontiguousarray(node.data).tobytes() if hasattr(node.data, "dtype") else b"")
    shapes = {name: (value.shape, str(value.dtype)) for name, value in data_of(model).items()}
    digest.update(repr((sorted(shapes.items()), sorted(model.coords.items()))).encode())
    return digest.hexdigest()


def data_of(model: pm.Model) -> dict[str, np.ndarray]:
    """The current values of the model's ``pm.Data``, by name."""
    return {variable.name: np.asarray(variable.get_value()) for variable in model.data_vars}


def _hash(data: dict[str, np.ndarray]) -> str:
    digest = sha256()
    for name in sorted(data):
        digest.update(f"{name} {data[name].shape} {data[name].dtype}".encode() + data[name].tobytes())
    return digest.hexdigest()


def compile_model(model: pm.Model) -> Compiled:
    """Compile a model for :func:`sample`: seconds for a small one, half a minute for a large one on a cold cache."""
    fingerprint = structure(model)
    with pytensor.config.change_flags(numba__fastmath=False), warnings.catch_warnings():
        # PyTensor says so where a loop over too many arrays stays several loops: the same numbers.
        warnings.filterwarnings("ignore", "Loop fusion failed", UserWarning)
        # A copy, because compiling rewrites the graph it is given.
        return Compiled(compile_thinly(clone_model(model), _starts(model)), fingerprint)


def _starts(model: pm.Model) -> dict[str, float]:
    """Starting points that would otherwise depend on the prior's numbers, and so on what was compiled first."""
    return {variable.name: 0.5 for variable in model.free_RVs if isinstance(variable.owner.op, BetaRV)}


def sample(
    model: pm.Model,
    *,
    seed: int,
    settings: Settings = Settings(),
    criteria: ConvergenceCriteria | None = STANDARD,
    compiled: Compiled | None = None,
    progress: bool | None = None,
) -> Fit:
    """Draw from the posterior of ``model`` with the No-U-Turn sampler of nutpie.

    The draws are a function of the model, the settings and the seed alone: not of the number of cores, the state of
    the cache, or the data that ``compiled`` was compiled with. ``criteria=None`` skips the judgement's consequences,
    not the judgement (simulation studies count failures instead). ``progress=None`` shows progress where a
    person can see it.

    Raises RefusedError (``not_converged``), which holds the draws, when these do not meet the criteria, and ValueError
    when ``compiled`` was made from a model of another structure.
    """
    compiled = compiled or compile_model(model)
    if compiled.structure != structure(model):
        raise ValueError("the compiled code belongs to a model of another structure")
    data = data_of(model)
    code = compiled.code.with_data(**data)
    started = time.perf_counter()
    draws = _draw(code, seed, settings, progress)
    seconds = time.perf_counter() - started
    report = judge(draws, criteria or STANDARD)
    if criteria is not None:
        require(report, draws)
    return Fit(draws, report, settings, seed, _hash(data), seconds)


def _draw(code: Any, seed: int, settings: Settings, progress: bool | None) -> xr.DataTree:
    """Run the chains; an interruption from the keyboard ends them and is passed on, never taken for a short run."""
    console = Console(stderr=True)
    show = (console.is_terminal or console.is_jupyter) if progress is None else progress
    with _display(console, show) as display:
        task = display.add_task(words.text("bayes.sampling"), total=settings.chains * (settings.draws + settings.tune))
        running = nutpie.sample(
            code,
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            seed=seed,
            target_accept=settings.target_accept,
            save_warmup=False,
            progress_bar=False,
            progress_callback=_teller(display, task) if show else None,
            blocking=False,
        )
        try:
            found = running.wait()
        except BaseException:  # the keyboard too; passed on
            running.cancel()
            raise
        display.update(task, completed=settings.chains * (settings.draws + settings.tune))
    return kept(found, settings)


def kept(found: xr.DataTree, settings: Settings) -> xr.DataTree:
    """Groups ``posterior`` and ``sample_stats`` of what nutpie hands over: the named parameters, and what is judged.

    Raises RuntimeError when a chain is shorter than was wanted; nutpie fills it up.
    """
    stats = found["sample_stats"].to_dataset()[list(KEPT_STATISTICS)].drop_attrs()
    lengths = stats["energy"].notnull().sum("draw").to_numpy().tolist()
    if lengths != [settings.draws] * settings.chains:
        raise RuntimeError(f"asked for {settings.chains} chains of {settings.draws} draws, got chains of {lengths}")
    return xr.DataTree.from_dict({"posterior": named(found["posterior"].to_dataset()), "sample_stats": stats})


def named(posterior: xr.Dataset) -> xr.Dataset:
    """The parameters that the model keeps in vectors, each under its own name, without the standardised variables.

    A standardised variable (``..._z``) and the sign of its sd are not identified one by one, only their product is.
    What the sampler notes of itself, the time of day among it, is left out: equal draws make equal files.
    """
    posterior = posterior.drop_vars([name for name in posterior.data_vars if str(name).endswith("_z")])
    for vector, dimension in SPREAD.items():
        if vector in posterior:
            column = posterior[vector]
            named = {str(name): column.sel({dimension: name}, drop=True) for name in column[dimension].to_numpy()}
            posterior = posterior.drop_vars([vector, dimension]).assign(named)
    used = {dimension for variable in posterior.data_vars.values() for dimension in variable.dims}
    return posterior.drop_vars([name for name in posterior.dims if name not in used]).drop_attrs()


def _display(console: Console, show: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not show, transient=True)


def _teller(display: Progress, task: Any) -> Callable[[list[Any]], None]:
    """Sums the chains' progress into one line that names the divergences so far, the one number worth watching."""

    def tell(chains: list[Any]) -> None:
        divergences = sum(chain.divergences for chain in chains)
        said = words.text("bayes.sampling_divergences", divergences=divergences)
        display.update(task, completed=sum(chain.finished_draws for chain in chains), description=said)

    return tell
