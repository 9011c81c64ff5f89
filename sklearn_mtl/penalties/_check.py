"""Check that the methods of a penalty describe the same convex function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_mtl.penalties._base import Penalty
from sklearn_mtl.penalties._check_duals import check_duals
from sklearn_mtl.penalties._check_points import Points, make_points
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.utils._check_spec import Faults, check_spec

__all__ = ["check_penalty"]

#: Relative tolerance for a lower objective at another point.
PRECISION = 1e-9


def check_penalty(penalty: Penalty, *, n_features: int = 5, n_tasks: int = 3) -> None:
    """Check that the solvers can use a penalty.

    At random points and steps, this checks that `prox` minimises step R(Z) + 1/2 ||Z -
    W||^2 and is firmly non-expansive, that `value` is convex along segments, that
    `optimality` is zero exactly at fixed points of proximal steps, and that `gauge`,
    `conjugate`, `scaled` and the forms agree with them. The parameters are those of the
    constructor. The points are the same in every call; the global random state is not
    used.

    Parameters
    ----------
    penalty : Penalty
        Instance of the class to check.
    n_features : int, default=5
        Number of features of W. Set it if a parameter of the penalty fixes it.
    n_tasks : int, default=3
        Number of tasks, at least 2. The penalty is checked with one column per task
        (regression and binary tasks) and with three columns per task (three classes).
        `Penalty.check` may raise a ValueError for the second layout.

    Raises
    ------
    AssertionError
        If a method is wrong. The message names the method, the expected result and
        the result found.
    TypeError
        If `penalty` is not a `Penalty`.

    Examples
    --------
    >>> from sklearn_mtl.penalties import L1, check_penalty
    >>> class Wrong(L1):
    ...     def prox(self, W, step=1.0, columns=None):
    ...         return super().prox(W, 2.0 * step, columns)
    >>> check_penalty(L1())
    >>> check_penalty(Wrong())
    Traceback (most recent call last):
        ...
    AssertionError: Wrong.prox: expected the minimiser of step R(Z) + 1/2 ||Z - W||^2...
    """
    faults = check_spec(penalty, Penalty)
    plain = TaskColumns.plain(n_tasks)
    penalty.check(plain, n_features)
    if penalty.has_parts:
        for member in penalty.members:
            check_penalty(member, n_features=n_features, n_tasks=n_tasks)
        return
    # The second layout is that of multiclass tasks. A penalty may reject either.
    for layout in (plain, TaskColumns.from_widths([3] * n_tasks)):
        try:
            penalty.check(layout, n_features)
        except ValueError:
            continue
        points = make_points(penalty, layout, n_features)
        _check_prox(penalty, points, faults)
        _check_convexity(penalty, points, faults)
        _check_optimality(penalty, points, faults)
        check_duals(penalty, points, faults)
        _check_scaled(penalty, points, faults)
    _check_default_columns(penalty, n_features, plain, faults)
    _check_subset(penalty, n_features, n_tasks, faults)


def _check_prox(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Check the result of prox, that it is a minimum, and that it is repeatable."""
    for step in points.steps:
        found = []
        for W in points.every:
            before = W.copy()
            Z = penalty.prox(W, step, points.columns)
            faults.require(
                np.shape(Z) == W.shape,
                "prox",
                f"shape {W.shape}",
                f"{np.shape(Z)} for W of shape {W.shape}",
            )
            faults.require(
                np.isfinite(Z).all(), "prox", "finite numbers", f"{Z} for W = {W}"
            )
            faults.require(
                np.array_equal(W, before), "prox", "W left as it is", "it changed"
            )
            again = penalty.prox(W, step, points.columns)
            faults.require(
                np.array_equal(Z, again),
                "prox",
                "the same result at every call",
                f"a difference of {np.abs(Z - again).max():g}",
            )
            found.append(Z)
        for W, Z in zip(points.every, found, strict=True):
            _check_minimum(penalty, points, W, Z, step, faults)
        _check_firmness(points.every, found, faults)


def _check_minimum(
    penalty: Penalty,
    points: Points,
    W: np.ndarray,
    Z: np.ndarray,
    step: float,
    faults: Faults,
) -> None:
    """Search for a point with a lower objective than the proximal point."""

    def objective(V: np.ndarray) -> float:
        return step * points.value(V) + 0.5 * float(np.square(V - W).sum())

    best = objective(Z)
    faults.require(
        np.isfinite(best), "value", "a finite number at a proximal point", best
    )
    slack = PRECISION * max(abs(best), 1e-3)
    for V in _rivals(points, W, Z):
        found = objective(V)
        faults.require(
            found >= best - slack,
            "prox",
            "the minimiser of step R(Z) + 1/2 ||Z - W||^2",
            f"{found:.10g} at another point, less than {best:.10g} at prox(W, "
            f"step={step:g})",
        )


