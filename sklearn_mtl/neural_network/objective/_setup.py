"""Set up balancing and gradient monitor for the parameters of an estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

from sklearn_mtl.balancing import (
    Fixed,
    GradientAggregator,
    GradientBalancer,
    LossBalancer,
    LossWeighting,
    SumOfLosses,
    lowest_overlap,
    read_balancing,
)
from sklearn_mtl.modules import MultiTaskModule
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.objective._backward import (
    Balance,
    GradientBalance,
    LossBalance,
)
from sklearn_mtl.neural_network.objective._monitor import GradientMonitor
from sklearn_mtl.neural_network.objective._task_weight import weigh_tasks
from sklearn_mtl.tasks import task_weights

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["make_balance", "make_monitor"]

LEAST_OVERLAP = 0.7  # below, gradients at the features underestimate conflict
UPDATE_SHARED_EVERY = 10
_COUNTED_ROWS = 20_000  # approximate number of samples to compute label overlap


def make_balance(
    model: BaseMultiTaskNet,
    module: MultiTaskModule,
    encoder: TargetEncoder,
    weights: np.ndarray,
) -> Balance | None:
    """Return the balanced backward pass, or None for the sum of losses.

    Shapes: weights (n_samples, n_tasks).
    """
    who = type(model).__name__
    method = read_balancing(model.balancing, who)
    if isinstance(method, SumOfLosses) or not encoder.layout.n_trained:
        return None
    wanted = weigh_tasks(model, encoder.task_set, np.ones(encoder.task_set.n_tasks))
    trained = np.sort(encoder.layout.order)
    if method.role_of_task_weight == "ignored" and np.ptp(wanted[trained]) > 0:
        warnings.warn(
            f"{who}: balancing by {type(method).__name__} ignores task_weight, because "
            "it does not depend on the scale of the losses. task_weight is only used "
            "to select the best epoch.",
            UserWarning,
            stacklevel=2,
        )
    order = TaskOrder(encoder.layout, module.heads.weight.device)
    shape = len(module.heads.weight), order.n_tasks
    if isinstance(method, GradientAggregator):
        gramian = _choose_gramian(model, module, weights[:, trained], who)
        every = model.update_every
        if every == "auto":
            every = UPDATE_SHARED_EVERY if gramian == "shared" else 1
        balancer = GradientBalancer(method, *shape, every)
        return GradientBalance(order, balancer, gramian)
    assert isinstance(method, LossWeighting)  # for the type checker: no third kind
    if isinstance(method, Fixed):
        fixed = task_weights(encoder.task_set, method.weight, who)
        method = Fixed(fixed[trained])
    return LossBalance(order, LossBalancer(method, *shape))


def make_monitor(
    model: BaseMultiTaskNet, encoder: TargetEncoder, device: str
) -> GradientMonitor | None:
    """Return the gradient monitor, or None."""
    if model.monitor is None:
        return None
    return GradientMonitor(TaskOrder(encoder.layout, torch.device(device)))


def _choose_gramian(
    model: BaseMultiTaskNet, module: MultiTaskModule, weights: np.ndarray, who: str
) -> str:
    has_one = module.is_linear_in_one_representation
    if model.gramian == "features" and not has_one:
        reason = f"{type(model.trunk).__name__} has one representation per task"
        if module.of_tokens is not None:
            reason = "token tasks have another representation than text tasks"
        elif module.has_one_representation:
            reason = f"head={model.head!r} is not linear"
        raise ValueError(
            f"{who}: gramian='features' requires linear heads on the same "
            f"representation, but {reason}; allowed are 'auto' and 'shared'."
        )
    if model.gramian != "auto":
        return model.gramian
    rows = weights[:: max(1, len(weights) // _COUNTED_ROWS)]
    overlap = lowest_overlap(torch.as_tensor(rows)) if has_one else 0.0
    return "features" if overlap >= LEAST_OVERLAP else "shared"
