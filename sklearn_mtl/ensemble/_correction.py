"""Ridge corrections of the scores of one task, and the choice of their penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_mtl.ensemble._scores import from_scores, sigmoid, to_scores
from sklearn_mtl.ensemble._simplex import DOUBT, read_mixture_loss
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["PENALTIES", "PRIOR", "Correction", "SecondStage"]

# Penalties relative to the information in the labels of a task. With the first one, the
# other tasks are not used.
PENALTIES = np.array([np.inf, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03])
# Added to each penalty: a normal prior with standard deviation 30^-0.5 = 0.18 of the
# coefficients of standardised columns, which dominates for a dozen labels. The prior
# and the penalties were chosen on held-out thirds of training samples.
PRIOR = 30.0
# Minimum decrease of the loss in standard errors for which the other tasks are used.
# Otherwise noise that tasks share would seem predictable from their predictions.
LEAST_FALL = 0.5
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Correction:
    """Correction of the scores of a task.

    Attributes
    ----------
    of_folds : ndarray of shape (n_folds, n_others, n_scores)
        Coefficients fitted without the samples of each fold, with a penalty chosen
        without them.
    mean : ndarray of shape (n_others, n_scores)
        Mean of the coefficients over the folds for a common penalty.
    gain : float
        Decrease of the out-of-fold loss by `of_folds`, divided by the loss of the best
        constant.
    """

    of_folds: np.ndarray
    mean: np.ndarray
    gain: float


@dataclass(frozen=True)
class SecondStage:
    r"""Labels of one task and its scores from the first stage.

    Attributes
    ----------
    task : Task
        The task.
    rows : ndarray of shape (n_labels,)
        Indices of the samples with a label and a score.
    codes, weights : ndarray of shape (n_labels,)
        Labels, and weights with mean 1.
    scores : ndarray of shape (n_labels, n_scores)
        Logits or values from the first stage.
    unit : float
        Standard deviation of the labels of a regression task, 1 for classes.
    prior_loss : float
        Loss of the best constant.
    """

    task: Task
    rows: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    unit: float
    prior_loss: float

    @classmethod
    def read(
        cls, task: Task, codes: np.ndarray, weights: np.ndarray, output: np.ndarray
    ) -> SecondStage | None:
        """Select the samples with a label and an output, or return None without any.

        Shapes: codes, weights (n_samples,), output (n_samples,) or
        (n_samples, n_classes).
        """
        scores = to_scores(task, output)
        rows = np.flatnonzero((weights > 0) & ~np.isnan(scores).any(axis=1))
        mixture = read_mixture_loss(task, codes, weights, [output])
        if mixture is None:
            return None
        weights, codes, unit = weights[rows] / weights[rows].mean(), codes[rows], 1.0
        if not task.is_classification:
            mean = np.average(codes, weights=weights)
            unit = float(np.sqrt(np.average((codes - mean) ** 2, weights=weights)))
        scores = scores[rows]
        return cls(task, rows, codes, weights, scores, unit, mixture.prior_loss)

    def is_learned(self) -> bool:
        """Return whether the first stage is better than the best constant.

        Otherwise its out-of-fold predictions are negatively correlated with the labels,
        because the label of a sample is excluded from the mean that predicts it. A
        second stage would learn to reverse them.
        """
        constant = np.average(self.codes, weights=self.weights)
        if self.task.is_classification:
            at, n_classes = self.codes.astype(np.intp), self.task.n_classes
            share = np.bincount(at, self.weights, n_classes) / self.weights.sum()
            constant = np.broadcast_to(share, (len(at), n_classes))
        outputs = [constant, from_scores(self.task, self.scores)]
        return _choose(self._losses(outputs), self.weights) == 1

    def fit(
        self, others: np.ndarray, fold: np.ndarray, n_folds: int
    ) -> Correction | None:
        """Return the correction, or None if the other tasks do not reduce the loss.

        Shapes: others (n_samples, n_others), fold (n_samples,).
        """
        others, fold = others[self.rows], fold[self.rows]
        numbers = range(n_folds)
        # (n_folds, n_penalties, n_others, n_scores)
        found = np.stack([self._solve(others, fold != number) for number in numbers])
        outputs = [
            self._output(others, fold, found[:, i]) for i in range(len(PENALTIES))
        ]
        losses = self._losses(outputs)
        chosen = _choose(losses, self.weights)
        # The penalty for a fold is chosen without its samples.
        apart = [_choose(losses, self.weights * (fold != number)) for number in numbers]
        if not chosen and not any(apart):
            return None
        of_folds = found[numbers, apart]
        after = self._losses([self._output(others, fold, of_folds)])[0]
        gain = np.average(losses[0] - after, weights=self.weights)
        return Correction(of_folds, found[:, chosen].mean(axis=0), float(gain))

    def _solve(self, others: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
        r"""Return coefficients (n_penalties, n_others, n_scores) of some samples.

        They are the result of one Newton step from the first stage, which is accurate
        enough for small corrections:

        .. math:: b = (F^T \mathrm{diag}(w v) F + (\lambda m + c) I)^{-1} F^T (w r)

        with the columns F of the other tasks, the residuals r, their variances v under
        the first stage, the weights w, the penalty :math:`\lambda`, the constant c =
        `PRIOR`, and the sum m of the weights times the variance of the labels.
        """
        weights = self.weights * is_seen
        residual, variance, spread = self._residuals(weights)
        out = np.empty((len(PENALTIES), others.shape[1], self.scores.shape[1]))
        for j in range(self.scores.shape[1]):
            gram = others.T @ ((weights * variance[:, j])[:, None] * others)
            values, vectors = linalg.eigh(gram)
            right = vectors.T @ (others.T @ (weights * residual[:, j]))
            mass = max(weights.sum() * spread[j], _TINY)
            total = np.maximum(values, 0.0) + PENALTIES[:, None] * mass + PRIOR
            out[:, :, j] = (right / total) @ vectors.T
        return self.unit * out

    def _residuals(
        self, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return residuals, variances given the scores, and total variance of labels.

        Shapes: -> (n_labels, n_scores) twice, (n_scores,).
        """
        if not self.task.is_classification:
            residual = (self.codes[:, None] - self.scores) / self.unit
            return residual, np.ones_like(residual), np.ones(1)
        classes = np.arange(self.task.n_classes)[self.task.n_classes == 2 :]
        truth = (self.codes[:, None] == classes).astype(np.float64)
        proba = sigmoid(self.scores)
        share = weights @ truth / max(weights.sum(), _TINY)
        return truth - proba, proba * (1.0 - proba), share * (1.0 - share)

    def _output(
        self, others: np.ndarray, fold: np.ndarray, of_folds: np.ndarray
    ) -> np.ndarray:
        """Return outputs corrected with the coefficients of fits without their fold."""
        shift = np.empty_like(self.scores)
        for number, own in enumerate(of_folds):
            shift[fold == number] = others[fold == number] @ own
        return from_scores(self.task, self.scores + shift)

    def _losses(self, outputs: Sequence[np.ndarray]) -> np.ndarray:
        """Return losses (n_outputs, n_labels) divided by that of the best constant."""
        if not self.task.is_classification:
            losses = [(self.codes - output) ** 2 for output in outputs]
        else:
            at = np.arange(len(self.codes)), self.codes.astype(np.intp)
            least = DOUBT / self.task.n_classes
            losses = [-np.log((1.0 - DOUBT) * one[at] + least) for one in outputs]
        return np.stack(losses) / self.prior_loss


def _choose(losses: np.ndarray, weights: np.ndarray) -> int:
    """Return the index of the lowest loss, or 0 if the decrease is too small.

    Shapes: losses (n_candidates, n_labels), weights (n_labels,).
    """
    if not weights.any():
        return 0
    share = weights / weights.sum()
    best = int(first_lowest(losses @ share))
    fall = losses[0] - losses[best]
    mean = share @ fall
    error = np.sqrt((share @ (fall - mean) ** 2) * (share @ share))
    return best if mean > LEAST_FALL * error else 0
