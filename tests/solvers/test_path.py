import numpy as np
import pytest

from sklearn_mtl.datafits import make_quadratic
from sklearn_mtl.penalties import L21, Ridge, TaskColumns
from sklearn_mtl.solvers import Problem, alpha_grid, solve, solve_path


@pytest.fixture(params=[(60, 5), (20, 40)])
def datafit(request):
    rng = np.random.default_rng(0)
    X = rng.standard_normal(request.param)
    Y = X[:, :3] @ rng.standard_normal((3, 4)) + rng.standard_normal((len(X), 4))
    return make_quadratic(X, Y, np.ones_like(Y), True)


@pytest.mark.parametrize("penalty", [L21(), Ridge()], ids=["l21", "ridge"])
def test_each_point_of_the_path_is_the_solution_from_zero(datafit, penalty):
    problem = Problem(datafit, penalty, TaskColumns.plain(4))
    alphas = alpha_grid(problem, 8, 1e-2)
    for alpha, (here, solution) in zip(
        alphas, solve_path(problem, alphas, tol=1e-10), strict=True
    ):
        alone = solve(here, tol=1e-10)
        assert solution.certificate.gap <= 1e-10
        np.testing.assert_allclose(solution.point, alone.point, atol=1e-4)
        assert here.penalty.alpha == pytest.approx(alpha)


def test_the_largest_alpha_is_the_first_that_leaves_nothing(datafit):
    problem = Problem(datafit, L21(), TaskColumns.plain(4))
    largest = alpha_grid(problem, 2, 0.5)[0]
    for factor, is_zero in ((1.001, True), (0.999, False)):
        here = Problem(datafit, L21(alpha=factor * largest), problem.columns)
        assert (not solve(here, tol=1e-12).point.any()) == is_zero
