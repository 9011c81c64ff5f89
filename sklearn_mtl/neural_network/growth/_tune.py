"""Tune a trunk for an added task, while the old heads are held where they are."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import MultiTaskModule, soft_outputs
from sklearn_mtl.neural_network.data._rows import Rows
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.growth._labels import (
    TaskLabels,
    encoded_targets,
    sample_losses,
)
from sklearn_mtl.neural_network.training._build import output_blocks

__all__ = ["ALLOWED_CHANGE", "Tuning", "tune_trunk"]

#: Largest loss of score of an old task whose predictions were right.
ALLOWED_CHANGE = 0.002
_RATE = 0.1  # of the trunk, relative to that of the heads, which is that of a fit
_MAX_EPOCHS, _PATIENCE, _BATCH = 60, 10, 64
_SMALLEST = 1e-7


@dataclass(frozen=True)
class Tuning:
    """What tuning needs.

    Attributes
    ----------
    labels : TaskLabels
        Of the added task.
    encoder : TargetEncoder
        Of all tasks.
    place : int
        Of the added task in the layout.
    rows : Rows
        All samples, prepared.
    held : ndarray of shape (n_samples,), bool
        Those that are held out.
    lr : float
        Learning rate of a fit.
    seed : int
        Of the order of the samples.
    """

    labels: TaskLabels
    encoder: TargetEncoder
    place: int
    rows: Rows
    held: np.ndarray
    lr: float
    seed: int


def tune_trunk(
    module: MultiTaskModule, tuning: Tuning
) -> tuple[MultiTaskModule, int, np.ndarray]:
    r"""Return a tuned copy of a module, the number of epochs and the old tasks' change.

    Minimises the loss of the added task plus, for each old one, the divergence of its
    predictions from those of before, and keeps the epoch with the lowest held-out loss
    of the added task at which no old task has changed by more than `ALLOWED_CHANGE`.
    Epoch 0 is the module as it is.

    Shapes: -> changes (n_trained,).

    References
    ----------
    Z. Li, D. Hoiem, "Learning without Forgetting", ECCV 2016, figure 3; with
    temperature 1, and with a bound of the change in place of a weight of the old tasks.
    """
    before = _logits(module, tuning)
    best, best_epoch = copy.deepcopy(module), 0
    changes = np.zeros(tuning.encoder.layout.n_trained)
    lowest = _held_loss(before, tuning)
    for number, moved in enumerate(_epochs(copy.deepcopy(module), before, tuning), 1):
        logits = _logits(moved, tuning)
        found = _changes(logits, before, tuning)
        if found.max(initial=0.0) > ALLOWED_CHANGE:
            break  # further steps lead further away
        loss = _held_loss(logits, tuning)
        if loss < lowest:
            lowest, best_epoch, changes = loss, number, found
            best = copy.deepcopy(moved)
        elif number - best_epoch >= _PATIENCE:
            break
    return best, best_epoch, changes


def _epochs(
    module: MultiTaskModule, before: Tensor, tuning: Tuning
) -> Iterator[MultiTaskModule]:
    """Yield the module after each epoch."""
    layout, labels = tuning.encoder.layout, tuning.labels
    blocks = output_blocks(layout)
    is_new = torch.as_tensor(layout.task_places == tuning.place).to(before.device)
    n_members, n_rows, _ = before.shape
    targets = torch.zeros(n_rows, layout.n_trained).to(before)
    weights = torch.zeros_like(targets)
    targets[labels.rows, tuning.place] = _own_targets(tuning).to(before)
    known = torch.as_tensor(labels.weights / labels.weights.mean()).to(before)
    weights[labels.rows, tuning.place] = known * (n_rows / len(labels.rows))
    criterion = FusedLoss(layout, torch.ones(layout.n_trained).to(before))
    optimizer = torch.optim.Adam(_groups(module, tuning.lr))
    rng = np.random.default_rng(tuning.seed)
    train = np.flatnonzero(~tuning.held)
    for _ in range(_MAX_EPOCHS):
        # Without dropout, and with the batch statistics of the fit: what old heads say
        # is compared with what they said.
        module.eval()
        for batch in np.array_split(rng.permutation(train), -(-len(train) // _BATCH)):
            index = torch.as_tensor(batch, device=before.device)
            index = index.expand(n_members, -1)
            logits = module(tuning.rows.take(index))
            _, slopes = criterion(logits, targets[index], weights[index])
            # The gradient of a divergence is the difference of the predictions.
            now = soft_outputs(logits.detach(), blocks)
            apart = now - soft_outputs(before[:, batch], blocks)
            logits.backward(torch.where(is_new, slopes, apart / len(batch)))
            optimizer.step()
            optimizer.zero_grad()
        yield module


def _groups(module: MultiTaskModule, lr: float) -> list[dict[str, Any]]:
    """Return the parameters that are trained and their rates."""
    heads = module.head_parameters()
    known = {id(parameter) for parameter in heads}
    rest = [p for p in module.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": heads, "lr": lr}, {"params": rest, "lr": _RATE * lr}]
    return [group for group in groups if group["params"]]


def _own_targets(tuning: Tuning) -> Tensor:
    """Return the labels on the scale of the net's first member."""
    labels = tuning.labels
    alone = labels.encoder(np.ones((1, len(labels.codes)), dtype=bool))
    return encoded_targets(alone, labels.codes)[:, 0]


