"""Logistic and multinomial loss of all tasks over observed cells."""

from __future__ import annotations

from collections.abc import Callable
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
        self.n = float(weights.sum() / weights.shape[1])
        self.weights = weights / self.n
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
        return Evaluation(
            self.loss(logits),
            self.pull_back(probabilities),
            lambda s: self._entropy(s, probabilities),
        )

    def pull_back(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to W."""
        gradient: np.ndarray = self.X.T @ (self.cells * (probabilities - self.targets))
        return gradient

    def hessian(self, probabilities: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return the map V -> Hessian V, intercepts minimised out.

        Parameters
        ----------
        probabilities : ndarray of shape (n_samples, n_columns)
            Predictions at the point.

        Returns
        -------
        callable
            Takes and gives arrays of shape (n_features, n_columns).
        """
        inverses = [
            np.linalg.pinv(self._block_curvature(probabilities, block), hermitian=True)
            for block in self.blocks
        ]
        curvature = self._binary_curvature(probabilities)
        totals = np.maximum(curvature.sum(axis=0), 1e-300)

        def apply(V: np.ndarray) -> np.ndarray:
            fits = self.X @ V
            out = np.empty_like(fits)
            pushed = curvature * fits[:, self.binary]
            if self.fit_intercept:
                pushed -= curvature * (pushed.sum(axis=0) / totals)
            out[:, self.binary] = pushed
            for block, inverse in zip(self.blocks, inverses, strict=True):
                out[:, block] = self._push_block(
                    fits[:, block], probabilities, block, inverse
                )
            return self.X.T @ out

        return apply

    def mean_curvature(self, probabilities: np.ndarray) -> np.ndarray:
        """Return each column's mean of p (1 - p) times the task's part of the weight.

        Parameters
        ----------
        probabilities : ndarray of shape (n_samples, n_columns)
            Predictions at the point.

        Returns
        -------
        ndarray of shape (n_columns,)
            Positive numbers.
        """
        pq = probabilities * (1.0 - probabilities)
        sums = np.einsum("ic,ic->c", self.cells, pq)
        return np.maximum(sums / self.weights.mean(axis=1).sum(), 1e-10)

    def replace(self, X: Any) -> CrossEntropy:
        """Return the same data term with other inputs for the same rows."""
        part: CrossEntropy = object.__new__(CrossEntropy)
        part.__dict__.update(self.__dict__)
        part.X, part.n_features = X, X.shape[1]
        return part

    def _binary_curvature(self, probabilities: np.ndarray) -> np.ndarray:
        p = probabilities[:, self.binary]
        return self.cells[:, self.binary] * p * (1.0 - p)

    def _block_curvature(self, probabilities: np.ndarray, block: slice) -> np.ndarray:
        p = probabilities[:, block]
        pulled = self.cells[:, block] * p
        return np.diag(pulled.sum(axis=0)) - p.T @ pulled

    def _push_block(
        self,
        fits: np.ndarray,
        probabilities: np.ndarray,
        block: slice,
        inverse: np.ndarray,
    ) -> np.ndarray:
        """Return the block's Hessian times fits, less what the intercepts take."""
        p, w = probabilities[:, block], self.cells[:, block]

        def push(Z: np.ndarray) -> np.ndarray:
            return w * p * (Z - (p * Z).sum(axis=1, keepdims=True))

        pushed = push(fits)
        if not self.fit_intercept:
            return pushed
        shift = inverse @ pushed.sum(axis=0)
        return pushed - push(np.broadcast_to(shift, fits.shape))

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
        return self.replace(self.X[:, rows])

    def row_bounds(self) -> np.ndarray:
        """Return for each feature the largest weighted length over tasks."""
        squares = self.X.multiply(self.X) if hasattr(self.X, "multiply") else self.X**2
        return np.sqrt(np.asarray(squares.T @ self.weights).max(axis=1))

    def loss(self, logits: np.ndarray) -> float:
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
        curvature = self._binary_curvature(p).sum(axis=0)
        step[columns] = gradient[columns] / np.maximum(curvature, 1e-12)
        for block in self.blocks:
            hessian = self._block_curvature(p, block)
            # Singular along the constant vector: pinv takes the smallest step.
            step[block] = np.linalg.pinv(hessian, hermitian=True) @ gradient[block]
        return step
