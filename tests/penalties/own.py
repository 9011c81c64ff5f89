"""Penalties as a user writes them: value and prox, and nothing else."""

import numpy as np

from sklearn_mtl.penalties import Penalty


class WeightedRows(Penalty):
    """alpha sum_j f_j ||W_j||, the same as L21(feature_weights=f)."""

    def __init__(self, alpha=1.0, weights=None):
        self.alpha = alpha
        self.weights = weights

    def _thresholds(self, W):
        weights = 1.0 if self.weights is None else np.asarray(self.weights)[:, None]
        return self.alpha * weights * np.ones((len(W), 1))

    def value(self, W, columns=None):
        norms = np.linalg.norm(W, axis=1, keepdims=True)
        return float((self._thresholds(W) * norms).sum())

    def prox(self, W, step=1.0, columns=None):
        norms = np.linalg.norm(W, axis=1, keepdims=True)
        kept = np.maximum(norms - step * self._thresholds(W), 0.0)
        return W * kept / np.where(norms > 0, norms, 1.0)


class NonNegative(Penalty):
    """lam sum W, and no coefficient below zero: no norm, and no `alpha`."""

    def __init__(self, lam=0.1):
        self.lam = lam

    def value(self, W, columns=None):
        return np.inf if (W < 0).any() else self.lam * float(W.sum())

    def prox(self, W, step=1.0, columns=None):
        return np.maximum(W - step * self.lam, 0.0)