@torch.no_grad()
def _logits(module: MultiTaskModule, tuning: Tuning) -> Tensor:
    """Return the logits of all rows, (n_members, n_rows, n_outputs)."""
    module.eval()
    n_members, size = len(module.heads.weight), module.n_rows_at_once
    parts = []
    for start in range(0, tuning.rows.n_rows, size):
        x = tuning.rows.span(start, min(start + size, tuning.rows.n_rows))
        parts.append(module(x.expand(n_members, *x.shape[1:])))
    return torch.cat(parts, dim=1)


def _held_loss(logits: Tensor, tuning: Tuning) -> float:
    """Return the loss of the added task over held-out labels."""
    labels = tuning.labels
    held = tuning.held[labels.rows]
    some = replace(
        labels,
        rows=labels.rows[held],
        codes=labels.codes[held],
        weights=labels.weights[held],
    )
    fused = tuning.encoder.activate(logits[:, some.rows]).double().mean(dim=0)
    t = int(tuning.encoder.layout.order[tuning.place])
    output = tuning.encoder.split(fused.cpu().numpy())[t]
    return float(np.average(sample_losses(some, output), weights=some.weights))


def _changes(logits: Tensor, before: Tensor, tuning: Tuning) -> np.ndarray:
    """Return the divergence of each old task over held-out rows, relative to its prior.

    If the old predictions are the true probabilities or means, it is by how much the
    loss grows.
    """
    encoder, layout = tuning.encoder, tuning.encoder.layout
    now, then = (
        encoder.activate(z[:, tuning.held]).double().mean(dim=0).cpu().numpy()
        for z in (logits, before)
    )
    changes = np.zeros(layout.n_trained)
    for place in range(layout.n_trained):
        if place == tuning.place:
            continue
        at, kind = (
            layout.columns(place),
            encoder.task_set.tasks[layout.order[place]].kind,
        )
        p, q = then[:, at], now[:, at]
        if kind == "regression":
            apart = ((p - q) ** 2).sum(axis=1)
        else:
            if kind == "binary":
                p, q = np.hstack([1 - p, p]), np.hstack([1 - q, q])
            p, q = np.maximum(p, _SMALLEST), np.maximum(q, _SMALLEST)
            apart = (p * np.log(p / q)).sum(axis=1)
        changes[place] = apart.mean() / encoder.prior_losses_[place]
    return changes
