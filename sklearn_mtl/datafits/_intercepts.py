"""Intercepts that minimise the log-loss at given scores."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

__all__ = ["binary_intercepts", "block_intercepts", "softmax"]

#: A smaller mean residual counts as zero.
TOLERANCE = 1e-12
MAX_STEPS = 100


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row."""
    powers = np.exp(logits - logits.max(axis=1)[:, None])
    return powers / powers.sum(axis=1)[:, None]


def binary_intercepts(
    scores: np.ndarray, targets: np.ndarray, cells: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Return the intercept of each column, by Newton steps within a bracket.

    Shapes: scores (n_samples, n_columns), targets (n_samples, n_columns),
    cells (n_samples, n_columns), start (n_columns,) -> (n_columns,).
    """
    b, total = start.copy(), np.maximum(cells.sum(axis=0), 1e-300)
    low, high = np.full_like(b, -np.inf), np.full_like(b, np.inf)
    wanted = np.einsum("ic,ic->c", cells, targets) / total
    for _ in range(MAX_STEPS):
        p = scores + b
        expit(p, out=p)
        mean = np.einsum("ic,ic->c", cells, p) / total - wanted
        if np.abs(mean).max(initial=0.0) <= TOLERANCE:
            break
        # The mean residual increases with b, so its sign gives the side of the root.
        low, high = np.where(mean < 0, b, low), np.where(mean > 0, b, high)
        curvature = mean + wanted - np.einsum("ic,ic,ic->c", cells, p, p) / total
        # Far from the root the sigmoid is flat, and a full Newton step would overshoot.
        step = np.clip(mean / np.maximum(curvature, 1e-300), -4.0, 4.0)
        new = b - np.where(np.abs(mean) <= TOLERANCE, 0.0, step)
        outside = (new <= low) | (new >= high)
        # Without a bracket take the clipped step; with a bracket use bisection.
        bracketed = np.isfinite(low) & np.isfinite(high)
        halfway = new.copy()
        halfway[bracketed] = 0.5 * (low[bracketed] + high[bracketed])
        new = np.where(outside & (np.abs(mean) > TOLERANCE), halfway, new)
        if np.abs(new - b).max() <= 1e-15 * max(1.0, np.abs(b).max()):
            break
        b = new
    return b


def block_intercepts(
    scores: np.ndarray, targets: np.ndarray, weights: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Return the intercepts of one softmax, by Newton steps with backtracking.

    Shapes: scores (n_samples, n_classes), targets (n_samples, n_classes),
    weights (n_samples,), start (n_classes,) -> (n_classes,).
    """
    total = max(float(weights.sum()), 1e-300)
    b, wanted = start.copy(), weights @ targets / total
    value = _mean_loss(scores, wanted, weights / total, b)
    for _ in range(MAX_STEPS):
        p = softmax(scores + b)
        pulled = (weights / total)[:, None] * p
        residual = pulled.sum(axis=0) - wanted
        if np.abs(residual).max() <= TOLERANCE:
            break
        # Adding 1 / k^2 to every entry fills the null space of softmax, the common
        # shift. The Hessian is regularised by the residual, because it vanishes near
        # certainty.
        hessian = np.diag(pulled.sum(axis=0)) - p.T @ pulled + 1.0 / len(b) ** 2
        hessian.flat[:: len(b) + 1] += 1e-3 * np.abs(residual).max()
        step = np.clip(np.linalg.solve(hessian, residual), -4.0, 4.0)
        length = 1.0
        while length > 1e-6:
            new = _mean_loss(scores, wanted, weights / total, b - length * step)
            # In the last steps the decrease is smaller than the rounding error of the
            # loss.
            if new <= value + 1e-14 * max(1.0, abs(value)):
                break
            length *= 0.25
        else:
            break
        b, value = b - length * step, new
        if np.abs(length * step).max() <= 1e-15 * max(1.0, np.abs(b).max()):
            break
    return b


def _mean_loss(
    scores: np.ndarray, wanted: np.ndarray, weights: np.ndarray, b: np.ndarray
) -> float:
    """Return the mean loss up to a constant."""
    logits = scores + b
    top = logits.max(axis=1)
    sums = np.exp(logits - top[:, None]).sum(axis=1)
    return float(weights @ (top + np.log(sums)) - wanted @ b)
