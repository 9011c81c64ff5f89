"""Base class of all penalties, and penalties that are quadratic over tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator

from sklearn_mtl.penalties._by_prox import gauge_by_prox, prox_residual
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.tasks import NamedTasks, by_task
from sklearn_mtl.utils._numbers import as_numbers

__all__ = ["Penalty", "TaskCovarianceForm"]

#: Relative tolerance below which a dual constraint counts as met.
FEASIBLE = 1e-9
#: Eigenvalues below this fraction of the largest one count as zero.
NULL = 1e-10
#: Rows of a (n_tasks, n_tasks) product that are held in memory at a time.
ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class TaskCovarianceForm:
    """Penalty that is quadratic over tasks: 1/2 tr(W (K + inf N N')^+ W').

    The covariance of the tasks is K = F F' + d I. With thousands of tasks that share a
    few vectors, F has only a few columns, and no matrix of n_columns squared is formed.

    Attributes
    ----------
    factor : ndarray of shape (n_columns, rank)
        F. W must lie in the range of K and N.
    free : ndarray of shape (n_columns, n_free)
        N, orthonormal directions that are not penalised.
    diagonal : float, default=0.0
        d, at least 0.
    """

    factor: np.ndarray
    free: np.ndarray
    diagonal: float = 0.0

    @classmethod
    def none(cls, columns: TaskColumns) -> TaskCovarianceForm:
        """Return the form of a penalty that is zero everywhere."""
        n = columns.n_columns
        return cls(np.zeros((n, 0)), np.eye(n))

    @classmethod
    def of_matrix(cls, matrix: np.ndarray) -> TaskCovarianceForm:
        """Return 1/2 tr(W M W') for a positive semi-definite M."""
        # One tolerance for both, so that each direction is in exactly one of them.
        values, vectors = np.linalg.eigh(matrix)
        is_free = values <= NULL * max(values[-1], 1e-300)
        factor = vectors[:, ~is_free] / np.sqrt(values[~is_free])
        return cls(factor, vectors[:, is_free])

    @property
    def covariance(self) -> np.ndarray:
        """K, of shape (n_columns, n_columns)."""
        K: np.ndarray = self.factor @ self.factor.T
        K[np.diag_indices_from(K)] += self.diagonal
        return K

    @property
    def separates_tasks(self) -> bool:
        """Return whether the penalty is a sum over tasks."""
        for basis in (self.factor, self.free):
            for start in range(0, len(basis), ROWS_AT_ONCE):
                products = basis[start : start + ROWS_AT_ONCE] @ basis.T
                rows = np.arange(len(products))
                products[rows, start + rows] = 0.0
                if products.any():
                    return False
        return True

    def scaled(self, alpha: float) -> TaskCovarianceForm:
        """Return the form of alpha times the penalty."""
        factor, diagonal = self.factor / np.sqrt(alpha), self.diagonal / alpha
        return TaskCovarianceForm(factor, self.free, diagonal)

    def times_covariance(self, U: np.ndarray) -> np.ndarray:
        """Return U K."""
        product: np.ndarray = (U @ self.factor) @ self.factor.T + self.diagonal * U
        return product

    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Return eigenvectors Q and weights m: the penalty is ``1/2 sum m |W Q|^2``.

        m is 0 in free directions and infinite where W must vanish.
        """
        # The penalty is zero in the free directions, whatever K is there.
        rest = np.eye(len(self.free)) - self.free @ self.free.T
        values, vectors = np.linalg.eigh(rest @ self.covariance @ rest)
        # The free directions are among the zero eigenvectors: replace those.
        overlap = np.square(self.free.T @ vectors).sum(axis=0)
        # Eigenvalues of the order of rounding errors would become huge finite weights.
        values = np.where(values > FEASIBLE * max(values[-1], 0.0), values, 0.0)
        candidates = np.flatnonzero(values == 0.0)
        order = candidates[np.argsort(-overlap[candidates], kind="stable")]
        if self.free.shape[1]:
            zeros = vectors[:, order]
            # The first columns of QR keep the span of the free directions.
            basis = np.linalg.qr(np.hstack([self.free, zeros]))[0]
            vectors = vectors.copy()
            vectors[:, order] = basis[:, : len(order)]
        # A variance of 0 is an infinite weight, an infinite variance a weight of 0.
        with np.errstate(divide="ignore"):
            weights = 1.0 / values
        weights[order[: self.free.shape[1]]] = 0.0
        return vectors, weights

    def thin_spectrum(self) -> tuple[np.ndarray, np.ndarray, float | None]:
        """Return Q and m as `spectrum` does, and the weight of all other directions.

        The weight is None if there are no other directions. If rank + n_free is less
        than half of n_columns, Q has at most rank + n_free columns.
        """
        n_columns, n_free = self.free.shape
        if 2 * (self.factor.shape[1] + n_free) >= n_columns:
            return *self.spectrum(), None
        inside = self.factor - self.free @ (self.free.T @ self.factor)
        vectors, roots, _ = np.linalg.svd(inside, full_matrices=False)
        values = roots**2 + self.diagonal
        bound = FEASIBLE * max(values.max(initial=0.0), self.diagonal)
        kept = (values > bound) & (roots**2 > bound)
        Q = np.hstack([self.free, vectors[:, kept]])
        weights = np.append(np.zeros(n_free), 1.0 / values[kept])
        return Q, weights, 1.0 / self.diagonal if self.diagonal > bound else np.inf

    def matrix(self) -> np.ndarray | None:
        """Return M of the penalty 1/2 tr(W M W'), or None if W is constrained."""
        vectors, weights = self.spectrum()
        if not np.isfinite(weights).all():
            return None
        return (vectors * weights) @ vectors.T

    def value(self, W: np.ndarray) -> float:
        """Return the value of the penalty at W, infinite if W violates a constraint."""
        Q, weights, other = self.thin_spectrum()
        along = W @ Q
        squares = np.square(along).sum(axis=0)
        if other is not None:
            outside = np.square(W - along @ Q.T).sum()
            squares, weights = np.append(squares, outside), np.append(weights, other)
        allowed = np.isfinite(weights)
        if squares[~allowed].sum() > FEASIBLE**2 * max(squares.sum(), 1e-300):
            return np.inf
        return 0.5 * float(squares[allowed] @ weights[allowed])


class Penalty(BaseEstimator, ABC):
    """Base class of all penalties R(W), with W of shape (n_features, n_columns).

    A subclass defines `value` and `prox` of a convex R. All other methods have defaults
    that are correct for every such R. A subclass overrides them if it has a closed form
    or a faster method. With the defaults, `fit` takes proximal gradient steps, stops
    according to `optimality`, and reports no duality gap (`dual_gap_` is NaN). A
    duality gap needs `conjugate`, or `is_norm=True`. `check_penalty` checks that the
    methods are consistent.

    Attributes
    ----------
    is_norm : bool
        Whether ``R(t W) = |t| R(W)`` for all numbers t. The conjugate of such an R is 0
        where the gauge is at most 1, which is sufficient for a duality gap.
    """

    is_norm: ClassVar[bool] = False
    _alphas: ClassVar[tuple[str, ...]] = ()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    @abstractmethod
    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""

    @abstractmethod
    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the proximal point argmin_Z step R(Z) + 1/2 ||Z - W||^2.

        Parameters
        ----------
        W : ndarray of shape (n_features, n_columns)
            Point at which the proximal operator is evaluated.
        step : float, default=1.0
            Weight of the penalty.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        ndarray of shape (n_features, n_columns)
            The proximal point.
        """

    def checked_prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return `prox`, or raise ValueError if its result has a wrong shape or NaN."""
        Z = self.prox(W, step, columns)
        if np.shape(Z) != W.shape:
            raise ValueError(
                f"{self}: prox returned shape {np.shape(Z)} for W of shape {W.shape}; "
                "it must return the same shape."
            )
        # With NaN the line search of a solver would not end.
        if not np.isfinite(Z.sum()) and np.isfinite(W.sum()):
            raise ValueError(f"{self}: prox returned NaN or infinity for a finite W.")
        return Z

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential of R at W.

        The default is the norm of `residual`. It is at most that distance, and it is
        zero at the same points.

        Parameters
        ----------
        W : ndarray of shape (n_features, n_columns)
            The point.
        gradient : ndarray of shape (n_features, n_columns)
            Gradient of the data term at W.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        float
            The Frobenius distance; 0 exactly at a minimiser.
        """
        return frobenius(self.residual(W, gradient, columns))

    def residual(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the change of W in a proximal gradient step, divided by the step size.

        Parameters
        ----------
        W : ndarray of shape (n_features, n_columns)
            The point, or the stacked parts if the penalty has parts.
        gradient : ndarray of shape (n_features, n_columns)
            Gradient of the data term at W.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        ndarray of the shape of W
            The residual, which is zero exactly at a minimiser.
        """
        return prox_residual(self, W, gradient, columns)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the smallest f >= 0 with U in f dR(0), 0 if there is none.

        W = 0 minimises g(W) + f R(W) exactly when f >= gauge(-grad g(0)), so a path of
        alphas starts there. The default finds by bisection the smallest step at which
        `prox` is zero.

        Parameters
        ----------
        U : ndarray of shape (n_features, n_columns)
            A dual point.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        float
            The gauge: the dual norm if R is a norm, 0 if `prox` never sets U to zero.
        """
        return gauge_by_prox(self, U, columns)

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest s <= 1 for which R*(s U) is finite.

        The default is min(1, 1 / gauge) for a norm, else 1.

        Parameters
        ----------
        U : ndarray of shape (n_features, n_columns)
            A dual point.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        float
            The scale, 0 if no positive multiple of U is feasible.
        """
        return scale_into_ball(self.gauge(U, columns)) if self.is_norm else 1.0

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R*(U), or an upper bound, for a U that `dual_scale` made feasible.

        The default is 0 for a norm, else infinity. There is no duality gap then.

        Parameters
        ----------
        U : ndarray of shape (n_features, n_columns)
            A feasible dual point.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        float
            The conjugate.
        """
        # R* of a norm is the indicator of its dual ball. Infinity bounds any R*.
        return 0.0 if self.is_norm else np.inf

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Return the largest feasible scale of U and an upper bound of s -> R*(s U).

        Parameters
        ----------
        U : ndarray of shape (n_features, n_columns)
            Minus the gradient of the data term at W.
        W : ndarray of shape (n_features, n_columns)
            The primal point. A `Sum` uses it to split U among its members.
        columns : TaskColumns, default=None
            Layout of the columns; one column per task if None.

        Returns
        -------
        scale : float
            At most 1; 0 if no positive multiple of U is feasible.
        conjugate : callable
            Upper bound of R*(s U) as a function of s in [0, scale].
        """
        scale = self.dual_scale(U, columns)
        return scale, lambda s: self.conjugate(s * U, columns)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return (M, rest) with R(W) = 1/2 tr(W M W') + rest(W); either may be None."""
        # An infinite weight is a constraint on W, which no finite M expresses.
        form = self.task_covariance_form(columns)
        matrix = None if form is None else form.matrix()
        return (None, self) if matrix is None else (matrix, None)

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return an orthonormal basis (n_columns, k) of the unpenalised directions."""
        n = columns.n_columns
        return np.eye(n) if self.is_off else np.zeros((n, 0))

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return R as a quadratic form over tasks, or None if it is not quadratic."""
        return TaskCovarianceForm.none(columns) if self.is_off else None

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float] | None:
        """Return (a, c) if R(W) = sum_j a_j ||W_j|| + c/2 ||W||^2, else None."""
        return None

    @property
    def is_off(self) -> bool:
        """Return whether R is known to be zero everywhere because alpha is 0."""
        alphas = [getattr(self, key) for key in self._alphas]
        return bool(alphas) and not np.any(alphas)

    @property
    def has_parts(self) -> bool:
        """Return whether W is a sum of parts with one penalty each."""
        return False

    def scaled(self, factor: float) -> Any:
        """Return factor times this penalty as a new object."""
        if not self._alphas:  # R is not known to be proportional to a parameter
            # Imported here because `Scaled` is itself a penalty.
            from sklearn_mtl.penalties._scaled import Scaled

            return Scaled(self, factor)
        # `copy` is faster than `clone`, and a path calls this for each alpha.
        out = copy(self)
        for key in self._alphas:
            value = factor * np.asarray(getattr(self, key), dtype=float)
            setattr(out, key, value if value.ndim else value.item())
        return out

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the penalty restricted to the tasks in `kept`."""
        return self

    def for_names(self, tasks: NamedTasks, who: str) -> Penalty:
        """Return the penalty with parameters given by task name put in task order."""
        out = copy(self)
        for key, value in self.get_params(deep=False).items():
            if isinstance(value, Penalty):
                setattr(out, key, value.for_names(tasks, who))
            elif key in self._alphas and hasattr(value, "items"):
                given = by_task(value, tasks.names, parameter=key, who=who)
                setattr(out, key, as_numbers(list(given.values()), key, who))
        return out

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the task covariance learned with W, or None if none is learned."""
        return None

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if the parameters do not fit the problem."""
        self._validate_params()


def column_alphas(
    penalty: Penalty, alpha: Any, columns: TaskColumns, *, allow_zero: bool = True
) -> np.ndarray:
    """Return one alpha per column, from a single number or one number per task."""
    who = type(penalty).__name__
    try:
        values = np.asarray(alpha, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(
            f"{who}: alpha must be one number or one number per task; got {alpha!r}."
        ) from None
    if values.ndim > 1 or (values.ndim and len(values) != columns.n_tasks):
        raise ValueError(
            f"{who}: alpha must be one number or {columns.n_tasks} numbers, one per "
            f"task; got an array of shape {values.shape}."
        )
    bad = ~np.isfinite(values) | (values < 0) | (not allow_zero) * (values == 0)
    if np.any(bad):
        raise ValueError(
            f"{who}: alpha must be finite and "
            f"{'not negative' if allow_zero else 'positive'}; got {alpha!r}."
        )
    return np.broadcast_to(values, columns.n_tasks)[columns.task]


def scale_into_ball(gauge: float) -> float:
    """Return the largest s <= 1 that scales a point with this gauge into the ball."""
    return 1.0 if gauge <= 1.0 else 1.0 / gauge


def frobenius(A: np.ndarray) -> float:
    """Return the Frobenius norm."""
    return float(np.sqrt(np.vdot(A, A)))


def is_null(U: np.ndarray, scale: float) -> bool:
    """Return whether U is zero up to rounding errors of numbers of size `scale`."""
    return frobenius(U) <= FEASIBLE * max(scale, 1e-300)
