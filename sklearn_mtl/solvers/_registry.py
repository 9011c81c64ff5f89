"""Choice of the solver according to the capabilities of penalty and data term."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Solution
from sklearn_mtl.solvers._closed_form import ClosedForm
from sklearn_mtl.solvers._fista import Fista
from sklearn_mtl.solvers._newton import Newton
from sklearn_mtl.solvers.feature_groups._feature_groups import FeatureGroups
from sklearn_mtl.solvers.feature_groups._proximal_newton import ProximalNewton
from sklearn_mtl.solvers.feature_groups._restricted import Restricted

__all__ = ["SOLVERS", "solve", "solver_for"]

#: The first solver that supports a problem is used; the fastest come first.
SOLVERS: tuple[type[Solver], ...] = (
    ClosedForm,
    Newton,
    FeatureGroups,
    Restricted,
    ProximalNewton,
    Fista,
)


def solver_for(problem: Problem) -> type[Solver]:
    """Return the fastest solver that supports the problem."""
    return next(solver for solver in SOLVERS if solver.supports(problem))


def solve(
    problem: Problem,
    start: np.ndarray | None = None,
    *,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise the objective with the fastest solver that supports it.

    Parameters
    ----------
    problem : Problem
        Data term, penalty and layout of the columns.
    start : ndarray, default=None
        Starting point; zeros if None.
    tol : float, default=1e-6
        Relative duality gap to reach.
    max_iter : int, default=10000
        Maximum number of iterations.

    Returns
    -------
    Solution
        The solution with its certificate.
    """
    solver = solver_for(problem).prepare(problem.datafit)
    return solver.solve(problem, start, tol=tol, max_iter=max_iter)
