"""Task schedule of a training, and steps with frozen heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing import TaskSchedule, Turn
from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.modules import MultiTaskModule
from sklearn_mtl.neural_network.data._batches import Batch
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.objective._owners import head_owners

__all__ = ["FrozenHeads", "Turns"]


class Turns:
    """State of a task schedule during training.

    Parameters
    ----------
    schedule : TaskSchedule
        Selects the tasks of each step.
    order : TaskOrder
        Order of the tasks.
    shares : Tensor of shape (n_tasks,)
        Relative frequency of each task, with sum 1, in the order of y.
    prior_losses : Tensor of shape (n_tasks,)
        Divisors of the losses, if the frequency is "loss".
    frozen : FrozenHeads or None
        Steps with frozen heads; None if the schedule does not freeze heads.
    n_members : int
        Number of independent nets.

    Attributes
    ----------
    is_complete : bool
        Whether no label is missing in the current training.
    """

    def __init__(
        self,
        schedule: TaskSchedule[Any],
        order: TaskOrder,
        shares: Tensor,
        prior_losses: Tensor,
        frozen: FrozenHeads | None,
        n_members: int,
    ) -> None:
        self.schedule = schedule
        self.order = order
        self.place_of_task = order.places.tolist()
        self.shares = shares
        self.prior_losses = prior_losses
        self.frozen = frozen
        self.generators: Sequence[Generator] = ()
        self.state = schedule.init_state(n_members, len(shares))
        self.known = torch.full_like(prior_losses, torch.nan)
        self.is_complete = False
        self._factors: list[Tensor] = []
        self._chosen = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the state on which later epochs depend."""
        n_turns = None if self.frozen is None else self.frozen.n_turns
        return {
            "state": self.state,
            "shares": self.shares,
            "known": self.known,
            "n_turns": n_turns,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load a state returned by `state_dict`."""
        self.state, self.shares = state["state"], state["shares"]
        self.known = state["known"]
        if self.frozen is not None:
            self.frozen.n_turns = state["n_turns"]

    def start_epoch(self) -> None:
        """Reset the record of the previous epoch."""
        self._factors = []

    def apply(self, batch: Batch) -> Batch:
        """Select the tasks of this step, and return the batch with their weights."""
        x, (targets, weights) = batch
        if self.is_complete or not self.schedule.needs_labels:
            seen = torch.ones(len(x), self.order.n_tasks, dtype=torch.bool)
        else:  # this waits for a GPU
            seen = self.order.present(weights, weights.new_ones(()), len(x)).cpu()
        # selected on the CPU, because the generators are on the CPU
        turn = Turn(self.shares, seen, self.generators)
        chosen = self.schedule.choose(turn, self.state)
        if self.frozen is not None:
            self._chosen = int(chosen[0].argmax())
        factors = chosen.to(weights, non_blocking=True)
        self._factors.append(factors)
        if self.order.n_tasks == 1:  # bit-identical to training without a schedule
            return batch
        by_place = factors[:, self.order.places.argsort()]
        return x, (targets, weights * by_place.unsqueeze(1))

    def step(
        self,
        optimizer: torch.optim.Optimizer,
        module: MultiTaskModule,
        make_step: Callable[[], Any],
    ) -> None:
        """Make an optimiser step, with the heads of unselected tasks frozen."""
        if self.frozen is None or self.order.n_tasks == 1:
            make_step()
            return
        place = self.place_of_task[self._chosen]
        self.frozen.step(optimizer, module, place, make_step)

    def mean_losses(self, total: Tensor) -> Tensor:
        """Return the mean losses of an epoch from their sums, in layout order.

        Shapes: total (n_members, n_trained) -> (n_members, n_trained).
        """
        factors = torch.stack(self._factors).sum(dim=0)
        # 0 / 0 = NaN for a task that was never selected; `end_epoch` replaces it
        return total / factors[:, self.order.places.argsort()]

    def end_epoch(self, losses: Tensor) -> Tensor:
        """Update the frequencies; return losses (n_members, n_trained) without NaN.

        The loss of a task that was not selected is its last known one. If there is
        none, it is its prior loss times the mean of loss / prior loss of the others.
        """
        relative = self.order.sort(losses).nanmean(dim=0) / self.prior_losses.to(losses)
        self.known = torch.where(relative.isnan(), self.known.to(relative), relative)
        filled = torch.where(self.known.isnan(), self.known.nanmean(), self.known)
        if self.schedule.frequency == "loss":
            # with a frequency of 0, a task would never be selected again
            positive = filled.clamp(min=1e-6)
            self.shares = (positive / positive.sum()).cpu()
        in_layout = (filled * self.prior_losses.to(losses))[self.order.places.argsort()]
        return torch.where(losses.isnan(), in_layout, losses)

    def counts(self) -> list[float]:
        """Return the number of steps that trained each task, in layout order."""
        due = torch.stack(self._factors) > 0
        counts = due.sum(dim=0).double().mean(dim=0)
        return counts[self.order.places.argsort()].tolist()


class FrozenHeads:
    """Make optimiser steps with the head of one task, and freeze the other heads.

    The heads of all tasks are one matrix. The optimiser changes all of it, by momentum
    and weight decay, even if the gradient is zero. Therefore the parameters and the
    optimiser state of the other tasks are restored after the step. Steps are counted
    separately for each task, so that the bias correction of Adam is that of a separate
    optimiser.

    Parameters
    ----------
    layout : OutputLayout
        Assignment of logits to tasks.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.layout = layout
        self.n_turns = [0] * layout.n_trained

    @torch.no_grad()
    def step(
        self,
        optimizer: torch.optim.Optimizer,
        module: MultiTaskModule,
        place: int,
        make_step: Callable[[], Any],
    ) -> None:
        """Make a step for the task at an index in layout order."""
        kept = []
        for parameter, task_of in head_owners(module, self.layout):
            others = (task_of.cpu() != place).nonzero()[:, 0]
            others = others.to(parameter.device, non_blocking=True)
            state = optimizer.state.get(parameter, {})
            _set_count(state, self.n_turns[place])
            before = {
                name: value.index_select(-1, others)
                for name, value in _alike(parameter, state).items()
            }
            kept.append((parameter, others, before))
        make_step()
        self.n_turns[place] += 1
        for parameter, others, before in kept:
            state = optimizer.state.get(parameter, {})
            for name, value in _alike(parameter, state).items():
                if name in before:
                    value.index_copy_(-1, others, before[name])
                else:  # state that the optimiser created in this step
                    value.index_fill_(-1, others, 0.0)


def _alike(parameter: Tensor, state: dict[str, Any]) -> dict[str, Tensor]:
    """Return the parameter, and optimiser state of the same shape."""
    found = {
        name: value
        for name, value in state.items()
        if isinstance(value, Tensor) and value.shape == parameter.shape
    }
    return {"": parameter, **found}


def _set_count(state: dict[str, Any], n_steps: int) -> None:
    """Set the step count in the state of an optimiser."""
    if isinstance(state.get("step"), Tensor):
        state["step"].fill_(float(n_steps))
    elif "step" in state:
        state["step"] = n_steps
