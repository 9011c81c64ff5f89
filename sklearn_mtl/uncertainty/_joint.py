"""A common level of all tasks for joint coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.special import ndtr, ndtri

from sklearn_mtl.uncertainty._scores import ScoreDistribution

__all__ = ["JointLevels"]

_N_DRAWS, _ENOUGH = 20, 20_000  # draws of missing levels per sample, and in total
_PRIOR_PAIRS = 5.0  # pseudo-pairs for the shrinkage of correlations towards 0
_SMALLEST = 1e-6  # minimum eigenvalue of a correlation matrix


@dataclass(frozen=True)
class JointLevels:
    """The distribution of the largest level over the tasks of a sample.

    Attributes
    ----------
    n_tasks : int
        Number of tasks with labels.
    largest : ScoreDistribution
        Distribution of the largest level of each sample.
    unpaired : tuple of (int, int)
        Pairs of tasks without a sample that has labels of both.
    """

    n_tasks: int
    largest: ScoreDistribution
    unpaired: tuple[tuple[int, int], ...]

    @classmethod
    def learn(
        cls, levels: np.ndarray, last: np.ndarray, weights: np.ndarray
    ) -> JointLevels:
        """Compute the largest level of each sample; levels of missing labels are drawn.

        They are drawn from a Gaussian copula with the correlations of the normal scores
        of pairs of tasks, conditional on the observed levels of the same sample.

        The level of a label must be computed from the other samples of the task: it is
        the first share of `shares_of`. If the label itself were included, all levels
        would be below 1, and no sample would be outside of the largest scores of all
        tasks. However, a new sample is outside with a probability of up to
        n_tasks / (n_samples + 1).

        Shapes: levels and last, the first and last shares of equal scores, (n_samples,
        n_tasks) in (0, 1], NaN where missing; weights (n_samples,).
        """
        tasks = np.flatnonzero(~np.isnan(levels).all(axis=0))
        rows = np.flatnonzero(~np.isnan(levels).all(axis=1) & (weights > 0))
        levels, last = levels[np.ix_(rows, tasks)], last[np.ix_(rows, tasks)]
        weights = weights[rows]
        seen = ~np.isnan(levels)
        if not len(rows):
            return cls(0, ScoreDistribution.learn(np.empty(0), np.empty(0)), ())
        n_labels = seen.sum(axis=0)
        # as with one additional label, because the normal score of 1 is infinite
        middle = (levels + last) / 2 * (n_labels / (n_labels + 1))
        Z = np.where(seen, ndtri(middle), 0.0)
        correlation, n_pairs = _pairwise(Z, seen)
        n_draws = int(np.clip(_ENOUGH // len(rows), 1, _N_DRAWS))
        largest = _largest(levels, last, Z, correlation, n_draws)
        distribution = ScoreDistribution.learn(
            largest.ravel(), np.repeat(weights, n_draws)
        )
        unpaired = np.argwhere(np.triu(n_pairs == 0, 1))
        named = tuple((tasks[s], tasks[t]) for s, t in unpaired)
        return cls(len(tasks), distribution, named)

    def level(self, coverage: float) -> float:
        """Return the level of each task that gives the joint coverage."""
        if self.n_tasks == 1:
            return coverage
        # without the next sample, because each level already excludes its own sample
        place = np.searchsorted(self.largest.share, coverage * (1 - 1e-12))
        return float(self.largest.scores[place]) if len(self.largest) else 1.0


def _pairwise(Z: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return correlations of normal scores, 0 where missing, and numbers of pairs.

    Shapes: Z and seen (n_samples, n_tasks) -> (n_tasks, n_tasks).
    """
    mask = seen.astype(np.float64)
    n_pairs = mask.T @ mask
    square = (Z**2).T @ mask
    size = np.sqrt(square * square.T)
    correlation = np.divide(Z.T @ Z, size, out=np.zeros_like(size), where=size > 0)
    correlation *= n_pairs / (n_pairs + _PRIOR_PAIRS)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = linalg.eigh(correlation)
    if values[0] < _SMALLEST:  # pairs of different samples may be inconsistent
        correlation = (vectors * np.maximum(values, _SMALLEST)) @ vectors.T
        scale = np.sqrt(np.diag(correlation))
        correlation /= np.outer(scale, scale)
    return correlation, n_pairs


def _largest(
    levels: np.ndarray,
    last: np.ndarray,
    Z: np.ndarray,
    correlation: np.ndarray,
    n_draws: int,
) -> np.ndarray:
    """Return the largest level of each sample in each draw (n_samples, n_draws)."""
    seen = ~np.isnan(levels)
    first_of = [_first_of_equals(*pair) for pair in zip(levels.T, last.T, strict=True)]
    rng, root = np.random.default_rng(0), linalg.cholesky(correlation, lower=True)
    best = np.where(seen, levels, 0.0).max(axis=1)
    out = np.repeat(best[:, None], n_draws, axis=1)
    patterns, number = np.unique(seen, axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        if pattern.all():
            continue
        rows = np.flatnonzero(number.ravel() == k)
        known, missing = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        drawn = rng.standard_normal((len(rows) * n_draws, len(correlation))) @ root.T
        # Matheron's rule: draws of all scores, corrected by the observed ones
        apart = np.repeat(Z[np.ix_(rows, known)], n_draws, axis=0)
        apart -= drawn[:, known]
        own = linalg.cho_factor(correlation[np.ix_(known, known)])
        moved = linalg.cho_solve(own, apart.T).T @ correlation[np.ix_(known, missing)]
        drawn = ndtr(drawn[:, missing] + moved)
        largest = np.zeros(len(drawn))
        for t, column in zip(missing, drawn.T, strict=True):
            largest = np.maximum(largest, first_of[t](column))
        out[rows] = np.maximum(out[rows], largest.reshape(len(rows), n_draws))
    return out


def _first_of_equals(
    levels: np.ndarray, last: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that lowers levels to the first level of equal scores."""
    ends, index = np.unique(last[~np.isnan(last)], return_index=True)
    starts = levels[~np.isnan(last)][index]

    def lower(drawn: np.ndarray) -> np.ndarray:
        place = np.searchsorted(ends, drawn).clip(max=len(ends) - 1)
        return np.minimum(drawn, starts[place])

    return lower
