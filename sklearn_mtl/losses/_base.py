"""What a loss is: the values of a block of cells, and their slopes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sklearn.base import BaseEstimator
from torch import Tensor

from sklearn_mtl.tasks import Task

__all__ = ["TaskLoss"]


class TaskLoss(BaseEstimator, ABC):
    """Base of the losses: searchable parameters, and maths of many tasks at once.

    A loss holds numbers and choices, never data, so that clone, get_params and grid
    search see ordinary parameters (`loss__gamma`). Its gradient is in closed form, as
    `FusedLoss` starts the backward pass at the logits.

    Attributes
    ----------
    kinds : tuple of {"binary", "multiclass", "regression"}
        The tasks that it is for.
    period : float or None
        After how much the values of its regressions repeat; they are predicted by the
        direction of two outputs, and `cells` gets them in radians. None of others.
    """

    kinds: ClassVar[tuple[str, ...]]
    period: float | None = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def check(self) -> None:
        """Raise ValueError where a parameter is wrong."""
        self._validate_params()

    def n_outputs(self, task: Task) -> int:
        """Return the number of logits that a task has under this loss.

        Only a loss with a `period` overrides it, with 2.

        Parameters
        ----------
        task : Task
            Of one of the kinds.

        Returns
        -------
        int
            One for a binary task or a regression, else one a class.
        """
        return task.n_classes if task.learned_as == "multiclass" else 1

    def curvature(self, n_outputs: int) -> float:
        """Return a bound of the second derivatives by the logits of a label.

        It sets how fast heads learn in `partial_fit` after a fit; too large a bound
        only makes them slower.

        Parameters
        ----------
        n_outputs : int
            Number of logits of the task.

        Returns
        -------
        float
            2, that of the squared error, where the loss does not know better.
        """
        return 2.0

    @abstractmethod
    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the loss of every cell, and its slope at the logits.

        Parameters
        ----------
        z : Tensor of shape (..., n_tasks), or with one more axis
            Logits; where a task has several, they lie along `axis`.
        y : Tensor of shape (..., n_tasks)
            Class indices or standardised values, as floats; any number that the task
            could have where the label is missing.
        axis : int or None
            -2, (..., n_outputs, n_tasks), or -1, (..., n_tasks, n_outputs); None where
            a task has one logit, so that z has the shape of y.

        Returns
        -------
        values : Tensor of the shape of y
            Losses, finite for finite logits.
        slopes : Tensor of the shape of z
            Derivatives of each loss by the logits of its cell, in memory of its own.
        """
