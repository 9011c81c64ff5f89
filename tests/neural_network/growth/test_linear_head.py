"""Ridge-penalised heads on a fixed representation."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_mtl.losses import CrossEntropy, FocalLoss, HuberLoss, SquaredError
from sklearn_mtl.neural_network.growth._linear_head import fit_ridge_path


def drawn(n_samples=80, n_hidden=5, seed=0):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(n_samples, n_hidden))
    return Z, Z @ rng.normal(size=(n_hidden, 3)) + rng.normal(size=(n_samples, 3)), rng


def fitted(Z, y, weights, loss, n_outputs, alphas, bias=None):
    bias = np.zeros(n_outputs) if bias is None else bias
    targets = torch.as_tensor(y, dtype=torch.float64)[:, None]
    return fit_ridge_path(torch.as_tensor(Z), targets, weights, loss, bias, alphas)


def test_binary_head_is_logistic_regression():
    Z, scores, rng = drawn()
    y, weights = (scores[:, 0] > 0).astype(float), rng.uniform(0.5, 2.0, 80)
    alphas = [1.0, 0.01]
    for alpha, (W, b) in zip(
        alphas, fitted(Z, y, weights, CrossEntropy(), 1, alphas), strict=True
    ):
        strength = 1.0 / (alpha * weights.sum())
        oracle = LogisticRegression(C=strength, tol=1e-10, max_iter=1000)
        oracle.fit(Z, y, weights)
        np.testing.assert_allclose(W[:, 0], oracle.coef_[0], atol=1e-5)
        np.testing.assert_allclose(b, oracle.intercept_, atol=1e-5)


def test_multiclass_head_is_multinomial_regression():
    Z, scores, _ = drawn()
    y, weights = scores.argmax(axis=1).astype(float), np.ones(80)
    ((W, b),) = fitted(Z, y, weights, CrossEntropy(), 3, [0.05])
    oracle = LogisticRegression(C=1.0 / (0.05 * 80), tol=1e-10, max_iter=1000)
    oracle.fit(Z, y)
    proba = torch.softmax(torch.as_tensor(Z @ W + b), dim=1).numpy()
    np.testing.assert_allclose(proba, oracle.predict_proba(Z), atol=1e-5)


def test_regression_head_is_ridge_regression():
    Z, scores, rng = drawn()
    y, weights = scores[:, 0], rng.uniform(0.5, 2.0, 80)
    ((W, b),) = fitted(Z, y, weights, SquaredError(), 1, [0.3])
    # the loss (z - y)^2 has no factor 1/2, the penalty has
    oracle = Ridge(alpha=0.5 * 0.3 * weights.sum()).fit(Z, y, weights)
    np.testing.assert_allclose(W[:, 0], oracle.coef_, atol=1e-5)
    np.testing.assert_allclose(b[0], oracle.intercept_, atol=1e-5)


@pytest.mark.parametrize("loss", [FocalLoss(), HuberLoss()])
def test_other_losses_end_where_the_gradient_is_zero(loss):
    Z, scores, _ = drawn()
    y = scores[:, 0] if isinstance(loss, HuberLoss) else (scores[:, 0] > 0) * 1.0
    ((W, b),) = fitted(Z, y, np.ones(80), loss, 1, [0.1])
    z = torch.as_tensor(Z @ W + b)
    _, slopes = loss.cells(z, torch.as_tensor(y)[:, None], None)
    gradient = Z.T @ slopes.numpy() / 80 + 0.1 * W
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)
    np.testing.assert_allclose(slopes.numpy().mean(), 0.0, atol=1e-6)


def test_a_class_without_labels_keeps_its_first_logit():
    Z, scores, _ = drawn()
    y = (scores[:, 0] > 0) * 2.0  # never class 1
    bias = np.array([0.0, -5.0, 0.0])
    ((W, b),) = fitted(Z, y, np.ones(80), CrossEntropy(), 3, [0.1], bias)
    assert b[1] == -5.0
    assert not W[:, 1].any()
    assert W[:, [0, 2]].any()


def test_one_class_alone_leaves_the_head_as_it_is():
    Z, _, _ = drawn()
    ((W, b),) = fitted(
        Z, np.ones(80), np.ones(80), CrossEntropy(), 1, [0.1], np.full(1, 2.5)
    )
    assert b == [2.5]
    assert not W.any()
