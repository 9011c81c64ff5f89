"""Base class of the losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sklearn.base import BaseEstimator
from torch import Tensor

from sklearn_mtl.tasks import Task

__all__ = ["TaskLoss"]


class TaskLoss(BaseEstimator, ABC):
    """Base class of all losses.

    The attributes of a loss are its parameters only, so `clone`, `get_params` and grid
    search work as usual (for example `loss__gamma`). A loss computes its values and its
    gradient with respect to the logits in closed form; autograd is not used for it.

    Attributes
    ----------
    kinds : tuple of {"binary", "multiclass", "regression"}
        Kinds of tasks for which the loss can be used.
    period : float or None
        Period of the values of regression tasks, None for other losses. If it is set,
        a task has two outputs, its prediction is the direction of their vector, and
        `cells` gets the labels in radians.
    """

    kinds: ClassVar[tuple[str, ...]]
    period: float | None = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def check(self) -> None:
        """Raise ValueError if a parameter is invalid."""
        self._validate_params()

    def n_outputs(self, task: Task) -> int:
        """Return the number of logits of a task with this loss.

        Only losses with a `period` override this method. They return 2.

        Parameters
        ----------
        task : Task
            A task of one of the `kinds`.

        Returns
        -------
        int
            1 for a binary or regression task, else the number of classes.
        """
        return task.n_classes if task.learned_as == "multiclass" else 1

    def curvature(self, n_outputs: int) -> float:
        """Return an upper bound of the second derivatives with respect to the logits.

        The bound determines the learning rate of the heads in `partial_fit` after
        `fit`. If it is too large, they only learn more slowly.

        Parameters
        ----------
        n_outputs : int
            Number of logits of the task.

        Returns
        -------
        float
            The bound. The default is 2, that of the squared error.
        """
        return 2.0

    @abstractmethod
    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the loss of every label, and its derivatives.

        Parameters
        ----------
        z : Tensor of shape (..., n_tasks), or with one more axis
            Logits. If a task has several, they are along `axis`.
        y : Tensor of shape (..., n_tasks)
            Class indices or standardised values, as floats. Missing labels are replaced
            by an arbitrary valid number.
        axis : int or None
            -2 if z has shape (..., n_outputs, n_tasks), -1 if it has shape (...,
            n_tasks, n_outputs), and None if it has the shape of y (one logit per task).

        Returns
        -------
        values : Tensor of the shape of y
            Losses, finite for finite logits.
        slopes : Tensor of the shape of z
            Derivatives of each loss with respect to the logits of its task. They must
            not share memory with another tensor.
        """
