"""Check the optional methods of a penalty: gauge, conjugate and forms."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.penalties._base import Penalty
from sklearn_mtl.penalties._check_points import Points
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_duals"]


def check_duals(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Compare the optional methods with `value` and `prox`."""
    if penalty.is_norm:
        _check_norm(points, faults)
    _check_gauge(penalty, points, faults)
    _check_conjugate(penalty, points, faults)
    _check_forms(penalty, points, faults)
    _check_free(penalty, points, faults)


def _check_norm(points: Points, faults: Faults) -> None:
    for W in points.inside:
        for t in (-2.0, 0.5, 0.0):
            expected = abs(t) * points.value(W)
            found = points.value(t * W)
            faults.close(found, expected, "is_norm", f"R({t:g} W) = {abs(t):g} R(W),")


def _check_gauge(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Check that prox is zero above the gauge and, for norms, not below it."""
    columns = points.columns
    for U in points.every[:4]:
        gauge = penalty.gauge(U, columns)
        faults.require(gauge >= 0.0, "gauge", "a number of at least 0", gauge)
        if not 0.0 < gauge < np.inf:
            left = penalty.prox(U, 100.0 * points.steps[-1], columns)
            faults.require(
                gauge > 0.0 or left.any(),
                "gauge",
                "a positive number where prox is zero for a large step",
                gauge,
            )
            continue
        # The gauge may come from a bisection, so leave a small margin on both sides.
        left = penalty.prox(U, 1.001 * gauge, columns)
        faults.require(
            np.abs(left).max() <= 1e-9 * np.abs(U).max(),
            "gauge",
            f"prox to be zero from step {gauge:g} on",
            f"values up to {np.abs(left).max():g} at 1.001 times that",
        )
        left = penalty.prox(U, 0.999 * gauge, columns)
        faults.require(
            left.any() or not penalty.is_norm,
            "gauge",
            "the smallest step from which on prox is zero",
            f"{gauge:g}, and prox is zero before it",
        )


def _check_conjugate(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Check that R(V) + R*(U) >= <U, V>, with equality if U is a subgradient at V."""
    columns = points.columns
    for W in points.every:
        for step in points.steps:
            Z = penalty.prox(W, step, columns)
            S = (W - Z) / step
            unit = max(abs(float(np.vdot(S, Z))), float(np.linalg.norm(S)), 1e-3)
            scale, conjugate = penalty.certificate(S, Z, columns)
            # An infinite conjugate is allowed; it only means that there is no duality
            # gap.
            if np.isfinite(conjugate(scale)):
                faults.close(
                    scale, 1.0, "dual_scale", "at a subgradient, a scale of", tol=1e-6
                )
                attained = points.value(Z) + conjugate(scale)
                expected = float(np.vdot(S, Z))
                faults.require(
                    abs(attained - expected) <= 1e-6 * unit,
                    "conjugate",
                    f"R(Z) + R*(U) = <U, Z> = {expected:.8g} for a subgradient U at Z",
                    f"{attained:.8g}",
                )
            for U in points.every:
                _check_fenchel_young(penalty, points, U / step, Z, faults)


def _check_fenchel_young(
    penalty: Penalty, points: Points, U: np.ndarray, Z: np.ndarray, faults: Faults
) -> None:
    scale, conjugate = penalty.certificate(U, Z, points.columns)
    faults.require(0.0 <= scale <= 1.0, "dual_scale", "a number in [0, 1]", scale)
    for s in (scale, 0.5 * scale):
        for V in points.inside:
            bound, along = points.value(V) + conjugate(s), s * float(np.vdot(U, V))
            faults.require(
                bound >= along - 1e-8 * max(abs(along), 1.0),
                "conjugate",
                f"R(V) + R*(U) to be at least <U, V> = {along:.8g} for all V",
                f"{bound:.8g}, which makes duality gaps too small",
            )


def _check_forms(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Compare R with its quadratic, group and split forms."""
    columns = points.columns
    for W in points.inside:
        expected = points.value(W)
        form = penalty.task_covariance_form(columns)
        if form is not None:
            found = form.value(W)
            faults.close(found, expected, "task_covariance_form", "the value")
        rows = penalty.feature_group_form(len(W))
        if rows is not None:
            weights, ridge = rows
            found = float(weights @ np.linalg.norm(W, axis=1))
            found += 0.5 * ridge * float(np.vdot(W, W))
            faults.close(found, expected, "feature_group_form", "the value")
        matrix, rest = penalty.split(columns)
        found = 0.0 if matrix is None else 0.5 * float(np.vdot(W @ matrix, W))
        found += 0.0 if rest is None else rest.value(W, columns)
        faults.close(found, expected, "split", "the value")


def _check_free(penalty: Penalty, points: Points, faults: Faults) -> None:
    """Check that R does not change along the unpenalised directions."""
    free = penalty.free_directions(points.columns)
    for W in points.inside:
        for direction in free.T:
            moved = W + np.outer(np.linspace(-2.0, 3.0, len(W)), direction)
            found, expected = points.value(moved), points.value(W)
            faults.close(found, expected, "free_directions", "an unchanged value")
