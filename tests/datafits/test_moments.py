import numpy as np
import pytest

from sklearn_mtl.datafits import Moments, make_moments, make_quadratic, make_shift
from sklearn_mtl.tasks._read_y import sparse_cells


@pytest.mark.parametrize("is_shared", [True, False])
def test_all_rows_less_some_are_the_others(is_shared):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((30, 4)) + 100.0, rng.standard_normal((30, 3)) - 50.0
    weights = np.ones((30, 3)) if is_shared else (rng.random((30, 3)) > 0.3) * 1.0
    total = make_moments(X, Y, weights)
    test = np.arange(10)
    part = Moments.from_cells(
        X[test], Y[test], weights[test], total.shift, is_shared=is_shared
    )
    found = (total - part).quadratic(True)
    expected = make_quadratic(X[10:], Y[10:], weights[10:], True)
    W = rng.standard_normal((4, 3))
    here, there = found.evaluate(W), expected.evaluate(W)
    assert here.value == pytest.approx(there.value, rel=1e-10)
    np.testing.assert_allclose(here.gradient, there.gradient, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.intercept(W), expected.intercept(W))
    errors = weights * (Y - X @ W - found.intercept(W)) ** 2
    squares = part.squared_errors(W, found.intercept(W))
    np.testing.assert_allclose(squares, errors[test].sum(axis=0), rtol=1e-7)


@pytest.mark.parametrize("overlap", [0, 20])
def test_sums_over_own_rows_are_those_over_all_cells(overlap):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((60, 4)) + 9.0, rng.standard_normal((60, 5)) - 50.0
    # Tasks of 5, 30, 1, 24 and no rows, and some rows that two tasks share.
    owner = rng.permutation(np.repeat([0, 1, 2, 3], [5, 30, 1, 24]))
    weights = np.zeros((60, 5))
    weights[np.arange(60), owner] = rng.uniform(0.5, 2.0, 60)
    weights[:overlap, 1] = 1.0
    cells = sparse_cells(weights > 0)
    shift = make_shift(X, Y, weights)
    np.testing.assert_allclose(make_shift(X, Y, weights, cells).y, shift.y)
    found, expected = (
        Moments.from_cells(X, Y, weights, shift, is_shared=False, cells=at)
        for at in (cells, None)
    )
    for name in ("weight", "x", "xx", "y", "xy", "yy"):
        here, there = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(here, there, atol=1e-10, err_msg=name)
