"""Closed-form solution of squared error with a penalty quadratic over tasks."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from sklearn_mtl.datafits import (
    RANK,
    Evaluation,
    GramQuadratic,
    Quadratic,
)
from sklearn_mtl.penalties import TaskCovarianceForm
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient
from sklearn_mtl.solvers._graded import is_graded, solve_graded

__all__ = ["ClosedForm", "Spectrum", "part_points"]

#: Largest number of shared unknowns of a system that is solved directly.
MAX_JOINT = 2000


class Spectrum:
    """Eigenvectors of the Gram matrix shared by all tasks, thin if p > n.

    Parameters
    ----------
    datafit : GramQuadratic or SampleQuadratic
        The data term, with the same samples and weights for all tasks.
    """

    def __init__(self, datafit: Quadratic) -> None:
        values, vectors = datafit.spectrum()
        kept = values > RANK * max(values[-1], 0.0) if len(values) else values > 0
        self.values, self.vectors = values[kept], vectors[:, kept]
        self.targets = self.vectors.T @ datafit.moments

    def solve(self, form: TaskCovarianceForm) -> np.ndarray:
        """Return the minimiser, the one with the smallest norm if it is not unique."""
        Q, weights, other = form.thin_spectrum()
        # G W + W M = B is diagonal in the eigenvectors of G and M.
        values, rotated = self.values[:, None], self.targets @ Q
        W = self.vectors @ (rotated / (values + weights)) @ Q.T
        if other is not None:
            outside = self.targets - rotated @ Q.T
            W = W + self.vectors @ (outside / (values + other))
        return W


class ClosedForm(Solver):
    """Solver for squared error with a penalty that is quadratic over tasks."""

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether the data term and the penalty are quadratic in W."""
        return problem.datafit.is_quadratic and problem.task_form is not None

    @cached_property
    def spectrum(self) -> Spectrum | None:
        """Eigenvectors of the Gram matrix if all tasks share it, else None."""
        shared = self.datafit.has_shared_samples
        return Spectrum(self.datafit) if shared else None

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        form = problem.task_form
        if form is None:
            raise ValueError(f"{problem.penalty} is not quadratic over tasks.")
        return closed_form(
            self.datafit,
            problem,
            form,
            spectrum=self.spectrum,
            scales=self.scales,
            tol=tol,
            max_iter=max_iter,
        )


