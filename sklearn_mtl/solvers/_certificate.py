"""Duality gap and distance to optimality of a point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sklearn_mtl.datafits import Datafit, Evaluation
from sklearn_mtl.penalties import Penalty, TaskColumns, TaskCovarianceForm
from sklearn_mtl.solvers._conjugate_gradient import conjugate_gradient

__all__ = ["Certificate", "Problem", "Solution", "certify"]

#: Tolerance of the gradient along an unpenalised direction, relative to the gradient at
#: zero. Both are measured in units of the columns of X.
FREE_TOLERANCE = 1e-8
#: The result of a projection counts as zero below this fraction of the matrix.
ROUNDING = 1e-14


@dataclass(frozen=True)
class Problem:
    """min over W of datafit(W) + penalty(W).

    Attributes
    ----------
    datafit : Datafit
        The data term.
    penalty : Penalty
        The penalty.
    columns : TaskColumns
        Layout of the columns of W.
    """

    datafit: Datafit
    penalty: Penalty
    columns: TaskColumns

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of W, or of the stacked parts."""
        shape: tuple[int, ...] = (self.datafit.n_features, self.datafit.n_columns)
        if self.penalty.has_parts:
            shape = (len(self.penalty.members), *shape)
        return shape

    @cached_property
    def task_form(self) -> TaskCovarianceForm | None:
        """The penalty as a quadratic form over tasks, or None if it is not one."""
        # Cached, because both the registry and the chosen solver need it.
        return self.penalty.task_covariance_form(self.columns)

    @property
    def feature_group_form(self) -> tuple[np.ndarray, float]:
        """Weights of the norms of the feature groups, and alpha of the ridge term."""
        form = self.penalty.feature_group_form(self.datafit.n_features)
        if form is None:
            raise ValueError(f"{self.penalty} is not a sum of norms of feature groups.")
        return form

    @property
    def is_group_sparse(self) -> bool:
        """Return whether the penalty is a sum of norms of all groups, and a ridge."""
        form = self.penalty.feature_group_form(self.datafit.n_features)
        return form is not None and bool((form[0] > 0).all())

    def total(self, point: np.ndarray) -> np.ndarray:
        """Return W of a point: the point itself, or the sum of its parts."""
        return point.sum(axis=0) if point.ndim == 3 else point


@dataclass(frozen=True)
class Certificate:
    """Bounds on the distance of a point from the minimum.

    Attributes
    ----------
    objective : float
        Value of the objective.
    gap : float
        Duality gap divided by the loss at W = 0; NaN if no gap is known.
    optimality : float
        Distance of -gradient to the subdifferential, divided by the norm of the
        gradient at W = 0.
    slope : float
        Norm of the residual of gradient and subgradients in units of the columns of X,
        divided by that of the gradient at W = 0. Computed if there is no gap or if some
        directions are not penalised, else 0.
    """

    objective: float
    gap: float
    optimality: float
    slope: float = 0.0

    def is_met(self, tol: float) -> bool:
        """Return whether the gap (or the distance, without a gap) is small enough."""
        if np.isnan(self.gap):
            # A distance of sqrt(tol) bounds the objective by about tol.
            return self.distance <= 1e-2 * np.sqrt(tol)
        return self.gap <= tol

    @property
    def distance(self) -> float:
        """Largest relative distance, the stopping criterion if there is no gap."""
        return max(self.optimality, self.slope)


@dataclass
class Solution:
    """Result of a solver.

    Attributes
    ----------
    point : ndarray
        W of shape (n_features, n_columns), or the stacked parts.
    certificate : Certificate
        Bounds on the distance from the minimum.
    n_iter : int
        Number of iterations.
    """

    point: np.ndarray
    certificate: Certificate
    n_iter: int


