import numpy as np
import pytest

from sklearn_mtl.solvers.feature_groups._screen import Screen


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((12, 30))


def lengths(X, residual):
    return np.linalg.norm(X.T @ residual, axis=1)


def test_no_gradient_is_longer_than_the_estimate_and_its_error(X):
    rng = np.random.default_rng(1)
    residuals = rng.standard_normal((3, 12, 4))
    screen = Screen(residuals[0], X.T @ residuals[0])
    for known in residuals[1:]:
        for step in (1e-3, 0.1, 1.0):
            here = 0.5 * residuals[0] + step * rng.standard_normal((12, 4))
            near, error = screen.estimate(here)
            most = near + np.linalg.norm(X, axis=0) * error
            assert (lengths(X, here) <= most).all()
        found = screen.add(known, X.T @ known)
        np.testing.assert_allclose(found, lengths(X, known))


def test_gradients_at_mixtures_of_the_known_residuals_are_known(X):
    one, other, third = np.random.default_rng(2).standard_normal((3, 12, 4))
    screen = Screen(third, X.T @ third)
    screen.add(one, X.T @ one)
    screen.add(other, X.T @ other)
    here = 0.3 * one - 1.7 * other
    near, error = screen.estimate(here)
    np.testing.assert_allclose(near, lengths(X, here), rtol=1e-6)
    assert error <= 1e-6 * np.linalg.norm(here)
    assert screen.estimate(third)[1] > 0.1
