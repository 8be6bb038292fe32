"""Power of the verdict in a study's own design, or in one that somebody plans: block by block, kept and resumed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from sverige_did.errors import InputError, Problem, refuse
from sverige_did.files import write_text
from sverige_did.inference.simulated.design import Family, OwnDesign
from sverige_did.inference.simulated.planned import planned_design
from sverige_did.inference.simulated.power import Tally, block_of_power, pooled
from sverige_did.inference.simulated.size import BLOCK
from sverige_did.inference.verdict import refusals
from sverige_did.results.power import Power
from sverige_did.tasks.size import read_design, swings

type Work = Callable[..., tuple[Tally, ...]]
"""Draws the block of a number, ``block``."""

Kind = Literal["share", "rate", "points"]

FAMILIES: dict[Kind, Family] = {"share": "binomial", "rate": "poisson", "points": "normal"}
"""The planned outcomes by what is drawn."""

SIZES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The effects that are tried, as shares of the level."""


class Asked(NamedTuple):
    """What is simulated: a ``design`` with the level and ``seed`` of its verdict, and effects of one ``sign``; whether
    the design was ``fitted`` to a study's data."""

    design: OwnDesign
    sign: int
    seed: int
    alpha: float
    fitted: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """Treated and all districts, periods before and after."""
        treated, before = self.design.sample.treated, self.design.data.before
        return {
            "treated": int(treated.sum()), "groups": treated.size, "before": int(before.sum()),
            "after": int((~before).sum()),
        }  # fmt: skip

    @property
    def shocks(self) -> dict[str, float]:
        """How a control district of middling size swings in a period, as a share of its level; and its memory."""
        return swings(self.design, fitted=self.fitted) | {"memory": self.design.memory}

    @property
    def changes(self) -> tuple[float, ...]:
        """The effects, none first."""
        return tuple(self.sign * size for size in SIZES)


def of_study(folder: Path, outcome: str | None) -> tuple[str, Asked]:
    """The design of an outcome of a study that was run: its name and what to simulate. Raises as ``size`` does."""
    data, design = read_design(folder, outcome)
    sign = 1 if data.wanted.benefit == "higher" else -1
    return data.wanted.outcome, Asked(design, sign, data.study.sampling.seed, 1 - data.study.level, fitted=True)


def of_plan(kind: Kind, *, rise: bool, child_sd: float, **numbers: Any) -> Asked:
    """A design that somebody plans, at the usual level; ``numbers`` are those of
    :func:`~sverige_did.inference.simulated.planned.planned_design`, and its refusals.
    """
    spread = child_sd if kind == "points" else 0.0
    return Asked(planned_design(family=FAMILIES[kind], child_sd=spread, **numbers), 1 if rise else -1, 1, 0.05)


def simulate(asked: Asked, simulations: int, cores: int, kept: Path | None) -> Iterator[tuple[int, tuple[Tally, ...]]]:
    """The number of data sets and the pooled tallies after every block; blocks in ``kept`` are not drawn again.

    The last answer depends on the seed and the number of blocks, and not on ``cores`` or on interruptions. Raises
    RefusedError ``power_no_verdict`` for a design that carries none, InputError ``power_kept`` for a file of others.
    """
    sample = asked.design.sample
    if refusals(sample.treated, sample.strata, asked.alpha):
        raise refuse(
            "power_no_verdict", found=f"{sample.treated.sum()}, {(~sample.treated).sum()}", expected=">= 3, >= 3"
        )
    wanted = range(-(-simulations // BLOCK))
    done = {at: found for at, found in _read(kept, asked).items() if at in wanted}
    work = partial(block_of_power, asked.design, asked.changes, seed=asked.seed, alpha=asked.alpha)
    missing = [at for at in wanted if at not in done]
    if not missing:
        yield _so_far(done)
    with ProcessPoolExecutor(min(cores, len(missing))) if cores > 1 and len(missing) > 1 else nullcontext() as pool:
        for at, found in _blocks(pool, work, missing):
            done[at] = found
            if kept is not None:
                _write(kept, asked, done)
            yield _so_far(done)


def told(tallies: Sequence[Tally]) -> tuple[Power, ...]:
    """The tallies as a table tells them."""
    return tuple(
        Power(
            change=one.change, simulations=one.simulations, power=one.power, standard_error=one.standard_error,
            type_m=one.type_m if np.isfinite(one.type_m) else None,
            type_s=one.type_s if np.isfinite(one.type_s) else None,
        )
        for one in tallies
    )  # fmt: skip


def _blocks(pool: Executor | None, work: Work, missing: Sequence[int]) -> Iterator[tuple[int, tuple[Tally, ...]]]:
    if pool is None:
        yield from ((at, work(block=at)) for at in missing)
        return
    running = {pool.submit(work, block=at): at for at in missing}
    for one in as_completed(running):
        yield running[one], one.result()


def _so_far(done: dict[int, tuple[Tally, ...]]) -> tuple[int, tuple[Tally, ...]]:
    found = pooled(done[at] for at in sorted(done))
    return found[0].simulations, found


def _fingerprint(asked: Asked) -> str:
    """What the answer depends on: the design with its numbers, the effects, the level and the seed."""
    digest = hashlib.sha256()
    design, data = asked.design, asked.design.data
    sample = data.sample
    for table in (data.children, data.before, design.rates, sample.treated, sample.weights, sample.strata,
                  sample.covariates, ~(data.y == data.y)):  # fmt: skip
        digest.update(f"{table.shape}{table.dtype}".encode() + table.tobytes())
    named = (data.family, data.scale, data.stays, design.shock_sd, design.memory, design.child_sd, design.retest)
    digest.update(repr((named, asked.changes, asked.alpha, asked.seed, BLOCK)).encode())
    return digest.hexdigest()


def _read(kept: Path | None, asked: Asked) -> dict[int, tuple[Tally, ...]]:
    if kept is None or not kept.exists():
        return {}
    try:
        found = json.loads(kept.read_text("utf-8"))
        if found["design"] != _fingerprint(asked) or found["sha256"] != _sealed(found["blocks"]):
            raise InputError(Problem("power_kept", file=str(kept), found=kept.name))
        return {int(at): tuple(Tally(**one) for one in block) for at, block in found["blocks"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(Problem("power_kept", file=str(kept), found=kept.name)) from None


def _write(kept: Path, asked: Asked, done: dict[int, tuple[Tally, ...]]) -> None:
    blocks = {str(at): [asdict(one) for one in done[at]] for at in sorted(done)}
    kept_whole = {"design": _fingerprint(asked), "sha256": _sealed(blocks), "blocks": blocks}
    write_text(kept, json.dumps(kept_whole) + "\n")


def _sealed(blocks: Any) -> str:
    """The hash of what was counted: a number that is another than was written would be another power."""
    return hashlib.sha256(json.dumps(blocks, sort_keys=True).encode()).hexdigest()
