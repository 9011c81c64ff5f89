"""The tasks in the order of y, and what a batch says of them."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.losses import OutputLayout

__all__ = ["TaskOrder"]


class TaskOrder:
    """The tasks as a user numbers them: in the order of the columns of y.

    The layout of the logits has another one; methods, and objects that a user made, see
    this one.

    Parameters
    ----------
    layout : OutputLayout
        Which logits belong to which task.
    device : torch.device
        Where the net is.
    """

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
        """Bring (..., n_tasks) from the order of the layout into that of y."""
        # small steps are made of many small operations: do not do what does nothing
        return by_place if self._is_layout else by_place[..., self.places]

    def columns(self, by_task: Tensor) -> Tensor:
        """Spread (n_members, n_tasks) over the outputs, (n_members, 1, n_outputs)."""
        if not self._is_output:
            by_task = by_task.index_select(1, self.task_of)
        return by_task.unsqueeze(1)

    def batch_means(self, values: Tensor, weights: Tensor) -> Tensor:
        """Return mean losses over the labels there; `values` divides by the expected.

        A method that looks at a loss, and not only at its gradient, would take a batch
        with few labels for one that is well predicted.
        """
        mass = weights.mean(dim=1).clamp(min=1e-30)
        return self.sort(values / mass)

    def present(self, weights: Tensor, task_weight: Tensor, n_members: int) -> Tensor:
        """Say which tasks (n_members, n_tasks) have a label in the batch."""
        mass = weights[:, 0] if weights.shape[1] == 1 else weights.amax(dim=1)
        return self.sort(mass * task_weight > 0).expand(n_members, -1)
