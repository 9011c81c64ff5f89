"""Logistic and multinomial loss of all tasks over observed cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logsumexp, xlogy

from sklearn_mtl.datafits._base import Evaluation, power_lipschitz

__all__ = ["CrossEntropy"]


class CrossEntropy:
    """Mean log-loss, binary tasks with one column and others with one a class.

    f(W) = min over b of sum over observed cells of w l(y, x W + b) / n, n the mean
    weight of a task. The intercepts are minimised out at every evaluation by Newton's
    method, so that the residuals of a task sum to zero and are a dual point.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    codes : ndarray of shape (n_samples, n_tasks)
        Class indices, anything finite where the weight is 0.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells, 0 where a label is missing.
    n_classes : sequence of int
        Number of classes of each task, at least 2.
    fit_intercept : bool
        Whether there are unpenalised intercepts.
    """

    def __init__(
        self,
        X: Any,
        codes: np.ndarray,
        weights: np.ndarray,
        n_classes: list[int],
        fit_intercept: bool,
    ) -> None:
        self.X, self.codes, self.n_classes = X, codes, n_classes
        self.fit_intercept = fit_intercept
        self.weights = weights / (weights.sum() / weights.shape[1])
        self.n_features = X.shape[1]
        widths = [1 if k == 2 else k for k in n_classes]
        self.ends = np.cumsum(widths)
        self.n_columns = int(self.ends[-1])
        task = np.repeat(np.arange(len(widths)), widths)
        self.cells = self.weights[:, task]
        self.targets = self._one_hot(task)
        self.binary = np.flatnonzero(np.array(widths)[task] == 1)
        self.blocks = [
            slice(end - width, end)
            for end, width in zip(self.ends, widths, strict=True)
            if width > 1
        ]
        self._intercept = np.zeros(self.n_columns)

    def _one_hot(self, task: np.ndarray) -> np.ndarray:
        starts = np.concatenate([[0], self.ends[:-1]])
        is_binary = np.array(self.n_classes) == 2
        label = np.where(is_binary[task], 1, np.arange(self.n_columns) - starts[task])
        return (self.codes[:, task] == label).astype(float)

    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""
        logits = self.logits(W)
        probabilities = self.probabilities(logits)
        residual = self.cells * (probabilities - self.targets)
        return Evaluation(
            self._value(logits),
            self.X.T @ residual,
            lambda s: self._entropy(s, probabilities),
        )

    def logits(self, W: np.ndarray) -> np.ndarray:
        """Return X W + b with the best intercepts b."""
        plain = self.X @ W
        if not self.fit_intercept:
            return plain
        self._intercept = self._best_intercept(plain, self._intercept)
        return plain + self._intercept

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the probability of class 1, or of each class, for each column."""
        out = np.empty_like(logits)
        out[:, self.binary] = expit(logits[:, self.binary])
        for block in self.blocks:
            shifted = logits[:, block] - logits[:, block].max(axis=1, keepdims=True)
            powers = np.exp(shifted)
            out[:, block] = powers / powers.sum(axis=1, keepdims=True)
        return out

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts for these coefficients."""
        self.logits(W)
        return self._intercept.copy()

    def lipschitz(self) -> float:
        """Return a bound of the curvature times the largest eigenvalue of X'X."""
        bound = 0.5 if self.blocks else 0.25

        def apply(V: np.ndarray) -> np.ndarray:
            fits = self.X @ V
            if self.fit_intercept:
                totals = np.maximum(self.cells.sum(axis=0), 1e-300)
                fits = fits - (self.cells * fits).sum(axis=0) / totals
            return self.X.T @ (self.cells * fits)

        return bound * power_lipschitz(apply, (self.n_features, self.n_columns))

    def restrict(self, rows: np.ndarray) -> CrossEntropy:
        """Return the data term of these features alone."""
        part: CrossEntropy = object.__new__(CrossEntropy)
        part.__dict__.update(self.__dict__)
        part.X, part.n_features = self.X[:, rows], len(rows)
        return part

    def row_bounds(self) -> np.ndarray:
        """Return for each feature the largest weighted length over tasks."""
        squares = self.X.multiply(self.X) if hasattr(self.X, "multiply") else self.X**2
        return np.sqrt(np.asarray(squares.T @ self.weights).max(axis=1))

    def _value(self, logits: np.ndarray) -> float:
        """Return the loss at these logits."""
        z = logits[:, self.binary]
        losses = np.logaddexp(0.0, z) - self.targets[:, self.binary] * z
        total = float(np.vdot(self.cells[:, self.binary], losses))
        for block in self.blocks:
            z = logits[:, block]
            losses = logsumexp(z, axis=1) - (self.targets[:, block] * z).sum(axis=1)
            total += float(self.cells[:, block.start] @ losses)
        return total

    def _entropy(self, s: float, probabilities: np.ndarray) -> float:
        """Return the entropy of the labels mixed with the predictions, part s."""
        mixed = self.targets + s * (probabilities - self.targets)
        q = mixed[:, self.binary]
        terms = xlogy(q, q) + xlogy(1.0 - q, 1.0 - q)
        total = -float(np.vdot(self.cells[:, self.binary], terms))
        for block in self.blocks:
            q = mixed[:, block]
            total -= float(np.vdot(self.cells[:, block], xlogy(q, q)))
        return total

    def _best_intercept(self, plain: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return the intercepts that minimise the loss, by Newton's method."""
        b = start.copy()
        scale = np.maximum(self.cells.sum(axis=0), 1e-300)
        for _ in range(50):
            probabilities = self.probabilities(plain + b)
            gradient = (self.cells * (probabilities - self.targets)).sum(axis=0)
            if np.abs(gradient / scale).max() <= 1e-13:
                break
            step = self._newton_step(probabilities, gradient)
            # A step of more than 2 leaves the region where the quadratic is a guide.
            b -= np.clip(step, -2.0, 2.0)
            if np.abs(step).max() <= 1e-14 * max(1.0, np.abs(b).max()):
                break
        return b

    def _newton_step(self, p: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        step = np.zeros_like(gradient)
        columns = self.binary
        q = p[:, columns]
        curvature = np.einsum("ic,ic->c", self.cells[:, columns], q * (1.0 - q))
        step[columns] = gradient[columns] / np.maximum(curvature, 1e-12)
        for block in self.blocks:
            q, w = p[:, block], self.cells[:, block]
            hessian = np.diag((w * q).sum(axis=0)) - q.T @ (w * q)
            # Singular along the constant vector: pinv takes the smallest step.
            step[block] = np.linalg.pinv(hessian, hermitian=True) @ gradient[block]
        return step
