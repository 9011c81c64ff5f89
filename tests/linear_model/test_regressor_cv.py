import numpy as np
import pytest
from sklearn.linear_model import MultiTaskLassoCV
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.linear_model import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.linear_model._search import Search
from sklearn_mtl.penalties import Decomposition, Ridge, Shared


@pytest.fixture(params=[(80, 6), (25, 40)], ids=["many rows", "many features"])
def data(request):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(request.param) + 1.0
    y = X[:, :3] @ (1.0 + rng.standard_normal((3, 4)))
    return X, y + rng.standard_normal((len(X), 4))


@parametrize_with_checks([MultiTaskLinearRegressorCV(alphas=3, cv=3)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_l21_chooses_the_alpha_of_multitasklassocv(data):
    X, y = data
    alphas = np.geomspace(3.0, 0.03, 12)
    theirs = MultiTaskLassoCV(alphas=alphas, cv=KFold(4), tol=1e-8).fit(X, y)
    ours = MultiTaskLinearRegressorCV(penalty="l21", alphas=alphas, cv=KFold(4))
    ours.fit(X, y)
    assert ours.alpha_ == pytest.approx(theirs.alpha_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-3)
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_loss"], theirs.mse_path_.mean(axis=1), rtol=1e-2
    )


@pytest.mark.parametrize(
    "penalty", ["partial_pooling", "shared", "l21", "trace", "mean"]
)
def test_chosen_model_is_the_plain_one_at_that_alpha(data, penalty):
    X, y = data
    y[np.random.default_rng(1).random(y.shape) < 0.2] = np.nan
    found = MultiTaskLinearRegressorCV(penalty=penalty, alphas=6, tol=1e-9).fit(X, y)
    plain = MultiTaskLinearRegressor(
        penalty=penalty, alpha=found.alpha_, scale_targets=True, tol=1e-9
    )
    np.testing.assert_allclose(found.coef_, plain.fit(X, y).coef_, atol=1e-3)
    assert found.dual_gap_ <= 1e-9
    assert found.path_["alpha"][-1] == found.alpha_
    assert found.n_splits_ == 5


def test_losses_of_folds_by_subtraction_are_those_of_refits(data):
    X, y = data
    y[::7, 1] = np.nan
    alphas = [1.0, 0.1]
    folds = list(KFold(3).split(X))
    model = MultiTaskLinearRegressorCV(penalty="mean", alphas=alphas, cv=folds)
    table = model.fit(X, y).cv_results_
    for k, (train, test) in enumerate(folds):
        plain = MultiTaskLinearRegressor(penalty="mean", alpha=0.1)
        errors = y[test] - plain.fit(X[train], y[train]).predict(X[test])
        expected = np.nanmean(errors**2)
        assert table[f"split{k}_test_loss"][1] == pytest.approx(expected, rel=1e-6)


def test_one_standard_error_prefers_the_stronger_penalty(data):
    X, y = data
    least = MultiTaskLinearRegressorCV(penalty="l21", alphas=15).fit(X, y)
    rule = MultiTaskLinearRegressorCV(
        penalty="l21", alphas=15, selection="one_standard_error"
    ).fit(X, y)
    table = least.cv_results_
    best = table["mean_test_loss"].argmin()
    losses = [table[f"split{k}_test_loss"][best] for k in range(5)]
    limit = table["mean_test_loss"][best] + np.std(losses, ddof=1) / np.sqrt(5)
    within = table["alpha"][table["mean_test_loss"] <= limit]
    assert rule.alpha_ == within.max() > least.alpha_


def test_a_smaller_tol_makes_the_search_more_precise(data):
    """Losses of folds come as near to those of exact fits as tol asks for."""
    X, y = data
    options = {"penalty": "trace", "alphas": [0.1, 0.01], "cv": 3}
    losses = [
        MultiTaskLinearRegressorCV(tol=tol, **options)
        .fit(X, y)
        .cv_results_["mean_test_loss"]
        for tol in (1e-12, 1e-9, 1e-6)
    ]
    errors = [np.abs(found - losses[0]).max() for found in losses[1:]]
    assert errors[0] < 0.1 * errors[1]


def test_a_penalty_object_is_searched_as_a_whole(data):
    X, y = data
    penalty = Decomposition([("shared", Shared(0.0)), ("own", Ridge(2.0))])
    model = MultiTaskLinearRegressorCV(penalty=penalty, alphas=[0.5, 0.1]).fit(X, y)
    assert model.penalty_.get_params()["own__alpha"] == pytest.approx(
        2.0 * model.alpha_
    )
    assert penalty.get_params()["own__alpha"] == 2.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"penalty": "empirical_bayes"}, "has no alpha to search for"),
        ({"alphas": [-1.0]}, "finite and not negative; got"),
    ],
)
def test_wrong_parameters_are_named(data, change, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressorCV(**change).fit(*data)


def test_of_losses_that_differ_by_rounding_the_strongest_penalty_is_chosen():
    losses = np.array([[0.5, 0.5], [0.3, 0.3], [0.1 + 0.2, 0.3], [0.3, 0.3 - 1e-16]])
    found = Search(np.array([4.0, 3.0, 2.0, 1.0]), losses)
    assert found.best("min") == 1
