"""Verdicts on scores whose truth is known: seldom wrong, and right often enough."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor

from benchmarks._known_truth import (
    CASES,
    ROWS,
    SIZES,
    Folds,
    draw_scores,
    error_rates,
    judge,
)
from sklearn_mtl.comparison import compare
from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison.results._rows import Measured, TaskRow
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from tests.comparison.conftest import Average

N_ARRAYS = 2000 // len(CASES)
GAPS = (1.0, 1.0, 0.8, 0.6)  # shares of the splits in which the tasks have scores
TASKS = [TaskRow(f"task{t}", "binary", 2, 100, "roc_auc") for t in range(4)]


def comparison_of(scores):
    """Return what the package makes of scores (n_rows, n_splits, n_tasks)."""
    n_rows, n_splits, n_tasks = scores.shape
    labels = np.full((n_splits, n_tasks), 20)
    seconds = np.ones((n_rows, n_splits))
    measured = Measured(
        scores=scores,
        second_scores=np.full(scores.shape, np.nan),
        fit_seconds=seconds,
        predict_seconds=seconds,
        n_train=4 * labels,
        n_test=labels,
        n_held_out=labels,
        chosen=np.full((n_splits, n_tasks), -1),
        model_bytes=SIZES[:, None] * seconds,
    )
    return Comparison(TASKS, ROWS, measured)


@pytest.mark.parametrize(
    "folds",
    [Folds(), Folds(n_repeats=2), Folds(scored=GAPS), Folds(scored=(0.6, 1, 0.8, 0.2))],
    ids=str,
)
@pytest.mark.parametrize("number", [1, 7, 14])
def test_the_package_says_what_the_independent_computation_says(number, folds):
    scores = draw_scores(CASES[number], 12, 1, folds)
    said, words = judge(scores, folds), {"helps": 1, "hurts": -1}
    names = [row.name for row in ROWS]
    for i, own in enumerate(scores):
        made = comparison_of(own)
        effects = [words.get(g.effect, 0) for g in made.gains if g.against == "twin"]
        np.testing.assert_array_equal(effects, said.gains[i].ravel())
        found = made.recommendation
        alike = [names[row] for row in np.flatnonzero(said.is_alike[i])]
        assert found.best == names[said.best[i]]
        assert {found.best, *found.alike} == set(alike)
        assert found.name == names[said.recommended[i]]
        assert found.is_clear == said.is_clear[i]
        assert made.verdict.startswith("Use ") == said.is_clear[i]


@pytest.mark.parametrize(
    "folds",
    [
        Folds(),
        Folds(overlap="typical"),
        Folds(n_repeats=3, overlap="typical"),
        Folds(n_folds=3),
        Folds(scored=GAPS),
        Folds(scored=(0.6, 0.6, 0.6, 0.4), overlap="typical"),
    ],
    ids=str,
)
def test_of_2000_verdicts_one_in_twenty_at_most_is_wrong(folds):
    rates = [
        error_rates(case, N_ARRAYS, seed, folds) for seed, case in enumerate(CASES)
    ]
    for error in ("helps!", "hurts!", "use!"):
        wrong = np.array([rate[error] for rate in rates])
        assert wrong.mean() <= 0.05
        # 5 % of the arrays of one truth, and three standard errors
        assert wrong.max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / N_ARRAYS)


def test_what_is_there_is_found_and_little_is_lost_by_the_recommended_row():
    found = {case.name: error_rates(case, N_ARRAYS, 0, Folds()) for case in CASES}
    assert found["sharing helps by 0.1 on all tasks"]["found"] > 0.75
    assert found["it helps on two, hurts on two"]["found"] > 0.7
    assert found["linear is the best by 0.05"]["clear"] > 0.7
    assert found["forest is the best by 0.1"]["clear"] > 0.95
    assert max(rates["lost: recommended"] for rates in found.values()) < 0.015


def test_end_to_end_sharing_helps_related_tasks_with_few_labels():
    X, y = make_multitask_regression(
        120, n_tasks=6, relatedness=0.95, missing_fraction=0.75, random_state=0
    )
    found = compare(X, y, {"shared": MultiTaskLinearRegressor()}, random_state=0)
    assert found.recommended == "shared"
    assert found.verdict.startswith("Use shared (")
    assert "Sharing helps shared on" in found.verdict


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.NegativeTransferWarning")
def test_end_to_end_sharing_hurts_what_is_made_the_same():
    X, y = make_multitask_regression(
        200, 4, 2, n_informative=4, n_groups=2, random_state=0
    )
    found = compare(X, y, {"average": Average()}, random_state=0)
    assert "Sharing hurts average on 2 of 2 tasks" in found.verdict
    assert found.verdict.startswith("Use average, one per task (")


def test_end_to_end_nothing_is_said_of_a_model_that_does_the_same_apart():
    X, y = make_multitask_regression(100, 5, 3, n_informative=5, random_state=0)
    found = compare(X, y, {"ridge": Ridge()}, random_state=0)
    assert "Sharing has no significant effect on ridge" in found.verdict
    assert found.verdict.startswith("No clear winner; start with ridge")


def rows():
    models = {
        "linear": Ridge(),
        "forest": RandomForestRegressor(15, random_state=0),
        "kernel": KernelRidge(kernel="rbf", gamma=0.3, alpha=0.3),
    }
    return {name: MultiOutputRegressor(model) for name, model in models.items()}


@pytest.mark.parametrize(
    ("best", "noise"), [("linear", 0.8), ("forest", 0.2), ("kernel", 0.2)]
)
def test_end_to_end_the_model_that_fits_the_data_is_to_be_used(best, noise):
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (160, 3))
    signals = {
        "linear": X[:, :2] + X[:, 1:],
        "forest": np.sign(X[:, :2]) * (1 + (X[:, 2:] > 0.5)),
        "kernel": np.sin(X[:, :2] + X[:, 1:]),
    }
    y = signals[best] + noise * rng.standard_normal((160, 2))
    found = compare(X, y, rows(), inner_cv=2, random_state=0)
    assert found.recommended == best
    assert found.verdict.startswith(f"Use {best} (")
