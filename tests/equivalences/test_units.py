"""A target in another unit gives the same predictions in that unit.

Features in other units give the same predictions where an estimator scales them.
"""

import numpy as np
import pytest

from sklearn_mtl.linear_model import MultiTaskLinearRegressorCV
from sklearn_mtl.linear_model._names import PENALTIES
from tests.zoo import MIXED, REGRESSORS

#: Its alpha is fixed, in the units of the targets.
FIXED = {"linear, l21"}
SEARCHES = {
    f"search, {name}": lambda name=name: MultiTaskLinearRegressorCV(
        penalty=name, alphas=4, cv=3
    )
    for name in PENALTIES
}
FACTORS = [1e-9, 1e9]


def draw():
    """Return inputs and three targets in one unit, with missing labels."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = X @ rng.standard_normal((4, 3)) + 0.3 * rng.standard_normal((60, 3)) + 1.0
    y[::7, 0] = np.nan
    return X, y


def predict(make, X, y):
    return np.asarray(make().fit(X[:50], y[:50]).predict(X[50:]), dtype=float)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", sorted({*REGRESSORS, *SEARCHES} - FIXED))
def test_predictions_are_multiplied_as_their_target_is(name, factor):
    make = {**REGRESSORS, **SEARCHES}[name]
    X, y = draw()
    factors = np.array([1.0, factor, 1.0])
    expected = predict(make, X, y) * factors
    found = predict(make, X, y * factors)
    np.testing.assert_allclose(found / factors, expected / factors, rtol=1e-6)


@pytest.mark.parametrize("name", sorted({*REGRESSORS, *SEARCHES} - FIXED))
def test_small_differences_between_large_numbers_are_learned(name):
    make = {**REGRESSORS, **SEARCHES}[name]
    X, y = draw()
    offset = np.array([0.0, 1e9, 0.0])
    found = predict(make, X, y + offset) - offset
    # Labels near 1e9 are known to 1e-7.
    np.testing.assert_allclose(found, predict(make, X, y), atol=1e-5)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("name", sorted(MIXED))
def test_classes_stay_and_values_are_multiplied(name, factor):
    X, y = draw()
    y[:, 0] = np.where(np.isnan(y[:, 0]), np.nan, y[:, 0] > 1.0)
    factors = np.array([1.0, 1.0, factor])
    expected = predict(MIXED[name], X, y) * factors
    found = predict(MIXED[name], X, y * factors)
    np.testing.assert_allclose(found / factors, expected / factors, rtol=1e-6)


#: Penalties, pictures and other libraries' estimators take features as they are.
AS_THEY_ARE = {"linear, l21", "linear CV", "conformal", "conv", "independent"}
UNITS = [np.full(4, 1e9), np.full(4, 1e-9), np.array([1e4, 1e-4, 1.0, 1e-12])]


@pytest.mark.parametrize("units", range(len(UNITS)))
@pytest.mark.parametrize("name", sorted(REGRESSORS.keys() - AS_THEY_ARE))
def test_units_of_the_features_do_not_matter(name, units):
    X, y = draw()
    expected = predict(REGRESSORS[name], X, y)
    found = predict(REGRESSORS[name], X * UNITS[units], y)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
