import numpy as np
import pytest

from sklearn_mtl.tasks._circular import distances, from_vectors, unit_vectors


@pytest.mark.parametrize("period", [2 * np.pi, 360, 24, 1e-3])
def test_values_come_back_within_the_period(period):
    values = np.linspace(-3, 3, 101) * period
    found = from_vectors(5 * unit_vectors(values, period), period)
    assert ((found >= 0) & (found < period)).all()
    np.testing.assert_allclose(
        distances(found, values, period), 0, atol=1e-12 * abs(values).max()
    )


def test_just_below_nothing_is_nothing():
    assert from_vectors(np.array([[1.0, -1e-300]]), 360.0) == 0.0


def test_distances_go_the_shorter_way():
    a, b = np.array([359, 0, 10, 725]), np.array([1, 180, 350, 5])
    np.testing.assert_array_equal(distances(a, b, 360), [2, 180, 20, 0])
