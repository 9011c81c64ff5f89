"""Convex weights of members that minimise the out-of-fold loss of their mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from sklearn_mtl.tasks import Task

__all__ = [
    "DOUBT",
    "MixtureLoss",
    "WeightRule",
    "best_loss",
    "blend_weights",
    "read_mixture_loss",
    "weigh_known",
]

# Share of the uniform distribution that is mixed into probabilities to compute losses,
# so that a single sample with a confident wrong prediction does not dominate.
DOUBT = 1e-3
_TINY = np.finfo(np.float64).tiny
_EPS = 10 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class MixtureLoss:
    """Loss on one task of mixtures of the out-of-fold outputs of several members.

    Attributes
    ----------
    is_classification : bool
        Whether the loss is the log-loss; otherwise it is the squared error.
    table : ndarray
        Probabilities of the true class, of shape (n_labels, n_members), or mean
        products of the errors, of shape (n_members, n_members).
    row_weights : ndarray of shape (n_labels,)
        Weights of the labels, which sum to 1.
    prior_loss : float
        Loss of the best constant.
    """

    is_classification: bool
    table: np.ndarray
    row_weights: np.ndarray
    prior_loss: float

    @property
    def n_labels(self) -> int:
        """Number of labels with a positive weight."""
        return len(self.row_weights)

    def loss(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss of a mixture divided by the prior loss, and its gradient.

        Shapes: weights (n_members,) -> gradient (n_members,).
        """
        if self.is_classification:
            mixed = np.maximum(self.table @ weights, _TINY)
            value = -self.row_weights @ np.log(mixed)
            gradient = -(self.row_weights / mixed) @ self.table
        else:
            half = self.table @ weights
            value, gradient = weights @ half, 2.0 * half
        return float(value / self.prior_loss), gradient / self.prior_loss

    def among(self, chosen: np.ndarray) -> MixtureLoss:
        """Return the loss of mixtures of some of the members.

        Shapes: chosen (n_members,) bool.
        """
        table = self.table[:, chosen]
        return replace(self, table=table if self.is_classification else table[chosen])


@dataclass(frozen=True)
class WeightRule:
    """Properties of the members, and the shrinkage of their weights.

    Attributes
    ----------
    knows : ndarray of shape (n_tasks, n_members)
        Whether each member predicts each task.
    is_shared : ndarray of shape (n_members,)
        Whether each member learns a representation that the tasks share.
    n_common : float
        Number of labels for which own and common weights contribute equally.
    """

    knows: np.ndarray
    is_shared: np.ndarray
    n_common: float


def read_mixture_loss(
    task: Task, codes: np.ndarray, weights: np.ndarray, outputs: Sequence[np.ndarray]
) -> MixtureLoss | None:
    """Return the loss of mixtures of out-of-fold outputs for a task, or None.

    It is None if no label has an output of all members, or the best constant has no
    error.

    Shapes: codes, weights (n_samples,).
    """
    if task.kind in ("constant", "empty"):
        return None
    known = [~np.isnan(o).reshape(len(o), -1).any(axis=1) for o in outputs]
    rows = np.flatnonzero((weights > 0) & np.logical_and.reduce(known))
    if not len(rows):
        return None
    labels, share = codes[rows], weights[rows] / weights[rows].sum()
    if task.is_classification:
        at = labels.astype(np.intp)
        counts = np.bincount(at, share, minlength=task.n_classes)
        prior = -np.sum(counts * np.log(np.maximum(counts, _TINY)))
        given = np.stack([o[rows, at] for o in outputs], axis=1)
        table = (1.0 - DOUBT) * given + DOUBT / task.n_classes
    else:
        prior = share @ (labels - share @ labels) ** 2
        if prior <= (_EPS * np.abs(labels).max()) ** 2:
            return None  # the labels are equal up to rounding errors
        # The weights of a mixture sum to 1, so its error is the mixture of the errors.
        errors = np.stack([o[rows] - labels for o in outputs], axis=1)
        table = errors.T @ (share[:, None] * errors)
    if not prior > 0:
        return None
    return MixtureLoss(task.is_classification, table, share, float(prior))


def blend_weights(
    losses: Sequence[MixtureLoss | None], is_shared: np.ndarray, n_common: float
) -> np.ndarray:
    r"""Return convex weights for each task.

    .. math:: w_t = \frac{n_t \hat w_t + n_0 \bar w_t}{n_t + n_0}

    Here, :math:`\hat w_t` minimises the loss of task t divided by that of its best
    constant, n_t is the number of labels, and n_0 is `n_common`. The common weights
    :math:`\bar w` minimise the mean of these ratios over tasks; see `_with_labels` for
    :math:`\bar w_t`.

    Shapes: is_shared (n_members,) -> (n_tasks, n_members).
    """
    found = [one for one in losses if one is not None]
    start = np.full(len(is_shared), 1.0 / len(is_shared))
    common = _minimise(found, start) if found else start
    most = max((one.n_labels for one in found), default=1)
    rows = []
    for one in losses:
        if one is None:
            rows.append(common)
            continue
        own = _minimise([one], common)
        drawn = _with_labels(common, is_shared, one.n_labels / most)
        mixed = one.n_labels * own + n_common * drawn
        rows.append(mixed / mixed.sum())
    return np.stack(rows)


def _with_labels(
    common: np.ndarray, is_shared: np.ndarray, fraction: float
) -> np.ndarray:
    """Return common weights for a task with a fraction of the labels of another task.

    The weights of members that do not share a representation are multiplied by the
    fraction, and all are normalised to sum to 1. Common weights are mostly fitted to
    tasks with many labels, for which these members are more accurate than for a task
    with few.

    Shapes: common, is_shared (n_members,) -> (n_members,).
    """
    weights = np.where(is_shared, common, fraction * common)
    return weights / weights.sum()


def weigh_known(losses: Sequence[MixtureLoss | None], rule: WeightRule) -> np.ndarray:
    """Return convex weights for each task, with 0 for members that do not predict it.

    Each entry of `losses` contains only the members that predict the task. Tasks with
    the same members share their common weights, which are fitted to all tasks that
    these members predict.

    Shapes: -> (n_tasks, n_members).
    """
    knows = rule.knows
    weights = np.zeros(knows.shape)
    for pattern in np.unique(knows, axis=0):
        chosen = [
            None if one is None or (pattern & ~own).any() else one.among(pattern[own])
            for one, own in zip(losses, knows, strict=True)
        ]
        found = blend_weights(chosen, rule.is_shared[pattern], rule.n_common)
        tasks = (knows == pattern).all(axis=1)
        weights[np.ix_(tasks, pattern)] = found[tasks]
    return weights


def best_loss(mixture: MixtureLoss) -> float:
    """Return the smallest loss of a mixture divided by that of the best constant."""
    n_members = mixture.table.shape[1]
    weights = _minimise([mixture], np.full(n_members, 1.0 / n_members))
    return mixture.loss(weights)[0]


def _minimise(losses: Sequence[MixtureLoss], start: np.ndarray) -> np.ndarray:
    """Return the weights with the smallest mean loss, a convex problem."""
    if len(start) == 1:
        return start

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        pairs = [one.loss(weights) for one in losses]
        values, gradients = zip(*pairs, strict=True)
        return float(np.mean(values)), np.mean(gradients, axis=0)

    ones = np.ones(len(start))
    sums_to_one = {"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: ones}
    found = minimize(
        loss,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(start),
        constraints=[sums_to_one],
        options={"ftol": 1e-9, "maxiter": 200},
    ).x
    kept = np.where(found > 1e-6, found, 0.0)  # members without weight do not predict
    return kept / kept.sum()