def closed_form(
    datafit: Quadratic,
    problem: Problem,
    form: TaskCovarianceForm,
    *,
    spectrum: Spectrum | None = None,
    scales: Scales | None = None,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Solve G_t w_t + W M = b_t for all tasks.

    If all tasks share a Gram matrix, its eigenvectors and those of M separate the
    unknowns. If the columns of X have very different norms, that may miss the gap; each
    system is then solved in units of the columns. Without a shared Gram matrix, the
    system is solved by conjugate gradients. They are preconditioned by each task's own
    system and, if M leaves directions unpenalised, by the exact system in them.
    """
    # Without a shared Gram matrix no eigenvectors make all systems diagonal.
    if spectrum is None and not datafit.has_shared_samples:
        W, n_iter = _iterate(datafit, form, max_iter)
        return _solution(problem, W, scales, max(n_iter, 1))
    scales = Scales(problem.datafit) if scales is None else scales
    W = (spectrum or Spectrum(datafit)).solve(form)
    solution = _solution(problem, W, scales, 1)
    # If the norms of columns differ a lot, `RANK` cuts off the short ones.
    if not solution.certificate.is_met(tol):
        other = _solution(problem, solve_graded(datafit, form), scales, 1)
        if other.certificate.objective < solution.certificate.objective:
            return other
    return solution


def _solution(
    problem: Problem, W: np.ndarray, scales: Scales | None, n_iter: int
) -> Solution:
    here = problem.datafit.evaluate(W)
    point = part_points(problem, W, here)
    return Solution(point, certify(problem, point, here, scales), n_iter)


def _iterate(
    datafit: Quadratic, form: TaskCovarianceForm, max_iter: int
) -> tuple[np.ndarray, int]:
    """Return W by preconditioned conjugate gradients."""
    Q, weights, other = form.thin_spectrum()
    is_confined = other == np.inf or np.isinf(weights).any()
    lengths = datafit.feature_lengths()[:, None]
    B = -datafit.evaluate(np.zeros((datafit.n_features, datafit.n_columns))).gradient
    if is_confined or not datafit.has_gram:
        return _iterate_along_directions(datafit, form, B, lengths, max_iter)
    penalty = _TaskMatrix(Q, weights, other)
    # The unknown is Z with W = unit Z, in units of the columns of X if these differ.
    unit = np.ones_like(lengths)
    if is_graded(lengths):
        unit = 1.0 / _positive(lengths)  # Jacobi scaling by the diagonal of G

    def apply(Z: np.ndarray) -> np.ndarray:
        V = unit * Z
        return unit * (datafit.apply(V) + penalty.apply(V))

    precondition = _inverse_of_tasks(datafit.gram(), penalty, form.free, unit)
    Z, n_iter = conjugate_gradient(apply, unit * B, precondition, max_iter=max_iter)
    return unit * Z, n_iter


def _iterate_along_directions(
    datafit: Quadratic,
    form: TaskCovarianceForm,
    B: np.ndarray,
    lengths: np.ndarray,
    max_iter: int,
) -> tuple[np.ndarray, int]:
    """Return W from its components along the eigenvectors of the penalty."""
    Q, weights, other = form.thin_spectrum()
    if other is not None and other < np.inf:
        Q, weights = form.spectrum()  # all directions are unknown
    # W is zero along directions of infinite weight, so they are not unknown.
    allowed = np.isfinite(weights)
    basis, m, unit = Q[:, allowed], weights[allowed], np.ones_like(lengths)
    if is_graded(lengths):
        # Jacobi scaling by the diagonal of G + m I.
        unit = 1.0 / np.sqrt(_positive(lengths**2 + m))

    def apply(Z: np.ndarray) -> np.ndarray:
        V = unit * Z
        return unit * (datafit.apply(V @ basis.T) @ basis + V * m)

    Z, n_iter = conjugate_gradient(apply, unit * (B @ basis), max_iter=max_iter)
    return (unit * Z) @ basis.T, n_iter


class _TaskMatrix:
    """The matrix M = rest I - Q diag(less) Q' of a penalty 1/2 tr(W M W')."""

    def __init__(self, Q: np.ndarray, weights: np.ndarray, other: float | None) -> None:
        self.is_thin = other is not None
        self.rest = other or 0.0
        self.Q, self.less = Q, self.rest - weights

    def apply(self, V: np.ndarray) -> np.ndarray:
        """Return V M."""
        product: np.ndarray = self.rest * V - (V @ self.Q * self.less) @ self.Q.T
        return product

    @property
    def diagonal(self) -> np.ndarray:
        """The diagonal of M."""
        found: np.ndarray = self.rest - np.square(self.Q) @ self.less
        return found


def _inverse_of_tasks(
    datafit: GramQuadratic, penalty: _TaskMatrix, free: np.ndarray, unit: np.ndarray
) -> Map:
    """Return an exact or approximate inverse of the systems of all tasks."""
    size = penalty.Q.shape[1] * datafit.n_features
    if penalty.is_thin and penalty.rest > 0 and 0 < size <= MAX_JOINT:
        return _inverse_given_shared(datafit, penalty, unit)
    return _block_inverse(datafit, penalty.diagonal, free, unit)


def _inverse_given_shared(
    datafit: GramQuadratic, penalty: _TaskMatrix, unit: np.ndarray
) -> Map:
    """Return the exact inverse: given W Q, the tasks are independent.

    With A_t = G_t + rest I and c_k = rest - weight_k,
    A_t w_t = b_t + sum_k c_k Q_tk y_k, where y_k = sum_t Q_tk w_t.
    """
    Q, share = penalty.Q, penalty.less / penalty.rest
    n_features, rank, scale = datafit.n_features, Q.shape[1], unit[:, 0] ** 2
    G = unit * unit.T * datafit.G
    inverses = _inverses(G + penalty.rest * np.diag(scale))
    # rest A_t^-1 = I - A_t^-1 G_t, without cancellation if G_t is small.
    known = np.einsum("tj,tk,tab->jakb", Q, Q, inverses @ G, optimize=True)
    joint = known * share[:, None]
    diagonal = np.repeat(1.0 - share, n_features)
    system = joint.reshape(rank * n_features, -1) + np.diag(diagonal)
    coarse = np.linalg.pinv(system)

    def precondition(R: np.ndarray) -> np.ndarray:
        alone = np.matmul(inverses, R.T[:, :, None])[:, :, 0]
        y = (coarse @ (Q.T @ alone).ravel()).reshape(rank, n_features)
        moved = (Q * penalty.less) @ y * scale
        return (alone + np.matmul(inverses, moved[:, :, None])[:, :, 0]).T

    return precondition


def _block_inverse(
    datafit: GramQuadratic, diagonal: np.ndarray, free: np.ndarray, unit: np.ndarray
) -> Map:
    """Return the inverses of the tasks' systems, plus that of the free directions."""
    n_features, both = datafit.n_features, unit * unit.T
    systems = both * datafit.G
    systems += diagonal[:, None, None] * np.diag(unit[:, 0] ** 2)
    inverses = _inverses(systems)
    n_free = free.shape[1]
    # An exact system of that size would cost more than it saves.
    if n_free == len(diagonal) or n_free * n_features > MAX_JOINT:
        n_free = 0
    # M is zero along the free directions, but its diagonal in the blocks is not.
    if n_free:
        joint = np.einsum(
            "ta,tb,tjl->ajbl", free, free, both * datafit.G, optimize=True
        )
        joint = joint.reshape(n_free * n_features, -1)
        coarse = np.linalg.pinv(joint, hermitian=True)

    def precondition(R: np.ndarray) -> np.ndarray:
        Z = np.matmul(inverses, R.T[:, :, None])[:, :, 0].T
        if n_free:
            along = coarse @ (R @ free).T.ravel()
            Z = Z + along.reshape(n_free, n_features).T @ free.T
        return Z

    return precondition


