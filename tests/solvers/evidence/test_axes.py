import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.solvers import common_axes


@pytest.mark.parametrize("shape", [(30, 5), (6, 20)])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_axes_are_those_of_the_weighted_covariance(shape, fit_intercept, container):
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal(shape) + 1.0, rng.random(shape[0])
    centred = X - fit_intercept * np.average(X, axis=0, weights=weights)
    covariance = (weights / weights.sum() * centred.T) @ centred
    axes = common_axes(container(X), weights, fit_intercept)
    assert len(axes.values) == min(shape[1], shape[0] - fit_intercept)
    vectors = axes.project(np.eye(shape[1])).T
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(len(axes.values)), atol=1e-9)
    np.testing.assert_allclose((vectors * axes.values) @ vectors.T, covariance)


def test_many_sparse_features_are_never_made_dense():
    X = sparse.eye_array(50, 100_000, format="csr")
    tracemalloc.start()
    axes = common_axes(X, np.ones(50), fit_intercept=True)
    axes.project(np.ones((100_000, 1)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.25 * 8 * 50 * 100_000
