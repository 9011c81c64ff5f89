"""What a data term is to a solver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

__all__ = ["Datafit", "Evaluation", "largest_eigenvalue"]


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


class Datafit(ABC):
    """A convex, smooth data term f(W), intercepts minimised out.

    Part of a `solvers.Problem`. The linear estimators choose theirs, squared error or
    log-loss, and take no other; for a loss of your own see `losses.TaskLoss` of the
    nets. `solvers.solve` minimises any subclass that has `n_features` and
    `n_columns` and defines `evaluate` and `lipschitz`. Its flags say what else it
    can do: solvers ask for these, not for its type.

    Attributes
    ----------
    is_quadratic : bool
        Whether the gradient is affine in W; `apply` is its linear part.
    has_gram : bool
        Whether the data are there as Gram matrices `G`, and not as samples.
    has_logits : bool
        Whether it is a log-loss of logits X W + b, with `X`, `blocks` and the like.
    can_restrict : bool
        Whether there is a data term of some features alone, `restrict`.
    """

    is_quadratic: ClassVar[bool] = False
    has_gram: ClassVar[bool] = False
    has_logits: ClassVar[bool] = False
    can_restrict: ClassVar[bool] = False

    n_features: int
    n_columns: int

    @property
    def has_shared_samples(self) -> bool:
        """Whether all tasks share one Gram matrix, or one set of dense samples."""
        return False

    @property
    def least_loss(self) -> float:
        """Loss below which that at zero is rounding, and no gap is relative to it."""
        return float(np.finfo(float).tiny)

    @abstractmethod
    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""

    @abstractmethod
    def lipschitz(self) -> float:
        """Return the gradient's Lipschitz constant, usually an upper bound."""

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts (n_columns,) for these coefficients."""
        return np.zeros(self.n_columns)

    def restrict(self, features: np.ndarray) -> Datafit:
        """Return the data term of these features alone, if `can_restrict`."""
        raise NotImplementedError(f"{type(self).__name__} cannot be restricted.")

    def apply(self, W: np.ndarray) -> np.ndarray:
        """Return the linear part of the gradient, if `is_quadratic`."""
        raise NotImplementedError(f"{type(self).__name__} is not quadratic.")

    def feature_lengths(self) -> np.ndarray:
        """Return for each feature the largest length of its column over tasks.

        Ones where the data term does not know them.
        """
        return np.ones(self.n_features)


def largest_eigenvalue(
    apply: Callable[[np.ndarray], np.ndarray],
    shape: tuple[int, int],
    n_iter: int = 30,
    margin: float = 1.05,
) -> float:
    """Return a bound of the largest eigenvalue over tasks of a map, by power iteration.

    Each task is a column of what the map takes, and has a map of its own.
    """
    # A fixed seed: the same data give the same step size, and so the same fit.
    V = np.random.default_rng(0).standard_normal(shape)
    norms = np.ones(shape[1])
    for _ in range(n_iter):
        lengths = np.sqrt(np.einsum("jt,jt->t", V, V))
        # A task without labels has the zero map.
        V = apply(V / np.where(lengths > 0, lengths, 1.0))
        norms = np.sqrt(np.einsum("jt,jt->t", V, V))
    # The iteration approaches from below, and steps over a bound that is too low may
    # not descend.
    return margin * float(norms.max(initial=0.0))
