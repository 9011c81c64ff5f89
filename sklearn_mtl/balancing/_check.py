"""A check of methods of balancing: whatever the tasks' order, members and absences."""

from __future__ import annotations

from typing import Any

import torch

from sklearn_mtl.balancing._base import Balancing, GradientAggregator, LossWeighting
from sklearn_mtl.balancing.aggregators._check_aggregator import check_aggregator
from sklearn_mtl.balancing.weightings._check_weighting import check_weighting
from sklearn_mtl.utils._check_spec import check_spec

__all__ = ["check_balancing"]

ROLES = ("scale", "preference", "ignored")


def check_balancing(
    method: Balancing[Any], *, n_tasks: int = 4, is_symmetric: bool = True
) -> None:
    """Check that a method of balancing is one that the nets can use.

    Over several steps, with members and absent tasks: weights are finite, of the right
    shape and dtype, of a loss weighting not negative; they follow the tasks when these
    are permuted, do not depend on other members, on tasks that are absent, or on
    NumPy's and PyTorch's global generators; one task has a positive weight; weights of
    a mean sum to about one, whatever the number of tasks; and what the method has
    learned can be pickled. Parameters are those of the constructor, and nothing else is
    stored in the object.

    Parameters
    ----------
    method : Balancing
        An instance of the class to check.
    n_tasks : int, default=4
        Number of tasks, at least 3; set it where parameters fix it.
    is_symmetric : bool, default=True
        Whether tasks are treated alike; False for parameters that differ by task.

    Raises
    ------
    AssertionError
        If something is wrong; the message names it, what was expected and found.
    TypeError
        If it is no `LossWeighting` and no `GradientAggregator`.

    Examples
    --------
    >>> from sklearn_mtl.balancing import GeometricMean, check_balancing
    >>> class Wrong(GeometricMean):
    ...     def _weigh(self, step, state):
    ...         return 1.0 / step.losses.mean(dim=0, keepdim=True)
    >>> check_balancing(GeometricMean())
    >>> check_balancing(Wrong())
    Traceback (most recent call last):
        ...
    AssertionError: Wrong: _weigh must return a tensor of shape (3, 4); found shape...
    """
    faults = check_spec(method, Balancing)
    method.check()
    faults.require(
        method.role_of_task_weight in ROLES,
        "role_of_task_weight",
        f"one of {ROLES}",
        repr(method.role_of_task_weight),
    )
    if not isinstance(method, GradientAggregator | LossWeighting):
        raise TypeError(
            f"{faults.who}: allowed are subclasses of LossWeighting and "
            "GradientAggregator."
        )
    check = check_weighting if isinstance(method, LossWeighting) else check_aggregator
    with (
        faults.keeping(method, "_weigh"),
        faults.leaving_alone(torch.random.get_rng_state, "_weigh"),
    ):
        try:
            check(method, n_tasks, is_symmetric, faults)
        except ValueError as error:  # weights of a wrong shape, which name the method
            raise AssertionError(str(error)) from error
