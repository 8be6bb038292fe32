"""What if the children who were not asked fare worse than those who were? (method, section 5.7)

The growth model leaves unanswered questionnaires out, which is right when they depend only on what was observed: then
the model itself says what the missing scores would have been (MAR). A pattern-mixture model lets them be worse: each
unanswered questionnaire under the programme is moved by ``delta`` points, up to the end of the scale, and what the
child would have scored without the programme is left where it was.

The likelihood of what was observed does not contain delta, so the draws of one fit serve every delta exactly. This
does not hold for questionnaires that are missing without the programme: they would move the comparison itself, and
need a fit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import expit

from sverige_did.bayes.models.sdq_growth import HIGHEST
from sverige_did.errors import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.bayes.models.sdq_districts import ScoreDistricts
    from sverige_did.bayes.models.sdq_growth import Scores
    from sverige_did.bayes.sampling.sample import Fit

PRECISION = 1e-6
"""Points to which a tipping value is found."""


@dataclass(frozen=True, slots=True, eq=False)
class Unanswered:
    """M questionnaires under the programme that were planned and never answered; columns as in ``sdq_growth.Scores``.

    ``informant`` is who should have answered, ``period`` (M,) as in ``ScoreDistricts`` where districts are compared.
    Raises RefusedError: ``cells_lengths``, ``missing_not_helped``.
    """

    child: NDArray[np.int64]
    informant: NDArray[np.int64]
    time: NDArray[np.float64]
    dose: NDArray[np.float64]
    period: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        columns = (self.child, self.informant, self.time, self.dose)
        lengths = {len(column) for column in (*columns, *([] if self.period is None else [self.period]))}
        if len(lengths) != 1 or len(self.child) == 0:
            raise refuse("cells_lengths")
        if min(self.child.min(), self.informant.min()) < 0 or not np.isfinite(self.time).all():
            raise refuse("cells_lengths")
        if not ((self.dose > 0) & (self.dose <= 1)).all():
            raise refuse("missing_not_helped")


class Expected(NamedTuple):
    """Mean scores in points under the programme and without it, draw by draw: the sum over the A questionnaires that
    were answered, as their difference (draws,), and one by one for the M that were not, (draws, M).
    """

    answered: NDArray[np.float64]
    n_answered: int
    helped: NDArray[np.float64]
    alone: NDArray[np.float64]


def expected_scores(fit: Fit, scores: Scores, unanswered: Unanswered, places: ScoreDistricts | None = None) -> Expected:
    """What the model says of every planned questionnaire under the programme, answered or not; ``places`` as the fit
    had them.

    Raises RefusedError (``missing_unknown``) for a child or an informant of whom the model has seen nothing: its score
    would be the prior's.
    """
    strangers = ~np.isin(unanswered.child, scores.child) | ~np.isin(unanswered.informant, scores.informant)
    if strangers.any():
        raise refuse("missing_unknown", count=int(strangers.sum()))
    seen, tau = np.flatnonzero(scores.dose > 0), fit.values("tau")[:, None]
    eta = fit.values("eta")[:, seen]
    answered = _points(eta) - _points(eta - tau * scores.dose[seen])
    child, since = unanswered.child, unanswered.time - scores.middle
    alone = fit.values("child")[:, child] + fit.values("slope")[:, child] * since
    alone = alone + fit.values("offset")[:, unanswered.informant]
    if places is not None:
        alone = alone + fit.values("swing")[:, places.district[child], unanswered.period]
    return Expected(answered.sum(axis=1), len(seen), _points(alone + tau * unanswered.dose), _points(alone))


def _points(eta: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(HIGHEST * expit(eta))


def effect_under_delta(expected: Expected, delta: float) -> NDArray[np.float64]:
    """Mean change over all planned questionnaires under the programme, in points, (draws,), when the unanswered ones
    are ``delta`` points worse than the model says; zero is MAR, a negative delta is better.
    """
    worse = np.clip(expected.helped + delta, 0.0, HIGHEST)
    total = expected.answered + (worse - expected.alone).sum(axis=1)
    return np.asarray(total / (expected.n_answered + expected.helped.shape[1]))


def jump_to_reference(expected: Expected) -> NDArray[np.float64]:
    """Mean change as in :func:`effect_under_delta` when the unanswered fare as if they had no help at all, (draws,)."""
    return np.asarray(expected.answered / (expected.n_answered + expected.helped.shape[1]))


def prob_benefit(expected: Expected, delta: float) -> float:
    """P(fewer difficulties under the programme) when the unanswered questionnaires are ``delta`` points worse."""
    return float(np.mean(effect_under_delta(expected, delta) < 0))


def tipping_delta(expected: Expected, threshold: float) -> float:
    """The smallest delta, in points, at which P(benefit) falls below ``threshold``; infinite when none on the scale
    does, and zero when it is below already.

    P(benefit) never rises with delta, so halving the interval finds the value to ``PRECISION``.
    """
    low, high = 0.0, float(HIGHEST)
    if prob_benefit(expected, low) < threshold:
        return 0.0
    if prob_benefit(expected, high) >= threshold:
        return float("inf")
    while high - low > PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if prob_benefit(expected, middle) < threshold else (middle, high)
    return high
