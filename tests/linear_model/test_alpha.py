"""What alpha is where the penalty needs one, and where it needs none."""

import numpy as np
import pytest

from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
VALUES = X[:, :2] + RNG.normal(size=(40, 2))
CASES = [
    (MultiTaskLinearRegressor, VALUES),
    (MultiTaskLinearClassifier, VALUES > 0),
]
both = pytest.mark.parametrize(("cls", "y"), CASES)


@both
@pytest.mark.parametrize("alpha", [1.0, 0.5, 0])
def test_empirical_bayes_takes_no_alpha(cls, y, alpha):
    message = f"^{cls.__name__}: alpha={alpha} has no effect with penalty='empirical_b"
    with pytest.raises(ValueError, match=message):
        cls(alpha=alpha).fit(X, y)


@both
def test_no_penalty_takes_no_alpha(cls, y):
    message = rf"^{cls.__name__}: alpha=100\.0 has no effect with penalty=None"
    with pytest.raises(ValueError, match=message):
        cls(penalty=None, alpha=100.0).fit(X, y)
    cls(penalty=None, alpha=0.0).fit(X, y)  # which is no penalty


def test_the_mixed_estimator_names_its_part():
    y = np.column_stack([VALUES[:, 0], VALUES[:, 1] > 0])
    model = MultiTaskLinearMixedEstimator(regressor=MultiTaskLinearRegressor(alpha=2.0))
    with pytest.raises(ValueError, match=r"^MultiTaskLinearRegressor: alpha=2\.0"):
        model.fit(X, y)


@both
@pytest.mark.parametrize("penalty", ["ridge", "l21"])
def test_other_penalties_are_multiplied_by_1_unless_told_otherwise(cls, y, penalty):
    model, told = cls(penalty=penalty).fit(X, y), cls(penalty=penalty, alpha=1.0)
    np.testing.assert_array_equal(model.coef_, told.fit(X, y).coef_)
    assert model.alpha_ == 1.0
    assert model.get_params()["alpha"] is None
