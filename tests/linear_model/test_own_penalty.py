"""A penalty that defines value and prox alone is fitted like one of ours."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Penalty,
    Ridge,
    Shared,
    Sum,
    TaskCovarianceForm,
    check_penalty,
)
from tests.penalties.own import NonNegative, WeightedRows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6))
SIGNAL = X @ (RNG.normal(size=(6, 3)) * np.array([1, 1, 0, 1, 0, 0])[:, None])
COMPLETE = SIGNAL + 0.1 * RNG.normal(size=SIGNAL.shape)
MISSING = np.where(RNG.random(SIGNAL.shape) < 0.3, np.nan, COMPLETE)
SEPARATE = np.where(np.arange(60)[:, None] // 20 == np.arange(3), COMPLETE, np.nan)
CONSTANT = np.column_stack([COMPLETE[:, :2], np.full(60, 3.0)])
Y = {"complete": COMPLETE, "missing": MISSING, "separate": SEPARATE, "one": CONSTANT}


def coefficients(model):
    coef = model.coef_
    return np.vstack(coef) if isinstance(coef, list) else coef


def assert_same_fit(model, twin, y, atol=2e-4):
    """Fit with a penalty of a user's own and with the one of ours that it equals."""
    own, ours = model.fit(X, y), twin.fit(X, y)
    assert np.isnan(own.dual_gap_)
    assert own.optimality_ < 1e-4
    assert coefficients(own).any()
    np.testing.assert_allclose(coefficients(own), coefficients(ours), atol=atol)


@pytest.mark.parametrize("fit_intercept", [True, False, "partial_pooling"])
@pytest.mark.parametrize("labels", Y)
def test_regressions(labels, fit_intercept):
    options = {"alpha": 0.1, "fit_intercept": fit_intercept}
    assert_same_fit(
        MultiTaskLinearRegressor(penalty=WeightedRows(), **options),
        MultiTaskLinearRegressor(penalty=L21(), **options),
        Y[labels],
    )


@pytest.mark.parametrize("cuts", [[0.0], [-0.7, 0.7]], ids=["binary", "multiclass"])
def test_classifications(cuts):
    assert_same_fit(
        MultiTaskLinearClassifier(penalty=WeightedRows(), alpha=0.1),
        MultiTaskLinearClassifier(penalty=L21(), alpha=0.1),
        np.digitize(COMPLETE, cuts),
        atol=1e-3,
    )


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        (
            Sum([("a", WeightedRows(0.3)), ("b", L1(0.2))]),
            Sum([("a", L21(0.3)), ("b", L1(0.2))]),
        ),
        (
            Sum([("a", WeightedRows(0.3)), ("b", Ridge(0.2))]),
            Sum([("a", L21(0.3)), ("b", Ridge(0.2))]),
        ),
        (
            Decomposition([("a", WeightedRows(0.3)), ("b", L1(0.2))]),
            Decomposition([("a", L21(0.3)), ("b", L1(0.2))]),
        ),
        (
            Decomposition([("a", Shared(0.0)), ("b", WeightedRows(0.3))]),
            Decomposition([("a", Shared(0.0)), ("b", L21(0.3))]),
        ),
    ],
    ids=["sum", "sum with ridge", "decomposition", "shared vector"],
)
def test_members_of_our_compositions(own, ours):
    assert_same_fit(
        MultiTaskLinearRegressor(penalty=own, alpha=0.1),
        MultiTaskLinearRegressor(penalty=ours, alpha=0.1),
        MISSING,
        atol=2e-3,
    )


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (MultiTaskLinearRegressorCV, MISSING),
        (MultiTaskLinearClassifierCV, (COMPLETE > 0).astype(int)),
    ],
)
def test_a_path_begins_where_all_coefficients_vanish(estimator, y):
    own = estimator(penalty=WeightedRows(), alphas=5, eps=0.05, cv=2).fit(X, y)
    ours = estimator(penalty=L21(), alphas=5, eps=0.05, cv=2).fit(X, y)
    np.testing.assert_allclose(own.alphas_, ours.alphas_, rtol=1e-8)
    assert own.alpha_ == pytest.approx(ours.alpha_)
    assert np.isnan(own.path_["dual_gap"]).all()
    assert own.path_["n_features_used"][0] == 0


