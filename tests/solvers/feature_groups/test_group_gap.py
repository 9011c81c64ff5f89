import numpy as np
import pytest

from sklearn_mtl.datafits import make_quadratic
from sklearn_mtl.penalties import L21, TaskColumns
from sklearn_mtl.solvers import Problem, certify
from sklearn_mtl.solvers.feature_groups._group_gap import GroupGauge, group_norms


@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
@pytest.mark.parametrize("shape", [(60, 8), (20, 40)])
def test_the_gauge_of_some_rows_says_what_the_certificate_of_all_says(shape, l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape)
    Y = X[:, :3] @ rng.standard_normal((3, 4)) + rng.standard_normal((len(X), 4))
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    problem = Problem(datafit, L21(0.1, l1_ratio), TaskColumns.plain(4))
    groups, ridge = problem.penalty.feature_group_form(shape[1])
    some, left_out = np.arange(5), np.arange(5, shape[1])
    W = np.zeros(problem.shape)
    W[:4] = rng.standard_normal((4, 4))
    zero, here = datafit.evaluate(np.zeros_like(W)), datafit.evaluate(W)
    B, U = -zero.gradient, -here.gradient
    gauge = GroupGauge(B[some], groups[some], ridge, zero.value, np.linalg.norm(B))
    others = group_norms(U[left_out]), groups[left_out]
    found = gauge.certify(W[some], U[some], others)
    expected = certify(problem, W)
    assert found.objective == pytest.approx(expected.objective)
    assert found.gap == pytest.approx(expected.gap)
    assert found.optimality == pytest.approx(expected.optimality)
    assert gauge.gap(W[some], U[some]) <= found.gap
