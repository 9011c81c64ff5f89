"""Adapters for the weightings, aggregators and scalarizers of torchjd."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import (
    GradientAggregator,
    LossWeighting,
    as_array,
)
from sklearn_mtl.balancing._steps import StepGramian, StepLosses
from sklearn_mtl.utils._random import TORCH_GENERATOR

__all__ = [
    "TorchJDAggregator",
    "TorchJDScalarizer",
    "adapt",
    "comes_from_torchjd",
]


def comes_from_torchjd(thing: Any) -> bool:
    """Return whether an object is an instance of a class of torchjd or a subclass."""
    return any(cls.__module__.split(".")[0] == "torchjd" for cls in type(thing).__mro__)


def adapt(thing: Any, who: str) -> TorchJDAggregator | TorchJDScalarizer:
    """Return the adapter of an object of torchjd."""
    from torchjd.aggregation import WeightedAggregator, Weighting
    from torchjd.scalarization import Scalarizer

    if isinstance(thing, Scalarizer):
        return TorchJDScalarizer(thing)
    if isinstance(thing, Weighting | WeightedAggregator):
        return TorchJDAggregator(thing)
    raise TypeError(
        f"{who}: {type(thing).__name__} of torchjd cannot be used for balancing, "
        "because it needs more than the inner products of the task gradients. Use a "
        "Scalarizer, a Weighting, or an Aggregator that is a WeightedAggregator."
    )


#: Largest number of copies of a source per member; the least recently used go first.
MAX_SETS = 100


@dataclass
class AggregatorState:
    """Copies of the source for each member, by the tasks in the batch."""

    copies: list[dict[tuple[int, ...], Any]]

    def take(self, member: int, tasks: tuple[int, ...], source: Any) -> Any:
        """Return the copy of the member for these tasks, and create it if necessary."""
        own = self.copies[member]
        found = own.pop(tasks, None)
        # The copy used last is moved to the end; the first one is deleted first.
        own[tasks] = copy.deepcopy(source) if found is None else found
        if len(own) > MAX_SETS:
            del own[next(iter(own))]
        return own[tasks]


class TorchJDAggregator(GradientAggregator[AggregatorState]):
    """Adapter for a Weighting or WeightedAggregator of torchjd.

    A method that needs the matrix of gradients gets the square root of the Gramian,
    which has the same inner products. Methods that use single coordinates of a gradient
    therefore differ from their papers.

    Parameters
    ----------
    source : torchjd.aggregation.Weighting or WeightedAggregator
        Object of torchjd. It is copied for each member and each set of tasks.
    """

    of_mean = False

    def __init__(self, source: Any) -> None:
        self.source = source

    def init_state(self, n_members: int, n_tasks: int) -> AggregatorState:
        """Return a state without copies; they are created when needed."""
        return AggregatorState([{} for _ in range(n_members)])

    def _weigh(self, step: StepGramian, state: AggregatorState) -> np.ndarray:
        n_members, n_tasks = step.gramian.shape[:2]
        members = np.arange(n_members) if step.members is None else step.members
        tasks = np.arange(n_tasks) if step.tasks is None else step.tasks
        weights = []
        for i, one in enumerate(torch.from_numpy(step.gramian)):
            source = state.take(int(members[i]), tuple(tasks.tolist()), self.source)
            self._prefer(source, step.tasks)
            generator = step.generators[i] if step.generators else None
            with _borrowed_generator(generator):
                weights.append(as_array(_apply(source, one)))
        return np.stack(weights)

    def _prefer(self, source: Any, tasks: np.ndarray | None) -> None:
        """Pass the preferences of the tasks that are present to a copy."""
        wanted = getattr(self.source, "pref_vector", None)
        if wanted is not None:  # the Gramian is on the CPU
            source.pref_vector = wanted.cpu()[slice(None) if tasks is None else tasks]


@contextmanager
def _borrowed_generator(generator: Generator | None) -> Iterator[None]:
    """Seed the global generator that torchjd uses from ours, then restore it."""
    if generator is None:
        yield
        return
    seed = torch.randint(
        2**62, (), generator=generator, device=generator.device, dtype=torch.int64
    )
    with TORCH_GENERATOR, torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        yield


def _apply(source: Any, gramian: Tensor) -> Tensor:
    """Return the weights (n_tasks,) of one member."""
    from torchjd import aggregation

    if isinstance(source, aggregation.GramianWeightedAggregator):
        return source.gramian_weighting(gramian)
    is_aggregator = isinstance(source, aggregation.WeightedAggregator)
    # XWeighting takes the same input as the public aggregator X.
    name = type(source).__name__.removesuffix("Weighting")
    owner = getattr(aggregation, name, aggregation.GramianWeightedAggregator)
    takes_matrix = not issubclass(owner, aggregation.GramianWeightedAggregator)
    if is_aggregator or takes_matrix:
        weighting = source.weighting if is_aggregator else source
        # Any matrix with this Gramian gives the same weights.
        values, vectors = torch.linalg.eigh(gramian)
        root = vectors * values.clamp(min=0.0).sqrt()
        return weighting(root)
    return source(gramian)


@dataclass
class ScalarizerState:
    """Copies of the source and latest losses for each member.

    The optimisers, by member, train the parameters of the copies.
    """

    copies: list[Any]
    latest: Tensor
    optimizers: dict[int, torch.optim.Adam] = field(default_factory=dict)


class TorchJDScalarizer(LossWeighting[ScalarizerState]):
    """Adapter for a Scalarizer of torchjd; Adam trains its parameters, if it has any.

    The learning rate is that of the network. The scalarizer always gets one loss per
    task, in the order of the columns of y. If a task has no label in the batch, its
    latest loss is used.

    Parameters
    ----------
    source : torchjd.scalarization.Scalarizer
        Object of torchjd. It is copied for each member.
    """

    def __init__(self, source: Any) -> None:
        self.source = source

    @property
    def needs_post_step_loss(self) -> bool:  # type: ignore[override]
        """Return whether it needs the losses after the step, like FAMO."""
        return hasattr(self.source, "update")

    def init_state(self, n_members: int, n_tasks: int) -> ScalarizerState:
        """Return one copy per member."""
        copies = [copy.deepcopy(self.source) for _ in range(n_members)]
        return ScalarizerState(copies, torch.ones(n_members, n_tasks))

    def _weigh(self, step: StepLosses, state: ScalarizerState) -> Tensor:
        # The latest loss stands in for that of an absent task.
        latest = state.latest.to(step.losses)
        state.latest = torch.where(step.present, step.losses, latest)
        weights = []
        for member, losses in enumerate(state.latest):
            generator = step.generators[member] if step.generators else None
            with _borrowed_generator(generator):
                weights.append(self._differentiate(losses, member, step.lr, state))
        return torch.stack(weights)

    def _differentiate(
        self, losses: Tensor, member: int, lr: float, state: ScalarizerState
    ) -> Tensor:
        source = state.copies[member].to(losses)
        losses = losses.clone().requires_grad_()
        own = [p for p in source.parameters() if p.requires_grad]
        if hasattr(source, "update"):
            own = []  # the scalarizer updates its parameters itself
        with torch.enable_grad():
            gradients = torch.autograd.grad(source(losses), [losses, *own])
        if own:
            if member not in state.optimizers:
                state.optimizers[member] = torch.optim.Adam(own, lr=lr)
            optimizer = state.optimizers[member]
            for parameter, gradient in zip(own, gradients[1:], strict=True):
                parameter.grad = gradient
            optimizer.param_groups[0]["lr"] = lr
            optimizer.step()
        return gradients[0]

    def use_post_step_loss(
        self, before: StepLosses, losses: Tensor, state: ScalarizerState
    ) -> None:
        """Pass the losses after the step to each copy."""
        # An absent task keeps its latest loss.
        after = torch.where(before.present, losses, state.latest)
        for source, member_losses in zip(state.copies, after, strict=True):
            source.update(member_losses)

    def end_epoch(self, losses: Tensor, state: ScalarizerState) -> None:
        """Tell each copy that the epoch has ended, if it has a method for that."""
        for source in state.copies:
            if hasattr(source, "step"):
                source.step()
