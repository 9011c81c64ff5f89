"""Losses of all tasks at once, with their gradient in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sklearn_mtl.losses._layout import ClassGroup, OutputLayout

__all__ = ["FusedLoss", "split_classes"]


def split_classes(logits: Tensor, group: ClassGroup) -> Tensor:
    """Return a view of the logits of a group, (..., n_classes, n_tasks) or transposed.

    Shapes: logits (..., n_outputs) -> (..., n_classes, n_tasks).
    """
    shape = group.tasks.stop - group.tasks.start, group.n_classes
    shape = shape[::-1] if group.class_major else shape
    block = logits[..., group.columns]
    return block.reshape(*block.shape[:-1], *shape)


class FusedLoss(nn.Module):
    r"""Masked and weighted loss of every task, computed from one block of logits.

    For task t with weights :math:`w_{it}`, which are zero for missing labels,

    .. math:: L_t = \sum_i w_{it}\, \ell_t(z_{it}, y_{it}) / B

    over the B samples of a batch. If weights have mean one over the training samples,
    this divides by the *expected* sum of weights. A rare task is then not biased by the
    batches from which it is absent.

    The losses are those of the layout: cross-entropy for binary and multiclass tasks,
    :math:`(z - y)^2` for regression tasks with standardised y, or another `TaskLoss`.
    The gradient (such as p - onehot(y), times the weight) is as cheap as the value.
    Therefore both are returned, and the caller starts ``backward`` at the logits. The
    loss is not part of the autograd graph, and gradient balancing gets the gradient of
    each task at no extra cost.

    Parameters
    ----------
    layout : OutputLayout
        Logits and loss of each task.
    task_weight : Tensor of shape (n_trained,)
        Factor of each task in the objective, in the order of the layout.
    """

    task_weight: Tensor

    def __init__(self, layout: OutputLayout, task_weight: Tensor) -> None:
        super().__init__()
        self.layout = layout
        self.register_buffer("task_weight", task_weight)

    @torch.no_grad()
    def forward(
        self, logits: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Compute the losses of a batch and their gradient.

        Shapes: logits (n_members, n_rows, n_outputs), targets (n_members,
        n_rows, n_trained) -> values (n_members, n_trained), dlogits (n_members,
        n_rows, n_outputs).
        """
        # Divide by samples, not by labels, so a label has the same weight in every
        # batch.
        weights = weights / logits.shape[1]
        scale = weights * self.task_weight
        if len(self.layout.singles) == 1 and not self.layout.groups:
            (loss, _), *_ = self.layout.singles  # the common case needs no slices
            values, dlogits = loss.cells(logits, targets, None)
            dlogits.mul_(scale)
        else:
            blocks = self._blocks(logits, targets, scale)
            values, dlogits = (torch.cat(b, dim=-1) for b in zip(*blocks, strict=True))
        return (values * weights).sum(dim=1), dlogits

    @torch.no_grad()
    def of_labels(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every label, including missing ones.

        Shapes: logits (n_members, n_rows, n_outputs), targets (n_members, n_rows,
        n_trained) -> (n_members, n_rows, n_trained).
        """
        blocks = self._blocks(logits, targets, torch.ones_like(targets))
        return torch.cat([values for values, _ in blocks], dim=-1)

    def _blocks(
        self, logits: Tensor, targets: Tensor, scale: Tensor
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the losses and gradients of the labels of each block of the layout."""
        for loss, block in self.layout.singles:
            z, y = logits[..., block], targets[..., block]
            values, slopes = loss.cells(z, y, None)
            yield values, slopes.mul_(scale[..., block])
        for group in self.layout.groups:
            z, y = split_classes(logits, group), targets[..., group.tasks]
            values, slopes = group.loss.cells(z, y, group.axis)
            slopes.mul_(scale[..., group.tasks].unsqueeze(group.axis))
            yield values, slopes.flatten(-2)
