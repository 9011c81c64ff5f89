"""Comparison of held-out losses before and after an update."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sklearn_mtl.neural_network.data._batches import HeldOutRows
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.updates._record import LossChange

__all__ = ["Comparison", "HeldOutLosses", "compare_losses", "held_out_losses"]

# One-sided; for one task with many labels this is a limit of two standard errors.
_LEVEL = float(stats.norm.sf(2.0))
_ROUNDING = 1e-6  # relative to the prior loss; smaller increases are ignored


@dataclass(frozen=True)
class HeldOutLosses:
    """Losses of labels under the members that were not trained on them.

    Attributes
    ----------
    losses, weights : ndarray of shape (n_samples, n_trained)
        Mean loss over the members that hold the sample out, and weight of the label.
        Both are 0 for missing labels and if no member holds the sample out.
    """

    losses: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Losses before and after an update, and the significant increases.

    Attributes
    ----------
    changes : dict of int to LossChange
        Changes of the tasks that have a label, by task index.
    worse : list of int
        Tasks whose loss is significantly higher.
    mean : LossChange or None
        Change of the mean over tasks of loss / prior loss; None without labels.
    is_mean_worse : bool
        Whether this mean is significantly higher.
    """

    changes: dict[int, LossChange]
    worse: list[int]
    mean: LossChange | None
    is_mean_worse: bool


def held_out_losses(net: MultiTaskNet, held_out: HeldOutRows) -> HeldOutLosses:
    """Return the losses of a net on held-out labels."""
    shape = len(held_out.data), len(net.task_names)
    total, weight, count = np.zeros((3, *shape))
    for index, losses, weights in net.held_out_losses(held_out):
        is_row = (index >= 0).cpu().numpy()
        rows = index.cpu().numpy()[is_row]
        values, w = (v.double().cpu().numpy()[is_row] for v in (losses, weights))
        np.add.at(total, rows, np.where(w > 0, values, 0.0))
        np.add.at(weight, rows, w)
        np.add.at(count, rows, w > 0)
    n_members = np.maximum(count, 1)
    return HeldOutLosses(total / n_members, weight / n_members)


def compare_losses(
    before: HeldOutLosses,
    after: HeldOutLosses,
    rows: np.ndarray,
    prior_losses: np.ndarray,
) -> Comparison:
    r"""Compare the losses of some samples, for each task and for the mean over tasks.

    Let :math:`d_{it}` be the difference of the losses of a label. The mean
    :math:`\bar d_t` with weights :math:`v_{it} = w_{it} / \sum_i w_{it}` has the
    variance :math:`\frac{n}{n - 1} \sum_i v_{it}^2 (d_{it} - \bar d_t)^2`. A task is
    worse if :math:`\bar d_t` exceeds a multiple of its standard error. The multiple is
    chosen by the Bonferroni correction such that the probability of a false alarm for
    any task is 0.023. The mean over tasks of loss / prior loss is tested too, because
    it detects small increases that many tasks have in common.

    Shapes: rows (n_samples,), bool, prior_losses (n_trained,).
    """
    weights = before.weights[rows]
    seen = np.flatnonzero((weights > 0).any(axis=0)).tolist()
    if not seen:
        return Comparison({}, [], None, False)
    changes, scatters = {}, []
    for t in seen:
        pair = before.losses[rows, t], after.losses[rows, t]
        changes[t], scatter = _change(*pair, weights[:, t])
        scatters.append(scatter / prior_losses[t])
    level = _LEVEL / len(seen)
    worse = [t for t in seen if _is_worse(changes[t], level, prior_losses[t])]
    mean = LossChange(
        int((weights > 0).any(axis=1).sum()),
        float(np.mean([changes[t].before / prior_losses[t] for t in seen])),
        float(np.mean([changes[t].after / prior_losses[t] for t in seen])),
        _standard_error(np.mean(scatters, axis=0), (weights > 0).any(axis=1)),
    )
    return Comparison(changes, worse, mean, _is_worse(mean, _LEVEL, 1.0))


def _change(
    before: np.ndarray, after: np.ndarray, weights: np.ndarray
) -> tuple[LossChange, np.ndarray]:
    """Return the change of the mean loss, and each sample's deviation from it."""
    share = weights / weights.sum()
    first, last = float(share @ before), float(share @ after)
    scatter = share * (after - before - (last - first))
    error = _standard_error(scatter, weights > 0)
    return LossChange(int((weights > 0).sum()), first, last, error), scatter


def _standard_error(scatter: np.ndarray, is_sample: np.ndarray) -> float:
    n = int(is_sample.sum())
    return float(np.sqrt(n / (n - 1) * (scatter**2).sum())) if n > 1 else math.nan


def _is_worse(change: LossChange, level: float, unit: float) -> bool:
    if change.n_samples < 2:  # the standard error is unknown
        return False
    limit = stats.t.isf(level, change.n_samples - 1) * change.error + _ROUNDING * unit
    return not change.after - change.before <= limit  # True for NaN
