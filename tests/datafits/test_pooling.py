import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.datafits import Moments, Pooling, make_moments, make_quadratic

STRENGTH = 3.0


@pytest.fixture(params=[(40, 5), (12, 20)], ids=["many rows", "many features"])
def shape(request):
    return request.param


@pytest.fixture(params=["complete", "missing", "own rows"])
def problem(request, shape):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) + 2.0
    y = rng.standard_normal((len(X), 3)) + np.array([5.0, 6.0, 9.0])
    weights = rng.uniform(0.5, 2.0, (len(X), 1)) * np.ones((1, 3))
    if request.param == "missing":
        weights = weights * (rng.random(weights.shape) > 0.3)
    if request.param == "own rows":
        weights = weights * (np.arange(len(X))[:, None] % 3 == np.arange(3))
    return X, y, weights, rng.standard_normal((shape[1], 3))


def common_level(X, y, weights):
    totals = weights.sum(axis=0)
    x_means, y_means = X.T @ weights / totals, (weights * y).sum(axis=0) / totals
    h = totals / (totals + STRENGTH)
    return x_means @ h / h.sum(), y_means @ h / h.sum()


def objective(problem, b):
    """Return the data term at intercepts b, as the docstring of Pooling says it."""
    X, y, weights, W = problem
    x, level = common_level(X, y, weights)
    errors = np.sum(weights * (y - X @ W - b) ** 2)
    errors += STRENGTH * np.sum((b + x @ W - level) ** 2)
    return errors / (2.0 * weights.sum() / 3)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_value_is_the_objective_at_the_best_intercepts(problem, container):
    X, y, weights, W = problem
    datafit = make_quadratic(container(X), y, weights, Pooling(STRENGTH))
    b = datafit.intercept(W)
    assert datafit.evaluate(W).value == pytest.approx(objective(problem, b))
    for t in range(3):
        for step in (-1e-3, 1e-3):
            moved = b + step * (np.arange(3) == t)
            assert objective(problem, moved) > objective(problem, b)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_gradient_and_dual_are_those_of_the_value(problem, container):
    X, y, weights, W = problem
    datafit = make_quadratic(container(X), y, weights, Pooling(STRENGTH))
    move = np.random.default_rng(1).standard_normal(W.shape)
    up, down = (datafit.evaluate(W + h * move).value for h in (1e-5, -1e-5))
    here = datafit.evaluate(W)
    assert (up - down) / 2e-5 == pytest.approx(np.vdot(here.gradient, move), rel=1e-6)
    # Fenchel: f(W) + f*(theta) = <theta, W> at theta = gradient.
    assert here.value - here.dual(1.0) == pytest.approx(np.vdot(here.gradient, W))


def test_strength_0_leaves_intercepts_free_and_a_large_one_makes_them_common(problem):
    X, y, weights, W = problem
    free, none = (make_quadratic(X, y, weights, c) for c in (True, Pooling(0.0)))
    np.testing.assert_allclose(none.intercept(W), free.intercept(W))
    assert none.evaluate(W).value == pytest.approx(free.evaluate(W).value)
    same = np.repeat(W[:, :1], 3, axis=1)
    common = make_quadratic(X, y, weights, Pooling(1e12)).intercept(same)
    assert np.ptp(common) < 1e-6


def test_moments_of_a_part_are_pooled_as_its_rows_are(problem):
    X, y, weights, W = problem
    if len(X) < len(W):
        pytest.skip("Gram form is for many rows")
    total = make_moments(X, y, weights)
    part = Moments.from_cells(
        X[:9], y[:9], weights[:9], total.shift, is_shared=total.is_shared
    )
    found = (total - part).quadratic(Pooling(STRENGTH))
    expected = make_quadratic(X[9:], y[9:], weights[9:], Pooling(STRENGTH))
    np.testing.assert_allclose(found.intercept(W), expected.intercept(W))
    assert found.evaluate(W).value == pytest.approx(expected.evaluate(W).value)
