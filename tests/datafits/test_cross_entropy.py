import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.datafits import LogLoss

CLASSES = [2, 3, 2]


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 4)) + 1.0
    codes = np.stack([rng.integers(0, k, 40) for k in CLASSES], axis=1).astype(float)
    weights = rng.uniform(0.5, 2.0, (40, 3)) * (rng.random((40, 3)) > 0.2)
    return X, codes, weights, 0.5 * rng.standard_normal((4, 5))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gradient_matches_finite_differences(problem, container, fit_intercept):
    X, codes, weights, W = problem
    datafit = LogLoss(container(X), codes, weights, CLASSES, fit_intercept)
    for seed in range(3):
        move = np.random.default_rng(seed).standard_normal(W.shape)
        up, down = (datafit.evaluate(W + h * move).value for h in (1e-5, -1e-5))
        slope = np.vdot(datafit.evaluate(W).gradient, move)
        assert (up - down) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_value_is_the_mean_log_loss(problem):
    X, codes, weights, W = problem
    datafit = LogLoss(X, codes, weights, CLASSES, True)
    logits = X @ W + datafit.intercept(W)
    p = 1.0 / (1.0 + np.exp(-logits[:, [0, 4]]))
    powers = np.exp(logits[:, 1:4])
    softmax = powers / powers.sum(axis=1, keepdims=True)
    rows = np.arange(40)
    losses = -np.log(
        np.stack(
            [
                np.where(codes[:, 0] == 1, p[:, 0], 1 - p[:, 0]),
                softmax[rows, codes[:, 1].astype(int)],
                np.where(codes[:, 2] == 1, p[:, 1], 1 - p[:, 1]),
            ],
            axis=1,
        )
    )
    expected = np.sum(weights * losses) / (weights.sum() / 3)
    assert datafit.evaluate(W).value == pytest.approx(expected)


def test_residuals_of_every_column_sum_to_zero(problem):
    X, codes, weights, W = problem
    datafit = LogLoss(X, codes, weights, CLASSES, True)
    p = datafit.probabilities(datafit.logits(W))
    sums = (datafit.cells * (p - datafit.targets)).sum(axis=0)
    np.testing.assert_allclose(sums, 0.0, atol=1e-10)


def test_intercepts_are_found_where_labels_are_nearly_certain(problem):
    X, codes, weights, W = problem
    datafit = LogLoss(X, codes, weights, CLASSES, True)
    W = 40.0 * W
    p = datafit.probabilities(datafit.logits(W))
    sums = (datafit.cells * (p - datafit.targets)).sum(axis=0)
    np.testing.assert_allclose(sums, 0.0, atol=1e-6)


def test_dual_of_the_full_residual_closes_the_gap_without_penalty(problem):
    X, codes, weights, W = problem
    here = LogLoss(X, codes, weights, CLASSES, True).evaluate(W)
    assert here.dual(1.0) == pytest.approx(here.value - np.vdot(W, here.gradient))


def test_curvature_is_the_derivative_of_the_residual(problem):
    X, codes, weights, W = problem
    datafit = LogLoss(X, codes, weights, CLASSES, False)
    logits = X @ W
    Z = np.random.default_rng(1).standard_normal(logits.shape)
    up, down = (
        datafit.cells * datafit.probabilities(logits + h * Z) for h in (1e-6, -1e-6)
    )
    found = datafit.curvature(datafit.probabilities(logits))(Z)
    np.testing.assert_allclose(found, (up - down) / 2e-6, atol=1e-8)
