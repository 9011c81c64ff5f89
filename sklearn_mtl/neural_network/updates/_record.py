"""What an update did."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LossChange", "UpdateRecord"]


@dataclass(frozen=True)
class LossChange:
    """The loss of one task on held-out labels, before and after an update.

    Attributes
    ----------
    n_samples : int
        Number of samples with a label.
    before : float
        Weighted mean of the loss that the net minimises.
    after : float
        The same afterwards.
    error : float
        Standard error of their difference, over the samples; NaN with one sample.
    """

    n_samples: int
    before: float
    after: float
    error: float

    def __str__(self) -> str:
        """Return the numbers in words."""
        return (
            f"from {self.before:.4g} to {self.after:.4g} (standard error of the "
            f"difference {self.error:.2g}, {self.n_samples} samples)"
        )


@dataclass(frozen=True)
class UpdateRecord:
    """What the last call of `update` did.

    Attributes
    ----------
    is_accepted : bool
        Whether the net was changed.
    n_new : int
        New samples with a label.
    n_replayed : int
        Stored samples that were learned again.
    whole_net : bool
        Whether all layers learned, and not only the last ones of the tasks.
    on_stored : dict of str to LossChange
        By task, what happened to the loss on stored samples that were held out; without
        tasks that have no such label.
    on_new : dict of str to LossChange
        The same on new samples that were held out.
    reasons : tuple of str
        Why it was refused.

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
