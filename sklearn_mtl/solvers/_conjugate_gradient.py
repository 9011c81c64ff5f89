"""Conjugate gradients for linear systems whose unknown is a matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["conjugate_gradient"]

Map = Callable[[np.ndarray], np.ndarray]


def conjugate_gradient(
    apply: Map,
    B: np.ndarray,
    precondition: Map | None = None,
    *,
    tol: float = 1e-13,
    scale: float | None = None,
    max_iter: int = 1000,
    start: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:
    """Return X with apply(X) = B for a positive semi-definite map."""
    X = np.zeros_like(B) if start is None else start.copy()
    R = B - apply(X) if start is not None else B.copy()
    limit = (tol * (np.linalg.norm(B) if scale is None else scale)) ** 2
    Z = R if precondition is None else precondition(R)
    P, rz = Z.copy(), np.vdot(R, Z)
    n_iter = 0
    while n_iter < max_iter and np.vdot(R, R) > limit:
        AP = apply(P)
        curvature = np.vdot(P, AP)
        if curvature <= 0.0:  # rounding error in a null direction
            break
        step = rz / curvature
        X += step * P
        R -= step * AP
        Z = R if precondition is None else precondition(R)
        rz, before = np.vdot(R, Z), rz
        P = Z + (rz / before) * P
        n_iter += 1
    return X, n_iter
