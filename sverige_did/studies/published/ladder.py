"""What printed stocks and moves say of leaving a rung: the largest share that can have moved down, or nothing.

Of those who stood on a rung at some time, ``before`` stood there at the start; and ``moved`` moved down from it while
``after`` stand there at the end, who are other children. So at least max(before, after + moved) stood there, and at
most moved / max(before, after + moved) moved down. Who came in the meantime, went home or turned 18 nobody printed:
there is no lower limit, no share of all who left, and no time on the rung. A child who came back would count twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from sverige_did.outcomes import CATALOGUE
from sverige_did.results.ladder import LadderRecord, PrintedRung
from sverige_did.studies.published.evidence import Evidence

MOVES = "ladder_moves"
TOP = "institution"
PREFIX = "ladder_"
"""Of the outcomes that count the cases on one step."""

Range = tuple[float, float]


def ladder(evidence: Evidence) -> LadderRecord | None:
    """The rungs of the printed ladder, the top one in every reading; None where no moves are printed."""
    down = _moves(evidence, "down")
    if down is None:
        return None
    from_top = _moves(evidence, f"from_{TOP}")
    rest = down if from_top is None else down - from_top
    return LadderRecord(
        plan_sha256=evidence.study.sha256,
        printed=(
            *_steps(evidence, rest),
            *_top(evidence, down if from_top is None else from_top, from_top is not None),
        ),
    )


def _moves(evidence: Evidence, part: str) -> int | None:
    found = evidence.select(f"{MOVES}.{part}", "count", "treated")
    return int(found[0].number) if found else None


def _steps(evidence: Evidence, moved: int) -> Iterator[PrintedRung]:
    """The steps whose cases are printed; that several share the moves is all that is known of them."""
    for key, entry in CATALOGUE.items():
        if entry.family != "ladder" or TOP in key or key == f"{PREFIX}total":
            continue
        counts = sorted(evidence.select(key, "count", "treated"), key=lambda fact: fact.period_end)
        if counts:
            first, last = counts[0], counts[-1]
            yield _rung("all", key.removeprefix(PREFIX), (first.low, first.high), (last.low, last.high), moved, False)


def _top(evidence: Evidence, moved: int, printed: bool) -> Iterator[PrintedRung]:
    """The top rung by the tables of every reading; without a table nobody knows how many stood there."""
    names = [f"{TOP}_{at}" for at in (0, 1)]
    seen: dict[str, list[tuple[int, ...]]] = {}
    rules = evidence.study.reconstruction
    whole = set() if rules is None else {f"{rules.whole.name}_{at}" for at in (0, 1)}
    # A part of the rung may be printed by itself under the same name: only tables of all who are placed are meant.
    fitting = [one for one in evidence.feasible if whole and whole | set(names) <= set(one.unknowns)]
    sound = {one.reading for one in fitting if not one.given_up}
    for one in fitting:
        if not one.given_up or one.reading not in sound:
            at = [one.unknowns.index(name) for name in names]
            seen.setdefault(one.reading, []).extend(tuple(table[k] for k in at) for table in one.tables)
    for reading, tables in seen.items():
        if tables:
            before, after = ((float(min(side)), float(max(side))) for side in zip(*tables, strict=True))
            stood = min(max(first, last + moved) for first, last in tables)
            made = _rung(reading, TOP, before, after, moved, printed)
            yield made.model_copy(update={"stood": stood, "at_most": 100 * moved / stood if stood else None})
    if not any(seen.values()):
        yield PrintedRung(reading="all", rung=TOP, moved=moved, printed=printed)


def _rung(reading: str, rung: str, before: Range, after: Range, moved: int, printed: bool) -> PrintedRung:
    stood = int(max(before[0], after[0] + moved))
    at_most = 100 * moved / stood if stood else None
    return PrintedRung(
        reading=reading,
        rung=rung,
        before=before,
        after=after,
        moved=moved,
        printed=printed,
        stood=stood,
        at_most=at_most,
    )
