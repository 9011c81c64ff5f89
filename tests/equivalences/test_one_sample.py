"""What is said of a sample does not depend on which samples are asked about with it.

Classes are the same. Probabilities and values agree to 1e-12, and for nets and what
contains them to 1e-5 of the largest value, since products in float32 of other shapes
add in another order.
"""

import numpy as np
import pytest

from tests.zoo import RETRIEVERS, predictors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
Y = {
    "classifier": (X[:, :2] + 0.3 * RNG.normal(size=(150, 2)) > 0).astype(float),
    "regressor": X[:, :2] + X[:, 2:],
    "mixed": np.column_stack([X[:, 0] > 0, X[:, 1] - X[:, 2]]),
}
NEW = RNG.normal(size=(37, 4))


def outputs(model, inputs):
    """Return predictions and probabilities of all tasks as columns of floats."""
    columns = [model.predict(inputs).astype(float)]
    if hasattr(model, "predict_proba"):
        columns += [proba for proba in model.predict_proba(inputs) if proba is not None]
    return np.column_stack(columns)


@pytest.mark.parametrize(("kind", "name"), predictors())
def test_alone_and_among_others(kind, name):
    model = predictors()[kind, name]().fit(X, Y[kind])
    together = outputs(model, NEW)
    tolerance = 1e-5 if "net" in name or name == "conv" else 1e-12
    atol = tolerance * np.abs(together).max()
    for inputs, rows in (
        *((NEW[[i]], [i]) for i in range(10)),
        (NEW[::-1], slice(None, None, -1)),
        (np.tile(NEW, (40, 1)), np.tile(np.arange(37), 40)),
    ):
        np.testing.assert_allclose(
            outputs(model, inputs), together[rows], rtol=0, atol=atol
        )


@pytest.mark.parametrize("name", RETRIEVERS)
def test_queries_alone_and_among_others(name):
    retriever = RETRIEVERS[name]().fit(X, Y["classifier"])
    distances, indices = retriever.kneighbors(NEW)
    for i in range(10):
        alone = retriever.kneighbors(NEW[[i]])
        np.testing.assert_allclose(alone[0][0], distances[i], rtol=0, atol=1e-5)
        if name == "features":
            np.testing.assert_array_equal(alone[1][0], indices[i])
