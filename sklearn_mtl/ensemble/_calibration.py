"""Calibration of scores by a softmax with a slope and a shift for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

__all__ = ["Calibration"]

_RAREST = 1e-6  # minimum frequency of a class, whose logarithm is used
_STEEPEST = 8.0  # maximum logarithm of a slope, which separable scores would exceed


@dataclass(frozen=True)
class Calibration:
    r"""Calibration of one task, :math:`p_k \propto \pi_k e^{a_k s_k + b_k}`.

    For linear regressions of class indicators, linear discriminant analysis has this
    form [1]_. Here the slopes a and shifts b are fitted to out-of-fold scores.

    Attributes
    ----------
    logits : ndarray of shape (n_classes,)
        Logarithms of the class frequencies :math:`\pi`.
    slopes, shifts : ndarray of shape (n_classes,)
        Slopes and shifts of the scores. Slopes are positive, because out-of-fold scores
        without any signal are lower for the samples of their class, and a negative
        slope would exploit this.

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
        """Minimise the log-loss with slopes shrunk to their mean and shifts to 0.

        Shapes: scores (n_samples, n_classes), labels (n_samples,), weights
        (n_samples,).
        """
        n_classes, weights = scores.shape[1], weights / weights.sum()
        truth = np.eye(n_classes)[labels]
        logits = np.log(np.maximum(weights @ truth, _RAREST))
        unit = max(np.sqrt(weights @ (scores**2)).max(), np.finfo(np.float64).tiny)
        # For a mean log-loss, a penalty of 1 / n is a standard normal prior.
        scaled, pull = scores / unit, 1.0 / len(labels)

        def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
            # The exponential makes slopes positive.
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
