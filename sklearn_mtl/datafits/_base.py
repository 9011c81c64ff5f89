"""What a data term is to a solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["Datafit", "Evaluation"]


def _no_dual(scale: float) -> float:
    """Return the bound that always holds."""
    return -np.inf


@dataclass(frozen=True)
class Evaluation:
    """A data term f at one W.

    Attributes
    ----------
    value : float
        f(W), intercepts minimised out.
    gradient : ndarray of shape (n_features, n_columns)
        Gradient of f at W.
    dual : callable
        s -> -f*(-s theta) for the dual point theta of W, s in [0, 1]: what a scaled
        dual point is worth before the penalty's conjugate is taken off. By default
        minus infinity: then there is no duality gap.
    """

    value: float
    gradient: np.ndarray
    dual: Callable[[float], float] = _no_dual


class Datafit(Protocol):
    """A convex, smooth data term f(W), intercepts minimised out.

    Part of a `solvers.Problem`. The linear estimators choose theirs, squared error or
    log-loss, and take no other; for a loss of your own see `losses.TaskLoss` of the
    nets. `solvers.solve` minimises any object with `n_features`, `n_columns`,
    `evaluate` and `lipschitz` plus a penalty.
    """

    n_features: int
    n_columns: int

    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""
        ...

    def lipschitz(self) -> float:
        """Return an estimate of the gradient's Lipschitz constant, seldom too small."""
        ...

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts (n_columns,) for these coefficients."""
        ...

    def restrict(self, features: np.ndarray) -> Datafit:
        """Return the data term of these features alone."""
        ...


def power_lipschitz(
    apply: Callable[[np.ndarray], np.ndarray], shape: tuple[int, int], n_iter: int = 30
) -> float:
    """Return the largest eigenvalue over tasks of W -> A'A W, each task a column."""
    V = np.random.default_rng(0).standard_normal(shape)
    norms = np.ones(shape[1])
    for _ in range(n_iter):
        lengths = np.sqrt(np.einsum("jt,jt->t", V, V))
        V = apply(V / np.where(lengths > 0, lengths, 1.0))
        norms = np.sqrt(np.einsum("jt,jt->t", V, V))
    # Power iteration approaches from below.
    return 1.05 * float(norms.max(initial=0.0))
