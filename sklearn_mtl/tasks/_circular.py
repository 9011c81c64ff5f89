"""Circular values, such as angles, hours or days of the year."""

from __future__ import annotations

import numpy as np

__all__ = ["distances", "from_vectors", "unit_vectors"]


def unit_vectors(values: np.ndarray, period: float) -> np.ndarray:
    """Return points on the unit circle (..., 2); NaN for NaN."""
    angle = values * (2.0 * np.pi / period)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def from_vectors(vectors: np.ndarray, period: float) -> np.ndarray:
    """Return the values in [0, period) of directions (..., 2) of any length."""
    angle = np.arctan2(vectors[..., 1], vectors[..., 0])
    # modulo twice, because a small negative number modulo the period may round to it
    return angle * (period / (2.0 * np.pi)) % period % period


def distances(a: np.ndarray, b: np.ndarray, period: float) -> np.ndarray:
    """Return distances along the shorter arc, at most period / 2."""
    apart = np.abs(a - b) % period
    return np.minimum(apart, period - apart)
