"""Several penalties: on the same coefficients, or each on a part of its own."""

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
    """Named penalties whose parameters are reached as `name__parameter`."""

    def __init__(self, penalties: Sequence[tuple[str, Penalty]]) -> None:
        self.penalties = penalties

    @property
    def members(self) -> list[Penalty]:
        """The penalties without their names."""
        return [penalty for _, penalty in self.penalties]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the members as `name__parameter`."""
        params: dict[str, Any] = {"penalties": self.penalties}
        for name, penalty in self.penalties if deep else ():
            params[name] = penalty
            for key, value in penalty.get_params(deep=True).items():
                params[f"{name}__{key}"] = value
        return params

    def set_params(self, **params: Any) -> Any:
        """Set parameters, whole members or `name__parameter`."""
        if "penalties" in params:
            self.penalties = params.pop("penalties")
        self.penalties = [
            (name, params.pop(name, penalty)) for name, penalty in self.penalties
        ]
        if params:
            super().set_params(**params)
        return self

    def scaled(self, factor: float) -> Any:
        """Return factor times this penalty, as a new object."""
        return type(self)(
            [(name, penalty.scaled(factor)) for name, penalty in self.penalties]
        )

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the members on these tasks."""
        return type(self)(
            [(name, each.for_tasks(kept, n_tasks)) for name, each in self.penalties]
        )

    def for_names(self, tasks: NamedTasks, who: str) -> Penalty:
        """Return the members with what they say by task name in task order."""
        self._check_members()
        return type(self)(
            [(name, each.for_names(tasks, who)) for name, each in self.penalties]
        )

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise where the members or their parameters do not fit."""
        self._check_members()
        for _, penalty in self.penalties:
            penalty.check(columns, n_features)

    def _check_members(self) -> None:
        who = type(self).__name__
        if not self.penalties or any(np.shape(pair) != (2,) for pair in self.penalties):
            raise TypeError(
                f"{who}: penalties={self.penalties!r}; allowed is a list of pairs "
                "(name, penalty), at least one."
            )
        names = [name for name, _ in self.penalties]
        if len(set(names)) < len(names):
            raise ValueError(f"{who}: penalties need different names; found {names}.")
        for name, penalty in self.penalties:
            # Parts are stacked along an axis that the W of a member does not have.
            if not isinstance(penalty, Penalty) or penalty.has_parts:
                raise TypeError(
                    f"{who}: {name!r} is {penalty!r}; allowed are the atoms of "
                    "sklearn_mtl.penalties and Sum."
                )
            # `set_params` splits names at "__".
            if "__" in name or name == "penalties":
                raise ValueError(
                    f"{who}: the name {name!r} is not allowed: it would clash with "
                    "the names of parameters."
                )


class Sum(_Composition):
    """Several penalties on the same coefficients, R(W) = sum_k R_k(W).

    Parameters
    ----------
    penalties : list of (str, Penalty)
        Names and penalties. Their parameters are `name__parameter` in searches.

    Notes
    -----
    The proximal step is found by Dykstra-like alternation (Bauschke & Combettes 2008),
    of which one cycle is exact for `L1` followed by one group norm. Slow alternations
    are extrapolated (Walker & Ni 2011) and end after 500 cycles: `TraceNorm` with
    `TaskL21` may then be wrong by a thousandth of W where they leave almost nothing of
    it. Solvers take members that are quadratic over tasks out of it.

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
        """The penalties without their names, those of inner sums in their place."""
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
        # The last one decides which coefficients are exactly zero.
        order = sorted(self.members, key=lambda one: one.split(layout)[0] is None)
        return prox_of_sum(order, W, step, columns)[0]

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the length of a proximal gradient step from W, over the step.

        It bounds the distance to the subdifferential from below and is zero at the
        same points; with at most one penalty that is not smooth it is that distance.
        """
        layout = TaskColumns.plain(W.shape[1]) if columns is None else columns
        # The quadratic part is smooth: its gradient joins that of the data.
        matrix, rest = self.split(layout)
        total = gradient if matrix is None else gradient + W @ matrix
        if rest is None:
            return frobenius(total)
        if not isinstance(rest, Sum):
            return rest.optimality(W, total, columns)
        return frobenius(rest.residual(W, total, columns))

    @property
    def is_off(self) -> bool:
        """Whether all members are zero everywhere."""
        return all(penalty.is_off for penalty in self.members)

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the relation that the first member that learns one has learned."""
        found = (penalty.covariance(W) for penalty in self.members)
        return next((relation for relation in found if relation is not None), None)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return an upper bound of the gauge: the smallest of the members'."""
        # dR(0) contains each dR_k(0), as 0 lies in all of them. A gauge of 0 belongs
        # to a member without a threshold, which bounds nothing.
        gauges = [penalty.gauge(U, columns) for penalty in self.members]
        return min([gauge for gauge in gauges if gauge > 0], default=0.0)

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Split U between the members, as their subgradients at W do."""
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
        """Return one dual point a member; they add up to U."""
        layout = TaskColumns.plain(W.shape[1]) if columns is None else columns
        # W = prox(W + U) at the solution, and what each member took off is its share.
        step = step_between(W, U)
        _, shares = prox_of_sum(self.members, W + step * U, step, columns)
        rough = []
        for k, penalty in enumerate(self.members):
            matrix, rest = penalty.split(layout)
            if rest is None and matrix is not None:
                # The only subgradient of a quadratic, free of the rounding of the prox.
                shares[k] = W @ matrix
                if is_null(shares[k], 1e-4 * frobenius(U)):
                    shares[k] = np.zeros_like(U)  # rounding has no direction
            else:
                rough.append(k)
        # The bound holds only if the shares add up to U, so one of them is the rest.
        last = rough[-1] if rough else len(shares) - 1
        others = [share for k, share in enumerate(shares) if k != last]
        shares[last] = U - np.sum(others, axis=0) if others else U
        return self._feasible(shares, layout)

    def _feasible(
        self, shares: list[np.ndarray], columns: TaskColumns
    ) -> list[np.ndarray]:
        """Give what a member cannot take, in its free directions, to one that can."""
        bases = [penalty.free_directions(columns) for penalty in self.members]
        taker = next((k for k, base in enumerate(bases) if not base.size), None)
        for k, base in enumerate(bases):
            if base.size and taker is not None:
                excess = shares[k] @ base @ base.T
                shares[k] = shares[k] - excess
                shares[taker] = shares[taker] + excess
        return shares

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return the directions that no member penalises."""
        form = self.task_covariance_form(columns)
        return super().free_directions(columns) if form is None else form.free

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the sum of the members' forms if all have one of full rank."""
        matrix, rest = self.split(columns)
        if rest is not None or matrix is None:
            return None
        return TaskCovarianceForm.of_matrix(matrix)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float] | None:
        """Return the sum of the members' forms if all have one."""
        forms = [penalty.feature_group_form(n_features) for penalty in self.members]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            return None
        return np.sum([a for a, _ in known], axis=0), sum(c for _, c in known)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return the members' joint matrix and the rest."""
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
    """Coefficients as a sum of parts, R(W) = min over W = sum_k V_k of sum_k R_k(V_k).

    Every part has a penalty of its own: `Shared` and `Ridge` give a common vector and
    deviations, `L21` and `L1` the dirty model, `TraceNorm` and `TaskL21` robust
    multi-task learning. The fitted parts are the estimator's `parts_`.

    Parameters
    ----------
    penalties : list of (str, Penalty)
        Names and penalties of the parts. Their parameters are `name__parameter`.

    Notes
    -----
    Its methods take the parts stacked, (n_parts, n_features, n_columns), in place of W.
    The split into parts need not be unique, their sum is.

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
        """Whether W is a sum of parts with a penalty each."""
        return True

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return sum_k R_k(V_k)."""
        pairs = zip(self.members, W, strict=True)
        return sum(penalty.value(part, columns) for penalty, part in pairs)

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return each part's proximal point."""
        pairs = zip(self.members, W, strict=True)
        return np.stack([penalty.prox(part, step, columns) for penalty, part in pairs])

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to all parts' subdifferentials."""
        # W is the sum of the parts, so each part has the same gradient.
        pairs = zip(self.members, W, strict=True)
        distances = [
            penalty.optimality(part, gradient, columns) for penalty, part in pairs
        ]
        return float(np.linalg.norm(distances))

    @property
    def is_off(self) -> bool:
        """Whether a part that costs nothing can take all of W."""
        return any(penalty.is_off for penalty in self.members)

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the relation that the first part that learns one has learned."""
        pairs = zip(self.members, W, strict=True)
        found = (penalty.covariance(part) for penalty, part in pairs)
        return next((relation for relation in found if relation is not None), None)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest gauge of the members: from there on all parts vanish."""
        return max(penalty.gauge(U, columns) for penalty in self.members)

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Add up the members' conjugates: U is every part's dual point."""
        pairs = [
            penalty.certificate(U, part, columns)
            for penalty, part in zip(self.members, W, strict=True)
        ]
        scale = min(scale for scale, _ in pairs)
        return scale, lambda s: sum(conjugate(s) for _, conjugate in pairs)

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return an orthonormal basis of what some part leaves free."""
        if self.is_off:
            return np.eye(columns.n_columns)
        bases = [penalty.free_directions(columns) for penalty in self.members]
        stacked = np.hstack(bases)
        if not stacked.shape[1]:
            return stacked
        # Parts may leave the same directions free.
        U, values, _ = np.linalg.svd(stacked, full_matrices=False)
        return U[:, values > 1e-10]

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the sum of the members' covariances if all have one."""
        if self.is_off:
            return TaskCovarianceForm.none(columns)
        # Covariances of independent parts add up: the inf-convolution of quadratics.
        forms = [penalty.task_covariance_form(columns) for penalty in self.members]
        known = [form for form in forms if form is not None]
        if len(known) < len(forms):
            return None
        factor = np.hstack([form.factor for form in known])
        diagonal = sum(form.diagonal for form in known)
        return TaskCovarianceForm(factor, self.free_directions(columns), diagonal)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return (None, self): the parts are kept."""
        return None, self
