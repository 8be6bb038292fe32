import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from sverige_did import words
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import calibrated_test
from sverige_did.inference.districts import districts
from sverige_did.inference.methods_table import Labels, MethodsTable, methods_table
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.verdict import Evidence, Note, cautions, decide, disagreements

TREATED = np.arange(20) < 4
LABELS = Labels(scale="pp", estimand="att_rate")
METHODS = (
    "permutation_studentised", "behrens_fisher", "cr2_bell_mccaffrey", "permutation", "ferman_pinto",
    "wild_restricted", "cr3_jackknife", "donald_lang", "ibragimov_mueller", "conley_taber", "cr1",
)  # fmt: skip


def run(change: np.ndarray, treated: np.ndarray = TREATED, **options: object) -> MethodsTable:
    return methods_table(districts(change, treated, smallest_arm=1, **options), LABELS, rng=np.random.default_rng(0))


def changes(effect: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(20) + effect * TREATED


def test_every_method_is_there_in_order_with_the_same_estimate() -> None:
    found = run(changes(1.0))
    assert tuple(e.inference for e in found.estimates) == METHODS
    for estimate in found.estimates:
        assert estimate.estimate == pytest.approx(found.estimates[0].estimate)
        assert (estimate.lower <= 0 <= estimate.upper) == (estimate.p_value > 0.05)
        assert (estimate.n_units, estimate.n_treated, estimate.level) == (20, 4, 0.95)
    assert found.by("cr1").notes == ("shown_in_grey",)


def test_a_large_effect_is_supported_and_no_effect_is_not() -> None:
    assert run(changes(6.0)).verdict == "supported"
    assert run(changes(0.0)).verdict == "inconclusive"


@pytest.mark.parametrize("unit", [1.0, 1e9, 1e-9, 0.1, 0.3])
def test_no_difference_at_all_has_a_p_of_one_whatever_the_unit(unit: float) -> None:
    """Rounding makes zeros of unlike size, and none of them is a difference."""
    change = np.r_[1, 2, 3, [2] * 4, 1, 3, 1, 3, 2] * unit
    found = run(change, np.arange(12) < 3)
    assert {one.inference: one.p_value for one in found.estimates} == {
        one.inference: pytest.approx(1.0, abs=1e-9) for one in found.estimates
    }


def test_a_shift_moves_every_limit() -> None:
    base, moved = run(changes(1.0)), run(changes(3.5))
    for before, after in zip(base.estimates, moved.estimates, strict=True):
        assert after.lower == pytest.approx(before.lower + 2.5, abs=1e-4)


@pytest.mark.parametrize(
    ("p", "verdict"),
    [
        ((0.01, 0.01, 0.01, 0.01), "supported"),
        ((0.05, 0.9, 0.05, 0.05), "supported"),
        ((0.06, 0.01, 0.01, 0.01), "inconclusive"),
        ((0.01, 0.01, 0.06, 0.01), "supported"),
        ((0.01, 0.01, 0.01, 0.06), "inconclusive"),
    ],
)
def test_the_rule_needs_the_studentised_and_the_calibrated_test(p: tuple, verdict: str) -> None:
    assert decide(Evidence(*p), 0.05) == verdict


@pytest.mark.parametrize(
    ("p", "keys"),
    [
        ((0.20, 0.01, 0.20, 0.20), {"treated_vary_more"}),
        ((0.03, 0.01, 0.08, 0.09), {"treated_vary_more", "few_degrees_of_freedom"}),
        ((0.03, 0.20, 0.03, 0.03), {"treated_vary_less"}),
        ((0.03, 0.03, 0.03, 0.09), {"only_if_alike"}),
        ((0.09, 0.03, 0.03, 0.03), {"permutation_disagrees"}),
        ((0.01, 0.01, 0.01, 0.01), set()),
    ],
)
def test_disagreement_is_explained(p: tuple, keys: set[str]) -> None:
    notes = disagreements(Evidence(*p), 4.63, 0.05)
    assert {note.key for note in notes} == keys
    assert all(note.say("da") != note.say("en") for note in notes)


@pytest.mark.parametrize(
    ("groups", "treated", "keys"),
    [
        (20, 2, ["few_treated"]),
        (6, 2, ["few_treated", "few_assignments"]),
        (6, 3, ["few_assignments"]),
        (8, 6, ["few_control"]),
    ],
)
def test_a_design_that_carries_no_verdict_is_refused_in_words(groups: int, treated: int, keys: list[str]) -> None:
    y = np.random.default_rng(2).standard_normal(groups)
    found = run(y, np.arange(groups) < treated)
    assert found.verdict == "refused"
    assert found.estimates == ()
    assert [note.key for note in found.notes] == keys


def test_six_districts_with_two_treated_say_the_smallest_p() -> None:
    found = run(np.random.default_rng(2).standard_normal(6), np.arange(6) < 2)
    assert "15" in found.notes[1].say("en")
    assert "0.067" in found.notes[1].say("en")


def test_strata_that_leave_too_few_choices_are_refused() -> None:
    treated = np.arange(8) % 2 == 0
    assert run(np.random.default_rng(3).standard_normal(8), treated, strata=np.arange(8) // 2).verdict == "refused"


def test_one_district_with_most_of_the_weight_is_named_and_weights_are_labelled() -> None:
    weights = np.where(np.arange(20) == 2, 30.0, 1.0)
    sample = districts(changes(1.0), TREATED, weights=weights)
    assert cautions(sample)[0] == Note(key="heavy_district", values={"percent": "91"})
    found = methods_table(sample, LABELS, rng=np.random.default_rng(0))
    assert found.by("cr2_bell_mccaffrey").weights == "baseline"
    assert found.by("donald_lang").weights == "equal"
    assert found.by("cr2_bell_mccaffrey").estimate != pytest.approx(found.by("donald_lang").estimate)


def test_the_label_of_the_weights_is_read_off_the_number() -> None:
    """A method is labelled as weighted exactly where weights move its estimate."""
    weights = np.random.default_rng(5).uniform(1, 2, 20)
    plain, weighted = run(changes(1.0)), run(changes(1.0), weights=weights)
    assert {one.weights for one in plain.estimates} == {"equal"}
    for before, after in zip(plain.estimates, weighted.estimates, strict=True):
        moved = abs(after.estimate - before.estimate) > 1e-9
        assert (after.weights == "baseline") == moved, after.inference
    assert {one.weights for one in run(changes(1.0), weights=np.full(20, 7.0)).estimates} == {"equal"}


def fits_others(left: int, noise: float, *, control: bool = False) -> np.ndarray:
    """A covariate that is 1 for all districts of an arm but ``left`` of them, give or take some noise, and else 0."""
    inside = np.arange(20) < 4 - left if not control else np.arange(20) >= 4 + left
    return inside + noise * np.random.default_rng(5).standard_normal(20)


@pytest.mark.parametrize("control", [False, True])
@pytest.mark.parametrize("noise", [0.0, 1e-6, 1e-3, 0.05])
@pytest.mark.parametrize("weights", [None, np.linspace(1, 3, 20)])
def test_where_one_district_tells_the_effect_there_is_no_verdict(noise: float, weights, *, control: bool) -> None:
    """Whatever the changes are, in either arm."""
    found = run(changes(40.0), covariates=fits_others(1, noise, control=control), weights=weights)
    assert (found.verdict, found.estimates) == ("refused", ())
    (note,) = found.notes
    assert note.key == "one_district_tells"
    assert int(note.values["percent"]) >= 90
    assert all(note.values["percent"] in note.say(language) for language in ("da", "en"))


@pytest.mark.parametrize("covariate", [fits_others(1, 0.25), fits_others(1, 0.0) + (np.arange(20) > 16)])
def test_where_one_district_carries_most_of_it_a_note_says_so(covariate: np.ndarray) -> None:
    found = run(changes(40.0), covariates=covariate)
    assert [note.key for note in found.notes if note.key == "leverage"]
    assert found.verdict != "refused"


def rejections(covariate: np.ndarray, sets: int = 150) -> tuple[float, float]:
    """How often the studentised permutation test, and all of the rule, reject at 5 % where there is no effect."""
    rng, hits = np.random.default_rng(11), np.zeros(2)
    for _ in range(sets):
        sample = districts(rng.standard_normal(20) * np.where(TREATED, 2, 1), TREATED, covariates=covariate)
        found = Evidence(
            permutation_p(sample, rng=rng).p_value,
            1.0,
            1.0,
            calibrated_test(sample).p_value,
        )
        hits += found.studentised <= 0.05, decide(found, 0.05) == "supported"
    return hits[0] / sets, hits[1] / sets


@pytest.mark.slow
def test_the_rule_holds_its_size_even_where_one_district_is_refused_and_the_permutation_test_does_not() -> None:
    """No effect, treated districts twice as variable; 5 % and 2.5 Monte Carlo standard errors of 150 data sets."""
    most = 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 150)
    lone = fits_others(1, 0.0)
    found = {
        name: rejections(one)
        for name, one in (("some", fits_others(1, 0.25)), ("two", fits_others(2, 0.0)), ("lone", lone))
    }
    assert max(rule for _, rule in found.values()) <= most
    assert found["lone"][0] > 0.5
    assert run(changes(0.0), covariates=lone).verdict == "refused"


def test_a_covariate_that_leaves_the_treatment_to_several_districts_carries_a_verdict() -> None:
    noise = np.random.default_rng(8).standard_normal(20)
    heavy = np.where(np.arange(20) == 2, 30.0, 1.0)
    for covariates in (noise, TREATED + noise, np.arange(20) == 0, fits_others(2, 0.0)):
        for weights in (None, heavy):
            found = run(changes(30.0), covariates=covariates, weights=weights)
            assert found.verdict != "refused"
            if weights is None:
                assert found.verdict == "supported"
                assert "leverage" not in {note.key for note in found.notes}


def test_ferman_and_pinto_assume_sizes_only_where_there_are_sizes() -> None:
    sample, sizes = districts(changes(1.0), TREATED), np.linspace(10, 90, 20)
    with_them = methods_table(sample, LABELS, rng=np.random.default_rng(0), sizes=sizes).by("ferman_pinto")
    assert "variance_by_size" in with_them.assumptions
    assert "districts_vary_alike" in run(changes(1.0)).by("ferman_pinto").assumptions


def test_more_treated_than_controls_leave_conley_and_taber_out() -> None:
    found = run(changes(1.0), ~TREATED)
    assert "conley_taber" not in [e.inference for e in found.estimates]
    assert "fewer_controls" in [note.key for note in found.notes]
    with pytest.raises(KeyError):
        found.by("conley_taber")


@pytest.mark.parametrize(("alike", "out"), [(TREATED, None), (~TREATED, "conley_taber")])
def test_controls_that_change_alike_leave_one_method_out_and_say_so(alike: np.ndarray, out: str | None) -> None:
    found = run(np.where(alike, 1.0, changes(0.5)))
    assert [e.inference for e in found.estimates] == [name for name in METHODS if name != out]
    assert ("controls_alike" in [n.key for n in found.notes]) == (out is not None)
    assert all(math.isfinite(e.lower) and n.say("da") for e in found.estimates for n in found.notes)


def test_drawn_choices_of_districts_are_said_to_be_drawn() -> None:
    """Six of fifty can be chosen in 15,890,700 ways: more than are listed."""
    found = run(np.random.default_rng(1).standard_normal(50), np.arange(50) < 6)
    assert "sampled_assignments" in found.by("permutation_studentised").notes
    assert all(math.isfinite(e.lower) for e in found.estimates)


UNLIKE = np.r_[40.0, 1, 3, 9, np.linspace(1, 12, 16)]


@pytest.mark.parametrize("strata", [None, np.arange(20) % 2])
def test_no_row_of_the_table_depends_on_names_or_the_order_of_rows(strata: np.ndarray | None) -> None:
    rng = np.random.default_rng(40)
    y, weights, order = changes(1.0), rng.uniform(1, 9, 20), rng.permutation(20)
    base = run(y, weights=weights, strata=strata)
    names = None if strata is None else np.array(["south", "north"])[strata][order]
    sample = districts(y[order], TREATED[order], weights=weights[order], strata=names)
    other = methods_table(sample, LABELS, rng=np.random.default_rng(0))
    assert (other.verdict, other.notes) == (base.verdict, base.notes)
    for before, after in zip(base.estimates, other.estimates, strict=True):
        assert after.p_value == pytest.approx(before.p_value, rel=1e-9), after.inference
        assert (after.lower, after.upper) == pytest.approx((before.lower, before.upper), rel=1e-6), after.inference


def test_districts_that_changed_alike_are_told_apart_by_their_sizes_and_not_by_their_rows() -> None:
    rng = np.random.default_rng(41)
    y = np.where(np.arange(20) < 14, np.round(changes(1.0)), changes(1.0))
    sizes, order = rng.uniform(10, 900, 20), rng.permutation(20)
    base, other = (
        methods_table(districts(y[o], TREATED[o]), LABELS, rng=np.random.default_rng(0), sizes=sizes[o])
        for o in (np.arange(20), order)
    )
    before, after = (table.by("ferman_pinto") for table in (base, other))
    assert (after.p_value, after.lower, after.upper) == pytest.approx((before.p_value, before.lower, before.upper))


@pytest.mark.parametrize("weighted", [False, True])
def test_with_strata_every_method_estimates_the_same_and_levels_of_strata_do_not_matter(weighted: bool) -> None:
    """The average of the differences within strata over the treated; without weights where a method knows none."""
    strata = np.r_[0, 0, 1, 2, np.arange(16) % 3]
    options = {"strata": strata} | ({"weights": UNLIKE} if weighted else {})
    base, moved = run(changes(1.0), **options), run(changes(1.0) + 50.0 * strata, **options)
    assert tuple(e.inference for e in base.estimates) == METHODS
    for known in (True, False):
        rows = [one for one in base.estimates if not weighted or (one.weights == "baseline") == known]
        sample = districts(changes(1.0), TREATED, strata=strata, weights=UNLIKE if weighted and known else None)
        assert all(one.estimate == pytest.approx(sample.shares @ sample.change) for one in rows)
    for before, after in zip(base.estimates, moved.estimates, strict=True):
        assert (after.lower, after.upper) == pytest.approx((before.lower, before.upper), abs=1e-4)
        assert after.p_value == pytest.approx(before.p_value, abs=1e-9)


def test_weights_leave_the_calibrated_test_its_degrees_of_freedom() -> None:
    """One treated district with most of the weight: CR2 finds nothing, the verdict does."""
    found = run(changes(4.0), weights=UNLIKE)
    assert found.verdict == "supported"
    assert found.by("behrens_fisher").p_value < 0.02 < 0.05 < found.by("cr2_bell_mccaffrey").p_value


def test_pairs_carry_a_verdict_by_the_paired_t_test() -> None:
    rng = np.random.default_rng(6)
    pairs = np.arange(20) // 2
    treated = np.arange(20) % 2 == 0
    found = run(3 * rng.standard_normal(10)[pairs] + rng.standard_normal(20) + 1.5 * treated, treated, strata=pairs)
    assert found.verdict == "supported"
    assert found.by("behrens_fisher").p_value == pytest.approx(found.by("cr2_bell_mccaffrey").p_value)
    assert "controls_alike" in [note.key for note in found.notes]


def test_treated_districts_without_a_control_in_their_stratum_are_left_out_and_counted() -> None:
    strata = np.r_[0, 0, 0, 1, np.zeros(16, dtype=int)]
    found = run(changes(1.0), strata=strata)
    assert Note(key="stratum_without_control", values={"count": "1"}) in found.notes
    kept = strata == 0
    alone = run(changes(1.0)[kept], TREATED[kept])
    assert found.by("behrens_fisher").p_value == pytest.approx(alone.by("behrens_fisher").p_value)


def test_two_thousand_districts_take_little_memory() -> None:
    """Closed forms and blocks: no matrix of districts by draws as numbers, which would be 1.7 GB at once."""
    treated = np.arange(2_200) < 300
    y = np.random.default_rng(7).standard_normal(2_200) + 0.2 * treated
    tracemalloc.start()
    found = run(y, treated)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    reference = stats.ttest_ind(y[treated], y[~treated], equal_var=False)
    assert found.by("behrens_fisher").p_value == pytest.approx(reference.pvalue, rel=0.03)
    assert found.by("permutation_studentised").p_value == pytest.approx(
        reference.pvalue, abs=4 * np.sqrt(0.12 * 0.88 / 9_999)
    )


def test_a_covariate_is_taken_out_by_every_method_that_can() -> None:
    x = np.random.default_rng(4).standard_normal(20)
    base, tilted = run(changes(1.0), covariates=x), run(changes(1.0) + 100 * x, covariates=x)
    for method in ("permutation_studentised", "cr2_bell_mccaffrey", "behrens_fisher", "donald_lang"):
        assert tilted.by(method).lower == pytest.approx(base.by(method).lower, abs=1e-5)
    assert "sampled_assignments" not in base.by("permutation_studentised").notes


def test_districts_that_change_alike_are_refused() -> None:
    with pytest.raises(RefusedError, match="changed alike"):
        run(TREATED * 1.0)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_key_has_its_words(language: words.Language) -> None:
    found = run(changes(1.0))
    for estimate in found.estimates:
        assert words.has(f"labels.inference.{estimate.inference}", language)
        assert all(words.has(f"labels.assumption.{key}", language) for key in estimate.assumptions)
        assert all(words.has(f"labels.note.{key}", language) for key in estimate.notes)
    assert all(words.has(f"inference.note.{note.key}", language) for note in found.notes)
