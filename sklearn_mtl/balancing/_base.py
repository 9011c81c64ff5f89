"""What a method of balancing tasks is: weights from losses, or from gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

__all__ = ["Balancing", "GradientAggregator", "LossWeighting", "StepLosses", "as_array"]


class Balancing(BaseEstimator, ABC):
    """Base of the methods: searchable parameters, and maths without state.

    A method holds numbers and choices, never what it learns in a fit, so that clone,
    get_params and grid search see ordinary parameters (`balancing__temperature`). What
    it learns is a dict of tensors that the net keeps and hands over.

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

    def start(self, n_members: int, n_tasks: int) -> dict[str, Any]:
        """Return the state before the first step: what the method will learn."""
        return {}


@dataclass(frozen=True)
class StepLosses:
    """The losses of a step and what else a weighting may ask for.

    Attributes
    ----------
    losses : Tensor of shape (n_members, n_tasks)
        Mean loss of each task over its labels in the batch.
    present : Tensor of shape (n_members, n_tasks), bool
        Whether the task has a label in the batch.
    preference : Tensor of shape (n_tasks,)
        How much each task is wanted, not normalised.
    lr : float
        Learning rate of the net in this step.
    generators : sequence of torch.Generator
        One for each member, for random methods.
    """

    losses: Tensor
    present: Tensor
    preference: Tensor
    lr: float = 0.0
    generators: Sequence[Generator] = ()

    @classmethod
    def of(
        cls, losses: Tensor, lr: float = 0.0, generators: Sequence[Generator] = ()
    ) -> StepLosses:
        """Return a step in which every task is there and wanted alike."""
        present = torch.ones_like(losses, dtype=torch.bool)
        return cls(losses, present, losses.new_ones(losses.shape[-1]), lr, generators)

    @property
    def share(self) -> Tensor:
        """The preference (n_members, n_tasks), summing to one over the tasks there."""
        wanted = self.preference * self.present
        return wanted / wanted.sum(dim=-1, keepdim=True).clamp(min=1e-30)


class LossWeighting(Balancing):
    """Base of the methods that turn the losses of the tasks into weights.

    The weights are the derivatives of the one number that the method minimises with
    respect to the losses. They act on heads and shared layers alike.

    A subclass defines ``_weigh(step, state)``, which returns a tensor (n_members,
    n_tasks) in the dtype of ``step.losses``. The loss of a task without a label in the
    batch is 0, which means nothing: sums over tasks, and what is learned, must leave it
    out by ``step.present``. What the method learns stands in the dict `state`, which
    begins as `start` returns it and holds whatever can be copied and pickled.
    `check_balancing` checks all of this.

    Attributes
    ----------
    looks_again : bool
        Whether `look_again` wants the losses of the same batch after the step, which
        costs a second forward pass.
    """

    looks_again: ClassVar[bool] = False

    @torch.no_grad()
    def weigh(self, step: StepLosses, state: dict[str, Any]) -> Tensor:
        """Return the weights of a step, and learn from its losses.

        Parameters
        ----------
        step : StepLosses
            Losses of the batch.
        state : dict
            What `start` returned; it is updated.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            Weights; 0 where a task has no label in the batch.
        """
        weights = self._weigh(step, state)
        if not isinstance(weights, Tensor) or weights.shape != step.losses.shape:
            raise _wrong_shape(self, "a tensor", step.losses.shape, weights)
        return torch.where(step.present, weights, torch.zeros_like(weights))

    @abstractmethod
    def _weigh(self, step: StepLosses, state: dict[str, Any]) -> Tensor:
        """Return weights (n_members, n_tasks); whatever where a task is absent."""

    def look_again(
        self, before: StepLosses, losses: Tensor, state: dict[str, Any]
    ) -> None:
        """Learn from the losses of the same batch after the step of the optimiser."""

    def end_epoch(self, losses: Tensor, state: dict[str, Any]) -> None:
        """Learn from the mean losses (n_members, n_tasks) of an epoch."""


class GradientAggregator(Balancing):
    """Base of the methods that turn the Gramian of task gradients into weights.

    The maths is NumPy's: on matrices as small as these most of the time of a step goes
    into calls, of which torch's cost several times as much.

    A subclass defines ``_weigh(gramian, share, state, generators)``, which returns an
    array (n_members, n_tasks) that sums to one over the tasks, or about so, or else
    says ``of_mean = False``. The Gramian (n_members, n_tasks, n_tasks) is of the tasks
    that have labels in the batch, and `share` is their preference, summing to one. What
    the method learns for each member and task stands in arrays of the dict `state`,
    which begins as `start` returns it: read and write them at ``state["cells"]``, the
    index of these members and tasks. `check_balancing` checks all of this.

    Attributes
    ----------
    uses_losses : bool
        Whether the state is given "losses" (n_members, n_tasks), the mean losses of the
        batch, without task_weight.
    """

    of_mean = True
    uses_losses: ClassVar[bool] = False

    def weigh(
        self,
        gramian: Tensor,
        preference: Tensor | None = None,
        state: dict[str, Any] | None = None,
        generators: Sequence[Generator] = (),
    ) -> Tensor:
        """Return the weights with which the gradients of the tasks are added.

        Parameters
        ----------
        gramian : Tensor of shape (n_tasks, n_tasks) or (n_members, n_tasks, n_tasks)
            Inner products of the gradients of the tasks.
        preference : Tensor of shape (n_tasks,), default=None
            How much each task is wanted; None is all alike. Methods without one ignore
            it.
        state : dict, default=None
            What `start` returned, for methods that have a state.
        generators : sequence of torch.Generator, default=()
            One for each member, for random methods.

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
            return self.weigh(gramian[None], preference, state, generators)[0]
        weights = self.weigh_arrays(
            as_array(gramian),
            np.ones(gramian.shape[-1]) if preference is None else as_array(preference),
            {} if state is None else state,
            generators,
        )
        return torch.as_tensor(weights).to(gramian)

    def weigh_arrays(
        self,
        gramian: np.ndarray,
        preference: np.ndarray,
        state: dict[str, Any],
        generators: Sequence[Generator] = (),
    ) -> np.ndarray:
        """Return the weights as `weigh` does, without checks and on arrays.

        Parameters
        ----------
        gramian : ndarray of shape (n_members, n_tasks, n_tasks)
            Inner products of the gradients of the tasks, in single or double precision.
        preference : ndarray of shape (n_tasks,)
            How much each task is wanted.
        state : dict
            What `start` returned.
        generators : sequence of torch.Generator, default=()
            One for each member.

        Returns
        -------
        ndarray of shape (n_members, n_tasks)
            Weights.
        """
        if not np.isfinite(gramian.sum()):
            # the net diverged; decompositions would fail before it is said in words
            return np.full(gramian.shape[:-1], np.nan)
        share = preference / preference.sum()
        weights = self._weigh(gramian, share, state, generators)
        if not isinstance(weights, np.ndarray) or weights.shape != gramian.shape[:-1]:
            raise _wrong_shape(self, "an array", gramian.shape[:-1], weights)
        return weights

    @abstractmethod
    def _weigh(
        self,
        gramian: np.ndarray,
        share: np.ndarray,
        state: dict[str, Any],
        generators: Sequence[Generator],
    ) -> np.ndarray:
        """Return weights (n_members, n_tasks); share (n_tasks,) sums to one."""


def _wrong_shape(
    method: Balancing, what: str, expected: tuple[int, ...], found: Any
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
