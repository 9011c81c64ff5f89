"""Resolve parameters that are "auto" by the number of samples and the trunk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sklearn_mtl.modules import MLP
from sklearn_mtl.neural_network.training._device import resolve_device
from sklearn_mtl.preprocessing import PiecewiseLinear

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = [
    "DTYPES",
    "TrainingPlan",
    "make_plan",
    "resolve_embedding",
]

SMALL = 100  # up to this number of samples: one full batch, no hold-out
DROPOUT = 0.15
HIDDEN = (128, 128)
# The second stage, for nearly deterministic regression tasks, relative to the first:
FURTHER = 3  # number of epochs
FURTHER_RATE = 3.0  # learning rate
DTYPES = {
    # parameters only; the trunk computes in half precision
    "bfloat16": torch.float32,
    "float16": torch.float32,
    "float32": torch.float32,
    "float64": torch.float64,
}
TRUNK_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class TrainingPlan:
    """Resolved parameters of one fit.

    Attributes
    ----------
    n_members : int
        Number of independent nets.
    hold_out : bool
        Whether samples are held out to select the epoch.
    batch_size, max_epochs, patience : int
        Resolved parameters of the estimator; patience is n_iter_no_change.
    n_further : int
        Epochs of a second stage, which takes place if the tasks are nearly
        deterministic; 0 for no second stage.
    dtype : torch.dtype
        Type of parameters, losses and heads. By default float64 if all samples fit in
        one batch.
    trunk_dtype : torch.dtype or None
        Type in which the trunk computes; None for `dtype`.
    trunk : object
        Spec, module or callable that builds the trunk.
    device : str
        Name of the device of a new net.
    """

    n_members: int
    hold_out: bool
    batch_size: int
    max_epochs: int
    patience: int
    n_further: int
    dtype: torch.dtype
    trunk_dtype: torch.dtype | None
    trunk: Any
    device: str


def make_plan(
    model: BaseMultiTaskNet, n_samples: int, *, is_wide: bool = False
) -> TrainingPlan:
    """Return the plan for the parameters of an estimator and the number of samples.

    Small data sets are fitted with one full batch in float64, without hold-out, dropout
    and factors of the inputs. The fit is then deterministic, and an integer weight is
    equivalent to repeating a sample.
    """
    device = resolve_device(model.device, type(model).__name__)
    largest = getattr(model.trunk, "largest_batch", MLP.largest_batch)
    batch_size = _batch_size(model.batch_size, n_samples, largest)
    is_full = batch_size >= n_samples
    trunk = _trunk(model, is_full, is_wide)
    n_members = model.n_members
    if n_members == "auto":
        n_members = getattr(trunk, "default_n_members", 1)
    hold_out = model.early_stopping
    if hold_out == "auto":
        hold_out = n_samples > SMALL and getattr(trunk, "holds_out", True)
    hold_out = hold_out and n_samples > 1
    n_batches = math.ceil(n_samples / batch_size)
    max_epochs = model.max_epochs
    if max_epochs == "auto":
        least = getattr(trunk, "least_epochs", MLP.least_epochs)
        n_steps = getattr(trunk, "n_steps", MLP.n_steps)
        max_epochs = int(np.clip(math.ceil(n_steps / n_batches), least, 200))
    patience = model.n_iter_no_change
    if patience == "auto":
        patience = max(5, math.ceil(max_epochs / 4))
    dtype = model.dtype
    if dtype == "auto":
        dtype = "float64" if is_full else "float32"
    return TrainingPlan(
        n_members,
        hold_out,
        batch_size,
        max_epochs,
        patience,
        FURTHER * max_epochs if _may_go_on(model, hold_out=hold_out) else 0,
        DTYPES[dtype],
        TRUNK_DTYPES.get(dtype),
        trunk,
        device,
    )


def _may_go_on(model: BaseMultiTaskNet, *, hold_out: bool) -> bool:
    """Return whether a second stage of training is allowed."""
    is_free = model.max_epochs == model.n_iter_no_change == "auto"
    return is_free and hold_out and model.lr_schedule == "cosine"


def _trunk(model: BaseMultiTaskNet, is_full: bool, is_wide: bool) -> Any:
    if model.trunk is not None:
        return model.trunk
    dropout = model.dropout
    if dropout == "auto":
        dropout = 0.0 if is_full else DROPOUT
    sizes = model.hidden_layer_sizes
    if isinstance(sizes, str):
        # a linear map, because hidden layers overfit combinations of rare words
        sizes = () if is_wide else HIDDEN
    return MLP(sizes, model.activation, dropout, scale_inputs=not is_full)


def resolve_embedding(
    model: BaseMultiTaskNet, shape: tuple[int, int]
) -> PiecewiseLinear | None:
    """Return the embedding of numeric columns, or None."""
    wanted = model.numeric_embedding
    if wanted != "auto":
        return wanted
    n_samples, n_numeric = shape
    return PiecewiseLinear() if n_samples > max(SMALL, 4 * n_numeric) else None


def _batch_size(wanted: int | str | None, n_samples: int, largest: int) -> int:
    if wanted is None:
        return n_samples
    if wanted != "auto":
        return min(int(wanted), n_samples)
    if n_samples <= SMALL:
        return n_samples
    return int(np.clip(n_samples // 20, 32, largest))