def test_a_norm_has_a_dual_gap():
    class Norm(WeightedRows):
        is_norm = True

    own = MultiTaskLinearRegressor(penalty=Norm(), alpha=0.1).fit(X, MISSING)
    ours = MultiTaskLinearRegressor(penalty=L21(), alpha=0.1).fit(X, MISSING)
    assert 0.0 <= own.dual_gap_ <= 1e-6
    np.testing.assert_allclose(own.coef_, ours.coef_, atol=1e-3)


def test_alpha_multiplies_the_penalty_whatever_its_parameters_are_called():
    scaled = MultiTaskLinearRegressor(penalty=NonNegative(0.2), alpha=0.5)
    plain = MultiTaskLinearRegressor(penalty=NonNegative(0.1))
    fits = scaled.fit(X, MISSING), plain.fit(X, MISSING)
    assert (fits[0].coef_ >= 0).all()
    assert (fits[0].coef_ == 0).any()
    np.testing.assert_allclose(fits[0].coef_, fits[1].coef_, atol=1e-12)
    assert fits[0].penalty_.get_params()["alpha"] == 0.5


def test_it_is_cloned_searched_and_pickled():
    model = MultiTaskLinearRegressor(penalty=WeightedRows(), alpha=0.1)
    grid = {"penalty__alpha": [1e-3, 10.0], "fit_intercept": [True, False]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, COMPLETE)
    assert search.best_params_["penalty__alpha"] == 1e-3
    fitted = clone(model).fit(X, COMPLETE)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


class NotANumber(WeightedRows):
    def prox(self, W, step=1.0, columns=None):
        return np.full_like(W, np.nan)


class OneRow(WeightedRows):
    def prox(self, W, step=1.0, columns=None):
        return super().prox(W, step, columns)[:1]


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (NotANumber(), r"NotANumber\(.*: prox returned NaN or infinity"),
        (OneRow(), r"OneRow\(.*: prox returned shape \(1, 3\) for W of shape \(6, 3\)"),
    ],
)
@pytest.mark.parametrize(
    "model", [MultiTaskLinearRegressor(), MultiTaskLinearClassifier()], ids=str
)
def test_a_prox_that_cannot_be_is_named(model, penalty, message):
    model.set_params(penalty=penalty)
    with pytest.raises(ValueError, match=message):
        model.fit(X, (COMPLETE > 0).astype(int))


class Squares(Penalty):
    """The same as Ridge, with all that makes a fit fast and certain."""

    def value(self, W, columns=None):
        return 0.5 * float(np.vdot(W, W))

    def prox(self, W, step=1.0, columns=None):
        return W / (1.0 + step)

    def conjugate(self, U, columns=None):
        return 0.5 * float(np.vdot(U, U))

    def task_covariance_form(self, columns):
        n_columns = columns.n_columns
        return TaskCovarianceForm(np.eye(n_columns), np.zeros((n_columns, 0)))


@pytest.mark.parametrize(
    ("model", "y", "n_iter"),
    [
        (MultiTaskLinearRegressor(alpha=0.1), COMPLETE, 1),
        (MultiTaskLinearClassifier(alpha=0.1), (COMPLETE > 0).astype(int), 20),
    ],
    ids=["regression", "classification"],
)
def test_what_else_it_knows_is_used(model, y, n_iter):
    check_penalty(Squares())
    own = clone(model).set_params(penalty=Squares()).fit(X, y)
    ours = clone(model).set_params(penalty=Ridge()).fit(X, y)
    np.testing.assert_allclose(coefficients(own), coefficients(ours), atol=1e-8)
    assert 0.0 <= own.dual_gap_ <= 1e-6
    assert own.n_iter_ <= n_iter


@pytest.mark.parametrize("penalty", [WeightedRows(), NonNegative()], ids=str)
@pytest.mark.parametrize(
    ("model", "y"),
    [
        (MultiTaskLinearRegressor(alpha=1e-4, max_iter=200), COMPLETE),
        (MultiTaskLinearClassifier(alpha=1e-4, max_iter=200), COMPLETE > 0),
    ],
    ids=["regression", "classification"],
)
def test_a_fit_in_unequal_units_never_claims_to_have_ended(model, y, penalty):
    """The gradient of one column must not hide those of the others."""
    scaled = X * np.array([1e5, 1.0, 1.0, 1.0, 1.0, 1.0])
    model = clone(model).set_params(penalty=penalty)
    with pytest.warns(ConvergenceWarning, match="stopped at"):
        model.fit(scaled, y)
