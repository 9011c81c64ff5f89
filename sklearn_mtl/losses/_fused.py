"""The losses of all tasks at once, with their gradient in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sklearn_mtl.losses._layout import ClassGroup, OutputLayout

__all__ = ["FusedLoss", "split_classes"]


def split_classes(logits: Tensor, group: ClassGroup) -> Tensor:
    """View the logits of a group as (..., n_classes, n_tasks) or its transpose.

    Shapes: logits (..., n_outputs) -> (..., n_classes, n_tasks).
    """
    shape = group.tasks.stop - group.tasks.start, group.n_classes
    shape = shape[::-1] if group.class_major else shape
    block = logits[..., group.columns]
    return block.reshape(*block.shape[:-1], *shape)


class FusedLoss(nn.Module):
    r"""Masked, weighted loss of every task from one block of logits.

    For task t with cell weights :math:`w_{it}`, zero where the label is missing,

    .. math:: L_t = \sum_i w_{it}\, \ell_t(z_{it}, y_{it}) / B

    over the B rows of a batch. With weights scaled to a mean of one over the rows of
    the training set this divides by the *expected* sum of weights, so that a rare task
    is not biased by the batches in which it happens to be absent. The losses are
    those of the layout: cross-entropy (binary, multiclass) and :math:`(z - y)^2`
    (regression, y standardised), or others that a `TaskLoss` knows. The gradient (such
    as p - onehot(y), times the weight) is as cheap as the value, so both are returned
    and the caller starts ``backward`` at the logits: there is no loss in the autograd
    graph, and gradient balancing has the gradient of each task for nothing.

    Parameters
    ----------
    layout : OutputLayout
        Which logits belong to which task, and the loss of each.
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
        # Divided by rows, not by labels: a label weighs the same in every batch.
        weights = weights / logits.shape[1]
        scale = weights * self.task_weight
        if len(self.layout.singles) == 1 and not self.layout.groups:
            (loss, _), *_ = self.layout.singles  # the common case: no slices
            values, dlogits = loss.cells(logits, targets, None)
            dlogits.mul_(scale)
        else:
            blocks = self._blocks(logits, targets, scale)
            values, dlogits = (torch.cat(b, dim=-1) for b in zip(*blocks, strict=True))
        return (values * weights).sum(dim=1), dlogits

    @torch.no_grad()
    def of_labels(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of every label, missing ones included.

        Shapes: logits (n_members, n_rows, n_outputs), targets (n_members, n_rows,
        n_trained) -> (n_members, n_rows, n_trained).
        """
        blocks = self._blocks(logits, targets, torch.ones_like(targets))
        return torch.cat([values for values, _ in blocks], dim=-1)

    def _blocks(
        self, logits: Tensor, targets: Tensor, scale: Tensor
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the cell losses and the gradient of each block of the layout."""
        for loss, block in self.layout.singles:
            z, y = logits[..., block], targets[..., block]
            values, slopes = loss.cells(z, y, None)
            yield values, slopes.mul_(scale[..., block])
        for group in self.layout.groups:
            z, y = split_classes(logits, group), targets[..., group.tasks]
            values, slopes = group.loss.cells(z, y, group.axis)
            slopes.mul_(scale[..., group.tasks].unsqueeze(group.axis))
            yield values, slopes.flatten(-2)
