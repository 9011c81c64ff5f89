"""What one training of a net is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Generator, Tensor

from sklearn_mtl.neural_network.data._batches import BatchIterator, HeldOutRows
from sklearn_mtl.neural_network.objective._monitor import GradientMonitor
from sklearn_mtl.neural_network.objective._regularizer import Regularizer
from sklearn_mtl.neural_network.training._head_update import HeadUpdate
from sklearn_mtl.utils._callbacks import FitEvents

__all__ = ["TrainingRun"]


class _Checkpoint(Protocol):
    """What keeps the state of a training on the disk."""

    def resume(self, net: Any) -> tuple[int, bool]:
        """Return how many epochs are done, and whether training is over."""

    def write(self, net: Any, *, is_complete: bool) -> None:
        """Keep the state after one more epoch."""


@dataclass(frozen=True)
class TrainingRun:
    """What one training of a net is given; nothing of it stays in the net.

    Attributes
    ----------
    batches : BatchIterator
        The training rows.
    held_out : HeldOutRows or None
        What is evaluated at the end of each epoch.
    n_epochs : int
        At most so many, in the first stage.
    n_further : int
        Epochs of a second stage without dropout, which `track` may let follow.
    schedule : callable or None
        Maps the number of steps done to the factor of lr; None leaves lr to callbacks.
    track : callable or None
        Gets the net and the held-out losses at the end of an epoch, and says whether
        training shall stop.
    regularizer : Regularizer or None
        Terms of the objective beside the losses.
    monitor : GradientMonitor or None
        Measures the gradients of the tasks once an epoch.
    head_update : HeadUpdate or None
        Learns instead of the optimiser, after a fit.
    events : FitEvents or None
        Tells scikit-learn's callbacks of every epoch.
    generators : sequence of torch.Generator
        All that the training draws from.
    checkpoint : Checkpoint or None
        Keeps the state after every epoch.
    """

    batches: BatchIterator
    held_out: HeldOutRows | None
    n_epochs: int
    n_further: int = 0
    schedule: Callable[[int], float] | None = None
    track: Callable[[Any, Tensor], bool] | None = None
    regularizer: Regularizer | None = None
    monitor: GradientMonitor | None = None
    head_update: HeadUpdate | None = None
    events: FitEvents | None = None
    generators: Sequence[Generator] = ()
    checkpoint: _Checkpoint | None = None
