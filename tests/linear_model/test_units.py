import warnings

import numpy as np
import pytest
from sklearn.linear_model import LassoCV
from sklearn.model_selection import KFold

from sklearn_mtl.exceptions import DifferentUnitsWarning
from sklearn_mtl.linear_model import (
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.linear_model._labels import TableOfLabels
from sklearn_mtl.linear_model._units import Units
from sklearn_mtl.penalties import Decomposition, Ridge, Shared, Sum, TaskGraph
from sklearn_mtl.tasks import stack_tasks
from tests.linear_model.strengths import strength

RATIOS = np.array([1.0, 1e-5, 1e5])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 4)) + 1.0
    return X, X @ rng.standard_normal((4, 3)) + rng.standard_normal((50, 3))


def test_deviations_are_weighted_and_rounding_is_no_variation():
    Y = np.array([[1.0, 1e9], [3.0, 1e9], [9.0, 1e9 + 1e-7]])
    labels = TableOfLabels(Y, np.array([[1.0, 1.0], [3.0, 1.0], [0.0, 1.0]]))
    np.testing.assert_allclose(labels.deviations(True), [np.sqrt(0.75), 0.0])
    np.testing.assert_allclose(labels.deviations(False), [np.sqrt(7.0), 1e9])
    scaled, units = labels.standardised(True)
    np.testing.assert_allclose(units.offset, [2.5, 1e9])
    np.testing.assert_allclose(units.scale, np.sqrt(0.75))
    np.testing.assert_allclose(scaled.Y[:, 0] * np.sqrt(0.75), [-1.5, 0.5, 0.0])
    np.testing.assert_array_equal(scaled.Y[:, 1], 0.0)


def test_a_target_that_does_not_vary_has_a_typical_unit():
    units = Units.of_targets(np.zeros(3), np.array([1e-2, 0.0, 1e4]))
    np.testing.assert_allclose(units.scale, [1e-2, 10.0, 1e4])


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("is_stacked", [True, False])
def test_targets_of_unit_variance_are_left_as_they_are(data, fit_intercept, is_stacked):
    X, y = data
    y = y - y.mean(axis=0) * fit_intercept
    y /= np.sqrt(np.mean(y**2, axis=0))
    X, y = stack_tasks([(X, column) for column in y.T]) if is_stacked else (X, y)
    options = {"penalty": "trace", "alpha": 0.1, "fit_intercept": fit_intercept}
    plain, scaled = (
        MultiTaskLinearRegressor(scale_targets=choice, tol=1e-12, **options).fit(X, y)
        for choice in (False, True)
    )
    np.testing.assert_allclose(scaled.coef_, plain.coef_, atol=1e-9)
    np.testing.assert_allclose(scaled.intercept_, plain.intercept_, atol=1e-9)


def test_parts_add_up_to_the_coefficients_in_the_units_of_y(data):
    X, y = data
    for model in (MultiTaskLinearRegressor(), MultiTaskLinearRegressorCV(alphas=5)):
        model.fit(X, y * RATIOS)
        total = model.parts_["shared"] + model.parts_["own"]
        np.testing.assert_allclose(total, model.coef_, rtol=1e-9)


@pytest.mark.parametrize("alphas", [7, [0.5, 0.1]])
def test_one_task_keeps_the_alphas_of_lassocv(data, alphas):
    X, y = data[0], 1e4 * data[1][:, 0]
    if isinstance(alphas, list):
        alphas = np.array(alphas) * 1e4
    ours = MultiTaskLinearRegressorCV(penalty="l21", alphas=alphas, cv=KFold(4))
    theirs = LassoCV(alphas=alphas, cv=KFold(4), tol=1e-8).fit(X, y)
    np.testing.assert_allclose(ours.fit(X, y).alphas_, theirs.alphas_)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-3)


COMPARING = {
    "l21": {"penalty": "l21"},
    "l1": {"penalty": "l1"},
    "mean": {"penalty": "mean"},
    "shared": {"penalty": "partial_pooling"},
    "sum": {"penalty": Sum([("graph", TaskGraph()), ("ridge", Ridge())])},
    "given alphas": {"penalty": "trace", "alphas": [1.0, 0.5]},
    "empirical Bayes": {"penalty": "empirical_bayes", "scale_targets": False},
    "search": {"penalty": "partial_pooling", "alphas": 3, "scale_targets": False},
    "pooling": {"penalty": "ridge", "fit_intercept": "partial_pooling"},
}
ALONE = {
    "ridge": {"penalty": "ridge"},
    "no penalty": {"penalty": None},
    "ridge by task": {"penalty": Ridge([0.1, 1.0, 2.0])},
    "sum": {"penalty": Sum([("a", Ridge()), ("b", Ridge([0.1, 1.0, 2.0]))])},
    "scaled": {"penalty": "l21", "scale_targets": True},
    "empirical Bayes": {"penalty": "empirical_bayes"},
    "search": {"penalty": "l21", "alphas": 3},
}


def make(options):
    is_search = "alphas" in options
    model = MultiTaskLinearRegressorCV if is_search else MultiTaskLinearRegressor
    return model(**options)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", COMPARING)
def test_what_compares_tasks_warns_of_targets_of_different_sizes(data, name):
    X, y = data
    with pytest.warns(DifferentUnitsWarning, match=r"from .* \(task 'task1'\) to"):
        make(COMPARING[name]).fit(X, y * RATIOS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DifferentUnitsWarning)
        make(COMPARING[name]).fit(X, y * [1.0, 100.0, 0.5])


@pytest.mark.parametrize("name", ALONE)
def test_what_fits_tasks_alone_or_scales_them_is_silent(data, name):
    X, y = data
    with warnings.catch_warnings():
        warnings.simplefilter("error", DifferentUnitsWarning)
        make(ALONE[name]).fit(X, y * RATIOS)


def test_pooled_levels_and_a_unit_for_each_target_are_refused(data):
    model = MultiTaskLinearRegressor(
        fit_intercept="partial_pooling", scale_targets=True
    )
    with pytest.raises(ValueError, match="pooled intercepts require targets in"):
        model.fit(*data)


def test_a_constant_and_a_single_label_beside_other_units(data):
    X, y = data
    y = y * [1.0, 1e-6, 1e6]
    y[:, 0] = 1e9
    y[1:, 1] = np.nan
    predicted = MultiTaskLinearRegressor().fit(X, y).predict(X)
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted[:, 0], 1e9, rtol=1e-2)


def test_own_penalties_of_parts_are_scaled_back(data):
    X, y = data
    penalty = Decomposition([("shared", Shared(0.1)), ("own", Ridge(0.1))])
    model = MultiTaskLinearRegressor(penalty=penalty, scale_targets=True)
    expected = model.fit(X, y).predict(X)
    found = model.fit(X, y * RATIOS).predict(X) / RATIOS
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("penalty", ["ridge", None])
@pytest.mark.parametrize("n_samples", [20, 50])
def test_tasks_that_are_not_compared_have_the_same_precision(penalty, n_samples):
    """Also where all are solved together, by conjugate gradients."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n_samples, 30)), rng.standard_normal((n_samples, 3))
    y[rng.random(y.shape) < 0.2] = np.nan
    factors = np.array([1.0, 1e-12, 1e12])
    model = MultiTaskLinearRegressor(penalty=penalty, alpha=strength(penalty, 0.1))
    expected = model.fit(X, y).coef_
    found = model.fit(X, y * factors).coef_ / factors[:, None]
    np.testing.assert_allclose(found, expected, atol=1e-7)