def _rivals(points: Points, W: np.ndarray, Z: np.ndarray) -> Iterator[np.ndarray]:
    """Yield points near and far from Z at which the objective might be lower."""
    yield from points.inside
    size = float(np.abs(W).max(initial=0.0)) or 1.0
    for direction in points.directions(W, Z):
        # Close to Z the objective is almost flat; farther away there may be a kink.
        for length in (1e-4, 0.03):
            yield Z + length * size * direction
            yield Z - length * size * direction


def _check_firmness(
    points: list[np.ndarray], found: list[np.ndarray], faults: Faults
) -> None:
    """Check that <prox(V) - prox(W), V - W> >= ||prox(V) - prox(W)||^2."""
    for i, W in enumerate(points):
        for j in range(i):
            moved = found[i] - found[j]
            along = float(np.vdot(moved, W - points[j]))
            squared = float(np.vdot(moved, moved))
            faults.require(
                along >= squared - 1e-9 * max(squared, 1.0),
                "prox",
                "a firmly non-expansive map, because R must be convex",
                f"<prox(V) - prox(W), V - W> = {along:.6g} below {squared:.6g}",
            )


def _check_convexity(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Check that R on a segment is at most the interpolation of its end values."""
    for i, V in enumerate(points.inside):
        value = penalty.value(V, points.columns)
        faults.require(
            np.ndim(value) == 0 and value == value, "value", "one number", value
        )
        for W in points.inside[:i]:
            ends = points.value(V), points.value(W)
            for t in (0.1, 0.5, 0.9):
                middle = points.value(t * V + (1.0 - t) * W)
                bound = t * ends[0] + (1.0 - t) * ends[1]
                faults.require(
                    middle <= bound + 1e-9 * max(abs(bound), 1.0),
                    "value",
                    f"a convex function, at most {bound:.10g} between two points",
                    f"{middle:.10g}",
                )


def _check_optimality(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Compare `optimality` with distances to subgradients and with proximal steps."""
    columns = points.columns
    for W in points.every:
        for step in points.steps:
            Z = penalty.prox(W, step, columns)
            S = (W - Z) / step  # a subgradient at Z
            scale = max(float(np.linalg.norm(S)), 1e-3)
            found = penalty.optimality(Z, -S, columns)
            faults.require(
                abs(found) <= 1e-6 * scale,
                "optimality",
                "0 at (prox(W, step), (prox(W, step) - W) / step)",
                f"{found:g}",
            )
            for G in points.gradients(scale):
                found = penalty.optimality(Z, G, columns)
                bound = float(np.linalg.norm(G + S))
                faults.require(
                    -1e-9 * scale <= found <= bound + 1e-6 * scale,
                    "optimality",
                    f"at most {bound:.6g}, the distance to one of the subgradients",
                    f"{found:.6g}",
                )
                # The two values may differ in size, but they must vanish at the same
                # points.
                moved = Penalty.optimality(penalty, Z, G, columns)
                faults.require(
                    found >= 1e-3 * moved - 1e-6 * scale,
                    "optimality",
                    f"a positive distance where a proximal step moves by {moved:.6g}",
                    f"{found:.6g}",
                )


def _check_scaled(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Compare `scaled(2.5)` with 2.5 R."""
    scaled = penalty.scaled(2.5)
    for W in points.inside:
        value = scaled.value(W, points.columns)
        product = 2.5 * points.value(W)
        faults.close(value, product, "scaled", "2.5 times the value, which is")
        step = points.steps[0]
        Z = scaled.prox(W, step, points.columns)
        expected = penalty.prox(W, 2.5 * step, points.columns)
        faults.close(Z, expected, "scaled", "the proximal point of 2.5 R,")


def _check_default_columns(
    penalty: Penalty, n_features: int, columns: TaskColumns, faults: Faults
) -> None:
    """Check that columns=None means one column per task."""
    W = np.random.default_rng(1).standard_normal((n_features, columns.n_columns))
    Z, expected = penalty.prox(W), penalty.prox(W, 1.0, columns)
    faults.close(Z, expected, "prox", "the same with columns=None and step=1.0,")
    value = penalty.value(Z, columns)
    faults.close(penalty.value(Z), value, "value", "the same with columns=None,")


def _check_subset(
    penalty: Penalty, n_features: int, n_tasks: int, faults: Faults
) -> None:
    """Check `for_tasks` without the second task, because `fit` drops constant tasks."""
    kept = np.delete(np.arange(n_tasks), 1)
    some = penalty.for_tasks(kept, n_tasks)
    columns = TaskColumns.plain(len(kept))
    W = np.random.default_rng(2).standard_normal((n_features, len(kept)))
    try:
        some.check(columns, n_features)
        Z = some.prox(W, 1.0, columns)
        is_finite = np.isfinite(some.value(Z, columns))
    except ValueError as error:
        faults.fail("for_tasks", "a penalty on those tasks", error)
    faults.require(is_finite, "for_tasks", "a finite value at a proximal point", Z)
