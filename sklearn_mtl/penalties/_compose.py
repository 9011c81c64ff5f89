"""Combinations of penalties: on the same coefficients, or on separate parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_mtl.penalties._base import (
    Penalty,
    TaskCovarianceForm,
    frobenius,
    is_null,
)
from sklearn_mtl.penalties._by_prox import step_between
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.penalties._splitting import prox_of_sum
from sklearn_mtl.tasks import NamedTasks

__all__ = ["Decomposition", "Sum"]


class _Composition(Penalty):
    """Named penalties whose parameters are set as `name__parameter`."""

    def __init__(self, penalties: Sequence[tuple[str, Penalty]]) -> None:
        self.penalties = penalties

    @property
    def members(self) -> list[Penalty]:
        """Return the penalties without their names."""
        return [penalty for _, penalty in self.penalties]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; those of the members are named `name__parameter`."""
        params: dict[str, Any] = {"penalties": self.penalties}
        for name, penalty in self.penalties if deep else ():
            params[name] = penalty
            for key, value in penalty.get_params(deep=True).items():
                params[f"{name}__{key}"] = value
        return params

    def set_params(self, **params: Any) -> Any:
        """Set whole members, or parameters of members as `name__parameter`."""
        if "penalties" in params:
            self.penalties = params.pop("penalties")
        self.penalties = [
            (name, params.pop(name, penalty)) for name, penalty in self.penalties
        ]
        if params:
            super().set_params(**params)
        return self

    def scaled(self, factor: float) -> Any:
        """Return factor times this penalty as a new object."""
        return type(self)(
            [(name, penalty.scaled(factor)) for name, penalty in self.penalties]
        )

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the composition with each member restricted to these tasks."""
        return type(self)(
            [(name, each.for_tasks(kept, n_tasks)) for name, each in self.penalties]
        )

    def for_names(self, tasks: NamedTasks, who: str) -> Penalty:
        """Return the members with parameters given by task name put in task order."""
        self._check_members()
        return type(self)(
            [(name, each.for_names(tasks, who)) for name, each in self.penalties]
        )

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if the members or their parameters do not fit the problem."""
        self._check_members()
        for _, penalty in self.penalties:
            penalty.check(columns, n_features)

    def _check_members(self) -> None:
        who = type(self).__name__
        if not self.penalties or any(np.shape(pair) != (2,) for pair in self.penalties):
            raise TypeError(
                f"{who}: penalties must be a non-empty list of pairs (name, penalty); "
                f"got {self.penalties!r}."
            )
        names = [name for name, _ in self.penalties]
        if len(set(names)) < len(names):
            raise ValueError(f"{who}: names of penalties must be unique; got {names}.")
        for name, penalty in self.penalties:
            # Parts are stacked along an additional axis, so they cannot be nested.
            if not isinstance(penalty, Penalty) or penalty.has_parts:
                raise TypeError(
                    f"{who}: {name!r} must be a single penalty or a Sum; got "
                    f"{penalty!r}."
                )
            # `set_params` splits names at "__".
            if "__" in name or name == "penalties":
                raise ValueError(
                    f"{who}: {name!r} is not allowed as a name, because it would "
                    "conflict with the names of parameters. Choose a name without "
                    "'__' other than 'penalties'."
                )


