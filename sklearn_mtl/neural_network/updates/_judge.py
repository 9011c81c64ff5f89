"""Compare the losses of held-out samples before and after an update."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sklearn_mtl.neural_network.data._batches import HeldOutRows
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.updates._record import LossChange

__all__ = ["Comparison", "HeldOutLosses", "compare_losses", "held_out_losses"]

# One-sided: above two standard errors where the labels are many and the task is one.
_LEVEL = float(stats.norm.sf(2.0))
_ROUNDING = 1e-6  # of the prior loss; less is not worse


@dataclass(frozen=True)
class HeldOutLosses:
    """Losses of labels, each by the members that did not learn from it.

    Attributes
    ----------
    losses, weights : ndarray of shape (n_samples, n_trained)
        Mean loss over the members that hold a sample out, and weight of the label; 0
        where there is none or no member holds it out.
    """

    losses: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Losses before and after, and what is worse by more than noise.

    Attributes
    ----------
    changes : dict of int to LossChange
        Of the tasks that have a label, by their place.
    worse : list of int
        Those that are worse.
    mean : LossChange or None
        Of the mean over tasks of loss / prior loss; None without a label.
    is_mean_worse : bool
        Whether that is worse.
    """

    changes: dict[int, LossChange]
    worse: list[int]
    mean: LossChange | None
    is_mean_worse: bool


def held_out_losses(net: MultiTaskNet, held_out: HeldOutRows) -> HeldOutLosses:
    """Return the losses of held-out labels under a net."""
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
    r"""Compare the losses of some rows, task by task and on average.

    With the differences :math:`d_{it}` of the losses of a sample, the mean
    :math:`\bar d_t` with weights :math:`v_{it} = w_{it} / \sum_i w_{it}` has the
    variance :math:`\frac{n}{n - 1} \sum_i v_{it}^2 (d_{it} - \bar d_t)^2`. A task is
    worse if :math:`\bar d_t` exceeds so many standard errors that chance alone does it
    to any of the tasks with a probability of 0.023 (Bonferroni). The last test is of
    the mean over tasks of the loss relative to that of the prior, which sees what is a
    little worse everywhere.

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
    """Return the change of a mean loss, and by how much each sample departs from it."""
    share = weights / weights.sum()
    first, last = float(share @ before), float(share @ after)
    scatter = share * (after - before - (last - first))
    error = _standard_error(scatter, weights > 0)
    return LossChange(int((weights > 0).sum()), first, last, error), scatter


def _standard_error(scatter: np.ndarray, is_sample: np.ndarray) -> float:
    n = int(is_sample.sum())
    return float(np.sqrt(n / (n - 1) * (scatter**2).sum())) if n > 1 else math.nan


def _is_worse(change: LossChange, level: float, unit: float) -> bool:
    if change.n_samples < 2:  # which says nothing of the noise
        return False
    limit = stats.t.isf(level, change.n_samples - 1) * change.error + _ROUNDING * unit
    return not change.after - change.before <= limit  # so that NaN is worse
