"""SDQ questionnaires as the growth model takes them: who was rated when, and who was not rated again.

The questionnaires are those of the panel's cell means: by the kind of informant who answered first, in the plan's
periods before and after. A child belongs to the district of its first questionnaire, whatever becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sverige_did.bayes.draws.missing_waves import Unanswered
from sverige_did.bayes.models.sdq_districts import ScoreDistricts
from sverige_did.bayes.models.sdq_growth import Scores
from sverige_did.errors import refuse
from sverige_did.sources.panel.wellbeing import FORM
from sverige_did.sources.sdq.scores import AGES
from sverige_did.sources.spells.spells import UNKNOWN_DISTRICT
from sverige_did.studies.panel.frame_windows import windows_of_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sverige_did.sources.panel.frame import PanelFrame
    from sverige_did.sources.panel.wellbeing import Forms
    from sverige_did.study.study import PanelStudy

YEAR = 365.25


class Respondents(NamedTuple):
    """The questionnaires as the model takes them; ``unanswered`` is None where every child was rated again."""

    scores: Scores
    places: ScoreDistricts
    unanswered: Unanswered | None


def respondents(
    forms: Forms, girl: NDArray[np.bool_] | None, panel_frame: PanelFrame, study: PanelStudy
) -> Respondents:
    """The questionnaires in the plan's periods.

    ``girl`` (C,) is about the panel frame's children; None where it is not known of all.
    Raises RefusedError: ``posterior_no_cells``, and those of ``Scores`` and ``ScoreDistricts``.
    """
    after, forms, period = _in_windows(forms, panel_frame, study)
    _, first, child = np.unique(forms.child, return_index=True, return_inverse=True)
    home = panel_frame.district_on(forms.child[first], forms.day[first])
    known = (home != UNKNOWN_DISTRICT)[child] & ~panel_frame.begun[home[child], period]
    forms, period = forms.rows(known), period[known]
    if not len(period):
        raise refuse("posterior_no_cells")
    _, first, child = np.unique(forms.child, return_index=True, return_inverse=True)
    home, treated = panel_frame.district_on(forms.child[first], forms.day[first]), panel_frame.treated
    time = (forms.day - forms.day.min()) / YEAR
    kinds, informant = np.unique(forms.informant, return_inverse=True)
    scores = Scores(
        child=child,
        informant=informant,
        time=time,
        dose=(treated[home[child]] & after[period]).astype(float),
        total=forms.scores.total,
        age=(forms.scores.age - time)[first],
        girl=None if girl is None else girl[forms.child[first]],
    )
    places = ScoreDistricts(home, np.unique(period, return_inverse=True)[1], treated)
    oldest = np.array([AGES[FORM[str(kind)]][1] for kind in kinds])
    age = (forms.day.min() - panel_frame.born[forms.child[first]]) / YEAR
    return Respondents(scores, places, unanswered(scores, places, age, oldest))


def _in_windows(
    forms: Forms, panel_frame: PanelFrame, study: PanelStudy
) -> tuple[NDArray[np.bool_], Forms, NDArray[np.int64]]:
    """Which periods (T,) lie after go-live, the questionnaires in the plan's windows, and the period of each."""
    windows = windows_of_frame(panel_frame, study)
    seen, period = panel_frame.period_of(forms.day)
    kept = windows.inside[period]
    return windows.after, forms.rows(seen).rows(kept), period[kept]


def unanswered(
    scores: Scores, places: ScoreDistricts, age: NDArray[np.float64], oldest: NDArray[np.int64]
) -> Unanswered | None:
    """The questionnaires under the programme of children who were rated before it and not again; None where there are
    none. ``age`` (C,) is each child's age at time zero, ``oldest`` (I,) that up to which an informant's form is made.

    One a child and period in which other treated children were rated, on the mean day of those, unless the child was
    too old by then.
    """
    last = {int(child): row for row, child in enumerate(scores.child) if scores.dose[row] == 0}  # rows are by day
    treated = [child for child in last if places.treated[places.district[child]]]
    missing = []
    for period in np.unique(places.period[scores.dose > 0]):
        there = (places.period == period) & (scores.dose > 0)
        time, answered = float(scores.time[there].mean()), set(scores.child[there].tolist())
        for child in treated:
            row = last[child]
            who = int(scores.informant[row])
            if child not in answered and np.floor(age[child] + time) <= oldest[who]:
                missing.append((child, who, time, int(period)))
    if not missing:
        return None
    children, informants, times, periods = (np.array(column) for column in zip(*missing, strict=True))
    return Unanswered(children, informants, times, np.ones(len(children)), periods)
