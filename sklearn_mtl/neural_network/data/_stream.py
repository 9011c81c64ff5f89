"""What partial_fit remembers of a stream: the scales of its targets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.neural_network.data._stored import KEPT, Samples, StoredSamples
from sklearn_mtl.preprocessing import usable_scale

__all__ = ["Stream"]


@dataclass(frozen=True)
class RunningMoments:
    """Running moments of columns, each entry of shape (n_columns,).

    Attributes
    ----------
    mass : ndarray
        Sum of weights.
    mean : ndarray
        Weighted mean, 0 without weight.
    square : ndarray
        Weighted sum of squares around it.
    """

    mass: np.ndarray
    mean: np.ndarray
    square: np.ndarray

    def more(self, values: np.ndarray, weights: np.ndarray) -> RunningMoments:
        """Merge further rows, as Chan, Golub and LeVeque (1983) do."""
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
        """Standard deviation, 1 where a column does not vary."""
        variance = self.square / np.where(self.mass > 0, self.mass, 1.0)
        return usable_scale(self.mean, variance)


@dataclass(frozen=True)
class Stream:
    """What partial_fit remembers of a stream.

    The first batch may be a single sample, or have a target that hardly varies. As long
    as all samples are kept, preparation and net are therefore made anew from them each
    time that their number has doubled, which is twice the work. The scale of a target
    with few labels among them is set again later, each time that those have doubled.

    When the samples become too many, a random part of them is stored. Some are learned
    again with each new batch, since a net that sees only the end of a sorted stream
    forgets the rest.

    Attributes
    ----------
    n_set : int
        Samples at the time when the preparation was made.
    n_labels, n_scaled : ndarray of shape (n_tasks,)
        Labels so far, and at the time when the scale of the target was set.
    moments : RunningMoments
        Of all labels so far.
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
        """Tell whether a fit of new samples does better to begin anew."""
        return stored.is_whole and n_new >= self.n_set

    def lesson(
        self,
        stored: StoredSamples,
        batch: Samples,
        size: int,
        rng: np.random.Generator,
    ) -> tuple[Samples, bool]:
        """Return what is learned with a batch, and whether the net is made anew."""
        if not stored.n_seen:
            return batch, True
        if stored.samples is None:
            return batch, False
        n_seen = stored.n_seen + batch.n_labelled
        # for the last time when they are still all kept
        if stored.is_whole and n_seen >= min(2 * self.n_set, size):
            return stored.samples + batch, True
        # As many stored samples as new ones are learned again, against forgetting.
        n_again = min(len(batch), len(stored))
        again = rng.choice(len(stored), n_again, replace=False)
        return stored.samples[again] + batch, False

    def more(self, batch: Samples) -> Stream:
        """Return the stream with one more call."""
        is_label = batch.is_label
        weights = np.where(is_label, batch.weights, 0.0)
        return replace(
            self,
            n_labels=self.n_labels + is_label.sum(axis=0),
            moments=self.moments.more(np.where(is_label, batch.codes, 0.0), weights),
        )

    def after_set_up(self, n_seen: int) -> Stream:
        """Return the stream after everything was made from all samples."""
        return replace(self, n_set=n_seen, n_scaled=self.n_labels)

    def after_scaling(self) -> tuple[np.ndarray, Stream]:
        """Return the tasks whose scale is to be set anew, and the stream after that."""
        # At each doubling only: a long stream does not change its units all the time.
        has_doubled = self.n_labels >= np.maximum(2 * self.n_scaled, 1)
        is_due = has_doubled & (self.n_scaled < KEPT)
        n_scaled = np.where(is_due, self.n_labels, self.n_scaled)
        return np.flatnonzero(is_due), replace(self, n_scaled=n_scaled)
