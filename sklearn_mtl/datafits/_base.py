"""Base class of the data terms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

__all__ = ["Datafit", "Evaluation", "largest_eigenvalue"]


def _no_dual(scale: float) -> float:
    """Return minus infinity, a bound that is always valid."""
    return -np.inf


@dataclass(frozen=True)
class Evaluation:
    """Evaluation of a data term f at one W.

    Attributes
    ----------
    value : float
        f(W), minimised over the intercepts.
    gradient : ndarray of shape (n_features, n_columns)
        Gradient of f at W.
    dual : callable
        Function s -> -f*(-s theta) for s in [0, 1], with theta the dual point at W. It
        is the dual value without the conjugate of the penalty. The default is minus
        infinity, which means that there is no duality gap.
    """

    value: float
    gradient: np.ndarray
    dual: Callable[[float], float] = _no_dual


class Datafit(ABC):
    """Convex and smooth data term f(W), minimised over the intercepts.

    It is part of a `solvers.Problem`. The linear estimators use squared error or
    log-loss and accept no other data term. For a user-defined loss see
    `losses.TaskLoss` of the neural networks. `solvers.solve` minimises any subclass
    that has the attributes `n_features` and `n_columns` and defines `evaluate` and
    `lipschitz`. The flags below tell the solvers which further methods are available.

    Attributes
    ----------
    is_quadratic : bool
        Whether the gradient is affine in W. `apply` returns its linear part.
    has_gram : bool
        Whether the data are stored as Gram matrices `G` instead of samples.
    has_logits : bool
        Whether it is a log-loss of logits X W + b, with the attributes of `LogLoss`.
    can_restrict : bool
        Whether `restrict` returns the data term of a subset of the features.
    """

    is_quadratic: ClassVar[bool] = False
    has_gram: ClassVar[bool] = False
    has_logits: ClassVar[bool] = False
    can_restrict: ClassVar[bool] = False

    n_features: int
    n_columns: int

    @property
    def has_shared_samples(self) -> bool:
        """Return whether all tasks share one Gram matrix or one set of samples."""
        return False

    @property
    def least_loss(self) -> float:
        """Smallest loss at zero by which a duality gap is divided."""
        return float(np.finfo(float).tiny)

    @abstractmethod
    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""

    @abstractmethod
    def lipschitz(self) -> float:
        """Return the Lipschitz constant of the gradient, usually an upper bound."""

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts (n_columns,) for these coefficients."""
        return np.zeros(self.n_columns)

    def restrict(self, features: np.ndarray) -> Datafit:
        """Return the data term restricted to these features, if `can_restrict`."""
        raise NotImplementedError(f"{type(self).__name__} cannot be restricted.")

    def apply(self, W: np.ndarray) -> np.ndarray:
        """Return the linear part of the gradient, if `is_quadratic`."""
        raise NotImplementedError(f"{type(self).__name__} is not quadratic.")

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks.

        The default is ones.
        """
        return np.ones(self.n_features)


def largest_eigenvalue(
    apply: Callable[[np.ndarray], np.ndarray],
    shape: tuple[int, int],
    n_iter: int = 30,
    margin: float = 1.05,
) -> float:
    """Return an upper bound of the largest eigenvalue over tasks, by power iteration.

    `apply` takes a matrix with one column per task and maps each column separately.
    """
    # A fixed seed, so the same data give the same step size and the same fit.
    V = np.random.default_rng(0).standard_normal(shape)
    norms = np.ones(shape[1])
    for _ in range(n_iter):
        lengths = np.sqrt(np.einsum("jt,jt->t", V, V))
        # A task without labels has the zero map.
        V = apply(V / np.where(lengths > 0, lengths, 1.0))
        norms = np.sqrt(np.einsum("jt,jt->t", V, V))
    # The iteration converges from below. With a bound that is too low, steps might
    # increase the objective.
    return margin * float(norms.max(initial=0.0))
