from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sklearn_mtl.comparison.results._rows import ModelRow, skills
from tests.comparison.conftest import MODELS

NAN = float("nan")


def mean_skills(comparison):
    """Mean skill of every row in every split."""
    return skills(comparison.measured.scores, comparison.tasks).mean(axis=-1)


def test_the_best_row_has_the_highest_mean_skill_not_the_highest_mean_score(make):
    comparison = make(spread=0.0)
    scores = comparison.measured.scores
    # .1 of balanced accuracy is .11 of skill, .1 of AUC is .2
    scores[1] = [0.60, 0.70, 0.5]
    scores[2] = [0.49, 0.80, 0.5]
    scores[3:] = 0.0
    assert scores[1].mean() > scores[2].mean()
    assert comparison.recommendation.best == "forest"


def test_rows_are_ruled_out_by_corrected_tests_with_holm_s_factors(make):
    comparison = make(spread=0.08)
    means = mean_skills(comparison)
    best = int(means.mean(axis=1).argmax())
    others = [m for m in range(5) if m != best]
    p = {}
    for m in others:
        gap = means[best] - means[m]
        error = np.sqrt((1 / 5 + 20 / 80) * gap.var(ddof=1))
        p[MODELS[m].name] = 2 * stats.t.sf(gap.mean() / error, 4)
    out, n_left = set(), len(others)
    for name in sorted(p, key=p.get):
        if p[name] * n_left >= 0.05:
            break
        out.add(name)
        n_left -= 1
    found = comparison.recommendation
    assert 0 < len(out) < len(others)
    assert set(found.alike) == set(p) - out
    assert not found.is_clear


def test_of_rows_within_a_standard_error_the_smallest_is_recommended(make):
    comparison = make(spread=0.0)
    scores = comparison.measured.scores
    noise = 0.02 * np.array([-2, -1, 0, 1, 2.0])[:, None]
    error = np.sqrt((1 / 5 + 20 / 80) * noise.var(ddof=1))
    units = np.array([0.9, 0.5, 1.0])
    scores[:] = scores[4]
    scores[0] -= 1.0
    for m, behind in ((1, 1.1), (2, 0.9), (3, 0.9)):
        scores[m] += (noise - behind * error) * units
    comparison.measured.model_bytes[:] = [[1], [2], [4], [3], [5]]
    assert comparison.recommendation.best == "net"
    assert comparison.recommended == MODELS[3].name
    assert set(comparison.recommendation.alike) == {m.name for m in MODELS[1:4]}


def test_the_first_in_the_table_is_taken_where_sizes_are_equal_or_unknown(make):
    comparison = make(spread=0.0)
    comparison.measured.scores[1:] = comparison.measured.scores[4]
    for size in (7.0, NAN):
        comparison.measured.model_bytes[:] = size
        vars(comparison).pop("recommendation", None)  # computed once
        assert comparison.recommended == "linear"


def test_rows_that_failed_somewhere_are_not_recommended_and_named(make):
    comparison = make()
    comparison.measured.scores[4] += 0.3
    comparison.measured.scores[4, 2, 1] = NAN
    found = comparison.recommendation
    assert found.left_out == ["net"]
    assert "net" not in found.scores
    assert found.name != "net"
    assert "Not compared, because scores are missing: net." in comparison.verdict


def test_labels_that_no_row_could_be_scored_on_rule_nobody_out(make):
    comparison = make()
    comparison.measured.scores[:, 1, 2] = NAN
    assert comparison.recommendation.left_out == []


def test_without_any_score_nothing_is_recommended(make):
    comparison = make()
    comparison.measured.scores[:] = NAN
    assert comparison.recommendation is None
    assert comparison.recommended is None
    assert comparison.verdict.startswith("No model is recommended. ")


def test_one_split_recommends_the_best_score_and_is_not_sure(make):
    found = make(n_splits=1).recommendation
    assert found.name == found.best
    assert not found.is_clear


def test_one_row_alone_is_recommended(make):
    comparison = make(models=MODELS[:1])
    assert comparison.recommended == "dummy"
    assert comparison.verdict.startswith("dummy (")


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_the_order_of_the_rows_does_not_matter(make, order):
    comparison, other = make(spread=0.05), make(spread=0.05)
    other.models = [comparison.models[i] for i in order]
    measured = comparison.measured
    other.measured = replace(
        measured, scores=measured.scores[order], model_bytes=measured.model_bytes[order]
    )
    assert other.recommendation == comparison.recommendation


def test_scores_are_listed_the_best_first_and_are_those_of_the_table(make):
    comparison = make(models=[*MODELS[:3], ModelRow("blend", "shared")])
    found = comparison.recommendation
    assert list(found.scores.values()) == sorted(found.scores.values(), reverse=True)
    for name, score in found.scores.items():
        assert score == pytest.approx(comparison.table.loc[name, "mean"])
