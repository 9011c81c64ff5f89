import numpy as np
import pytest

from sklearn_mtl.datafits import make_quadratic
from sklearn_mtl.penalties import L21, TaskColumns
from sklearn_mtl.solvers import (
    Problem,
    alpha_grid,
    certify,
    solve,
    solve_path,
)
from sklearn_mtl.solvers.feature_groups import (
    _feature_groups,
)
from sklearn_mtl.solvers.feature_groups._kernels import cycle_groups

SHAPES = {"gram": (60, 8), "wide": (30, 50), "more rows than samples": (8, 60)}


def make_problem(shape, penalty=None):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape)
    X[:, 1] = 0.9 * X[:, 0] + 0.1 * X[:, 1]
    Y = X[:, :4] @ rng.standard_normal((4, 3)) + rng.standard_normal((len(X), 3))
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    return Problem(datafit, penalty or L21(), TaskColumns.plain(3))


@pytest.fixture
def with_cycles(monkeypatch):
    """Use the loop that numba would compile as it stands."""
    monkeypatch.setattr(_feature_groups, "group_cycle", lambda: cycle_groups)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize(
    "penalty",
    [L21(), L21(l1_ratio=0.6), L21(feature_weights="by feature")],
    ids=["l21", "with ridge", "weighted"],
)
def test_cycles_and_newton_steps_find_the_same_path(shape, penalty, monkeypatch):
    if penalty.feature_weights is not None:
        weights = np.random.default_rng(1).uniform(0.5, 2.0, shape[1])
        penalty = L21(feature_weights=weights)
    problem = make_problem(shape, penalty)
    alphas = alpha_grid(problem, 8, 0.02)
    newton = [s for _, s in solve_path(problem, alphas, tol=1e-10)]
    monkeypatch.setattr(_feature_groups, "group_cycle", lambda: cycle_groups)
    for (here, found), other in zip(
        solve_path(problem, alphas, tol=1e-10), newton, strict=True
    ):
        assert found.certificate.gap <= 1e-10
        assert certify(here, found.point).gap <= 2e-10
        assert found.certificate.objective == pytest.approx(
            other.certificate.objective, rel=1e-8
        )


@pytest.mark.usefixtures("with_cycles")
def test_cycles_start_from_a_given_point():
    problem = make_problem((30, 50), L21(alpha=0.1))
    found = solve(problem, tol=1e-10)
    again = solve(problem, found.point, tol=1e-8)
    assert again.n_iter < found.n_iter
    np.testing.assert_allclose(again.point, found.point, atol=1e-4)


@pytest.mark.usefixtures("with_cycles")
def test_a_column_of_zeros_stays_out():
    X = np.random.default_rng(0).standard_normal((40, 4))
    X[:, 2] = 0.0
    Y = X @ np.ones((4, 2))
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    W = solve(Problem(datafit, L21(alpha=0.01), TaskColumns.plain(2))).point
    assert not W[2].any()
    assert W[[0, 1, 3]].all()


def test_the_way_may_be_coarser_than_the_end():
    problem = make_problem((30, 50))
    alphas = alpha_grid(problem, 10, 0.02)
    gaps = [
        s.certificate.gap
        for _, s in solve_path(problem, alphas, tol=1e-12, path_tol=1e-3)
    ]
    assert gaps[-1] <= 1e-12 < max(gaps) <= 1e-3


def test_extrapolation_along_the_path_saves_steps(monkeypatch):
    problem = make_problem((60, 8))
    alphas = alpha_grid(problem, 40, 1e-3)

    def steps():
        return sum(s.n_iter for _, s in solve_path(problem, alphas))

    extrapolated = steps()
    monkeypatch.setattr(
        _feature_groups.FeatureGroups, "_predict", lambda self, alpha: None
    )
    assert extrapolated < steps()


def test_more_rows_than_twice_the_samples_make_no_gram_matrix(monkeypatch):
    problem = make_problem((60, 200), L21(alpha=1e-3))
    sets = []
    extend = _feature_groups.WorkingSet.extend

    def spy(self, rows):
        extend(self, rows)
        sets.append((len(self), self.has_gram))

    monkeypatch.setattr(_feature_groups.WorkingSet, "extend", spy)
    assert solve(problem, tol=1e-12).certificate.gap <= 1e-12
    assert {has_gram for n, has_gram in sets if n <= 120} == {True}
    assert {has_gram for n, has_gram in sets if n > 120} == {False}


@pytest.mark.parametrize("n_samples", [2, 3, 4])
@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.001])
def test_fewer_rows_than_features_in_use_are_no_obstacle(n_samples, alpha):
    rng = np.random.default_rng(n_samples)
    X, Y = rng.standard_normal((n_samples, 6)), rng.standard_normal((n_samples, 3))
    datafit = make_quadratic(X, Y, np.ones_like(Y), True)
    solution = solve(Problem(datafit, L21(alpha), TaskColumns.plain(3)))
    assert solution.certificate.gap <= 1e-6
