"""A loss that is not finite: the error says which number is the reason."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import TaskError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
Y = X[:, :2] + RNG.normal(size=(200, 2))


def net(cls=MultiTaskRegressor, **arguments):
    return cls(max_epochs=2, random_state=0, **arguments)


def test_a_label_that_is_no_label_is_the_reason():
    y = Y.copy()
    y[0, 1] = 1e20
    message = r"task 'task1' became inf in epoch 1. A label differs .* by 1e\+20 times"
    with pytest.raises(TaskError, match=message):
        net().fit(X, y)


@pytest.mark.parametrize("container", [np.array, sparse.csr_array])
@pytest.mark.parametrize("cls", [MultiTaskRegressor, MultiTaskClassifier])
def test_a_value_of_a_column_is_the_reason(cls, container):
    inputs = X * (X > -1)
    inputs[0, 2] = 1e40
    y = Y > 0 if cls is MultiTaskClassifier else Y
    message = r"Numeric column 2 of X contains 1e\+40; its usual values are about 0\.\d"
    with pytest.raises(TaskError, match=message):
        net(cls).fit(container(inputs), y)


def test_without_such_a_number_the_rate_is_the_reason():
    with pytest.raises(TaskError, match=r"Lower lr \(now 1e\+30\)"):
        net(lr=1e30, optimizer="sgd", n_members=1).fit(X, Y)


@pytest.mark.parametrize("offset", [1e20, 1e39])
def test_a_target_whose_digits_are_lost_is_a_constant(offset):
    y = Y.copy()
    y[:, 0] = offset + y[:, 0]
    found = net().fit(X, y).predict(X)
    np.testing.assert_allclose(found[:, 0], offset, rtol=1e-12)


def test_a_single_sample_is_not_held_out():
    model = net(n_members=8, early_stopping=True).fit(X[:1], Y[:1])
    np.testing.assert_allclose(model.predict(X[:1]), Y[:1], atol=0.5)
