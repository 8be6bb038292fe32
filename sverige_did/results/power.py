"""What a design can find: of a study or of one that is only planned, as a table or a page tells it."""

from __future__ import annotations

from sverige_did.results.estimates import Frozen, Probability


class Power(Frozen):
    """Of ``simulations`` studies with an effect of ``change`` (a share of the level), those in which it was found.

    ``type_m``: by how many times those found exaggerate on average · ``type_s``: how many of them have the wrong sign;
    both None where none was found, or without an effect.
    """

    change: float
    simulations: int
    power: Probability
    standard_error: float
    type_m: float | None
    type_s: float | None


class PosteriorFound(Frozen):
    """Of ``simulations`` studies with an effect of ``change``, those whose 95 per cent interval excludes no effect,
    those whose probability of a change to the better is above .95, and those whose interval holds the truth; all None
    where so few cases are left that it cannot be said."""

    change: float
    simulations: int
    excludes: Probability | None = None
    sure: Probability | None = None
    covers: Probability | None = None


class PlannedFigure(Frozen):
    """One thing varied in a planned design: ``lines`` hold all its numbers, one mapping a line.

    ``sizes`` (S,) are effects as shares of the level, ``powers`` (lines, S) how often each is found, ``smallest``
    (lines,) the smallest found in four of five studies, None where none is.
    """

    scene: str
    varied: str
    lines: tuple[dict[str, float], ...]
    sizes: tuple[float, ...]
    powers: tuple[tuple[float, ...], ...]
    smallest: tuple[float | None, ...]


class CaseReview(Frozen):
    """The smallest ratio of paces that so many ``cases`` (C,) can show, by design effect: ``ratios`` (effects, C)."""

    cases: tuple[float, ...]
    effects: tuple[float, ...]
    ratios: tuple[tuple[float, ...], ...]


class SetBalance(Frozen):
    """One thing known beforehand: its mean in the districts drawn and in the others, their distance ``apart`` in
    standard deviations, and the ``most`` that any admitted set has."""

    covariate: str
    drawn: float
    others: float
    apart: float
    most: float


class NewDesign(Frozen):
    """A new evaluation: which ``districts`` there are, which were ``drawn`` from how many ``sets``; the power at each
    number of districts that was ``searched``, and ``powers`` by effect (that wished for first).

    ``looked_at``: sets that were compared, ``every`` if those are all · ``shock`` and ``memory`` of districts' own
    swings, which ``shock_known`` says are read off earlier levels · ``before``, ``after``: periods · ``change``: the
    effect to be found, as a share of the level.
    """

    outcome: str
    districts: tuple[str, ...]
    drawn: tuple[str, ...]
    sets: int
    looked_at: int
    every: bool
    searched: tuple[tuple[int, Probability], ...]
    powers: tuple[Power, ...]
    shock: float
    shock_known: bool
    memory: float
    balance: tuple[SetBalance, ...]
    before: int
    after: int
    change: float