def _inverses(systems: np.ndarray) -> np.ndarray:
    """Return the inverses of slightly regularised semi-definite systems."""
    diagonals = np.diagonal(systems, axis1=1, axis2=2)
    unit = 1.0 / np.sqrt(_positive(diagonals))
    both = unit[:, :, None] * unit[:, None, :]
    eye = np.eye(systems.shape[1])
    # A task with fewer samples than features has a singular block.
    inverses: np.ndarray = both * np.linalg.inv(both * systems + RANK * eye)
    return inverses


def _positive(values: np.ndarray) -> np.ndarray:
    """Return values that can be divided by, with 1 in place of 0."""
    return np.where(values > 0, values, 1.0)


def part_points(
    problem: Problem, W: np.ndarray, here: Evaluation | None = None
) -> np.ndarray:
    """Return W, or its parts if the penalty is a decomposition.

    All parts have the same dual point U, so part k is U K_k. The rest is added to the
    part with the most unpenalised directions.
    """
    penalty = problem.penalty
    if not penalty.has_parts:
        return W
    # Each part is stationary: U = W_k K_k^+ for all k.
    here = problem.datafit.evaluate(W) if here is None else here
    U = -here.gradient
    forms = [member.task_covariance_form(problem.columns) for member in penalty.members]
    parts = [
        np.zeros_like(W) if form is None else form.times_covariance(U) for form in forms
    ]
    free = [member.free_directions(problem.columns) for member in penalty.members]
    widest = int(np.argmax([each.shape[1] for each in free]))
    rest = W - np.sum(parts, axis=0)
    parts[widest] = parts[widest] + rest @ free[widest] @ free[widest].T
    # The remaining difference is rounding error and may be added to any part.
    last = widest if penalty.members[widest].is_off else -1
    parts[last] = parts[last] + (W - np.sum(parts, axis=0))
    return np.stack(parts)
