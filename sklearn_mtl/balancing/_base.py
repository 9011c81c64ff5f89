"""What a method of balancing tasks is: weights from losses, or from gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

from sklearn_mtl.balancing._steps import StepGramian, StepLosses

__all__ = ["Balancing", "GradientAggregator", "LossWeighting", "as_array"]

State = TypeVar("State")  # a dataclass, or None for a method that learns nothing


class Balancing(BaseEstimator, ABC, Generic[State]):
    """Base of the methods: searchable parameters, and maths without state.

    A method holds numbers and choices, never what it learns in a fit, so that clone,
    get_params and grid search see ordinary parameters (`balancing__temperature`). What
    it learns stands in a state of its own, best a small dataclass, which the net keeps
    and hands over: `init_state` makes it, every further call may change it.

    Attributes
    ----------
    of_mean : bool
        Whether equal weights are 1 / n_tasks, as of a mean of the losses, and not 1, as
        of their sum. A net multiplies such weights by the number of tasks, so that the
        size of a step does not depend on the method.
    role_of_task_weight : {"scale", "preference", "ignored"}
        What `task_weight` is to the method: a factor of the losses before it sees them,
        a preference that it knows how to use, or nothing, for what comes out does not
        depend on the scale of a loss.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    of_mean: ClassVar[bool] = False
    role_of_task_weight: ClassVar[Literal["scale", "preference", "ignored"]] = "scale"

    def check(self) -> None:
        """Raise ValueError where a parameter is wrong."""
        self._validate_params()

    def init_state(self, n_members: int, n_tasks: int) -> State:
        """Return the state before the first step; None where nothing is learnt."""
        return None  # type: ignore[return-value]


class LossWeighting(Balancing[State]):
    """Base of the methods that turn the losses of the tasks into weights.

    The weights are the derivatives of the one number that the method minimises with
    respect to the losses. They act on heads and shared layers alike.

    A subclass defines ``_weigh(step, state)``, which returns a tensor (n_members,
    n_tasks) in the dtype of ``step.losses``. The loss of a task without a label in the
    batch is 0, which means nothing: sums over tasks, and what is learned, must leave it
    out by ``step.present``. What the method learns stands in `state`, which
    `init_state` makes and `_weigh` changes, and which can be copied and pickled.
    `check_balancing` checks all of this.

    Attributes
    ----------
    looks_again : bool
        Whether `look_again` wants the losses of the same batch after the step, which
        costs a second forward pass.
    """

    looks_again: ClassVar[bool] = False

    @torch.no_grad()
    def weigh(self, step: StepLosses, state: State | None = None) -> Tensor:
        """Return the weights of a step, and learn from its losses.

        Parameters
        ----------
        step : StepLosses
            Losses of the batch.
        state : dataclass, default=None
            What `init_state` returned; it is updated. None is a state that no step has
            changed, and is forgotten.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            Weights; 0 where a task has no label in the batch.
        """
        if state is None:
            state = self.init_state(*step.losses.shape)
        weights = self._weigh(step, state)
        if not isinstance(weights, Tensor) or weights.shape != step.losses.shape:
            raise _wrong_shape(self, "a tensor", step.losses.shape, weights)
        return torch.where(step.present, weights, torch.zeros_like(weights))

    @abstractmethod
    def _weigh(self, step: StepLosses, state: State) -> Tensor:
        """Return weights (n_members, n_tasks); whatever where a task is absent."""

    def look_again(self, before: StepLosses, losses: Tensor, state: State) -> None:
        """Learn from the losses of the same batch after the step of the optimiser."""

    def end_epoch(self, losses: Tensor, state: State) -> None:
        """Learn from the mean losses (n_members, n_tasks) of an epoch."""


