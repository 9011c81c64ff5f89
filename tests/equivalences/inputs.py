"""A small table, targets of every kind, and what an estimator answers to it."""

from functools import cache

import numpy as np

from tests.equivalences.containers import frame
from tests.zoo import predictors

ZOO = predictors()
rng = np.random.default_rng(0)
# multiples of 1/8, which the dtypes of all containers hold exactly
X = np.round(8 * rng.normal(size=(60, 4))) / 8
NEW = np.round(8 * rng.normal(size=(20, 4))) / 8
SIGNAL = X[:, :2] @ [[1.0, 0.5], [-0.5, 1.0]] + 0.1 * rng.normal(size=(60, 2))
TARGETS = {
    "classifier": (SIGNAL > 0).astype(float),
    "regressor": SIGNAL,
    "mixed": np.column_stack([SIGNAL[:, 0] > 0, SIGNAL[:, 1]]),
}


@cache
def fitted(kind, name, has_names=False):
    """Return an estimator of the zoo that is fitted to X, as an array or a frame."""
    return ZOO[kind, name]().fit(frame(X) if has_names else X, TARGETS[kind])


def outputs(model, inputs):
    """Return probabilities and values of all tasks in one array."""
    return np.column_stack(model._task_outputs(inputs))


def told(model, inputs):
    """Return the outputs, or what the error says."""
    try:
        return outputs(model, inputs)
    except ValueError as error:
        return str(error).splitlines()[0]


def answer(make, kind, inputs, new):
    """Return the outputs of a fit for new samples, or what the error says."""
    try:
        model = make().fit(inputs, TARGETS[kind])
    except ValueError as error:
        return str(error).splitlines()[0]
    return told(model, new)


def assert_same(one, other, rtol=0.0, atol=0.0):
    """Ask for equal outputs, or for the same error."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
    else:
        np.testing.assert_allclose(one, other, rtol, atol)
