"""Logistic and multinomial loss of all tasks over observed labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, xlogy

from sklearn_mtl.datafits._base import Datafit, Evaluation, largest_eigenvalue
from sklearn_mtl.datafits._build import weights_are_shared
from sklearn_mtl.datafits._intercepts import (
    binary_intercepts,
    block_intercepts,
    softmax,
)

__all__ = ["LogLoss"]

#: Smallest loss at zero per task (in nats) that is used as a scale for duality gaps.
LEAST_LOSS = 1e-3
#: The smallest normal number.
TINY = float(np.finfo(float).tiny)


class LogLoss(Datafit):
    """Mean log-loss; a binary task has one column, other tasks have one per class.

    f(W) = min over b of sum over observed labels of w l(y, x W + b) / n, with n the
    mean sum of weights of a task. At every evaluation Newton's method minimises over
    the intercepts. The residuals of a task then sum to zero, so they are a dual point.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    codes : ndarray of shape (n_samples, n_tasks)
        Class indices; any finite value if the weight is 0.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of labels, 0 where a label is missing.
    n_classes : sequence of int
        Number of classes of each task, at least 2.
    fit_intercept : bool
        Whether there are unpenalised intercepts.
    """

    has_logits = True
    can_restrict = True

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
        # Divided by the mean sum of weights, which makes alpha independent of
        # n_samples.
        self.n = float(weights.sum() / weights.shape[1])
        self.weights = weights / self.n
        self.n_features = X.shape[1]
        # One logit for a binary task, because only the difference of two would matter.
        widths = [1 if k == 2 else k for k in n_classes]
        self.ends = np.cumsum(widths)
        self.n_columns = int(self.ends[-1])
        task = np.repeat(np.arange(len(widths)), widths)
        self.cells = self.weights[:, task]
        self.targets = self._one_hot(task)
        # A slice if possible, because indexing columns by number copies them.
        self.binary: Any = slice(None)
        if max(widths) > 1:
            self.binary = np.flatnonzero(np.array(widths)[task] == 1)
        self.blocks = [
            slice(end - width, end)
            for end, width in zip(self.ends, widths, strict=True)
            if width > 1
        ]
        self._intercept = np.zeros(self.n_columns)

    @property
    def is_dense(self) -> bool:
        """Return whether X is an array."""
        return isinstance(self.X, np.ndarray)

    @property
    def has_shared_samples(self) -> bool:
        """Return whether X is dense and samples weigh the same for all tasks."""
        return self.is_dense and weights_are_shared(self.weights)

    @property
    def least_loss(self) -> float:
        """Smallest loss at zero that is a useful scale for duality gaps."""
        # If almost all weight is on one class, the loss at zero is almost 0, and a gap
        # relative to it would be rounding error. The log-loss has a natural unit.
        return LEAST_LOSS * len(self.n_classes)

    def _one_hot(self, task: np.ndarray) -> np.ndarray:
        starts = np.concatenate([[0], self.ends[:-1]])
        is_binary = np.array(self.n_classes) == 2
        label = np.where(is_binary[task], 1, np.arange(self.n_columns) - starts[task])
        return (self.codes[:, task] == label).astype(float)

    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""
        logits = self.logits(W)
        return self.evaluation(logits, self.probabilities(logits))

    def evaluation(self, logits: np.ndarray, probabilities: np.ndarray) -> Evaluation:
        """Return value, gradient and dual, given logits and predictions."""
        return Evaluation(
            self.loss(logits),
            self.pull_back(probabilities),
            lambda s: self._entropy(s, probabilities),
        )

    def pull_back(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to W."""
        gradient: np.ndarray = self.X.T @ (self.cells * (probabilities - self.targets))
        return gradient

    def curvature(
        self, probabilities: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Return the Hessian of the loss with respect to the logits.

        Shapes: probabilities (n_samples, n_columns) -> (n_samples, n_columns).
        """
        scaled = self.cells * probabilities

        def apply(Z: np.ndarray) -> np.ndarray:
            out = scaled * (1.0 - probabilities) * Z
            for block in self.blocks:
                p, z = probabilities[:, block], Z[:, block]
                # (diag(p) - p p') z without the matrix.
                out[:, block] = scaled[:, block] * (z - (p * z).sum(axis=1)[:, None])
            return out

        return apply

    def mean_curvature(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the mean of p (1 - p) in each column times the task's share of weight.

        Shapes: probabilities (n_samples, n_columns) -> (n_columns,).
        """
        pq = probabilities * (1.0 - probabilities)
        sums = np.einsum("ic,ic->c", self.cells, pq)
        # Close to certainty p (1 - p) underflows, but the result is a divisor.
        return np.maximum(sums / self.weights.mean(axis=1).sum(), 1e-10)

    def replace(self, X: Any) -> LogLoss:
        """Return the data term with another X for the same samples."""
        # Bypasses __init__, which would encode the labels again.
        part: LogLoss = object.__new__(LogLoss)
        part.__dict__.update(self.__dict__)
        part.X, part.n_features = X, X.shape[1]
        return part

    def logits(self, W: np.ndarray) -> np.ndarray:
        """Return X W + b with the best intercepts b."""
        plain = self.X @ W
        # Warm start, because W changes little between evaluations.
        self._intercept = self.best_intercept(plain, self._intercept)
        return plain + self._intercept

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the probability of class 1, or of each class, for each column."""
        out = np.empty_like(logits)
        out[:, self.binary] = expit(logits[:, self.binary])
        for block in self.blocks:
            out[:, block] = softmax(logits[:, block])
        return out

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts for these coefficients."""
        self.logits(W)
        return self._intercept.copy()

    def seed_intercept(self, guess: np.ndarray) -> None:
        """Set the starting point of the next search for intercepts."""
        self._intercept = guess * float(self.fit_intercept)

    def lipschitz(self) -> float:
        """Return a bound: the largest curvature times the largest eigenvalue of X'X."""
        # Bounds of the eigenvalues of diag(p) - p p' and of p (1 - p).
        bound = 0.5 if self.blocks else 0.25

        def apply(V: np.ndarray) -> np.ndarray:
            fits = self.X @ V
            # Minimised over the intercepts, only centred fits have curvature.
            if self.fit_intercept:
                totals = np.maximum(self.cells.sum(axis=0), 1e-300)
                fits = fits - (self.cells * fits).sum(axis=0) / totals
            return self.X.T @ (self.cells * fits)

        return bound * largest_eigenvalue(apply, (self.n_features, self.n_columns))

    def restrict(self, features: np.ndarray) -> LogLoss:
        """Return the data term restricted to these features."""
        return self.replace(self.X[:, features])

    def feature_lengths(self) -> np.ndarray:
        """Return the weighted norm of each feature's column, the largest over tasks."""
        squares = self.X.multiply(self.X) if hasattr(self.X, "multiply") else self.X**2
        return np.sqrt(np.asarray(squares.T @ self.weights).max(axis=1))

    def loss(self, logits: np.ndarray) -> float:
        """Return the loss at these logits."""
        z = logits[:, self.binary]
        # log(1 + exp(z)) - y z, computed in place in half the time of logaddexp.
        losses = np.abs(z)
        np.exp(np.negative(losses, out=losses), out=losses)
        np.log1p(losses, out=losses)
        losses += np.maximum(z, 0.0)
        losses -= self.targets[:, self.binary] * z
        total = float(np.vdot(self.cells[:, self.binary], losses))
        for block in self.blocks:
            z = logits[:, block]
            # Shift the logits to avoid overflow.
            top = z.max(axis=1)
            sums = np.exp(z - top[:, None]).sum(axis=1)
            losses = top + np.log(sums) - (self.targets[:, block] * z).sum(axis=1)
            total += float(self.cells[:, block.start] @ losses)
        return total

    def _entropy(self, s: float, probabilities: np.ndarray) -> float:
        """Return the entropy of mixtures of labels (1 - s) and predictions (s)."""
        # The conjugate of the log-loss is the negative entropy, here at y + s (p - y).
        mixed = self.targets + s * (probabilities - self.targets)
        q = mixed[:, self.binary]
        # This takes half the time of xlogy. The maximum matters only for q = 0 or 1.
        terms = q * np.log(np.maximum(q, TINY))
        terms += (1.0 - q) * np.log(np.maximum(1.0 - q, TINY))
        total = -float(np.vdot(self.cells[:, self.binary], terms))
        for block in self.blocks:
            q = mixed[:, block]
            total -= float(np.vdot(self.cells[:, block], xlogy(q, q)))
        return total

    def best_intercept(self, plain: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return the intercepts that minimise the loss at X W.

        Shapes: plain (n_samples, n_columns), start (n_columns,) ->
        (n_columns,).
        """
        b = np.zeros(self.n_columns)
        if not self.fit_intercept:
            return b
        some = self.binary
        b[some] = binary_intercepts(
            plain[:, some], self.targets[:, some], self.cells[:, some], start[some]
        )
        for block in self.blocks:
            weights = self.cells[:, block.start]
            b[block] = block_intercepts(
                plain[:, block], self.targets[:, block], weights, start[block]
            )
        return b
