"""From scores to probabilities: a softmax with a slope and a shift for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

__all__ = ["Calibration"]

_RAREST = 1e-6  # frequency of a class, at least; its logarithm is a logit
_STEEPEST = 8.0  # logarithm of a slope, at most: separable scores would have no end


@dataclass(frozen=True)
class Calibration:
    r"""Probabilities of one task, :math:`p_k \propto \pi_k e^{a_k s_k + b_k}`.

    With linear scores of class indicators this is what linear discriminant analysis
    amounts to [1]_, with slopes and shifts that fit out-of-fold scores best.

    Attributes
    ----------
    logits : ndarray of shape (n_classes,)
        Logarithms of the class frequencies.
    slopes, shifts : ndarray of shape (n_classes,)
        The slopes are positive: a score never speaks against its class, so labels
        without any signal, whose out-of-fold scores are lower for the rows of a class,
        are not predicted from that.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, A. Buja, "Flexible discriminant analysis by optimal
       scoring", Journal of the American Statistical Association 89, 1994.
    """

    logits: np.ndarray
    slopes: np.ndarray
    shifts: np.ndarray

    @classmethod
    def learn(
        cls, scores: np.ndarray, labels: np.ndarray, weights: np.ndarray
    ) -> Calibration:
        """Minimise the log-loss, with slopes drawn to each other and shifts to 0.

        Shapes: scores (n_samples, n_classes), labels (n_samples,), weights
        (n_samples,).
        """
        n_classes, weights = scores.shape[1], weights / weights.sum()
        truth = np.eye(n_classes)[labels]
        logits = np.log(np.maximum(weights @ truth, _RAREST))
        unit = max(np.sqrt(weights @ (scores**2)).max(), np.finfo(np.float64).tiny)
        # 1 / n on a mean log-loss is a standard normal prior.
        scaled, pull = scores / unit, 1.0 / len(labels)

        def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
            # Positive slopes: a higher score never makes its class less probable.
            steep, shifts = np.split(point, 2)
            slopes, away = np.exp(steep), steep - steep.mean()
            logp = _log_softmax(logits + scaled * slopes + shifts)
            fit = -weights @ logp[np.arange(len(labels)), labels]
            value = fit + pull / 2 * (shifts @ shifts + away @ away)
            error = weights[:, None] * (np.exp(logp) - truth)
            by_slope = slopes * np.sum(error * scaled, axis=0) + pull * away
            by_shift = error.sum(axis=0) + pull * shifts
            return float(value), np.concatenate([by_slope, by_shift])

        bounds = [(-_STEEPEST, _STEEPEST)] * n_classes + [(None, None)] * n_classes
        start = np.zeros(2 * n_classes)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        return cls(logits, np.exp(found[:n_classes]) / unit, found[n_classes:])

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities (n_samples, n_classes) of scores."""
        return np.exp(_log_softmax(self.logits + scores * self.slopes + self.shifts))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