class Sum(_Composition):
    """Sum of several penalties on the same coefficients, R(W) = sum_k R_k(W).

    Parameters
    ----------
    penalties : list of (str, Penalty)
        Names and penalties. In a search their parameters are named `name__parameter`.

    Notes
    -----
    The proximal point is computed by a Dykstra-like alternation [1]_. For `L1` followed
    by one group norm a single cycle is exact. Slowly converging alternations are
    accelerated [2]_, and they stop after 500 cycles. With `TraceNorm` and `TaskL21` the
    result can then be wrong by 0.1% of W if almost all of W is shrunk to zero. Solvers
    treat members that are quadratic over tasks separately.

    References
    ----------
    .. [1] H. H. Bauschke, P. L. Combettes, "A Dykstra-like algorithm for two monotone
       operators", Pacific Journal of Optimization 4, 2008.
    .. [2] H. F. Walker, P. Ni, "Anderson acceleration for fixed-point iterations", SIAM
       Journal on Numerical Analysis 49, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import L1, Ridge, Sum
    >>> Sum([("l1", L1()), ("ridge", Ridge())]).value(np.array([[2.0]]))
    4.0
    """

    name = "sum"

    @property
    def members(self) -> list[Penalty]:
        """Return the members without their names, with nested sums flattened."""
        nested = [
            penalty.members if isinstance(penalty, Sum) else [penalty]
            for penalty in super().members
        ]
        return [penalty for group in nested for penalty in group]

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        return sum(penalty.value(W, columns) for penalty in self.members)

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the proximal point of the sum."""
        layout = TaskColumns.plain(W.shape[1]) if columns is None else columns
        # The last member decides which coefficients are exactly zero.
        order = sorted(self.members, key=lambda one: one.split(layout)[0] is None)
        return prox_of_sum(order, W, step, columns)[0]

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the norm of a proximal gradient step from W, divided by the step.

        It is a lower bound of the distance to the subdifferential, and it is zero at
        the same points. With at most one non-smooth penalty it equals that distance.
        """
        layout = TaskColumns.plain(W.shape[1]) if columns is None else columns
        # The quadratic part is smooth, so add its gradient to that of the data term.
        matrix, rest = self.split(layout)
        total = gradient if matrix is None else gradient + W @ matrix
        if rest is None:
            return frobenius(total)
        if not isinstance(rest, Sum):
            return rest.optimality(W, total, columns)
        return frobenius(rest.residual(W, total, columns))

    @property
    def is_off(self) -> bool:
        """Return whether all members are zero everywhere."""
        return all(penalty.is_off for penalty in self.members)

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the task covariance of the first member that learns one."""
        found = (penalty.covariance(W) for penalty in self.members)
        return next((relation for relation in found if relation is not None), None)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return an upper bound of the gauge: the smallest positive one of a member."""
        # dR(0) contains each dR_k(0), because 0 lies in all of them. A gauge of 0 means
        # that the member has no threshold, and then it gives no bound.
        gauges = [penalty.gauge(U, columns) for penalty in self.members]
        return min([gauge for gauge in gauges if gauge > 0], default=0.0)

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Split U among the members according to their subgradients at W."""
        # R* is the inf-convolution of the R_k*: every split of U gives an upper bound.
        shares = self._shares(U, W, columns)
        pairs = [
            penalty.certificate(share, W, columns)
            for penalty, share in zip(self.members, shares, strict=True)
        ]
        scale = min(scale for scale, _ in pairs)
        return scale, lambda s: sum(conjugate(s) for _, conjugate in pairs)

    def _shares(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None
    ) -> list[np.ndarray]:
        """Return one dual point per member; they add up to U."""
        layout = TaskColumns.plain(W.shape[1]) if columns is None else columns
        # At the solution W = prox(W + U), and the share of a member is its reduction.
        step = step_between(W, U)
        _, shares = prox_of_sum(self.members, W + step * U, step, columns)
        rough = []
        for k, penalty in enumerate(self.members):
            matrix, rest = penalty.split(layout)
            if rest is None and matrix is not None:
                # A quadratic has one subgradient, which has no rounding error of the
                # prox.
                shares[k] = W @ matrix
                if is_null(shares[k], 1e-4 * frobenius(U)):
                    shares[k] = np.zeros_like(U)  # only rounding errors
            else:
                rough.append(k)
        # The bound is valid only if the shares add up to U, so one of them is the rest.
        last = rough[-1] if rough else len(shares) - 1
        others = [share for k, share in enumerate(shares) if k != last]
        shares[last] = U - np.sum(others, axis=0) if others else U
        return self._feasible(shares, layout)

    def _feasible(
        self, shares: list[np.ndarray], columns: TaskColumns
    ) -> list[np.ndarray]:
        """Move components that are infeasible for a member to another member."""
        bases = [penalty.free_directions(columns) for penalty in self.members]
        taker = next((k for k, base in enumerate(bases) if not base.size), None)
        for k, base in enumerate(bases):
            if base.size and taker is not None:
                excess = shares[k] @ base @ base.T
                shares[k] = shares[k] - excess
                shares[taker] = shares[taker] + excess
        return shares

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return a basis of the directions that no member penalises."""
        form = self.task_covariance_form(columns)
        return super().free_directions(columns) if form is None else form.free

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the form of the sum if all members are quadratic, else None."""
        matrix, rest = self.split(columns)
        if rest is not None or matrix is None:
            return None
        return TaskCovarianceForm.of_matrix(matrix)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float] | None:
        """Return the sum of the members' forms if all of them have one, else None."""
        forms = [penalty.feature_group_form(n_features) for penalty in self.members]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            return None
        return np.sum([a for a, _ in known], axis=0), sum(c for _, c in known)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return the sum of the members' matrices, and the rest."""
        total: np.ndarray | None = None
        rest = []
        for name, penalty in self.penalties:
            matrix, rough = penalty.split(columns)
            if matrix is not None:
                total = matrix if total is None else total + matrix
            if rough is not None:
                rest.append((name, rough))
        if len(rest) == len(self.penalties):
            return None, self if len(rest) > 1 else rest[0][1]
        return total, (Sum(rest) if len(rest) > 1 else rest[0][1]) if rest else None


