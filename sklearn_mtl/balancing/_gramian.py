"""Gramian of the task gradients in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["feature_gramian", "lowest_overlap"]

_COMPARED = 4e8  # largest number of weights that are compared to find the overlap


def feature_gramian(
    dlogits: Tensor,
    weight: Tensor,
    task_of: Tensor,
    n_tasks: int,
    label_weights: Tensor | None = None,
) -> Tensor:
    r"""Return the inner products of the task gradients at the shared representation.

    With logits :math:`L = Z W + b` and :math:`E = \partial loss / \partial L`, the
    gradient of task t at Z is :math:`E_t W_t^T` over the outputs of the task. Hence

    .. math:: G_{st} = \sum_{j \in s, k \in t} (E^T E)_{jk} (W^T W)_{jk}

    This needs no backward pass and takes O(n_outputs^2 (n_rows + n_hidden)).

    A label of weight w is treated as w equal samples with separate representations. If
    two tasks have labels with weights v and w in the same row, they have min(v, w) of
    these samples in common. Therefore their product in :math:`E^T E` is divided by
    max(v, w).

    Shapes: dlogits (n_members, n_rows, n_outputs), weight (n_members,
    n_hidden, n_outputs), task_of (n_outputs,), label_weights (n_members,
    n_rows, n_outputs or 1) -> (n_members, n_tasks, n_tasks).
    """
    # Gradients at the last layer are outer products: <e f', g h'> = <e, g> <f, h>.
    products = _sum_products(dlogits, label_weights) * (weight.mT @ weight)
    n_members, n_outputs, _ = products.shape
    if n_outputs == n_tasks:
        return products
    rows = products.new_zeros(n_members, n_tasks, n_outputs)
    rows.index_add_(1, task_of, products)
    gramian = products.new_zeros(n_members, n_tasks, n_tasks)
    return gramian.index_add_(2, task_of, rows)


def _sum_products(dlogits: Tensor, weights: Tensor | None) -> Tensor:
    """Return E^T E, with a label of weight w counted as w samples.

    Shapes: -> (n_members, n_outputs, n_outputs).
    """
    if weights is None:
        return dlogits.mT @ dlogits
    # A label of weight w stands for w equal samples: (w e)^2 / w.
    inverse = torch.where(weights > 0, 1.0 / weights, 0.0)
    if weights.shape[-1] == 1:
        return dlogits.mT @ (dlogits * inverse)
    # min(w_s, w_t) of the equal samples have both labels: min(w_s, w_t) / (w_s w_t).
    rows = [
        gradient.unsqueeze(1) @ (dlogits * torch.minimum(inverse, one.unsqueeze(-1)))
        for gradient, one in zip(dlogits.unbind(-1), inverse.unbind(-1), strict=True)
    ]
    return torch.cat(rows, dim=1)


def lowest_overlap(label_weights: Tensor) -> float:
    """Return the smallest fraction of a task's labels that another task shares.

    Two tasks share a label if both are observed for the same sample.

    Shapes: label_weights (n_rows, n_tasks).
    """
    weights = label_weights.double()
    weights = weights[:, weights.any(dim=0)]
    n_rows, n_tasks = weights.shape
    if n_tasks < 2:
        return 1.0
    is_observed = weights > 0
    if ((weights == weights.amax(dim=1, keepdim=True)) | ~is_observed).all():
        # Then the smaller of two weights equals both, so one product is enough.
        common = weights.T @ is_observed.double()
    else:  # count the equal samples that have both labels
        weights = weights[:: max(1, int(n_rows * n_tasks**2 / _COMPARED))]
        pairs = [torch.minimum(weights, one[:, None]).sum(dim=0) for one in weights.T]
        common = torch.stack(pairs)
    return float((common / common.diagonal().clamp(min=1e-300)).amin())
