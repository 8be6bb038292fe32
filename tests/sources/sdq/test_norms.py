"""Bands by norms that fit, and refusals of norms that do not."""

import numpy as np
import pytest

from sverige_did.errors import RefusedError
from sverige_did.sources.sdq.norms import NO_NORM, NO_SCORE, Norm, bands, danish_parent_norms
from sverige_did.sources.sdq.scores import score

SCALES = ("emotion", "conduct", "hyper", "peer", "prosocial", "total")


def forms(n, informant="parent", age=6.0):
    return score(np.random.default_rng(1).integers(0, 3, (n, 25)), informant, age)


def british(abnormal_from=17):
    """The British cut-offs of the total score for parents, from the same table as the Danish ones."""
    return Norm(
        country="UK",
        informant="parent",
        age_from=4,
        age_to=17,
        sex="both",
        scale="total",
        borderline_from=14,
        abnormal_from=abnormal_from,
        source="BMC Pediatrics 2023, doi:10.1186/s12887-023-03837-1, table 2",
    )


def test_the_shipped_danish_cut_offs_are_those_of_the_table_and_carry_their_source():
    cuts = {(norm.scale, norm.sex): (norm.borderline_from, norm.abnormal_from) for norm in danish_parent_norms()}
    assert cuts[("total", "boys")] == (10, 14)
    assert cuts[("total", "girls")] == (9, 12)
    assert cuts[("prosocial", "girls")] == (7, 6)
    assert {norm.country for norm in danish_parent_norms()} == {"DK"}
    assert all("s12887-023-03837-1" in norm.source for norm in danish_parent_norms())


@pytest.mark.parametrize("scale", SCALES)
def test_bands_are_where_the_cut_offs_put_them(scale):
    scores, sex = forms(300), np.array(["boys", "girls"] * 150)
    found = bands(scores, scale, danish_parent_norms(), population="DK", sex=sex)
    for k, value in enumerate(scores.scale(scale)):
        (norm,) = [n for n in danish_parent_norms() if n.scale == scale and n.sex in ("both", sex[k])]
        reached = [
            value <= c if scale == "prosocial" else value >= c for c in (norm.borderline_from, norm.abnormal_from)
        ]
        assert found[k] == sum(reached)
    assert set(found.tolist()) == {0, 1, 2}


def test_british_cut_offs_would_call_fewer_danish_children_abnormal():
    """Why they are refused: the same forms, the same children."""
    scores = forms(400)
    danish = bands(scores, "total", danish_parent_norms(), population="DK", sex="boys")
    uk = bands(scores, "total", [british()], population="DK", sex="boys", accept_foreign=True)
    assert (uk <= danish).all()
    assert (uk == 2).sum() < (danish == 2).sum()


def test_norms_of_the_population_are_used_where_a_table_holds_several():
    scores = forms(50)
    alone = bands(scores, "total", danish_parent_norms(), population="DK", sex="boys")
    mixed = bands(scores, "total", [british(), *danish_parent_norms()], population="DK", sex="boys")
    assert (alone == mixed).all()


def test_a_missing_score_has_no_band():
    items = np.ones((1, 25))
    items[0, [2, 7, 12]] = np.nan
    found = bands(score(items, "parent", 6), "emotion", danish_parent_norms(), population="DK", sex="girls")
    assert found.tolist() == [NO_SCORE]


@pytest.mark.parametrize(
    ("scores", "scale", "sex"),
    [
        (forms(3, "teacher"), "total", "boys"),
        (forms(3, age=8.0), "total", "boys"),
        (forms(3), "internalising", "boys"),
        (forms(3), "total", "unknown"),
    ],
)
def test_forms_that_no_norm_was_made_for_have_no_band(scores, scale, sex):
    found = bands(scores, scale, danish_parent_norms(), population="DK", sex=sex)
    assert found.tolist() == [NO_NORM] * 3


def test_a_form_without_a_norm_leaves_the_others_their_bands():
    scores, sex = forms(40), np.array(["boys", "unknown"] * 20)
    found = bands(scores, "total", danish_parent_norms(), population="DK", sex=sex)
    alone = bands(scores.take(sex == "boys"), "total", danish_parent_norms(), population="DK", sex="boys")
    assert found[1::2].tolist() == [NO_NORM] * 20
    assert found[::2].tolist() == alone.tolist()


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: bands(forms(3), "total", [british()], population="DK", sex="boys"), "sdq_foreign_norms"),
        (
            lambda: bands(
                forms(3),
                "total",
                [british(), british(abnormal_from=18)],
                population="UK",
                sex="boys",
            ),
            "sdq_norms_differ",
        ),
    ],
)
def test_refusals(make, key):
    with pytest.raises(RefusedError) as caught:
        make()
    assert caught.value.problems[0].key == key
    assert all(len(caught.value.say(language)) > len(key) for language in ("da", "en"))


def test_cut_offs_in_the_wrong_direction_are_not_norms():
    with pytest.raises(ValueError, match="not in order"):
        Norm(
            country="DK", informant="parent", age_from=5, age_to=7, sex="both", scale="prosocial",
            borderline_from=5, abnormal_from=6, source="s",
        )  # fmt: skip
