import numpy as np
import pytest

from sklearn_mtl.solvers.evidence._fixed_point import fixed_point

RATES = np.array([0.95, 0.6, 0.1])


def count_steps(step):
    calls = []

    def counted(x):
        calls.append(x)
        return step(x)

    return counted, calls


def test_a_linear_map_is_solved_in_a_fraction_of_its_steps():
    step, calls = count_steps(lambda x: 1.0 + RATES * x)
    found = fixed_point(step, np.zeros(3), 1e-9, 1000)
    np.testing.assert_allclose(found, 1.0 / (1.0 - RATES), rtol=1e-6)
    assert len(calls) < 0.3 * np.log(1e-9) / np.log(0.95)


def test_an_extrapolation_that_leads_astray_is_taken_back():
    # Steps shrink x below 0.1 only; the first extrapolation from 0.05 lands beyond.
    step, _ = count_steps(lambda x: 0.97 * x + 3.0 * x**3)
    found = fixed_point(step, np.array([0.05]), 1e-9, 1000)
    assert found == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("max_iter", [2, 7])
def test_there_are_no_more_steps_than_allowed(max_iter):
    step, calls = count_steps(lambda x: x + 1.0)
    fixed_point(step, np.zeros(1), 1e-9, max_iter)
    assert len(calls) <= max_iter
