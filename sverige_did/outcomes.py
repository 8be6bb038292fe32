"""The catalogue of outcomes: one value each that says all there is to say. Its names stand in the language files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from sverige_did.errors import InputError, Problem

Family = Literal["share", "count", "rate", "money", "score", "moves", "ladder", "duration"]
Use = Literal["effect", "dose", "fidelity", "goal"]

OWN = ("level", 1.0)
UNITS: dict[str, tuple[str, float]] = {
    "percent": ("pp", 100.0), "rate_per_1000": ("rate_per_1000", 1000.0), "children": OWN, "person_years": OWN,
    "cases": OWN, "follow_ups": OWN, "mio_dkk": OWN, "points": OWN, "weeks": OWN, "months": OWN,
}  # fmt: skip
"""Each unit with the scale of a difference, and how many of the denominator a level is per."""

USUAL: dict[Family, str] = {
    "share": "percent", "rate": "rate_per_1000", "money": "mio_dkk", "score": "points", "moves": "children",
    "ladder": "cases",
}  # fmt: skip
"""The unit of an outcome of each family that gives no other."""


@dataclass(frozen=True, slots=True)
class CatalogueOutcome:
    """What one outcome measures, how registers count it, and what may be reported of it.

    ``unit`` is that of :data:`USUAL` for its family unless another is given. ``twin`` is the outcome per resident that
    must stand beside every ratio whose denominator the programme itself can move. ``use`` says what the outcome may
    serve for: a ``dose`` (caseload) or ``fidelity`` measure (follow-ups) is never itself an effect, and a ``goal`` is
    measured against a target, not against the control group. ``different_cases`` is true where the cases before and
    during are not the same cases. ``made_of`` names the outcomes it is computed from where it is not observed itself:
    it has no stronger design than the weakest of them. ``of_the_group``: an amount that is compared per resident child
    and reported for the whole treated group, in mio. kr. a year. ``directions`` are the two kinds of move that a source
    prints, the programme's own first. ``posterior`` is the model of posteriors that tells of it, where that is not the
    one of its kind of number. ``most`` is the largest value that a child can have, where a mean at it would tell the
    same of every child.

    ``quality`` is true where it tells of how well the work is done: breakdowns, complaints, and every score.

    ``by_others`` is true where others than the municipality decide: a programme could not move it.

    ``economy`` is its part in a net benefit: spending by the price of each child's place, spending in the accounts,
    the same less refusion, or what was invested.

    ``counted`` says what registers make it of, as ``network + foster / placed``: sums of the numbers that
    ``sources/panel/`` counts under these names, or one bare number. Without it no register holds the outcome.

    What is hidden of one outcome can be worked out from others: ``part_of`` is the outcome that it and others add up
    to, ``sum_of`` the parts that it adds up itself, ``rest_with`` another outcome of the same children, which together
    with it tells how many are left. ``about`` is the outcome whose children it is about, where its own numbers do not
    say how few they are.

    Raises ValueError for an unknown unit and for what does not fit together.
    """

    key: str
    family: Family
    unit: str = ""
    _: KW_ONLY
    counted: str = ""
    twin: str | None = None
    use: Use = "effect"
    different_cases: bool = False
    most: float | None = None
    made_of: tuple[str, ...] = ()
    of_the_group: bool = False
    directions: tuple[str, str] | None = None
    posterior: str | None = None
    part_of: str | None = None
    sum_of: tuple[str, ...] = ()
    rest_with: str | None = None
    about: str | None = None
    quality: bool = False
    by_others: bool = False
    economy: Literal["children", "booked", "net", "investment"] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", self.unit or USUAL.get(self.family, ""))
        if self.unit not in UNITS:
            raise ValueError(f"{self.key}: the unit {self.unit!r} is none of {', '.join(UNITS)}")
        if self.family == "share" and self.unit != "percent":
            raise ValueError(f"{self.key}: a share is in percent and not in {self.unit}")
        if self.of_the_group and self.unit != "mio_dkk":
            raise ValueError(f"{self.key}: only an amount of money is reported for the whole group")
        object.__setattr__(self, "quality", self.quality or self.family == "score")
        if (self.family == "moves") != (self.directions is not None):
            raise ValueError(f"{self.key}: moves have two directions, and nothing else has")
        if self.counted and (not all(self.counts) or not all(self.over)):
            raise ValueError(f"{self.key}: {self.counted!r} is no sum and no sum over a sum")

    @property
    def counts(self) -> tuple[str, ...]:
        """The names whose numbers add up to it."""
        return _terms(self.counted.partition("/")[0]) if self.counted else ()

    @property
    def over(self) -> tuple[str, ...]:
        """The names whose numbers add up to its denominator; none for a bare number."""
        _, slash, below = self.counted.partition("/")
        return _terms(below) if slash else ()

    @property
    def adds_up(self) -> bool:
        """Whether it is a bare number that adds up over time, so that windows of unlike length have unlike totals."""
        return bool(self.counts) and not self.over

    @property
    def scale(self) -> str:
        """The scale of a difference in its own unit, on which no effect is 0."""
        return "mio_dkk" if self.of_the_group else UNITS[self.unit][0]

    @property
    def per(self) -> float:
        """How many of the denominator a level is reported per: 100 for per cent, 1,000 for a rate per 1,000, else 1."""
        return UNITS[self.unit][1]

    @property
    def others(self) -> tuple[str, ...]:
        """Every outcome that it names."""
        named = (self.twin, self.part_of, self.rest_with, self.about)
        return (*self.made_of, *self.sum_of, *(key for key in named if key is not None))


def _terms(text: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in text.split("+"))


def catalogue_of(outcomes: Iterable[CatalogueOutcome]) -> dict[str, CatalogueOutcome]:
    """The outcomes by key. Raises ValueError for a key that stands twice, an outcome that names one that is not there
    or itself, and a twin that is no rate per resident child."""
    found: dict[str, CatalogueOutcome] = {}
    for one in outcomes:
        if found.setdefault(one.key, one) is not one:
            raise ValueError(f"{one.key}: named twice")
    for one in found.values():
        astray = [key for key in one.others if key not in found or key == one.key]
        if astray:
            raise ValueError(f"{one.key}: no other outcome is {', '.join(astray)}")
        if one.twin is not None and found[one.twin].unit != "rate_per_1000":
            raise ValueError(f"{one.key}: its twin {one.twin} is no rate per resident child")
    return found


# fmt: off
# A table: one row an outcome.
CATALOGUE: dict[str, CatalogueOutcome] = catalogue_of((
    CatalogueOutcome("placed_total", "count", "person_years", counted="placed"),
    CatalogueOutcome("placed_per_1000", "rate", counted="placed / residents", made_of=("placed_total",),
                     about="placed_total"),
    CatalogueOutcome("institution_children", "count", "children"),
    CatalogueOutcome("home_based_share", "share", counted="home_based / placed", twin="home_based_per_1000",
                     part_of="placed_total", posterior="composition"),
    CatalogueOutcome("home_based_per_1000", "rate", counted="home_based / residents",
                     made_of=("home_based_share", "placed_total")),
    CatalogueOutcome("network_share", "share", counted="network / placed", twin="network_per_1000",
                     part_of="placed_total", posterior="composition"),
    CatalogueOutcome("network_per_1000", "rate", counted="network / residents",
                     made_of=("network_share", "placed_total")),
    CatalogueOutcome("foster_share", "share", counted="foster / placed", twin="foster_per_1000",
                     part_of="placed_total", posterior="composition"),
    CatalogueOutcome("foster_per_1000", "rate", counted="foster / residents",
                     made_of=("foster_share", "placed_total")),
    CatalogueOutcome("institution_share", "share", counted="institution / placed", twin="institution_per_1000",
                     part_of="placed_total", posterior="composition"),
    CatalogueOutcome("institution_per_1000", "rate", counted="institution / residents",
                     made_of=("institution_share", "placed_total")),
    # Courts decide it, by criminal law: what no programme of a municipality moves, to hold the others against.
    CatalogueOutcome("secure_per_1000", "rate", counted="secure / residents", by_others=True),
    # Family care as KORA counts it (Tabel 6, »familieplejeanbragte i alt«): foster families with kin and network.
    CatalogueOutcome("family_share", "share", counted="network + foster / placed", twin="family_per_1000",
                     sum_of=("network_share", "foster_share"), about="placed_total", posterior="composition"),
    CatalogueOutcome("family_per_1000", "rate", counted="network + foster / residents",
                     made_of=("family_share", "placed_total")),
    CatalogueOutcome("ladder_clarification", "ladder"),
    CatalogueOutcome("ladder_prevention", "ladder"),
    CatalogueOutcome("ladder_network", "ladder"),
    CatalogueOutcome("ladder_family", "ladder"),
    CatalogueOutcome("ladder_institution_and_home", "ladder"),
    CatalogueOutcome("ladder_total", "ladder"),
    CatalogueOutcome("ladder_moves", "moves", directions=("down", "up")),
    CatalogueOutcome("local_ties", "moves", directions=("closer", "away")),
    CatalogueOutcome("moved_down_share", "share", counted="moved_down / stood", twin="moved_down_per_1000",
                     posterior="transitions"),
    CatalogueOutcome("moved_down_per_1000", "rate", counted="moved_down / residents",
                     made_of=("moved_down_share", "placed_total")),
    CatalogueOutcome("moved_up_share", "share", counted="moved_up / stood", twin="moved_up_per_1000",
                     rest_with="moved_down_share", posterior="transitions"),
    CatalogueOutcome("moved_up_per_1000", "rate", counted="moved_up / residents",
                     made_of=("moved_up_share", "placed_total")),
    CatalogueOutcome("breakdowns", "rate", "percent", counted="breakdowns / placed", twin="breakdowns_per_1000",
                     quality=True),
    CatalogueOutcome("breakdowns_per_1000", "rate", counted="breakdowns / residents",
                     made_of=("breakdowns", "placed_total")),
    CatalogueOutcome("complaints", "rate", "percent", counted="complaints / case_years", twin="complaints_per_1000",
                     quality=True),
    CatalogueOutcome("complaints_per_1000", "rate", counted="complaints / residents",
                     made_of=("complaints", "ladder_total")),
    CatalogueOutcome("caseload", "rate", "cases", counted="open_cases / caseworkers", use="dose"),
    CatalogueOutcome("follow_ups", "rate", "follow_ups", counted="follow_ups / case_half_years",
                     twin="follow_ups_per_1000", use="fidelity"),
    CatalogueOutcome("follow_ups_per_1000", "rate", counted="follow_ups / residents", use="fidelity"),
    CatalogueOutcome("follow_ups_on_time", "share", counted="in_time / due", use="fidelity"),
    CatalogueOutcome("placement_spending", "money", counted="placement_accounts / residents", of_the_group=True,
                     economy="booked"),
    CatalogueOutcome("placement_net_spending", "money", counted="placement_net / residents", of_the_group=True,
                     economy="net"),
    CatalogueOutcome("preventive_spending", "money", counted="preventive_accounts / residents", of_the_group=True),
    CatalogueOutcome("placement_cost", "money", counted="spent / residents", of_the_group=True, about="placed_total",
                     posterior="costs", economy="children"),
    CatalogueOutcome("price_home_based", "money", counted="spent_home_based / years_home_based",
                     part_of="placement_cost"),
    CatalogueOutcome("price_network", "money", counted="spent_network / years_network", part_of="placement_cost"),
    CatalogueOutcome("price_foster", "money", counted="spent_foster / years_foster", part_of="placement_cost"),
    CatalogueOutcome("price_institution", "money", counted="spent_institution / years_institution",
                     part_of="placement_cost"),
    CatalogueOutcome("savings_target", "money", use="goal", made_of=("placement_spending",)),
    CatalogueOutcome("investment", "money", counted="investment_accounts / residents", of_the_group=True, use="goal",
                     economy="investment"),
    CatalogueOutcome("wellbeing_sdq", "score", counted="sdq_total / sdq_forms", posterior="sdq"),
    CatalogueOutcome("sdq_borderline_share", "share", counted="sdq_borderline / sdq_judged"),
    CatalogueOutcome("sdq_abnormal_share", "share", counted="sdq_abnormal / sdq_judged",
                     rest_with="sdq_borderline_share"),
    CatalogueOutcome("sdq_better_share", "share", counted="sdq_better / sdq_again"),
    CatalogueOutcome("sdq_worse_share", "share", counted="sdq_worse / sdq_again", rest_with="sdq_better_share"),
    CatalogueOutcome("sdq_added_value", "score", counted="sdq_added / sdq_added_forms"),
    CatalogueOutcome("left_within_year", "share", counted="first_left / first_entries"),
    CatalogueOutcome("first_exit_time", "duration", "months", most=12.0, counted="months_in_care / first_entries",
                     about="left_within_year", posterior="durations"),
    CatalogueOutcome("decision_time", "duration", "weeks", different_cases=True),
))
# fmt: on

DONE: frozenset[Use] = frozenset({"dose", "fidelity"})
"""The uses of outcomes that say what a programme did, and not what it did to anybody."""


def is_what_was_done(outcome: str, role: str) -> bool:
    """Whether an outcome of a plan says what was done: it is reported as facts, without a verdict."""
    return role == "implementation" or CATALOGUE[outcome].use in DONE


RESIDENTS = "placed_per_1000"
"""The outcome whose denominators are the resident children: what districts are weighed by, and the size of a count."""


def parts_of(whole: str) -> tuple[CatalogueOutcome, ...]:
    """The outcomes that add up to another one, in the order of the catalogue."""
    return tuple(one for one in CATALOGUE.values() if one.part_of == whole)


def placebos() -> tuple[str, ...]:
    """The outcomes that others than the municipality decide, in the order of the catalogue."""
    return tuple(one.key for one in CATALOGUE.values() if one.by_others)


def economic(part: str) -> str | None:
    """The outcome that is this part of a net benefit: ``children``, ``booked``, ``net`` or ``investment``."""
    return next((one.key for one in CATALOGUE.values() if one.economy == part), None)


def require_known(keys: Iterable[str], file: str) -> None:
    """Raises InputError naming each outcome of a plan that the catalogue does not hold."""
    expected = ", ".join(CATALOGUE)
    unknown = [key for key in keys if key not in CATALOGUE]
    if unknown:
        raise InputError(
            *(Problem("plan_outcome", file=file, column="outcomes", found=key, expected=expected) for key in unknown)
        )


PLANNED = "institution_share"
"""What a new evaluation is planned for where nothing is named: what the programme was judged by."""
