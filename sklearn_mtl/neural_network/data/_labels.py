"""Labels, folds and prepared samples of one training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from sklearn_mtl.model_selection import (
    TRAIN,
    draw_parts,
    kfold_trains,
    make_folds,
)
from sklearn_mtl.neural_network.data._batches import LabelledRows
from sklearn_mtl.neural_network.data._rows import prepared_rows
from sklearn_mtl.neural_network.data._streamed import StreamedTable
from sklearn_mtl.neural_network.data._tags import LabelledTexts
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.preprocessing import Preparation, ReadInputs, Texts
from sklearn_mtl.tasks import TaskSet, cell_weights, check_sample_weight
from sklearn_mtl.utils._typing import ClassWeight

__all__ = ["Labels", "draw_folds", "label_rows"]


@dataclass(frozen=True)
class Labels:
    """Encoded labels with their weights.

    Attributes
    ----------
    codes : ndarray of shape (n_samples, n_tasks)
        Class indices and values; NaN for missing labels.
    weights : ndarray of shape (n_samples, n_tasks)
        Label weights; 0 for missing labels.
    row_weights : ndarray of shape (n_samples,)
        Weights of the samples for statistics of X: the maximum sample weight over
        observed labels, 0 without labels.
    sample_weights : ndarray of shape (n_samples, n_tasks)
        Label weights without class weights.
    """

    codes: np.ndarray
    weights: np.ndarray
    row_weights: np.ndarray
    sample_weights: np.ndarray

    @classmethod
    def read(
        cls,
        task_set: TaskSet,
        codes: np.ndarray,
        sample_weight: ArrayLike | None,
        class_weight: ClassWeight | None,
        who: str,
        mass: np.ndarray | None = None,
    ) -> Labels:
        """Combine sample and class weights.

        Shapes: codes (n_samples, n_tasks), mass (n_tasks, n_classes).
        """
        weights = cell_weights(task_set, codes, sample_weight, class_weight, who, mass)
        own = np.broadcast_to(1.0, codes.shape)
        if sample_weight is not None:
            own = check_sample_weight(sample_weight, codes.shape, who, task_set)
        rows = np.where(np.isnan(codes), 0.0, own).max(axis=1)
        if not rows.any():  # without labels, all samples count for statistics of X
            rows = np.ones(len(codes))
        return cls(codes, weights, rows, own)

    def take(self, rows: np.ndarray) -> Labels:
        """Return the labels of some samples."""
        return Labels(
            self.codes[rows],
            self.weights[rows],
            self.row_weights[rows],
            self.sample_weights[rows],
        )


def draw_folds(
    task_set: TaskSet,
    codes: np.ndarray,
    n_members: int,
    validation_fraction: float,
    seed: int,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Return the mask of the training samples of each member.

    Shapes: codes (n_samples, n_tasks), group (n_samples,) -> (n_members,
    n_samples).
    """
    n_samples, rng = len(codes), np.random.default_rng(seed)
    # tasks with one class have no head and are ignored in the stratification
    kept = [t for t, task in enumerate(task_set.tasks) if task.kind != "constant"]
    if 0 < len(kept) < len(task_set.tasks):
        task_set, codes = task_set.subset(kept), codes[:, kept]
    if n_members > 1:
        part = make_folds(task_set, codes, n_members, rng=rng, group=group)
        return kfold_trains(n_members)[:, part]
    n_held = min(max(1, round(validation_fraction * n_samples)), n_samples - 1)
    sizes = np.array([n_samples - n_held, n_held])
    part = draw_parts(task_set, codes, sizes, rng=rng, group=group)
    return part[None] == TRAIN


def label_rows(
    X: ReadInputs | StreamedTable,
    labels: Labels,
    preparation: Preparation,
    encoder: TargetEncoder,
    dtype: torch.dtype,
    device: torch.device,
) -> LabelledRows:
    """Return prepared inputs, targets and weights on the device."""
    all_weights = weights = labels.weights[:, encoder.layout.order]
    if (weights == weights[:1]).all():
        weights = weights[:1]
    shift, scale, factor = (v.to(device) for v in encoder.member_tensors(dtype))
    # before the inputs, which need a part of the memory that is then free
    targets = _by_row(encoder.encode(labels.codes), dtype, device)
    all_of = _by_row(weights, dtype, device)
    if isinstance(X, StreamedTable):
        rows = X.prepared(preparation, dtype, device)
    else:
        rows = prepared_rows(preparation, X, dtype, device)
    made = LabelledRows(
        rows=rows,
        targets=targets,
        weights=all_of,
        shift=shift,
        scale=scale,
        factor=factor,
    )
    if not encoder.layout.tokens or not isinstance(X, Texts):
        return made
    return LabelledTexts.of(X, made, all_weights, encoder.layout.tokens)


def _by_row(values: np.ndarray, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return a tensor in C order, from which batches are gathered ten times faster."""
    # column indexing of an array can result in Fortran order
    return torch.as_tensor(np.ascontiguousarray(values)).to(device, dtype)
