"""A small table, targets of every kind, and what an estimator answers to it."""

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
NEW = rng.normal(size=(20, 4))
SIGNAL = X[:, :2] @ [[1.0, 0.5], [-0.5, 1.0]] + 0.1 * rng.normal(size=(60, 2))
TARGETS = {
    "classifier": (SIGNAL > 0).astype(float),
    "regressor": SIGNAL,
    "mixed": np.column_stack([SIGNAL[:, 0] > 0, SIGNAL[:, 1]]),
}


def outputs(model, inputs):
    """Return probabilities and values of all tasks in one array."""
    return np.column_stack(model._task_outputs(inputs))


def answer(make, kind, inputs, new):
    """Return the outputs for new samples, or what the error says."""
    try:
        return outputs(make().fit(inputs, TARGETS[kind]), new)
    except ValueError as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


def assert_same(one, other):
    """Ask for equal bits, or for the same error."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
    else:
        np.testing.assert_array_equal(one, other)