class Decomposition(_Composition):
    """Sum of parts with one penalty each: R(W) = min sum_k R_k(V_k), W = sum_k V_k.

    `Shared` and `Ridge` give a common vector and deviations, `L21` and `L1` give the
    dirty model [1]_, `TraceNorm` and `TaskL21` give robust multi-task learning. The
    fitted parts are the attribute `parts_` of the estimator.

    Parameters
    ----------
    penalties : list of (str, Penalty)
        Names and penalties of the parts. Their parameters are `name__parameter`.

    Notes
    -----
    The methods take the stacked parts, (n_parts, n_features, n_columns), in place of W.
    The parts need not be unique, but their sum is.

    References
    ----------
    .. [1] A. Jalali, P. Ravikumar, S. Sanghavi, C. Ruan, "A dirty model for multi-task
       learning", NeurIPS 2010.

    Examples
    --------
    >>> from sklearn_mtl.penalties import Decomposition, Ridge, Shared
    >>> penalty = Decomposition([("shared", Shared(0.0)), ("own", Ridge(alpha=0.1))])
    >>> penalty.get_params()["own__alpha"]
    0.1
    """

    name = "decomposition"

    @property
    def has_parts(self) -> bool:
        """Return True: W is a sum of parts with one penalty each."""
        return True

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return sum_k R_k(V_k)."""
        pairs = zip(self.members, W, strict=True)
        return sum(penalty.value(part, columns) for penalty, part in pairs)

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the proximal points of all parts, stacked."""
        pairs = zip(self.members, W, strict=True)
        return np.stack([penalty.prox(part, step, columns) for penalty, part in pairs])

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferentials of all parts."""
        # W is the sum of the parts, so each part has the same gradient.
        pairs = zip(self.members, W, strict=True)
        distances = [
            penalty.optimality(part, gradient, columns) for penalty, part in pairs
        ]
        return float(np.linalg.norm(distances))

    @property
    def is_off(self) -> bool:
        """Return whether one of the parts is unpenalised, so that W is too."""
        return any(penalty.is_off for penalty in self.members)

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the task covariance of the first part that learns one."""
        pairs = zip(self.members, W, strict=True)
        found = (penalty.covariance(part) for penalty, part in pairs)
        return next((relation for relation in found if relation is not None), None)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest gauge of the members: above it all parts are zero."""
        return max(penalty.gauge(U, columns) for penalty in self.members)

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Return the sum of the members' conjugates; U is their common dual point."""
        pairs = [
            penalty.certificate(U, part, columns)
            for penalty, part in zip(self.members, W, strict=True)
        ]
        scale = min(scale for scale, _ in pairs)
        return scale, lambda s: sum(conjugate(s) for _, conjugate in pairs)

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return an orthonormal basis of the directions that some part leaves free."""
        if self.is_off:
            return np.eye(columns.n_columns)
        bases = [penalty.free_directions(columns) for penalty in self.members]
        stacked = np.hstack(bases)
        if not stacked.shape[1]:
            return stacked
        # Several parts may leave the same directions free.
        U, values, _ = np.linalg.svd(stacked, full_matrices=False)
        return U[:, values > 1e-10]

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the sum of the members' covariances if all of them have one."""
        if self.is_off:
            return TaskCovarianceForm.none(columns)
        # The inf-convolution of quadratics adds up the covariances of the parts.
        forms = [penalty.task_covariance_form(columns) for penalty in self.members]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            return None
        factor = np.hstack([form.factor for form in known])
        diagonal = sum(form.diagonal for form in known)
        return TaskCovarianceForm(factor, self.free_directions(columns), diagonal)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return (None, self), because the parts must be kept."""
        return None, self
