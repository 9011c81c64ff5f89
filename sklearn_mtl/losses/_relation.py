"""Penalty on differences between the outputs of related tasks."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_mtl.losses._layout import OutputLayout

__all__ = ["OutputRelation", "comparable_tasks"]


def comparable_tasks(layout: OutputLayout) -> list[tuple[str, list[int]]]:
    """Return the groups of tasks whose outputs have the same meaning and shape."""
    sets: dict[tuple[str, int], list[int]] = {}
    widths = {place: 1 for _, tasks in layout.singles for place in _range(tasks)}
    kinds = {
        place: "binary" if place < layout.n_binary else "regression" for place in widths
    }
    for group in layout.groups:
        for place in _range(group.tasks):
            widths[place], kinds[place] = group.n_classes, group.kind
    for place in range(layout.n_trained):
        sets.setdefault((kinds[place], widths[place]), []).append(place)
    return [(kind, places) for (kind, _), places in sets.items()]


def _range(tasks: slice) -> range:
    return range(tasks.start, tasks.stop)


class OutputRelation:
    r"""Mean squared difference between the soft outputs of related tasks.

    .. math:: R = \frac12 \sum_{s, t} A_{st} \frac{1}{\sum_i r_i} \sum_i r_i
        \frac{1}{K} \sum_{k=1}^K (p_{isk} - p_{itk})^2

    The sum is over pairs of tasks whose outputs have the same shape K. The outputs p
    are the probability of a binary task, the probabilities of a multiclass task, or the
    standardised value of a regression task. With the Laplacian L of A this is a
    quadratic form of the outputs. Its gradient 2 L p is propagated through the softmax
    in closed form, in O(n_rows * n_outputs * n_tasks).

    Parameters
    ----------
    layout : OutputLayout
        Assignment of the logits to tasks.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.sets = [
            (kind, places, _columns(layout, places))
            for kind, places in comparable_tasks(layout)
            if len(places) > 1
        ]

    @torch.no_grad()
    def __call__(
        self, logits: Tensor, similarity: Tensor, row_weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return R of every member, and its gradient.

        Shapes: logits (n_members, n_rows, n_outputs), similarity (n_members,
        n_trained, n_trained), row_weights (n_members, n_rows) -> values
        (n_members,), dlogits (n_members, n_rows, n_outputs).
        """
        total = row_weights.sum(dim=1, keepdim=True)
        share = row_weights / torch.where(total > 0, total, 1.0)
        values, dlogits = logits.new_zeros(len(logits)), torch.zeros_like(logits)
        for kind, places, columns in self.sets:
            columns = columns.to(logits.device, non_blocking=True)
            p = _soften(logits[..., columns], kind)  # (n_members, n_rows, tasks, K)
            at = torch.as_tensor(places).to(logits.device, non_blocking=True)
            laplacian = _laplacian(similarity[:, at[:, None], at])
            pulled = torch.einsum("mst,mntk->mnsk", laplacian, p)
            pulled *= share[..., None, None] / p.shape[-1]
            values += (p * pulled).sum(dim=(1, 2, 3))
            slopes = _through(2.0 * pulled, p, kind)
            dlogits[..., columns] = slopes
        return values, dlogits


def _columns(layout: OutputLayout, places: Sequence[int]) -> Tensor:
    """Return the logits (n_tasks, K) of tasks with K logits each."""
    every = torch.arange(layout.n_outputs)
    return torch.stack([every[layout.columns(place)] for place in places])


def _laplacian(similarity: Tensor) -> Tensor:
    """Return D - A; the diagonal of A does not matter."""
    return torch.diag_embed(similarity.sum(dim=-1)) - similarity


def _soften(logits: Tensor, kind: str) -> Tensor:
    if kind == "binary":
        return logits.sigmoid()
    return logits.softmax(dim=-1) if kind == "multiclass" else logits


def _through(slopes: Tensor, p: Tensor, kind: str) -> Tensor:
    """Convert a gradient at the soft outputs to one at the logits."""
    if kind == "binary":
        return slopes * p * (1.0 - p)
    # The Jacobian of the softmax is diag(p) - p p'; no matrix is formed.
    if kind == "multiclass":
        return p * (slopes - (p * slopes).sum(dim=-1, keepdim=True))
    return slopes
