import math

import numpy as np
import pytest

from sverige_did import words
from sverige_did.errors import RefusedError
from sverige_did.inference.behrens_fisher import arm_variances, behrens_fisher_test
from sverige_did.inference.cluster_robust import cr2_test, of_districts
from sverige_did.inference.districts import districts
from sverige_did.inference.methods_table import Labels, MethodsTable, methods_table
from sverige_did.inference.permutation import permutation_p
from sverige_did.inference.verdict import Evidence, Note, cautions, decide, disagreements

TREATED = np.arange(20) < 4
LABELS = Labels(scale="pp", estimand="att_rate")
METHODS = (
    "permutation_studentised", "cr2_bell_mccaffrey", "behrens_fisher", "permutation", "ferman_pinto",
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
        ((0.01, 0.01, 0.06, 0.01), "inconclusive"),
        ((0.01, 0.01, 0.01, 0.06), "inconclusive"),
    ],
)
def test_the_rule_needs_the_studentised_test_cr2_and_behrens_fisher(p: tuple, verdict: str) -> None:
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
        fit = of_districts(sample)
        found = Evidence(
            permutation_p(sample, rng=rng).p_value,
            1.0,
            cr2_test(fit, 1).p_value,
            behrens_fisher_test(arm_variances(fit, 1, TREATED), float(fit.coefficients[1])).p_value,
        )
        hits += found.studentised <= 0.05, decide(found, 0.05) == "supported"
    return hits[0] / sets, hits[1] / sets


@pytest.mark.slow
def test_the_rule_holds_its_size_up_to_where_one_district_is_refused_and_not_beyond() -> None:
    """No effect, treated districts twice as variable; 5 % and 2.5 Monte Carlo standard errors of 150 data sets."""
    most = 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 150)
    for covariate in (fits_others(1, 0.25), fits_others(2, 0.0)):
        assert run(changes(0.0), covariates=covariate).verdict != "refused"
        assert rejections(covariate)[1] <= most
    lone, almost = rejections(fits_others(1, 0.0)), rejections(fits_others(1, 0.05))
    assert min(lone) > 0.5
    assert almost[0] > 0.2


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


@pytest.mark.parametrize(
    ("alike", "note", "method"),
    [(TREATED, "treated_alike", "ibragimov_mueller"), (~TREATED, "controls_alike", "conley_taber")],
)
def test_an_arm_that_changes_alike_leaves_one_method_out_and_says_so(alike: np.ndarray, note: str, method: str) -> None:
    found = run(np.where(alike, 1.0, changes(0.5)))
    assert [e.inference for e in found.estimates] == [name for name in METHODS if name != method]
    assert note in [n.key for n in found.notes]
    assert all(math.isfinite(e.lower) and n.say("da") for e in found.estimates for n in found.notes)


def test_drawn_choices_of_districts_are_said_to_be_drawn() -> None:
    """Six of fifty can be chosen in 15,890,700 ways: more than are listed."""
    found = run(np.random.default_rng(1).standard_normal(50), np.arange(50) < 6)
    assert "sampled_assignments" in found.by("permutation_studentised").notes
    assert all(math.isfinite(e.lower) for e in found.estimates)


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