class Scales:
    """Loss and gradient at W = 0, by which a certificate is divided."""

    def __init__(self, datafit: Datafit) -> None:
        zero = np.zeros((datafit.n_features, datafit.n_columns))
        evaluation = datafit.evaluate(zero)
        self.loss = max(evaluation.value, datafit.least_loss)
        norm = float(np.linalg.norm(evaluation.gradient))
        self.gradient = max(norm, np.finfo(float).tiny)
        self._datafit, self._first = datafit, evaluation.gradient

    @cached_property
    def lengths(self) -> np.ndarray:
        """Norms of the columns of X (n_features, 1), with 1 in place of 0."""
        lengths: np.ndarray = self._datafit.feature_lengths()[:, None]
        return np.where(lengths > 0, lengths, 1.0)

    @cached_property
    def slope(self) -> float:
        """Norm of the gradient at zero in units of the columns of X."""
        norm = float(np.linalg.norm(self._first / self.lengths))
        return max(norm, np.finfo(float).tiny)


def certify(
    problem: Problem,
    point: np.ndarray,
    evaluation: Evaluation | None = None,
    scales: Scales | None = None,
) -> Certificate:
    """Return bounds on the distance of a point from the minimum.

    The dual point is the scaled residual. If W has unpenalised directions, an exact
    refit in these directions first makes it feasible.
    """
    W = problem.total(point)
    here = problem.datafit.evaluate(W) if evaluation is None else evaluation
    scales = Scales(problem.datafit) if scales is None else scales
    penalty, columns = problem.penalty, problem.columns
    objective = here.value + penalty.value(point, columns)
    distance = penalty.optimality(point, here.gradient, columns) / scales.gradient
    free, slope = penalty.free_directions(columns), 0.0
    if free.shape[1]:
        slope = _slope(here.gradient @ free, scales)
    dual = _dual_value(problem, point, here, free, scales)
    if np.isfinite(dual):
        gap = max((objective - dual) / scales.loss, 0.0)
        return Certificate(objective, gap, distance, slope)
    # A column of large values has almost all of the gradient at zero. Relative to
    # that, the residuals of the other columns would always look small.
    residual = penalty.residual(point, here.gradient, columns)
    slope = max(slope, _slope(residual, scales))
    return Certificate(objective, np.nan, distance, slope)


def _slope(along: np.ndarray, scales: Scales) -> float:
    """Return the norm of a gradient or residual, relative to the gradient at 0."""
    return float(np.linalg.norm(along / scales.lengths)) / scales.slope


def _dual_value(
    problem: Problem,
    point: np.ndarray,
    here: Evaluation,
    free: np.ndarray,
    scales: Scales,
) -> float:
    """Return the value of a feasible dual point, NaN if none is known."""
    U = -here.gradient
    if free.shape[1]:
        here = _refit_free(problem, problem.total(point), here, free, scales)
        U = -here.gradient
        along = U @ free
        if _slope(along, scales) > FREE_TOLERANCE:
            return np.nan
        # R* is infinite if U has any component along the free directions, even
        # rounding.
        rest = U - along @ free.T
        # If all tasks are equal the rest is only rounding, again along these
        # directions.
        is_rounding = np.linalg.norm(rest) <= ROUNDING * np.linalg.norm(U)
        U = np.zeros_like(U) if is_rounding else rest
    scale, conjugate = problem.penalty.certificate(U, point, problem.columns)
    if scale <= 0.0:
        return np.nan
    return here.dual(scale) - conjugate(scale)


def _refit_free(
    problem: Problem,
    W: np.ndarray,
    here: Evaluation,
    free: np.ndarray,
    scales: Scales,
) -> Evaluation:
    """Return the data term minimised over the unpenalised directions from W."""
    datafit = problem.datafit
    # The solvers of a log-loss refit the unpenalised directions themselves.
    if not datafit.is_quadratic:
        return here
    # In units of the columns of X, in which `FREE_TOLERANCE` is measured.
    lengths = scales.lengths
    S = conjugate_gradient(
        lambda V: datafit.apply(V / lengths @ free.T) @ free / lengths,
        -here.gradient @ free / lengths,
        tol=1e-12,
        scale=scales.slope,
        max_iter=500,
    )[0]
    return datafit.evaluate(W + S / lengths @ free.T)
