"""Statistics of a stream of calls of partial_fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.neural_network.data._stored import KEPT, Samples, StoredSamples
from sklearn_mtl.preprocessing import usable_scale

__all__ = ["Stream"]


@dataclass(frozen=True)
class RunningMoments:
    """Running moments of columns, in arrays of shape (n_columns,).

    Attributes
    ----------
    mass : ndarray
        Sum of weights.
    mean : ndarray
        Weighted mean; 0 if the sum of weights is 0.
    square : ndarray
        Weighted sum of squared deviations from the mean.
    """

    mass: np.ndarray
    mean: np.ndarray
    square: np.ndarray

    def more(self, values: np.ndarray, weights: np.ndarray) -> RunningMoments:
        """Return the moments after further rows, by Chan, Golub and LeVeque (1983)."""
        mass = weights.sum(axis=0)
        mean = (weights * values).sum(axis=0) / np.where(mass > 0, mass, 1.0)
        square = (weights * (values - mean) ** 2).sum(axis=0)
        total = self.mass + mass
        share = mass / np.where(total > 0, total, 1.0)
        gap = mean - self.mean
        square += self.square + self.mass * share * gap**2
        return RunningMoments(total, self.mean + share * gap, square)

    @property
    def scale(self) -> np.ndarray:
        """Standard deviation; 1 for constant columns."""
        variance = self.square / np.where(self.mass > 0, self.mass, 1.0)
        return usable_scale(self.mean, variance)


@dataclass(frozen=True)
class Stream:
    """Statistics of a stream, which decide when scales and net are set up again.

    The first batch may be a single sample, or have an almost constant target. As long
    as all samples are stored, the preparation and the net are therefore set up again
    whenever the number of samples has doubled, which doubles the total cost. The scale
    of a target with few labels is set again later, whenever their number has doubled.

    When there are too many samples, only a random subset is stored. Some of them are
    used again with each new batch, because a net that sees only the end of a sorted
    stream forgets the rest.

    Attributes
    ----------
    n_set : int
        Number of samples when the preparation was set up.
    n_labels, n_scaled : ndarray of shape (n_tasks,)
        Number of labels so far, and when the scale of the target was set.
    moments : RunningMoments
        Moments of all labels so far.
    """

    n_set: int
    n_labels: np.ndarray
    n_scaled: np.ndarray
    moments: RunningMoments

    @classmethod
    def begin(cls, n_tasks: int) -> Stream:
        """Return a stream before its first sample."""
        zero = np.zeros(n_tasks)
        return cls(0, zero, zero, RunningMoments(zero, zero, zero))

    def is_outgrown(self, stored: StoredSamples, n_new: int) -> bool:
        """Return whether a warm start on new samples should set up a new net."""
        return stored.is_whole and n_new >= self.n_set

    def lesson(
        self,
        stored: StoredSamples,
        batch: Samples,
        size: int,
        rng: np.random.Generator,
    ) -> tuple[Samples, bool]:
        """Return the samples to train on, and whether to set up a new net."""
        if not stored.n_seen:
            return batch, True
        if stored.samples is None:
            return batch, False
        n_seen = stored.n_seen + batch.n_labelled
        # and once more when the samples reach `size`, while all of them are stored
        if stored.is_whole and n_seen >= min(2 * self.n_set, size):
            return stored.samples + batch, True
        # train on as many stored samples as new ones, against forgetting
        n_again = min(len(batch), len(stored))
        again = rng.choice(len(stored), n_again, replace=False)
        return stored.samples[again] + batch, False

    def more(self, batch: Samples) -> Stream:
        """Return the statistics after one more call."""
        is_label = batch.is_label
        weights = np.where(is_label, batch.weights, 0.0)
        return replace(
            self,
            n_labels=self.n_labels + is_label.sum(axis=0),
            moments=self.moments.more(np.where(is_label, batch.codes, 0.0), weights),
        )

    def after_set_up(self, n_seen: int) -> Stream:
        """Return the statistics after the net was set up with all samples."""
        return replace(self, n_set=n_seen, n_scaled=self.n_labels)

    def after_scaling(self) -> tuple[np.ndarray, Stream]:
        """Return the tasks whose scale must be set, and the statistics after that."""
        # only at each doubling, so that the scale does not change in every call
        has_doubled = self.n_labels >= np.maximum(2 * self.n_scaled, 1)
        is_due = has_doubled & (self.n_scaled < KEPT)
        n_scaled = np.where(is_due, self.n_labels, self.n_scaled)
        return np.flatnonzero(is_due), replace(self, n_scaled=n_scaled)
