"""Base class of all solvers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_mtl.solvers._certificate import Problem, Scales, Solution

__all__ = ["Solver"]


class Solver(ABC):
    """Minimise problems with the same data term, at one or several alphas.

    Quantities that depend only on the data term (spectra, Gram matrices, the loss at
    zero) are computed once and kept. The last solution is kept as a starting point.
    """

    def __init__(self, datafit: Any) -> None:
        # Any: `supports` names the capabilities of the data term that a solver uses.
        self.datafit = datafit
        self.last: np.ndarray | None = None

    @classmethod
    @abstractmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether this solver can minimise the problem."""

    @classmethod
    def prepare(cls, datafit: Any) -> Solver:
        """Return a solver for all supported problems with this data term."""
        return cls(datafit)

    @cached_property
    def scales(self) -> Scales:
        """Loss and gradient at zero, which do not depend on the penalty."""
        return Scales(self.datafit)

    def solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        """Return the solution, started at `start` or, if None, at the last solution."""
        start = self._first() if start is None else start
        solution = self._solve(problem, start, tol=tol, max_iter=max_iter)
        self.last = solution.point
        return solution

    def _first(self) -> np.ndarray | None:
        """Return the default starting point, None for zeros."""
        return self.last

    @abstractmethod
    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        """Return the solution, started at `start` or, if None, at zeros."""
