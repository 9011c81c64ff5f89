"""Inputs of one training of a net."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Generator, Tensor
from torch.amp.grad_scaler import GradScaler

from sklearn_mtl.neural_network.data._batches import BatchIterator, HeldOutRows
from sklearn_mtl.neural_network.data._ranks import Ranks
from sklearn_mtl.neural_network.objective._monitor import GradientMonitor
from sklearn_mtl.neural_network.objective._regularizer import Regularizer
from sklearn_mtl.neural_network.training._head_update import HeadUpdate
from sklearn_mtl.neural_network.training._rescaled_losses import RescaledLosses
from sklearn_mtl.utils._callbacks import FitEvents

__all__ = ["TrainingRun"]


class _Checkpoint(Protocol):
    """Writes the state of training to disk."""

    def resume(self, net: Any) -> tuple[int, bool]:
        """Return the number of completed epochs, and whether training is complete."""

    def write(self, net: Any, *, is_complete: bool) -> None:
        """Write the state after an epoch."""


@dataclass(frozen=True)
class TrainingRun:
    """Inputs of one training of a net, which the net does not keep.

    Attributes
    ----------
    batches : BatchIterator
        Training samples.
    held_out : HeldOutRows or None
        Samples to evaluate after each epoch.
    n_epochs : int
        Maximum number of epochs in the first stage.
    n_further : int
        Maximum number of epochs in the second stage, which has no dropout.
    schedule : callable or None
        Maps the number of completed steps to the factor of lr; None is a factor of 1.
    track : callable or None
        Takes the net and the held-out losses of an epoch, and returns whether training
        should stop.
    rescaled : RescaledLosses or None
        Held-out losses after a rescaling of the logits, which `track` uses.
    regularizer : Regularizer or None
        Terms of the objective in addition to the losses.
    monitor : GradientMonitor or None
        Measures the task gradients once per epoch.
    head_update : HeadUpdate or None
        Used instead of the optimiser after a fit.
    events : FitEvents or None
        Notifies scikit-learn's callbacks of every epoch.
    generators : sequence of torch.Generator
        All random generators of the training.
    checkpoint : Checkpoint or None
        Writes the state after every epoch.
    scaler : torch.amp.GradScaler or None
        Scales the gradients of a trunk that computes in float16.
    ranks : Ranks or None
        Processes that compute parts of each batch.
    """

    batches: BatchIterator
    held_out: HeldOutRows | None
    n_epochs: int
    n_further: int = 0
    schedule: Callable[[int], float] | None = None
    track: Callable[[Any, Tensor], bool] | None = None
    rescaled: RescaledLosses | None = None
    regularizer: Regularizer | None = None
    monitor: GradientMonitor | None = None
    head_update: HeadUpdate | None = None
    events: FitEvents | None = None
    generators: Sequence[Generator] = ()
    checkpoint: _Checkpoint | None = None
    scaler: GradScaler | None = None
    ranks: Ranks | None = None
