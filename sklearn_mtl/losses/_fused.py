"""The losses of all tasks at once, with their gradient in closed form."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sklearn_mtl.losses._layout import ClassGroup, OutputLayout

__all__ = ["FusedLoss", "split_classes"]


def split_classes(logits: Tensor, group: ClassGroup) -> Tensor:
    """View the logits of a group as (..., n_classes, n_tasks) or its transpose.

    Parameters
    ----------
    logits : Tensor of shape (..., n_outputs)
        Fused outputs.
    group : ClassGroup
        Which of them.

    Returns
    -------
    Tensor of shape (..., n_classes, n_tasks), or (..., n_tasks, n_classes)
        The former where the group is class-major.
    """
    shape = (group.n_classes, -1) if group.class_major else (-1, group.n_classes)
    block = logits[..., group.columns]
    return block.reshape(*block.shape[:-1], *shape)


class FusedLoss(nn.Module):
    r"""Masked, weighted loss of every task from one block of logits.

    For task t with cell weights :math:`w_{it}`, zero where the label is missing,

    .. math:: L_t = \sum_i w_{it}\, \ell_t(z_{it}, y_{it}) / B

    over the B rows of a batch. With weights scaled to a mean of one over the rows of
    the training set this divides by the *expected* sum of weights, so that a rare task
    is not biased by the batches in which it happens to be absent. The losses are
    cross-entropy (binary, multiclass) and :math:`(z - y)^2` (regression, y
    standardised). The gradient (p - onehot(y) or 2 (z - y), times the weight) is as
    cheap as the value, so both are returned and the caller starts ``backward`` at the
    logits: there is no loss in the autograd graph, and gradient balancing has the
    gradient of each task for nothing.

    Parameters
    ----------
    layout : OutputLayout
        Which logits belong to which task.
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

        Parameters
        ----------
        logits : Tensor of shape (n_members, n_rows, n_outputs)
            Fused outputs.
        targets : Tensor of shape (n_members, n_rows, n_trained)
            Class indices or standardised values, as floats; any finite number where
            the label is missing.
        weights : Tensor, broadcastable to the shape of targets
            Weights of the cells, 0 where the label is missing.

        Returns
        -------
        values : Tensor of shape (n_members, n_trained)
            L_t of every member, without task_weight.
        dlogits : Tensor of shape (n_members, n_rows, n_outputs)
            Gradient of sum_t task_weight_t L_t.
        """
        weights = weights / logits.shape[1]
        values = torch.empty_like(targets)
        dlogits = torch.empty_like(logits)
        self._binary(logits, targets, values, dlogits)
        self._squared(logits, targets, values, dlogits)
        scale = weights * self.task_weight
        first = self.layout.regression.stop
        dlogits[..., :first] *= scale[..., :first]
        for group in self.layout.groups:
            self._softmax(group, logits, targets, values, dlogits, scale)
        return (values * weights).sum(dim=1), dlogits

    def _binary(
        self, logits: Tensor, targets: Tensor, values: Tensor, dlogits: Tensor
    ) -> None:
        n = self.layout.n_binary
        if n:
            z, y = logits[..., :n], targets[..., :n]
            torch.sub(torch.sigmoid(z), y, out=dlogits[..., :n])
            torch.sub(F.softplus(z), z * y, out=values[..., :n])

    def _squared(
        self, logits: Tensor, targets: Tensor, values: Tensor, dlogits: Tensor
    ) -> None:
        block = self.layout.regression
        if self.layout.n_regression:
            error = logits[..., block] - targets[..., block]
            torch.mul(error, 2.0, out=dlogits[..., block])
            torch.mul(error, error, out=values[..., block])

    @staticmethod
    def _softmax(
        group: ClassGroup,
        logits: Tensor,
        targets: Tensor,
        values: Tensor,
        dlogits: Tensor,
        scale: Tensor,
    ) -> None:
        axis = -2 if group.class_major else -1
        z = split_classes(logits, group)
        y = targets[..., group.tasks].long().unsqueeze(axis)
        log_p = z.log_softmax(dim=axis)
        values[..., group.tasks] = -log_p.gather(axis, y).squeeze(axis)
        gradient = log_p.exp_()
        gradient.scatter_add_(axis, y, gradient.new_full((), -1.0).expand_as(y))
        gradient *= scale[..., group.tasks].unsqueeze(axis)
        dlogits[..., group.columns] = gradient.flatten(-2)
