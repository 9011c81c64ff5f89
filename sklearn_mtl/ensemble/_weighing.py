"""Weights of the members for each task, fitted with and without each fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.ensemble._encoding import constant_output
from sklearn_mtl.ensemble._simplex import (
    MixtureLoss,
    WeightRule,
    read_mixture_loss,
    weigh_known,
)
from sklearn_mtl.model_selection import make_folds
from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet

__all__ = ["N_FOLDS", "FoldWeights", "draw_folds", "mix", "read_mixture_losses"]

N_FOLDS = 5

# outputs of a member, one array per task
Outputs = Sequence[np.ndarray]


def draw_folds(
    task_set: TaskSet, labels: Labels, group: np.ndarray | None, seed: int
) -> np.ndarray:
    """Return the fold of each sample for fits to held-out outputs, (n_samples,).

    Shapes: group (n_samples,).
    """
    n_units = len(labels.codes) if group is None else len(np.unique(group))
    n_folds = min(N_FOLDS, n_units)
    if n_folds < 2:
        return np.zeros(len(labels.codes), dtype=np.int8)
    codes = np.where(labels.weights > 0, labels.codes, np.nan)
    rng = np.random.default_rng(seed)
    return make_folds(task_set, codes, n_folds, rng=rng, group=group).astype(np.int8)


def read_mixture_losses(
    task_set: TaskSet,
    labels: Labels,
    held_out: Sequence[Outputs],
    knows: np.ndarray,
    rows: np.ndarray | slice = slice(None),
) -> list[MixtureLoss | None]:
    """Return the loss of mixtures of the members that predict a task, for each task.

    Shapes: knows (n_tasks, n_members).
    """
    codes, weights = labels.codes[rows], labels.weights[rows]
    return [
        read_mixture_loss(
            task,
            codes[:, t],
            weights[:, t],
            [one[t][rows] for one, known in zip(held_out, own, strict=True) if known],
        )
        for t, (task, own) in enumerate(zip(task_set.tasks, knows, strict=True))
    ]


@dataclass(frozen=True)
class FoldWeights:
    """Weights for held-out samples, fitted without the fold of the sample.

    Attributes
    ----------
    fold : ndarray of shape (n_samples,)
        Fold of each sample that is held out.
    of_folds : ndarray of shape (n_folds, n_tasks, n_members)
        Weights fitted to the samples of all other folds, or to all samples if there is
        only one fold.
    """

    fold: np.ndarray
    of_folds: np.ndarray

    @classmethod
    def learn(
        cls,
        task_set: TaskSet,
        labels: Labels,
        held_out: Sequence[Outputs],
        rule: WeightRule,
        fold: np.ndarray,
    ) -> FoldWeights:
        """Fit the weights for all folds.

        Shapes: fold (n_samples,).
        """
        n_folds = int(fold.max(initial=0)) + 1
        found = []
        for number in range(n_folds):
            rows = np.flatnonzero((fold != number) | (n_folds == 1))
            losses = read_mixture_losses(task_set, labels, held_out, rule.knows, rows)
            found.append(weigh_known(losses, rule))
        return cls(fold, np.stack(found))

    def mix(self, task_set: TaskSet, outputs: Sequence[Outputs]) -> list[np.ndarray]:
        """Return the weighted means of held-out outputs."""
        mixed = mix(task_set, self.of_folds[0], outputs)
        for number, weights in enumerate(self.of_folds[1:], start=1):
            rows = np.flatnonzero(self.fold == number)
            parts = [[task[rows] for task in one] for one in outputs]
            for whole, part in zip(mixed, mix(task_set, weights, parts), strict=True):
                whole[rows] = part
        return mixed


def mix(
    task_set: TaskSet, weights: np.ndarray, outputs: Sequence[Outputs | None]
) -> list[np.ndarray]:
    """Return the weighted means of outputs, which are None for members without weight.

    Shapes: weights (n_tasks, n_members).
    """
    n_rows = next(len(one[0]) for one in outputs if one is not None)
    mixed = []
    for t, task in enumerate(task_set.tasks):
        if task.kind in ("constant", "empty"):
            mixed.append(constant_output(task, n_rows))
            continue
        pairs = zip(weights[t], outputs, strict=True)
        parts = [w * one[t] for w, one in pairs if w > 0 and one is not None]
        mixed.append(np.sum(parts, axis=0))
    return mixed
