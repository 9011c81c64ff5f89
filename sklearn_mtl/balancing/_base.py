"""Base classes of the balancing methods."""

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

State = TypeVar("State")  # a dataclass, or None for a method without state


class Balancing(BaseEstimator, ABC, Generic[State]):
    """Base class of all balancing methods.

    The attributes of a method are its parameters only, so `clone`, `get_params` and
    grid search work as usual (for example `balancing__temperature`). Everything that
    changes during training is stored in a separate state, preferably a small dataclass.
    The network keeps the state: `init_state` creates it, and later calls may update it.

    Attributes
    ----------
    of_mean : bool
        Whether the weights of equal tasks are 1 / n_tasks, as for the mean of the
        losses, rather than 1, as for their sum. The network multiplies such weights by
        the number of tasks, so the size of a step does not depend on the method.
    role_of_task_weight : {"scale", "preference", "ignored"}
        How the method uses `task_weight`. "scale": the losses are multiplied by it
        before the method gets them. "preference": the method uses it as a preference.
        "ignored": it has no effect, because the result does not depend on the scale of
        a loss.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    of_mean: ClassVar[bool] = False
    role_of_task_weight: ClassVar[Literal["scale", "preference", "ignored"]] = "scale"

    def check(self) -> None:
        """Raise ValueError if a parameter is invalid."""
        self._validate_params()

    def init_state(self, n_members: int, n_tasks: int) -> State:
        """Return the initial state, or None if the method has no state."""
        return None  # type: ignore[return-value]


class LossWeighting(Balancing[State]):
    """Base class of the methods that compute weights from the losses of the tasks.

    The weights are the derivatives of the objective of the method with respect to the
    losses. They apply to heads and shared layers alike.

    A subclass defines ``_weigh(step, state)``. It returns a tensor of shape (n_members,
    n_tasks) with the dtype of ``step.losses``. A task without a label in the batch has
    the loss 0, which carries no information. Use ``step.present`` to exclude such tasks
    from sums over tasks and from everything that is learned. Values that the method
    learns are stored in `state`, which `init_state` creates and `_weigh` updates. The
    state must support copying and pickling. `check_balancing` checks all of this.

    Attributes
    ----------
    needs_post_step_loss : bool
        Whether to call `use_post_step_loss` with the losses of the same batch after the
        step. That costs a second forward pass.
    """

    needs_post_step_loss: ClassVar[bool] = False

    @torch.no_grad()
    def weigh(self, step: StepLosses, state: State | None = None) -> Tensor:
        """Return the weights of a step, and update the state.

        Parameters
        ----------
        step : StepLosses
            Losses of the batch.
        state : dataclass, default=None
            The object returned by `init_state`; it is updated. If None, a new state is
            used for this call only.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            Weights; 0 for a task without a label in the batch.
        """
        if state is None:
            state = self.init_state(*step.losses.shape)
        weights = self._weigh(step, state)
        if not isinstance(weights, Tensor) or weights.shape != step.losses.shape:
            raise _wrong_shape(self, "a tensor", step.losses.shape, weights)
        return torch.where(step.present, weights, torch.zeros_like(weights))

    @abstractmethod
    def _weigh(self, step: StepLosses, state: State) -> Tensor:
        """Return weights (n_members, n_tasks); values of absent tasks are ignored."""

    def use_post_step_loss(
        self, before: StepLosses, losses: Tensor, state: State
    ) -> None:
        """Update the state with the losses of the same batch after the step."""

    def end_epoch(self, losses: Tensor, state: State) -> None:
        """Update the state with the mean losses (n_members, n_tasks) of an epoch."""


class GradientAggregator(Balancing[State]):
    """Base class of the methods that compute weights from the Gramian of gradients.

    The computations use NumPy. On such small matrices most of the time of a step is the
    overhead of calls, and that of PyTorch is several times larger.

    A subclass defines ``_weigh(step, state)``. It returns an array of shape (n_members,
    n_tasks) whose sum over the tasks is about one; otherwise the subclass sets
    ``of_mean = False``. The Gramian ``step.gramian`` (n_members, n_tasks, n_tasks)
    contains only the tasks with labels in the batch. ``step.share`` is their
    preference, with sum one. Values that the method learns per member and task are
    stored in arrays of `state`, which `init_state` creates for all members and tasks.
    Read and write them at ``step.cells``, the index of the members and tasks of this
    step. `check_balancing` checks all of this.

    Attributes
    ----------
    uses_losses : bool
        Whether the method needs ``step.losses``, the mean losses of the batch.
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
        """Return the weights by which the gradients of the tasks are multiplied.

        Parameters
        ----------
        gramian : Tensor of shape (n_tasks, n_tasks) or (n_members, n_tasks, n_tasks)
            Inner products of the gradients of the tasks.
        preference : Tensor of shape (n_tasks,), default=None
            Importance of each task; equal if None. Methods without a preference ignore
            it.
        state : dataclass, default=None
            The object returned by `init_state`, for methods with a state; it is
            updated. If None, a new state is used for this call only.
        generators : sequence of torch.Generator, default=()
            One generator per member, for random methods.
        losses : Tensor of shape (n_tasks,) or (n_members, n_tasks), default=None
            Mean losses of the batch, for methods that use them.

        Returns
        -------
        Tensor of shape (n_tasks,) or (n_members, n_tasks)
            Weights; NaN for all members if a Gramian is not finite.

        Raises
        ------
        ValueError
            If the Gramian is not square.
        """
        if gramian.ndim not in (2, 3) or gramian.shape[-1] != gramian.shape[-2]:
            raise ValueError(
                f"{type(self).__name__}: a Gramian must have shape (n_tasks, n_tasks) "
                f"or (n_members, n_tasks, n_tasks); got {tuple(gramian.shape)}."
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
        """Return the weights like `weigh`, for arrays and without checks.

        Parameters
        ----------
        step : StepGramian
            Gramian of the batch.
        state : dataclass
            The object returned by `init_state`; it is updated.

        Returns
        -------
        ndarray of shape (n_members, n_tasks)
            Weights.
        """
        shape = step.gramian.shape[:-1]
        if not np.isfinite(step.gramian.sum()):
            # The network diverged. Decompositions would fail with an unclear error.
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
    """Return the error for weights of a wrong type or shape."""
    seen = f"shape {tuple(found.shape)}" if hasattr(found, "shape") else repr(found)
    if what == "a tensor" and isinstance(found, np.ndarray):
        seen = "an array"
    elif what == "an array" and isinstance(found, Tensor):
        seen = "a tensor"
    return ValueError(
        f"{type(method).__name__}: _weigh must return {what} of shape "
        f"{tuple(expected)}; got {seen}."
    )


def as_array(tensor: Tensor) -> np.ndarray:
    """Return the values as an array, with half precision converted to single."""
    if tensor.dtype in (
        torch.float16,
        torch.bfloat16,
    ):  # NumPy has no bfloat16
        tensor = tensor.float()
    return tensor.numpy(force=True)
