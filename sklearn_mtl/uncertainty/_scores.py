"""Distribution of conformity scores, with correction for finite samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["ScoreDistribution"]


@dataclass(frozen=True)
class ScoreDistribution:
    """Sorted scores of one task; the score of the next sample has the mean weight.

    Attributes
    ----------
    scores : ndarray of shape (n_scores,)
        Sorted scores.
    share : ndarray of shape (n_scores,)
        Cumulative weight divided by the total weight: rank / n_scores for equal
        weights.
    level : ndarray of shape (n_scores,)
        Cumulative weight divided by the total weight including the next score: rank /
        (n_scores + 1) for equal weights.
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
        # divided by the total, so that equal weights of any size give the ranks
        share = np.cumsum(weights[order])
        share = share / share[-1]
        n = len(order)
        return cls(scores[order], share, share * (n / (n + 1)))

    def __len__(self) -> int:
        """Return the number of scores."""
        return len(self.scores)

    def threshold(self, level: float) -> float:
        """Return the score that the next score exceeds with probability 1 - level.

        It is infinite if there are fewer than level / (1 - level) scores.
        """
        # the factor prevents rounding errors, such as in 0.9 * (n + 1)
        place = int(np.searchsorted(self.level, level * (1 - 1e-12)))
        return float(self.scores[place]) if place < len(self.scores) else np.inf

    def quantile(self, q: float) -> float:
        """Return a conservative quantile: rounded down below the median, otherwise up.

        It is infinite if there are too few scores. The median of no scores is 0.
        """
        if q == 0.5 and not len(self.scores):
            return 0.0
        if q >= 0.5:
            return self.threshold(q)
        if not len(self.scores):
            return -np.inf
        # the same as -threshold(1 - q) of the negated scores
        below = np.concatenate([[0.0], self.level[:-1]])
        highest = self.level[-1] - (1.0 - q)
        place = int(np.searchsorted(below, highest * (1 + 1e-12) + 1e-15, side="right"))
        return float(self.scores[place - 1]) if place else -np.inf

    def shares_of(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and last shares of the scores equal to given scores (n,).

        The first share is the level at which a score is included if only the other
        scores are known: rank / n, as for the next score after n - 1 others. Equal
        scores are all included at the level of the first one, such as the score 0 of
        all samples whose most probable class is correct.
        """
        if not len(self.scores):
            return np.ones(len(scores)), np.ones(len(scores))
        first = np.searchsorted(self.scores, scores).clip(max=len(self) - 1)
        last = np.searchsorted(self.scores, scores, side="right") - 1
        return self.share[first], self.share[last]
