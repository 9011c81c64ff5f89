"""Distribution of conformity scores, with the correction for finite samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ScoreDistribution"]


@dataclass(frozen=True)
class ScoreDistribution:
    """Sorted scores of one task; the next score counts as one more, of mean weight.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        Sorted.
    share : ndarray of shape (n_scores,)
        Weight of the scores up to each one, over that of all: rank / n_scores where all
        weigh the same.
    level : ndarray of shape (n_scores,)
        The same, over that of all and the next: rank / (n_scores + 1).
    """

    scores: np.ndarray
    share: np.ndarray
    level: np.ndarray

    @classmethod
    def learn(cls, scores: np.ndarray, weights: np.ndarray) -> ScoreDistribution:
        """Sort scores (n,) with weights (n,); those of weight 0 are left out."""
        kept = np.flatnonzero(weights > 0)
        order = kept[np.argsort(scores[kept], kind="stable")]
        if not len(order):
            return cls(np.empty(0), np.empty(0), np.empty(0))
        # of the total: equal weights of any size give the ranks themselves
        share = np.cumsum(weights[order])
        share = share / share[-1]
        n = len(order)
        return cls(scores[order], share, share * (n / (n + 1)))

    def __len__(self) -> int:
        """Return the number of scores."""
        return len(self.scores)

    def threshold(self, level: float) -> float:
        """Return the score that the next one exceeds with probability 1 - level.

        Infinite where there are too few scores to say so: fewer than level / (1 -
        level).
        """
        # the guard is against rounding in 0.9 * (n + 1)
        place = int(np.searchsorted(self.level, level * (1 - 1e-12)))
        return float(self.scores[place]) if place < len(self.scores) else np.inf

    def quantile(self, q: float) -> float:
        """Return a quantile; below the median no higher, above it no lower than it is.

        Infinite where there are too few scores to say so; the median without any is 0.
        """
        if q == 0.5 and not len(self.scores):
            return 0.0
        if q >= 0.5:
            return self.threshold(q)
        if not len(self.scores):
            return -np.inf
        # as threshold(1 - q) of the scores with the other sign
        below = np.concatenate([[0.0], self.level[:-1]])
        highest = self.level[-1] - (1.0 - q)
        place = int(np.searchsorted(below, highest * (1 + 1e-12) + 1e-15, side="right"))
        return float(self.scores[place - 1]) if place else -np.inf

    def shares_of(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the last share of the scores equal to each own one (n,).

        The first one is the level that has the score inside where the others alone are
        known: rank / n, as if it were the next of n - 1. Equal scores are inside from
        the first of them on, such as the 0 of all samples whose likeliest class is
        right.
        """
        if not len(self.scores):
            return np.ones(len(scores)), np.ones(len(scores))
        first = np.searchsorted(self.scores, scores).clip(max=len(self) - 1)
        last = np.searchsorted(self.scores, scores, side="right") - 1
        return self.share[first], self.share[last]
