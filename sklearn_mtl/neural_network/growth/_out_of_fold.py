"""Selection of the head of an added task by its out-of-fold loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.neural_network.growth._gradient_head import GradientHeads
from sklearn_mtl.neural_network.growth._labels import TaskLabels, sample_losses
from sklearn_mtl.neural_network.growth._linear_head import LinearHeads
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["Choice", "Heads", "choose"]

Heads = LinearHeads | GradientHeads


@dataclass(frozen=True)
class Choice:
    """Selected heads.

    Attributes
    ----------
    candidate, setting : int
        Index of the heads, and of their setting.
    output : ndarray of shape (n_labels, n_classes) or (n_labels,), or None
        Out-of-fold predictions. For each fold, the heads are selected by the others.
    """

    candidate: int
    setting: int
    output: np.ndarray | None


def choose(labels: TaskLabels, candidates: Sequence[Heads]) -> Choice:
    """Return the candidate and setting with the lowest out-of-fold loss.

    The predictions are means over members. If no labels can be held out, return the
    first candidate with its first, most conservative setting.
    """
    trains = labels.folds()
    if not trains:
        return Choice(0, 0, None)
    n_settings = len(candidates[0].settings)
    outputs: list[np.ndarray] = []
    for heads in candidates:
        found: list[list[np.ndarray]] = [[] for _ in range(n_settings)]
        for train in trains:
            encoder = labels.encoder(train[None])
            for number, logits in enumerate(heads.path(train, encoder, ~train)):
                found[number].append(labels.decode(logits, encoder))
        outputs += [_by_label(parts, trains) for parts in found]
    weighted = np.array([sample_losses(labels, o) * labels.weights for o in outputs])
    by_fold = np.array([weighted[:, ~train].sum(axis=1) for train in trains])
    best = int(first_lowest(by_fold.sum(axis=0)))
    output = outputs[best].copy()
    for number, train in enumerate(trains):
        # selected without this fold, so that the reported loss is not biased
        others = by_fold.sum(axis=0) - by_fold[number]
        output[~train] = outputs[int(first_lowest(others))][~train]
    return Choice(best // n_settings, best % n_settings, output)


def _by_label(parts: Sequence[np.ndarray], trains: Sequence[np.ndarray]) -> np.ndarray:
    """Put the predictions of the folds in the order of the labels."""
    out = np.empty((len(trains[0]), *parts[0].shape[1:]))
    for part, train in zip(parts, trains, strict=True):
        out[~train] = part
    return out
