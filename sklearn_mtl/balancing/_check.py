"""Check that a balancing method can be used by the networks."""

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
    """Check that a balancing method can be used by the networks.

    The check runs several steps with several members and absent tasks. It checks that

    - weights are finite and have the right shape and dtype, and those of a loss
      weighting are not negative,
    - weights do not depend on the order of the tasks, on other members, on absent
      tasks, or on the global generators of NumPy and PyTorch,
    - a single task has a positive weight,
    - weights of a mean have a sum of about one for any number of tasks,
    - the state can be pickled,
    - the object stores nothing but the parameters of its constructor.

    Parameters
    ----------
    method : Balancing
        Instance of the class to check.
    n_tasks : int, default=4
        Number of tasks, at least 3. Set it if a parameter of the method fixes it.
    is_symmetric : bool, default=True
        Whether all tasks are treated alike. Pass False if parameters differ by task.

    Raises
    ------
    AssertionError
        If a check fails. The message names the method, the expected result and the
        result found.
    TypeError
        If `method` is neither a `LossWeighting` nor a `GradientAggregator`.

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
    AssertionError: Wrong: _weigh must return a tensor of shape (3, 4); got shape...
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
            f"{faults.who}: must be a subclass of LossWeighting or GradientAggregator."
        )
    check = check_weighting if isinstance(method, LossWeighting) else check_aggregator
    with (
        faults.keeping(method, "_weigh"),
        faults.leaving_alone(torch.random.get_rng_state, "_weigh"),
    ):
        try:
            check(method, n_tasks, is_symmetric, faults)
        except ValueError as error:  # a wrong shape; the message names the method
            raise AssertionError(str(error)) from error
