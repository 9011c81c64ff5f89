"""Ridge coefficients that correct the scores of one task, and their penalty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sklearn_mtl.ensemble._scores import from_scores, sigmoid, to_scores
from sklearn_mtl.ensemble._simplex import DOUBT, read_evidence
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["PENALTIES", "PRIOR", "Correction", "SecondStage"]

# Relative to the information in the labels of a task; with the first, the other tasks
# are not used.
PENALTIES = np.array([np.inf, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03])
# Added to each: a coefficient of a standardised column is about 30^-0.5 = 0.18, which a
# dozen labels cannot contradict. It and the penalties were chosen on held-out thirds of
# training samples.
PRIOR = 30.0
# The other tasks are used where the loss falls by as many standard errors. Otherwise
# noise that tasks have in common would seem predictable from their predictions.
LEAST_FALL = 0.5
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Correction:
    """What is added to the scores of a task.

    Attributes
    ----------
    of_folds : ndarray of shape (n_folds, n_others, n_scores)
        Coefficients, with their penalty, that have not seen a fold.
    mean : ndarray of shape (n_others, n_scores)
        Mean over the folds, with one penalty.
    gain : float
        Loss out of fold that `of_folds` save, relative to that of the best constant.
    """

    of_folds: np.ndarray
    mean: np.ndarray
    gain: float


@dataclass(frozen=True)
class SecondStage:
    r"""One task: labels, and the scores that come out of the first stage.

    Attributes
    ----------
    task : Task
        The task.
    rows : ndarray of shape (n_labels,)
        Numbers of the samples that have a label and a score.
    codes, weights : ndarray of shape (n_labels,)
        Labels, and weights of mean 1.
    scores : ndarray of shape (n_labels, n_scores)
        Logits or values of the first stage.
    unit : float
        Standard deviation of the values of a regression, 1 for classes.
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
        """Take the samples that have a label and an output; None if there are none.

        Shapes: codes, weights (n_samples,), output (n_samples,) or
        (n_samples, n_classes).
        """
        scores = to_scores(task, output)
        rows = np.flatnonzero((weights > 0) & ~np.isnan(scores).any(axis=1))
        evidence = read_evidence(task, codes, weights, [output])
        if evidence is None:
            return None
        weights, codes, unit = weights[rows] / weights[rows].mean(), codes[rows], 1.0
        if not task.is_classification:
            mean = np.average(codes, weights=weights)
            unit = float(np.sqrt(np.average((codes - mean) ** 2, weights=weights)))
        scores = scores[rows]
        return cls(task, rows, codes, weights, scores, unit, evidence.prior_loss)

    def is_learned(self) -> bool:
        """Tell whether the first stage is better than the best constant.

        What it predicts of a task that it has not learned is lower where the label is
        higher, for that label was held out: a second stage would learn to reverse it.
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
        """Return the correction; None if the other tasks help in no part.

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
        # A fold has no part in the choice for its own samples.
        apart = [_choose(losses, self.weights * (fold != number)) for number in numbers]
        if not chosen and not any(apart):
            return None
        of_folds = found[numbers, apart]
        after = self._losses([self._output(others, fold, of_folds)])[0]
        gain = np.average(losses[0] - after, weights=self.weights)
        return Correction(of_folds, found[:, chosen].mean(axis=0), float(gain))

    def _solve(self, others: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
        r"""Return coefficients (n_penalties, n_others, n_scores) of some samples.

        One Newton step from the first stage, which for so short a way is all: with
        residuals r, their variances v under the first stage and weights w,

        .. math:: b = (F^T \mathrm{diag}(w v) F + (\lambda m + c) I)^{-1} F^T (w r)

        where m is the sum of the weights times the variance of the labels.
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
        """Return residuals and variances of the labels, and their variance over all.

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
        """Return corrected outputs, each by the coefficients without its fold."""
        shift = np.empty_like(self.scores)
        for number, own in enumerate(of_folds):
            shift[fold == number] = others[fold == number] @ own
        return from_scores(self.task, self.scores + shift)

    def _losses(self, outputs: Sequence[np.ndarray]) -> np.ndarray:
        """Return losses (n_outputs, n_labels) over that of the best constant."""
        if not self.task.is_classification:
            losses = [(self.codes - output) ** 2 for output in outputs]
        else:
            at = np.arange(len(self.codes)), self.codes.astype(np.intp)
            least = DOUBT / self.task.n_classes
            losses = [-np.log((1.0 - DOUBT) * one[at] + least) for one in outputs]
        return np.stack(losses) / self.prior_loss


def _choose(losses: np.ndarray, weights: np.ndarray) -> int:
    """Return the row with the lowest loss, 0 unless it is well below the first row.

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
