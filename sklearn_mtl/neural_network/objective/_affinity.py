"""Affinity of the tasks of a net, measured during training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor
from torch.func import functional_call

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import MultiTaskModule
from sklearn_mtl.neural_network.data._batches import Batch
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.objective._gradients import (
    exact_gramian,
    task_gradients,
)

__all__ = ["AffinityRecorder", "recorded_affinity"]

_ROWS = 256


def recorded_affinity(net: Any, recorder: AffinityRecorder) -> np.ndarray:
    """Return the mean affinity that a recorder measured during a fit.

    Shapes: -> (n_tasks, n_tasks).
    """
    trained = np.sort(net._state.encoder.layout.order)
    if len(trained) < 2:
        raise TaskError(
            f"{type(net).__name__}: the affinity requires at least two trained tasks; "
            f"got {len(trained)}."
        )
    values = np.full((net.n_tasks_, net.n_tasks_), np.nan)
    values[np.ix_(trained, trained)] = recorder.mean()
    return values


class AffinityRecorder(Callback):
    """Measure the affinity of the tasks after every epoch, without side effects.

    Parameters
    ----------
    kind : {"gradient", "lookahead"}
        "gradient" is the cosine of the exact gradients at the shared parameters.
        "lookahead" is the relative decrease of one task's loss after a step of the
        shared parameters along the negative gradient of another task.
    seed : int
        Seed for the choice of the samples.
    """

    def __init__(self, kind: str, seed: int) -> None:
        self.kind = kind
        self.seed = seed

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kw: Any) -> None:
        """Reset the sums."""
        # of NumPy, because a torch.Generator cannot be pickled with the net
        self.rng_ = np.random.default_rng(self.seed)
        self.sum_: Any = 0.0
        self.count_: Any = 0

    def on_epoch_end(self, net: Any, dataset_train: Any = None, **kwargs: Any) -> None:
        """Measure on up to 256 samples, drawn for each member."""
        n_rows, n_members = len(dataset_train), len(net.module_.heads.weight)
        size = min(n_rows, _ROWS)
        drawn = [self.rng_.permutation(n_rows)[:size] for _ in range(n_members)]
        index = torch.as_tensor(np.stack(drawn)).to(dataset_train.rows.index_device)
        order = TaskOrder(net.criterion_.layout, torch.device(net.device))
        measure = _cosines if self.kind == "gradient" else _lookahead
        # evaluation mode draws no random numbers and keeps running statistics
        was_training = net.module_.training
        net.module_.eval()
        found = measure(net, order, dataset_train.batch(index))
        net.module_.train(was_training)
        by_member = found.double().cpu().numpy()
        is_there = np.isfinite(by_member)
        self.sum_ = self.sum_ + np.where(is_there, by_member, 0.0).sum(axis=0)
        self.count_ = self.count_ + is_there.sum(axis=0)

    def mean(self) -> np.ndarray:
        """Return the means (n_trained, n_trained); NaN for pairs without values."""
        counts = np.where(self.count_ > 0, self.count_, 1)
        return np.where(self.count_ > 0, self.sum_ / counts, np.nan)


def _forward(
    module: MultiTaskModule, criterion: FusedLoss, batch: Batch
) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
    """Return the outputs of the trunk, the losses, and the gradients at the logits."""
    x, (targets, weights) = batch
    parts = module.encode(x)
    with torch.no_grad():
        values, dlogits = criterion(module.decode(parts), targets, weights)
    return parts, values, dlogits


def _present(net: Any, order: TaskOrder, batch: Batch) -> Tensor:
    x, (_, weights) = batch
    return order.present(weights, net.criterion_.task_weight, len(x))


def _cosines(net: Any, order: TaskOrder, batch: Batch) -> Tensor:
    """Return the cosines (n_members, n_tasks, n_tasks), NaN without labels."""
    module = net.module_
    parts, _, dlogits = _forward(module, net.criterion_, batch)
    gramian = exact_gramian(module, parts, dlogits, order.task_of, order.n_tasks)
    norms = gramian.diagonal(dim1=1, dim2=2).sqrt()
    norms = norms.masked_fill(~_present(net, order, batch), torch.nan)
    return gramian / (norms[:, :, None] * norms[:, None])


def _lookahead(net: Any, order: TaskOrder, batch: Batch) -> Tensor:
    """Return 1 - L_j after a step along task i / L_j before, (n_members, i, j)."""
    module, criterion = net.module_, net.criterion_
    x, labels = batch
    parts, before, dlogits = _forward(module, criterion, batch)
    gradients = task_gradients(module, parts, dlogits, order.task_of, order.n_tasks)
    name_of = {parameter: name for name, parameter in module.named_parameters()}
    falls = []
    with torch.no_grad():
        for task in range(order.n_tasks):
            moved = {
                name_of[parameter]: parameter - net.lr * gradient[task]
                for parameter, gradient in gradients.items()
            }
            after, _ = criterion(functional_call(module, moved, (x,)), *labels)
            # C. Fifty et al., NeurIPS 2021, eq. 1.
            falls.append(order.sort(1.0 - after / before))
    found = torch.stack(falls, dim=1)
    present = _present(net, order, batch)
    both = present[:, :, None] & present[:, None]
    return found.masked_fill(~both, torch.nan)
