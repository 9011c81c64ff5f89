"""The evidence against dense covariance matrices of all rows."""

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import minimize

from sklearn_mtl.datafits import make_quadratic
from sklearn_mtl.solvers import evidence_of_levels
from sklearn_mtl.solvers.evidence._pooled_evidence import _Step

VARIANCES = noise, shared, own, level = 0.7, 0.5, 0.3, 1.1


def draw(n_tasks, n_features=3, seed=0):
    """Return X, the task of each row, y and its table."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(n_tasks), rng.integers(4, 12, n_tasks))
    X = rng.standard_normal((len(tasks), n_features))
    X += 0.5 * rng.standard_normal((n_tasks, n_features))[tasks]
    W = rng.normal(0.0, np.sqrt(shared), n_features)
    W = W + rng.normal(0.0, np.sqrt(own), (n_tasks, n_features))
    y = (X * W[tasks]).sum(axis=1) + rng.normal(0.0, np.sqrt(level), n_tasks)[tasks]
    return X, tasks, y + rng.normal(0.0, np.sqrt(noise), len(y))


def evidence_of(X, tasks, y):
    table = np.eye(tasks[-1] + 1)[tasks]
    datafit = make_quadratic(X, table * y[:, None], table, True)
    return evidence_of_levels(datafit, table.sum(axis=0))


def centred(step, X, y):
    """Return the rows measured from the common level that the step found."""
    part, here = step.trust / step.trust.sum(), step.evidence
    return X - here.x @ part, y - here.y @ part


@pytest.fixture
def problem():
    return draw(5)


def test_posteriors_are_those_of_the_joint_normal_of_all_rows(problem):
    X, tasks, y = problem
    evidence = evidence_of(X, tasks, y)
    step = _Step(evidence, noise, own, level)
    Z, target = centred(step, X, y)
    table = np.eye(5)[tasks]
    # Columns: the shared vector, each task's deviations, each task's level.
    blocks = block_diag(*[Z[tasks == t] for t in range(5)])
    design = np.hstack([Z, blocks, table])
    prior = np.repeat([shared, own, level], [3, 15, 5])
    covariance = np.linalg.inv(design.T @ design / noise + np.diag(1.0 / prior))
    mean = covariance @ design.T @ target / noise
    found = step.covariance(shared)
    np.testing.assert_allclose(found, covariance[:3, :3])
    vector = found @ step.pull_of_mean()
    np.testing.assert_allclose(vector, mean[:3])
    W = step.coefficients(evidence._own_coordinates(vector))
    inside = np.einsum("itj,tj->ti", step.axes, W)
    np.testing.assert_allclose(inside, mean[:3] + mean[3:18].reshape(5, 3))
    variances = np.diag(covariance)
    expected = variances[3:18].sum()
    assert step.deviation_variance(found) == pytest.approx(expected)
    np.testing.assert_allclose(step.levels(W), mean[18:])
    of_common = (level * step.trust) ** 2 / step.trust.sum()
    np.testing.assert_allclose(step.level_variance(found) - of_common, variances[18:])
    errors = np.sum((target - design @ mean) ** 2)
    assert step.errors(W, mean[18:]) == pytest.approx(errors)


def test_strengths_are_close_to_restricted_maximum_likelihood():
    X, tasks, y = draw(40, 4, seed=1)
    same = (tasks[:, None] == tasks).astype(float)
    inner = X @ X.T
    basis = np.linalg.svd(np.ones((1, len(y))))[2][1:]  # takes the common level off

    def loss(logs):
        noise, shared, own, level = np.exp(logs)
        V = noise * np.eye(len(y)) + shared * inner + (own * inner + level) * same
        V, z = basis @ V @ basis.T, basis @ y
        return np.linalg.slogdet(V)[1] + z @ np.linalg.solve(V, z)

    dense = np.exp(minimize(loss, np.zeros(4), method="L-BFGS-B").x)
    found = evidence_of(X, tasks, y).strengths(1.0)
    ours = [found.shared, found.own, found.pooling.strength]
    np.testing.assert_allclose(ours, dense[0] / dense[1:], rtol=0.1)
