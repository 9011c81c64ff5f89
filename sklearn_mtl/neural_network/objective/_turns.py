"""Which tasks a step trains, and heads that stay where they are meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing import TaskSchedule, Turn
from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.modules import MultiTaskModule
from sklearn_mtl.neural_network.data._batches import Batch
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.objective._owners import head_owners

__all__ = ["HeldHeads", "Turns"]


class Turns:
    """A schedule at work: how often each task is due, and what it has counted.

    Parameters
    ----------
    schedule : TaskSchedule
        Chooses.
    order : TaskOrder
        Numbers of the tasks.
    shares : Tensor of shape (n_tasks,)
        How often each task is trained, summing to one, in the order of y.
    prior_losses : Tensor of shape (n_tasks,)
        By which losses are divided where tasks are due by their loss.
    held : HeldHeads or None
        Keeps the heads of tasks that are not due where the schedule wants that.
    n_members : int
        Number of independent nets.
    """

    def __init__(
        self,
        schedule: TaskSchedule[Any],
        order: TaskOrder,
        shares: Tensor,
        prior_losses: Tensor,
        held: HeldHeads | None,
        n_members: int,
    ) -> None:
        self.schedule = schedule
        self.order = order
        self.shares = shares
        self.prior_losses = prior_losses
        self.held = held
        self.generators: Sequence[Generator] = ()
        self.state = schedule.init_state(n_members, len(shares))
        self.known = torch.full_like(shares, torch.nan)
        self._factors: list[Tensor] = []

    def state_dict(self) -> dict[str, Any]:
        """Return what later epochs depend on."""
        n_turns = None if self.held is None else self.held.n_turns
        return {
            "state": self.state,
            "shares": self.shares,
            "known": self.known,
            "n_turns": n_turns,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.state, self.shares = state["state"], state["shares"]
        self.known = state["known"]
        if self.held is not None:
            self.held.n_turns = state["n_turns"]

    def start_epoch(self) -> None:
        """Forget the turns of the epoch before."""
        self._factors = []

    def apply(self, batch: Batch) -> Batch:
        """Return the batch with the weights of this step's tasks."""
        x, (targets, weights) = batch
        seen = self.order.sort(weights.amax(dim=1) > 0).expand(len(x), -1)
        # chosen on the CPU, where the generators are
        turn = Turn(self.shares.cpu(), seen.cpu(), self.generators)
        factors = self.schedule.choose(turn, self.state).to(weights)
        self._factors.append(factors)
        if self.order.n_tasks == 1:  # always due: the same bits as without a schedule
            return batch
        by_place = factors[:, self.order.places.argsort()]
        return x, (targets, weights * by_place.unsqueeze(1))

    def step(self, optimizer: torch.optim.Optimizer, module: MultiTaskModule) -> None:
        """Do the step of the optimiser, for the heads that are due."""
        if self.held is None or self.order.n_tasks == 1:
            optimizer.step()
            return
        task = int(self._factors[-1][0].argmax())
        self.held.step(optimizer, module, int(self.order.places[task]))

    def mean_losses(self, total: Tensor) -> Tensor:
        """Return mean losses of an epoch from their sum, in the order of the layout.

        Shapes: total (n_members, n_trained) -> (n_members, n_trained).
        """
        factors = torch.stack(self._factors).sum(dim=0)
        # 0 / 0 is the NaN of a task that was never due, which `end_epoch` fills.
        return total / factors[:, self.order.places.argsort()]

    def end_epoch(self, losses: Tensor) -> Tensor:
        """See mean losses (n_members, n_trained); return them without gaps.

        A task that was never due has its last loss, or before any the mean of the
        others relative to what predicting the class frequencies costs.
        """
        relative = self.order.sort(losses).nanmean(dim=0) / self.prior_losses.to(losses)
        self.known = torch.where(relative.isnan(), self.known.to(relative), relative)
        filled = torch.where(self.known.isnan(), self.known.nanmean(), self.known)
        if self.schedule.frequency == "loss":
            # With a share of 0 a task would not come again even if it is forgotten.
            positive = filled.clamp(min=1e-6)
            self.shares = positive / positive.sum()
        in_layout = (filled * self.prior_losses.to(losses))[self.order.places.argsort()]
        return torch.where(losses.isnan(), in_layout, losses)

    def counts(self) -> list[float]:
        """Return in how many steps each task was due, in the order of the layout."""
        due = torch.stack(self._factors) > 0
        counts = due.sum(dim=0).double().mean(dim=0)
        return counts[self.order.places.argsort()].tolist()


class HeldHeads:
    """Step with the head of one task, and leave those of the others as they are.

    The heads are fused, so an optimiser moves all of them: by its momentum and by its
    decay, even where the gradient is zero. What belongs to the other tasks, its state
    included, is put back after the step. A task's steps are counted apart, so that
    Adam's correction of its young moments is that of a head with its own optimiser.

    Parameters
    ----------
    layout : OutputLayout
        Which logits belong to which task.
    """

    def __init__(self, layout: OutputLayout) -> None:
        self.layout = layout
        self.n_turns = [0] * layout.n_trained

    @torch.no_grad()
    def step(
        self, optimizer: torch.optim.Optimizer, module: MultiTaskModule, place: int
    ) -> None:
        """Do a step for the task at a place of the layout's order."""
        kept = []
        for parameter, task_of in head_owners(module, self.layout):
            others = (task_of.to(parameter.device) != place).nonzero()[:, 0]
            state = optimizer.state.get(parameter, {})
            # Adam corrects its bias by the number of this head's steps.
            _set_count(state, self.n_turns[place])
            # Zero gradients are not enough: momentum and decay move frozen heads too.
            before = {
                name: value.index_select(-1, others)
                for name, value in _alike(parameter, state).items()
            }
            kept.append((parameter, others, before))
        optimizer.step()
        self.n_turns[place] += 1
        for parameter, others, before in kept:
            state = optimizer.state.get(parameter, {})
            for name, value in _alike(parameter, state).items():
                if name in before:
                    value.index_copy_(-1, others, before[name])
                else:  # came into being in this step
                    value.index_fill_(-1, others, 0.0)


def _alike(parameter: Tensor, state: dict[str, Any]) -> dict[str, Tensor]:
    """Return the parameter and what the optimiser holds number by number."""
    found = {
        name: value
        for name, value in state.items()
        if isinstance(value, Tensor) and value.shape == parameter.shape
    }
    return {"": parameter, **found}


def _set_count(state: dict[str, Any], n_steps: int) -> None:
    """Set the number of steps of which an optimiser knows."""
    if isinstance(state.get("step"), Tensor):
        state["step"].fill_(float(n_steps))
    elif "step" in state:
        state["step"] = n_steps
