"""Whether draws may be used at all: a fit that did not converge is refused, never merely remarked on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import arviz_stats
import numpy as np

from sverige_did.errors import refuse

if TYPE_CHECKING:
    import xarray as xr

TAILS = (0.05, 0.95)
"""The quantiles whose effective sample size is the tail ESS."""


@dataclass(frozen=True, slots=True)
class ConvergenceCriteria:
    """The bounds (method, section 5.9): R-hat below, effective sample sizes and E-BFMI above, divergences at most."""

    rhat: float = 1.01
    ess: float = 400.0
    bfmi: float = 0.3
    divergences: int = 0


STANDARD = ConvergenceCriteria()


@dataclass(frozen=True, slots=True)
class ConvergenceReport:
    """The worst value over all parameters of each diagnostic, and where R-hat and the bulk ESS were worst."""

    rhat: float
    rhat_at: str
    ess_bulk: float
    ess_bulk_at: str
    ess_tail: float
    bfmi: float
    divergences: int
    criteria: ConvergenceCriteria

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the diagnostics out of bounds; a diagnostic that is not a number is out of bounds."""
        held = {
            "rhat": self.rhat < self.criteria.rhat,
            "ess_bulk": self.ess_bulk > self.criteria.ess,
            "ess_tail": self.ess_tail > self.criteria.ess,
            "bfmi": self.bfmi > self.criteria.bfmi,
            "divergences": self.divergences <= self.criteria.divergences,
        }
        return tuple(name for name, ok in held.items() if not ok)


def _moving(posterior: xr.Dataset) -> dict[str, np.ndarray]:
    """Each scalar parameter's draws (chain, draw), without those that are constants of the model by construction."""
    columns = {}
    for name, values in posterior.data_vars.items():
        flat = values.transpose("chain", "draw", ...).to_numpy()
        flat = flat.reshape(*flat.shape[:2], -1)
        for i in range(flat.shape[2]):
            if np.ptp(flat[:, :, i]) > 0 or not np.isfinite(flat[:, :, i]).all():
                columns[f"{name}[{i}]" if values.ndim > 2 else str(name)] = flat[:, :, i]
    return columns


def judge(draws: xr.DataTree, criteria: ConvergenceCriteria = STANDARD) -> ConvergenceReport:
    """Diagnostics of draws with groups ``posterior`` (chain, draw, ...) and ``sample_stats``.

    Rank-normalised split R-hat, bulk and tail ESS (Vehtari et al. 2021); E-BFMI is the smallest over chains.
    """
    columns = _moving(draws["posterior"].to_dataset())
    names = list(columns)
    block = np.stack([columns[name] for name in names], axis=-1)
    axes = {"chain_axis": 0, "draw_axis": 1}
    rhat = np.asarray(arviz_stats.rhat(block, **axes))
    bulk = np.asarray(arviz_stats.ess(block, method="bulk", **axes))
    tail = np.asarray(arviz_stats.ess(block, method="tail", prob=TAILS, **axes))
    stats = draws["sample_stats"]
    bfmi = np.asarray(arviz_stats.bfmi(stats["energy"].to_numpy()))
    return ConvergenceReport(
        rhat=float(rhat.max()),
        rhat_at=names[int(np.argmax(rhat))],
        ess_bulk=float(bulk.min()),
        ess_bulk_at=names[int(np.argmin(bulk))],
        ess_tail=float(tail.min()),
        bfmi=float(bfmi.min()),
        divergences=int(stats["diverging"].sum()),
        criteria=criteria,
    )


def require(report: ConvergenceReport, draws: xr.DataTree | None = None) -> None:
    """Raises RefusedError (``not_converged``) when any criterion is not met; the ``draws`` are then its own."""
    if report.failed:
        error = refuse(
            "not_converged",
            found=f"R-hat {report.rhat:.3f} ({report.rhat_at}), ESS {report.ess_bulk:.0f} ({report.ess_bulk_at}), "
            f"tail ESS {report.ess_tail:.0f}, E-BFMI {report.bfmi:.2f}, divergences {report.divergences}",
            expected=f"R-hat < {report.criteria.rhat}, ESS > {report.criteria.ess:.0f}, E-BFMI > "
            f"{report.criteria.bfmi}, divergences <= {report.criteria.divergences}",
            failed=", ".join(report.failed),
        )
        error.draws = draws
        raise error
