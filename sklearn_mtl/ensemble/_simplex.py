"""Convex weights that minimise the out-of-fold loss of a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from sklearn_mtl.tasks import Task

__all__ = [
    "DOUBT",
    "HeldOutEvidence",
    "best_loss",
    "blend_weights",
    "read_evidence",
    "weigh_known",
]

# Every probability is mixed with this much of the uniform one, in evidence only: a row
# for which a member was certain and wrong must not decide alone.
DOUBT = 1e-3
_TINY = np.finfo(np.float64).tiny
_EPS = 10 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class HeldOutEvidence:
    """What out-of-fold predictions of several members say on one task.

    Attributes
    ----------
    is_classification : bool
        Whether the loss is the log-loss, else the squared error.
    table : ndarray
        (n_labels, n_members) probabilities of the true class, or (n_members, n_members)
        mean products of the errors.
    row_weights : ndarray of shape (n_labels,)
        Weights that sum to 1.
    prior_loss : float
        Loss of the best constant.
    """

    is_classification: bool
    table: np.ndarray
    row_weights: np.ndarray
    prior_loss: float

    @property
    def n_labels(self) -> int:
        """Number of labels with weight."""
        return len(self.row_weights)

    def loss(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return loss over prior loss of a mixture, and its gradient.

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

    def among(self, chosen: np.ndarray) -> HeldOutEvidence:
        """Return the evidence on some of the members.

        Shapes: chosen (n_members,) bool.
        """
        table = self.table[:, chosen]
        return replace(self, table=table if self.is_classification else table[chosen])


def read_evidence(
    task: Task, codes: np.ndarray, weights: np.ndarray, outputs: Sequence[np.ndarray]
) -> HeldOutEvidence | None:
    """Compare out-of-fold outputs with the labels of a task.

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
            return None  # rounding
        # Weights sum to one, so the error of a mixture is the mixture of the errors.
        errors = np.stack([o[rows] - labels for o in outputs], axis=1)
        table = errors.T @ (share[:, None] * errors)
    if not prior > 0:
        return None
    return HeldOutEvidence(task.is_classification, table, share, float(prior))


def blend_weights(
    evidence: Sequence[HeldOutEvidence | None], n_members: int, n_common: float
) -> np.ndarray:
    r"""Return convex weights for every task.

    .. math:: w_t = \frac{n_t \hat w_t + n_0 \bar w}{n_t + n_0}

    where :math:`\hat w_t` minimises the loss of task t over that of its best constant
    and :math:`\bar w` the mean of this over tasks.

    Shapes: -> (n_tasks, n_members).
    """
    found = [one for one in evidence if one is not None]
    start = np.full(n_members, 1.0 / n_members)
    common = _minimise(found, start) if found else start
    rows = []
    for one in evidence:
        if one is None:
            rows.append(common)
            continue
        own = _minimise([one], common)
        mixed = one.n_labels * own + n_common * common
        rows.append(mixed / mixed.sum())
    return np.stack(rows)


def weigh_known(
    evidence: Sequence[HeldOutEvidence | None], knows: np.ndarray, n_common: float
) -> np.ndarray:
    """Return convex weights for every task; 0 for a member that does not know it.

    Each entry of `evidence` is about the members that know its task. The weights common
    to all tasks are those of the same members, from all tasks that they know.

    Shapes: knows (n_tasks, n_members) bool -> (n_tasks, n_members).
    """
    weights = np.zeros(knows.shape)
    for pattern in np.unique(knows, axis=0):
        chosen = [
            None if one is None or (pattern & ~own).any() else one.among(pattern[own])
            for one, own in zip(evidence, knows, strict=True)
        ]
        found = blend_weights(chosen, int(pattern.sum()), n_common)
        tasks = (knows == pattern).all(axis=1)
        weights[np.ix_(tasks, pattern)] = found[tasks]
    return weights


def best_loss(evidence: HeldOutEvidence) -> float:
    """Return the smallest loss of a mixture over that of the best constant."""
    n_members = evidence.table.shape[1]
    weights = _minimise([evidence], np.full(n_members, 1.0 / n_members))
    return evidence.loss(weights)[0]


def _minimise(evidence: Sequence[HeldOutEvidence], start: np.ndarray) -> np.ndarray:
    """Return the weights with the smallest mean loss; the problem is convex."""
    if len(start) == 1:
        return start

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        pairs = [one.loss(weights) for one in evidence]
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
    kept = np.where(found > 1e-6, found, 0.0)  # a member that is not used is not asked
    return kept / kept.sum()
