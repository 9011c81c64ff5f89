"""Columns of X and y that do not vary."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.linear_model import MultiTaskLinearClassifier, MultiTaskLinearRegressor
from sklearn_mtl.linear_model._constants import blank_constants
from sklearn_mtl.penalties import L21, Decomposition, Shared, TaskGraph

CONTAINERS = [np.asarray, sparse.csr_array]
PENALTIES = [
    "empirical_bayes",
    None,
    "mean",
    Shared(0.0),
    Decomposition([("shared", Shared(0.0)), ("graph", TaskGraph()), ("own", L21(0.1))]),
]


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((40, 4))


@pytest.fixture
def y(X):
    noise = np.random.default_rng(1).standard_normal((40, 3))
    return X @ np.ones((4, 3)) + 2.0 * noise


@pytest.mark.parametrize("container", CONTAINERS)
def test_only_constant_columns_are_blanked(X, container):
    X[:, 1], X[1:, 2] = 3.3, 3.3
    found = blank_constants(container(X), np.arange(40))
    found = found.toarray() if sparse.issparse(found) else found
    assert not found[:, 1].any()
    assert np.array_equal(np.delete(found, 1, axis=1), np.delete(X, 1, axis=1))


def test_rows_without_weight_do_not_make_a_column_vary(X):
    X[1:, 2] = 3.3
    assert not blank_constants(X, np.arange(1, 40))[:, 2].any()
    assert X[1:, 2].all()  # the caller's


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
@pytest.mark.parametrize("container", CONTAINERS)
def test_nothing_is_learned_from_features_that_do_not_vary(X, y, penalty, container):
    model = MultiTaskLinearRegressor(penalty=penalty)
    model.fit(container(np.full_like(X, 3.3)), y)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.intercept_, y.mean(axis=0))
    classifier = MultiTaskLinearClassifier(penalty=penalty)
    classifier.fit(container(np.full_like(X, 3.3)), y > 0)
    assert not np.any(classifier.coef_)


@pytest.mark.parametrize("penalty", PENALTIES, ids=repr)
def test_a_constant_column_changes_no_prediction(X, y, penalty):
    wide = np.column_stack([X, np.full(40, 3.3)])
    for model in (MultiTaskLinearRegressor, MultiTaskLinearClassifier):
        labels = y if model is MultiTaskLinearRegressor else y > 0
        one = model(penalty=penalty).fit(X, labels)
        other = model(penalty=penalty).fit(wide, labels)
        coef, found = np.vstack(one.coef_), np.vstack(other.coef_)
        np.testing.assert_allclose(found[:, :-1], coef, atol=1e-3)
        assert not found[:, -1].any()


@pytest.mark.parametrize("value", [0.0, 3.3, 1e8])
@pytest.mark.parametrize("penalty", [*PENALTIES, "ridge", "l21", "trace"], ids=repr)
def test_targets_that_do_not_vary_are_predicted_exactly(X, penalty, value):
    y = np.full((40, 3), value)
    model = MultiTaskLinearRegressor(penalty=penalty).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y)
    assert model.dual_gap_ <= 1e-6
