import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.datafits import SampleQuadratic, make_quadratic

SHAPES = {"many rows": (40, 5), "many features": (12, 20)}


def draw(shape, cells):
    rng = np.random.default_rng(0)
    n_samples, n_features = shape
    X = rng.standard_normal(shape) + 2.0
    Y = rng.standard_normal((n_samples, 3)) + 5.0
    weights = rng.uniform(0.5, 2.0, (n_samples, 1)) * np.ones((1, 3))
    if cells == "missing":
        weights = weights * (rng.random(weights.shape) > 0.3)
    if cells == "own rows":
        weights = weights * (np.arange(n_samples)[:, None] % 3 == np.arange(3))
    W = rng.standard_normal((n_features, 3))
    return X, Y, weights, W


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


@pytest.fixture(params=["complete", "missing", "own rows"])
def problem(request, shape):
    return draw(shape, request.param)


@pytest.fixture(params=[np.asarray, sparse.csr_array, sparse.csr_matrix])
def container(request):
    return request.param


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_value_is_the_weighted_mean_of_squares(problem, container, fit_intercept):
    X, Y, weights, W = problem
    datafit = make_quadratic(container(X), Y, weights, fit_intercept)
    errors = Y - X @ W - datafit.intercept(W)
    expected = np.sum(weights * errors**2) / (2.0 * weights.sum() / 3)
    assert datafit.evaluate(W).value == pytest.approx(expected)
    if not fit_intercept:
        assert not datafit.intercept(W).any()


def test_gradient_matches_finite_differences(problem, container):
    X, Y, weights, W = problem
    datafit = make_quadratic(container(X), Y, weights, True)
    move = np.random.default_rng(1).standard_normal(W.shape)
    up, down = (datafit.evaluate(W + h * move).value for h in (1e-5, -1e-5))
    slope = np.vdot(datafit.evaluate(W).gradient, move)
    assert (up - down) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_dual_of_the_full_residual_closes_the_gap_without_penalty(problem, container):
    X, Y, weights, W = problem
    here = make_quadratic(container(X), Y, weights, True).evaluate(W)
    assert here.dual(1.0) == pytest.approx(here.value - np.vdot(W, here.gradient))


def test_gram_and_sample_forms_agree(problem, container):
    X, Y, weights, W = problem
    datafit = make_quadratic(container(X), Y, weights, True)
    if not isinstance(datafit, SampleQuadratic):
        pytest.skip("already in Gram form")
    gram = datafit.gram()
    here, there = datafit.evaluate(W), gram.evaluate(W)
    assert here.value == pytest.approx(there.value)
    np.testing.assert_allclose(here.gradient, there.gradient, atol=1e-10)
    np.testing.assert_allclose(datafit.feature_lengths(), gram.feature_lengths())


def test_restricting_equals_zero_coefficients_elsewhere(problem, container):
    X, Y, weights, W = problem
    datafit = make_quadratic(container(X), Y, weights, True)
    rows = np.array([1, 3])
    padded = np.zeros_like(W)
    padded[rows] = W[rows]
    value = datafit.restrict(rows).evaluate(W[rows]).value
    assert value == pytest.approx(datafit.evaluate(padded).value)


def test_lipschitz_bounds_the_curvature(problem, container):
    X, Y, weights, W = problem
    datafit = make_quadratic(container(X), Y, weights, True)
    change = datafit.evaluate(2.0 * W).gradient - datafit.evaluate(W).gradient
    assert np.linalg.norm(change) <= datafit.lipschitz() * np.linalg.norm(W) * 1.001


def test_features_far_from_zero_lose_no_digits():
    X, Y, weights, W = draw(SHAPES["many features"], "complete")
    far = X + 2.0**40
    found = make_quadratic(far, Y, weights, True).evaluate(W)
    # The same numbers, rounded as those far from zero are.
    near = make_quadratic(far - far[0], Y, weights, True).evaluate(W)
    np.testing.assert_allclose(found.gradient, near.gradient, rtol=1e-9)
