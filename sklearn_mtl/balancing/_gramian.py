"""The Gramian of the task gradients, in closed form."""

from __future__ import annotations

from torch import Tensor

__all__ = ["feature_gramian", "lowest_overlap"]


def feature_gramian(
    dlogits: Tensor, weight: Tensor, task_of: Tensor, n_tasks: int
) -> Tensor:
    r"""Return the inner products of the gradients at the shared representation.

    With logits :math:`L = Z W + b` and :math:`E = \partial loss / \partial L`, the
    gradient of task t at Z is :math:`E_t W_t^T` over its own outputs, so that

    .. math:: G_{st} = \sum_{j \in s, k \in t} (E^T E)_{jk} (W^T W)_{jk}

    which takes no backward pass: O(n_outputs^2 (n_rows + n_hidden)).

    Parameters
    ----------
    dlogits : Tensor of shape (n_members, n_rows, n_outputs)
        E, zero where a label is missing.
    weight : Tensor of shape (n_members, n_hidden, n_outputs)
        W.
    task_of : Tensor of shape (n_outputs,), int
        The task of each output.
    n_tasks : int
        Number of tasks.

    Returns
    -------
    Tensor of shape (n_members, n_tasks, n_tasks)
        The Gramian of the gradients of all rows of the batch, row by row.
    """
    products = (dlogits.mT @ dlogits) * (weight.mT @ weight)
    n_members, n_outputs, _ = products.shape
    if n_outputs == n_tasks:
        return products
    rows = products.new_zeros(n_members, n_tasks, n_outputs)
    rows.index_add_(1, task_of, products)
    gramian = products.new_zeros(n_members, n_tasks, n_tasks)
    return gramian.index_add_(2, task_of, rows)


def lowest_overlap(is_observed: Tensor) -> float:
    """Return the smallest share of a task's labels that another task has too.

    Parameters
    ----------
    is_observed : Tensor of shape (n_rows, n_tasks), bool
        Where labels are.

    Returns
    -------
    float
        Between 0, own-row data, and 1, complete labels; tasks without labels do not
        count.
    """
    observed = is_observed.double()
    counts = observed.sum(dim=0)
    observed = observed[:, counts > 0]
    counts = counts[counts > 0]
    if len(counts) < 2:
        return 1.0
    return float(((observed.T @ observed) / counts).amin())
