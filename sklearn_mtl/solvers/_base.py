"""What a solver is: the problems that it supports, and what it keeps between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any

import numpy as np

from sklearn_mtl.solvers._certificate import Problem, Scales, Solution

__all__ = ["Solver"]


class Solver(ABC):
    """Minimise problems that share a data term, at one or many alphas.

    What depends on the data term alone (spectra, Gram matrices, the loss at zero) is
    made once and kept, and so is the last solution where it is a good start.
    """

    def __init__(self, datafit: Any) -> None:
        # Any: each solver names in `supports` which capabilities of it it uses.
        self.datafit = datafit
        self.last: np.ndarray | None = None

    @classmethod
    @abstractmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether this solver minimises such a problem."""

    @classmethod
    def prepare(cls, datafit: Any) -> Solver:
        """Return a solver for all supported problems with this data term."""
        return cls(datafit)

    @cached_property
    def scales(self) -> Scales:
        """Loss and gradient at zero, which no penalty changes."""
        return Scales(self.datafit)

    def solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        """Return the solution; without a start the last one is where it begins."""
        start = self._first() if start is None else start
        solution = self._solve(problem, start, tol=tol, max_iter=max_iter)
        self.last = solution.point
        return solution

    def _first(self) -> np.ndarray | None:
        """Return where the next solution is looked for, None for zeros."""
        return self.last

    @abstractmethod
    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        """Return the solution from this start, or from zeros."""
