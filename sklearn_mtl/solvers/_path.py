"""One problem at many strengths, each started where the one before ended."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_mtl.datafits import GramQuadratic, SampleQuadratic
from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution
from sklearn_mtl.solvers._choose import solve
from sklearn_mtl.solvers._closed_form import Spectrum, closed_form, has_spectrum
from sklearn_mtl.solvers._feature_groups import FeatureGroups, solves_feature_groups

__all__ = ["alpha_grid", "solve_path"]

#: From the strength where all is shrunk to the one where hardly anything is.
QUADRATIC_EPS = 1e-5


def alpha_grid(problem: Problem, n_alphas: int, eps: float) -> np.ndarray:
    """Return decreasing strengths, evenly spaced on a logarithmic scale.

    Shapes: -> (n_alphas,).
    """
    datafit = problem.datafit
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    U = -datafit.evaluate(zero).gradient
    largest = problem.penalty.gauge(U, problem.columns)
    if not 0.0 < largest < np.inf:
        largest, eps = 10.0 * datafit.lipschitz(), QUADRATIC_EPS
    largest = max(largest, np.finfo(float).tiny * 1e10)
    return np.geomspace(largest, largest * eps, n_alphas)


def solve_path(
    problem: Problem,
    alphas: np.ndarray,
    *,
    tol: float = 1e-6,
    max_iter: int = 10000,
    way_tol: float | None = None,
) -> Iterator[tuple[Problem, Solution]]:
    """Yield the problem and its solution at each strength.

    Shapes: alphas (n_alphas,).
    """
    datafit, spectrum, point = problem.datafit, None, None
    rows: FeatureGroups | None = None
    scales: Scales | None = None
    tols = np.full(len(alphas), tol if way_tol is None else way_tol)
    tols[-1:] = tol
    for alpha, goal in zip(alphas, tols.tolist(), strict=True):
        penalty: Penalty = problem.penalty.scaled(float(alpha))
        here = Problem(datafit, penalty, problem.columns)
        form = penalty.task_covariance_form(problem.columns)
        if form is not None and has_spectrum(datafit):
            assert isinstance(datafit, GramQuadratic | SampleQuadratic)
            spectrum = Spectrum(datafit) if spectrum is None else spectrum
            scales = Scales(problem) if scales is None else scales
            solution = closed_form(
                here, form, spectrum=spectrum, scales=scales, tol=goal
            )
        elif alpha > 0 and form is None and solves_feature_groups(here):
            assert isinstance(datafit, GramQuadratic | SampleQuadratic)
            rows = FeatureGroups(datafit) if rows is None else rows
            solution = rows.solve(here, None, goal, max_iter)
        else:
            scales = Scales(problem) if scales is None else scales
            solution = solve(here, point, scales=scales, tol=goal, max_iter=max_iter)
        point = solution.point
        yield here, solution
