"""Result of an update."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LossChange", "UpdateRecord"]


@dataclass(frozen=True)
class LossChange:
    """Loss of one task on held-out labels before and after an update.

    Attributes
    ----------
    n_samples : int
        Number of samples with a label.
    before : float
        Weighted mean of the training loss before the update.
    after : float
        Weighted mean of the training loss after the update.
    error : float
        Standard error of the difference, over samples; NaN for a single sample.
    """

    n_samples: int
    before: float
    after: float
    error: float

    def __str__(self) -> str:
        """Return the losses and the standard error as text."""
        return (
            f"from {self.before:.4g} to {self.after:.4g} (standard error of the "
            f"difference {self.error:.2g}, {self.n_samples} samples)"
        )


@dataclass(frozen=True)
class UpdateRecord:
    """Result of a call of `update`.

    Attributes
    ----------
    is_accepted : bool
        Whether the net was changed.
    n_new : int
        Number of new samples with a label.
    n_replayed : int
        Number of stored samples that were used for training again.
    whole_net : bool
        Whether all layers were trained, instead of only the last layers of the tasks.
    on_stored : dict of str to LossChange
        Change of the loss on held-out stored samples, for each task that has such
        labels.
    on_new : dict of str to LossChange
        Change of the loss on held-out new samples, for each task that has such labels.
    reasons : tuple of str
        Reasons for the refusal.

    Examples
    --------
    >>> from sklearn_mtl.neural_network import UpdateRecord
    >>> UpdateRecord(is_accepted=True, n_new=40).reasons
    ()
    """

    is_accepted: bool
    n_new: int
    n_replayed: int = 0
    whole_net: bool = False
    on_stored: dict[str, LossChange] = field(default_factory=dict)
    on_new: dict[str, LossChange] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
