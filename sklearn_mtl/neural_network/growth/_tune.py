"""Tuning of the trunk for an added task with little change of the other tasks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace

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

#: Maximum change of an old task, measured as the decrease of its score if its previous
#: predictions were the labels. The change of its AUC is larger: on tox21, a change of
#: 0.002 decreased the AUC by up to 0.007.
ALLOWED_CHANGE = 1e-4
_RATE = 0.1  # learning rate relative to that of fit
_ROUNDS, _PATIENCE, _STEPS = 60, 10, 20
_HALF = 32  # half of a batch: samples with a label; the other half: any samples
_SMALLEST = 1e-7


@dataclass(frozen=True)
class Tuning:
    """Inputs of the tuning.

    Attributes
    ----------
    labels : TaskLabels
        Labels of the added task.
    encoder : TargetEncoder
        Encoder of all tasks.
    place : int
        Index of the added task in the layout.
    rows : Rows
        All samples, prepared.
    held : ndarray of shape (n_samples,), bool
        Mask of the held-out samples.
    lr : float
        Learning rate of fit.
    seed : int
        Seed of the batches.
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
    r"""Return a tuned copy of a module, the number of steps and the old tasks' change.

    The objective is the loss of the added task plus, for each old task, the divergence
    of its predictions from those before tuning. The selected weights have the lowest
    held-out loss of the added task among those for which no old task changes by more
    than `ALLOWED_CHANGE`. If this loss is not lower than that of the given module by
    more than one standard error, the module is returned with 0 steps.

    Shapes: -> changes (n_trained,).

    References
    ----------
    Z. Li, D. Hoiem, "Learning without Forgetting", ECCV 2016, figure 3. Here the
    temperature is 1, and a bound on the change replaces the weight of the old tasks.
    """
    before = _logits(module, tuning)
    best, best_round = module, 0
    changes = np.zeros(tuning.encoder.layout.n_trained)
    first = lowest = _held_losses(before, tuning)
    for number, moved in enumerate(_rounds(copy.deepcopy(module), before, tuning), 1):
        logits = _logits(moved, tuning)
        found = _changes(logits, before, tuning)
        if found.max(initial=0.0) > ALLOWED_CHANGE:
            break  # the change increases with further steps
        losses = _held_losses(logits, tuning)
        if losses.sum() < lowest.sum():
            lowest, best_round, changes = losses, number, found
            best = copy.deepcopy(moved)
        elif number - best_round >= _PATIENCE:
            break
    gains = first - lowest
    # With a few held-out labels, a lower loss can be due to chance.
    if gains.sum() <= np.sqrt(np.sum((gains - gains.mean()) ** 2)):
        return module, 0, np.zeros_like(changes)
    return best, best_round * _STEPS, changes


def _rounds(
    module: MultiTaskModule, before: Tensor, tuning: Tuning
) -> Iterator[MultiTaskModule]:
    """Yield the module after every `_STEPS` steps."""
    layout, labels = tuning.encoder.layout, tuning.labels
    blocks, n_members = output_blocks(layout), len(before)
    is_new = torch.as_tensor(layout.task_places == tuning.place).to(before.device)
    own = np.full(tuning.rows.n_rows, np.nan)
    own[labels.rows] = _own_targets(tuning)
    weight = np.zeros(tuning.rows.n_rows)
    weight[labels.rows] = labels.weights
    criterion = FusedLoss(layout, torch.ones(layout.n_trained).to(before))
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=_RATE * tuning.lr)
    rng = np.random.default_rng(tuning.seed)
    every, labelled = (
        np.flatnonzero(m & ~tuning.held) for m in (weight >= 0, weight > 0)
    )
    for _ in range(_ROUNDS):
        # Without dropout, and with the batch statistics of the fit, because predictions
        # are compared with those before tuning.
        module.eval()
        for _ in range(_STEPS):
            batch = np.append(rng.choice(labelled, _HALF), rng.choice(every, _HALF))
            share = weight[batch] / weight[batch].sum()
            targets = np.zeros((len(batch), layout.n_trained))
            weights = np.zeros_like(targets)
            targets[:, tuning.place] = np.nan_to_num(own[batch])
            weights[:, tuning.place] = len(batch) * share
            index = torch.as_tensor(batch, device=tuning.rows.index_device)
            logits = module(tuning.rows.take(index.expand(n_members, -1)))
            y, w = (torch.as_tensor(v).to(before) for v in (targets, weights))
            _, slopes = criterion(logits, y.expand(n_members, -1, -1), w)
            # The gradient of the divergence is the difference of the predictions.
            now = soft_outputs(logits.detach(), blocks)
            apart = (now - soft_outputs(before[:, batch], blocks)) / len(batch)
            logits.backward(torch.where(is_new, slopes, apart))
            optimizer.step()
            optimizer.zero_grad()
        yield module


def _own_targets(tuning: Tuning) -> np.ndarray:
    """Return the labels of the added task, scaled by the statistics of all labels."""
    labels = tuning.labels
    alone = labels.encoder(np.ones((1, len(labels.codes)), dtype=bool))
    return encoded_targets(alone, labels.codes)[:, 0].numpy()


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


def _held_losses(logits: Tensor, tuning: Tuning) -> np.ndarray:
    """Return the weighted losses of held-out labels of the added task."""
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
    return some.weights * sample_losses(some, output)


def _changes(logits: Tensor, before: Tensor, tuning: Tuning) -> np.ndarray:
    """Return the divergence of each old task on held-out rows / its prior loss.

    If the old predictions are the true probabilities or means, the divergence is the
    increase of the loss.
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
