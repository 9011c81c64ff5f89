"""Labels of an added task, and losses of predictions for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.losses import OutputLayout, TaskLoss
from sklearn_mtl.model_selection import make_folds
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.tasks import Task, TaskSet, unit_vectors

__all__ = ["N_FOLDS", "TaskLabels", "encoded_targets", "sample_losses"]

N_FOLDS = 5
#: Minimum number of labels for out-of-fold predictions.
FEWEST = 4
_SMALLEST = 1e-7  # lower limit of probabilities, about the precision of float32


@dataclass(frozen=True)
class TaskLabels:
    """The labelled samples of one task.

    Attributes
    ----------
    task : Task
        The task.
    loss : TaskLoss
        Loss of the task.
    rows : ndarray of shape (n_labels,), int
        Indices of the samples that have a label with a positive weight.
    codes, weights : ndarray of shape (n_labels,)
        Class indices or values, and weights.
    fold : ndarray of shape (n_labels,), int, or None
        Fold of each label; None if there are too few labels.
    """

    task: Task
    loss: TaskLoss
    rows: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    fold: np.ndarray | None

    @classmethod
    def read(
        cls,
        task: Task,
        loss: TaskLoss,
        codes: np.ndarray,
        weights: np.ndarray,
        group: np.ndarray | None,
        seed: int,
    ) -> TaskLabels:
        """Select the labels and assign them to folds.

        Shapes: codes (n_samples,), weights (n_samples,), group (n_samples,).
        """
        rows = np.flatnonzero(~np.isnan(codes) & (weights > 0))
        codes, weights = codes[rows], weights[rows]
        group = None if group is None else group[rows]
        n_folds = min(N_FOLDS, len(rows))
        if group is not None:
            n_folds = min(n_folds, len(np.unique(group)))
        fold = None
        if len(rows) >= FEWEST and n_folds > 1:
            fold = make_folds(
                TaskSet([task], True, False),
                codes[:, None],
                n_folds,
                rng=np.random.default_rng(seed),
                group=group,
            )
        return cls(task, loss, rows, codes, weights, fold)

    @property
    def layout(self) -> OutputLayout:
        """Layout of the outputs of this task alone."""
        return OutputLayout([self.task], [self.loss])

    def encoder(self, members: np.ndarray, clip: bool = False) -> TargetEncoder:
        """Return an encoder fitted to some labels.

        Shapes: members (n_sets, n_labels).
        """
        encoder = TargetEncoder(TaskSet([self.task], True, False), clip, [self.loss])
        codes, weights = self.codes[:, None], self.weights[:, None]
        encoder.fit(codes, weights, members)
        encoder.weigh(codes, weights, members)
        return encoder

    def folds(self) -> list[np.ndarray]:
        """Return the training part of each fold as a mask of the labels."""
        if self.fold is None:
            return []
        return [self.fold != number for number in range(self.fold.max() + 1)]

    def decode(self, logits: Tensor, encoder: TargetEncoder) -> np.ndarray:
        """Return the mean over members of probabilities or values.

        Shapes: logits (n_members, n, n_outputs) -> (n, n_classes) or (n,).
        """
        fused = encoder.activate(logits).mean(dim=0).numpy()
        return encoder.split(fused)[0]

    def mean_loss(self, output: np.ndarray) -> float:
        """Return the weighted mean loss of predictions for all labels."""
        return float(np.average(sample_losses(self, output), weights=self.weights))

    def prior_loss(self) -> float:
        """Return the loss of the class frequencies, or of the mean, for all labels."""
        if self.task.is_classification:
            counts = np.bincount(
                self.codes.astype(np.intp), self.weights, self.task.n_classes
            )
            return self.mean_loss(np.tile(counts / counts.sum(), (len(self.codes), 1)))
        points = self._points(self.codes)
        mean = np.average(points, axis=0, weights=self.weights)
        return float(np.average(_squares(points - mean), weights=self.weights))

    def _points(self, values: np.ndarray) -> np.ndarray:
        if self.task.period is None:
            return values[:, None]
        return unit_vectors(values, self.task.period)


def sample_losses(labels: TaskLabels, output: np.ndarray) -> np.ndarray:
    """Return the log-loss or squared error of each label.

    Shapes: output (n_labels, n_classes) or (n_labels,) -> (n_labels,).
    """
    if labels.task.is_classification:
        at = np.arange(len(output)), labels.codes.astype(np.intp)
        return -np.log(np.maximum(output[at], _SMALLEST))
    return _squares(labels._points(output) - labels._points(labels.codes))


def _squares(points: np.ndarray) -> np.ndarray:
    return (points**2).sum(axis=1)


def encoded_targets(encoder: TargetEncoder, codes: np.ndarray) -> Tensor:
    """Return encoded targets (n, 1) for the loss."""
    return torch.as_tensor(encoder.encode(codes[:, None]))