class GradientAggregator(Balancing[State]):
    """Base of the methods that turn the Gramian of task gradients into weights.

    The maths is NumPy's: on matrices as small as these most of the time of a step goes
    into calls, of which torch's cost several times as much.

    A subclass defines ``_weigh(step, state)``, which returns an array (n_members,
    n_tasks) that sums to one over the tasks, or about so, or else says ``of_mean =
    False``. The Gramian ``step.gramian`` (n_members, n_tasks, n_tasks) is of the tasks
    that have labels in the batch, and ``step.share`` is their preference, summing to
    one. What the method learns for each member and task stands in arrays of `state`,
    which `init_state` makes for all of them: read and write them at ``step.cells``, the
    index of the members and tasks of this step. `check_balancing` checks all of this.

    Attributes
    ----------
    uses_losses : bool
        Whether ``step.losses`` is wanted, the mean losses of the batch.
    """

    of_mean = True
    uses_losses: ClassVar[bool] = False

    def weigh(
        self,
        gramian: Tensor,
        preference: Tensor | None = None,
        state: State | None = None,
        generators: Sequence[Generator] = (),
        losses: Tensor | None = None,
    ) -> Tensor:
        """Return the weights with which the gradients of the tasks are added.

        Parameters
        ----------
        gramian : Tensor of shape (n_tasks, n_tasks) or (n_members, n_tasks, n_tasks)
            Inner products of the gradients of the tasks.
        preference : Tensor of shape (n_tasks,), default=None
            How much each task is wanted; None is all alike. Methods without one ignore
            it.
        state : dataclass, default=None
            What `init_state` returned, for methods that learn; it is updated. None is a
            state that no step has changed, and is forgotten.
        generators : sequence of torch.Generator, default=()
            One for each member, for random methods.
        losses : Tensor of shape (n_tasks,) or (n_members, n_tasks), default=None
            Mean losses of the batch, for methods that use them.

        Returns
        -------
        Tensor of shape (n_tasks,) or (n_members, n_tasks)
            Weights; NaN for a member whose Gramian is not finite.

        Raises
        ------
        ValueError
            If the Gramian is not square.
        """
        if gramian.ndim not in (2, 3) or gramian.shape[-1] != gramian.shape[-2]:
            raise ValueError(
                f"{type(self).__name__}: a Gramian must have shape (n_tasks, n_tasks) "
                f"or (n_members, n_tasks, n_tasks); found {tuple(gramian.shape)}."
            )
        if gramian.ndim == 2:
            losses = None if losses is None else losses[None]
            return self.weigh(gramian[None], preference, state, generators, losses)[0]
        step = StepGramian(
            as_array(gramian),
            np.ones(gramian.shape[-1]) if preference is None else as_array(preference),
            generators,
            None if losses is None else as_array(losses),
        )
        if state is None:
            state = self.init_state(*gramian.shape[:2])
        return torch.as_tensor(self.weigh_arrays(step, state)).to(gramian)

    def weigh_arrays(self, step: StepGramian, state: State) -> np.ndarray:
        """Return the weights as `weigh` does, without checks and on arrays.

        Parameters
        ----------
        step : StepGramian
            Gramian of the batch.
        state : dataclass
            What `init_state` returned; it is updated.

        Returns
        -------
        ndarray of shape (n_members, n_tasks)
            Weights.
        """
        shape = step.gramian.shape[:-1]
        if not np.isfinite(step.gramian.sum()):
            # the net diverged; decompositions would fail before it is said in words
            return np.full(shape, np.nan)
        weights = self._weigh(step, state)
        if not isinstance(weights, np.ndarray) or weights.shape != shape:
            raise _wrong_shape(self, "an array", shape, weights)
        return weights

    @abstractmethod
    def _weigh(self, step: StepGramian, state: State) -> np.ndarray:
        """Return weights (n_members, n_tasks)."""


def _wrong_shape(
    method: Balancing[Any], what: str, expected: tuple[int, ...], found: Any
) -> ValueError:
    """Return the error for weights that are not one for each member and task."""
    seen = f"shape {tuple(found.shape)}" if hasattr(found, "shape") else repr(found)
    if what == "a tensor" and isinstance(found, np.ndarray):
        seen = "an array"
    elif what == "an array" and isinstance(found, Tensor):
        seen = "a tensor"
    return ValueError(
        f"{type(method).__name__}: _weigh must return {what} of shape "
        f"{tuple(expected)}; found {seen}."
    )


def as_array(tensor: Tensor) -> np.ndarray:
    """Return a tensor's values, in the precision it has or else in single."""
    if tensor.dtype in (
        torch.float16,
        torch.bfloat16,
    ):  # of which NumPy has one or none
        tensor = tensor.float()
    return tensor.numpy(force=True)
