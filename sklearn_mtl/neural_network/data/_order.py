"""Conversion between the order of the tasks in y and in the layout of the logits."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.neural_network.data._ranks import Ranks

__all__ = ["TaskOrder"]


class TaskOrder:
    """Order of the tasks in y.

    Balancing methods and custom objects use this order, which differs from the order of
    the tasks in the layout of the logits.

    Parameters
    ----------
    layout : OutputLayout
        Assignment of logits to tasks.
    device : torch.device
        Device of the net.

    Attributes
    ----------
    ranks : Ranks or None
        Processes that compute parts of each batch; set during training only.
    """

    ranks: Ranks | None = None

    def __init__(self, layout: OutputLayout, device: torch.device) -> None:
        order = torch.as_tensor(layout.order)
        self.n_tasks = layout.n_trained
        self.places = order.argsort().to(device)
        self.place_of = torch.as_tensor(layout.task_places, device=device)
        self.task_of = self.places.argsort()[self.place_of]
        tasks = torch.arange(self.n_tasks, device=device)
        self._is_layout = torch.equal(self.places, tasks)
        self._is_output = torch.equal(self.task_of, tasks)

    def sort(self, by_place: Tensor) -> Tensor:
        """Convert (..., n_tasks) from layout order to the order of y."""
        # steps of small nets are fast, so skip the indexing if the orders are equal
        return by_place if self._is_layout else by_place[..., self.places]

    def columns(self, by_task: Tensor) -> Tensor:
        """Expand (n_members, n_tasks) to the outputs, (n_members, 1, n_outputs)."""
        if not self._is_output:
            by_task = by_task.index_select(1, self.task_of)
        return by_task.unsqueeze(1)

    def batch_means(self, values: Tensor, weights: Tensor) -> Tensor:
        """Return mean losses over the labels in the batch.

        `values` are sums divided by the expected number of labels. They are low in a
        batch with few labels, which would mislead methods that use the losses.
        """
        mass = weights.mean(dim=1)
        if self.ranks is not None:
            values, mass = self.ranks.mean(values), self.ranks.mean(mass)
        return self.sort(values / mass.clamp(min=1e-30))

    def present(self, weights: Tensor, task_weight: Tensor, n_members: int) -> Tensor:
        """Return the mask (n_members, n_tasks) of tasks with a label in the batch."""
        mass = weights[:, 0] if weights.shape[1] == 1 else weights.amax(dim=1)
        if self.ranks is not None:
            mass = self.ranks.mean(mass)
        return self.sort(mass * task_weight > 0).expand(n_members, -1)
