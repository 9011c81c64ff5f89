"""One forest for all tasks: what its trees see, and how their leaves are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.ensemble._encoding import TargetEncoding, on_grid
from sklearn_mtl.utils._random import spawn_seeds
from sklearn_mtl.utils._typing import FeaturesLike, Matrix

__all__ = [
    "INVISIBLE",
    "PRIOR_SHARE",
    "UNIT",
    "GroupDraws",
    "LeafRatio",
    "grow_forest",
    "leaf_means",
    "out_of_bag_means",
]

# The columns of shares are this small beside targets of variance 1: no split is made
# for them.
INVISIBLE = 2.0**-20
# Trees take a node for pure by an absolute variance of 2e-16, which in units of this
# is more than rounding: a weight of 2 then gives the same tree as the sample twice.
UNIT = 2.0**-6
# Of the share of all rows that have the label: with less in the leaves, the prior
# counts more than they do.
PRIOR_SHARE = 0.02


@dataclass(frozen=True)
class LeafRatio:
    """Labels as the outputs of a forest, and its outputs back to the mean label.

    A leaf holds, for each column, the mean over its rows of c (y - mean) and, for each
    task, that of c: the cell's weight relative to its row's, 0 where the label is
    missing. The ratio of their means over the trees is the mean over the observed
    labels in the leaves, weighted by how many there are.

    Attributes
    ----------
    encoding : TargetEncoding
        Labels as columns.
    share_of_task : ndarray of shape (n_tasks,)
        Which column of shares is that of the task; -1 where all are 1.
    shares : ndarray of shape (n_shares,)
        Mean over the rows of each column of shares.
    """

    encoding: TargetEncoding
    share_of_task: np.ndarray
    shares: np.ndarray

    @classmethod
    def learn(
        cls, encoding: TargetEncoding, cells: np.ndarray, row_weights: np.ndarray
    ) -> tuple[LeafRatio, np.ndarray]:
        """Find the columns of shares; tasks with the same one have it together.

        Shapes: cells (n_samples, n_tasks), row_weights (n_samples,) -> columns
        (n_samples, n_shares).
        """
        share_of_task = np.full(cells.shape[1], -1, dtype=np.intp)
        found: dict[bytes, int] = {}
        columns: list[np.ndarray] = []
        for t, _ in encoding.places:
            column = np.ascontiguousarray(cells[:, t])
            # Where all rows have the label, its share is 1 in every leaf.
            if (column == 1.0).all():
                continue
            if column.tobytes() not in found:
                found[column.tobytes()] = len(columns)
                columns.append(column)
            share_of_task[t] = found[column.tobytes()]
        if not columns:
            return cls(encoding, share_of_task, np.empty(0)), np.empty((len(cells), 0))
        stacked = np.stack(columns, axis=1)
        shares = np.average(stacked, axis=0, weights=row_weights)
        return cls(encoding, share_of_task, shares), stacked

    def targets(
        self, codes: np.ndarray, cells: np.ndarray, columns: np.ndarray
    ) -> np.ndarray:
        """Return what the trees are grown on, (n_samples, n_columns + n_shares)."""
        # A missing label counts 0 in the mean of a leaf, which its share takes back.
        factor = cells[:, self.encoding.task_of_column]
        labels = on_grid(factor * self.encoding.encode(codes))
        return UNIT * np.hstack([labels, INVISIBLE * on_grid(columns)])

    def outputs(self, means: np.ndarray) -> list[np.ndarray]:
        """Return probabilities and values of all tasks.

        Shapes: means (n_samples, n_columns + n_shares).
        """
        # For a row that all trees have drawn the mean of all labels is left: 0 here.
        means = np.nan_to_num(means, nan=0.0) / UNIT
        n_columns = self.encoding.n_columns
        labels, shares = means[:, :n_columns].copy(), means[:, n_columns:] / INVISIBLE
        # Labels are centred, so the prior adds to the share but not to their sum.
        shrunk = shares + PRIOR_SHARE * self.shares
        at = self.share_of_task[self.encoding.task_of_column]
        labels[:, at >= 0] /= shrunk[:, at[at >= 0]]
        return self.encoding.decode(labels)


@dataclass(frozen=True)
class GroupDraws:
    """Which groups each tree draws, with replacement, as a whole.

    Rows drawn one by one would leave near-copies of a row both in and out of the bag.

    Attributes
    ----------
    group : ndarray of shape (n_samples,)
        Number of the group of each row.
    drawn_from : ndarray of shape (n_labelled_groups,)
        The groups that have a label.
    seed : int
        Of the draws.
    """

    group: np.ndarray
    drawn_from: np.ndarray
    seed: int

    def take(self, rows: np.ndarray) -> GroupDraws:
        """Return the same draws for some of the rows."""
        return replace(self, group=self.group[rows])

    def counts(self, tree: int) -> np.ndarray:
        """Return how often a tree draws the group of each row, (n_samples,)."""
        # Seeded by tree: fits and out-of-bag predictions draw the same groups.
        rng = np.random.default_rng([self.seed, tree])
        drawn = rng.choice(self.drawn_from, len(self.drawn_from))
        n_groups = max(self.group.max(), self.drawn_from.max()) + 1
        return np.bincount(drawn, minlength=n_groups)[self.group]


def grow_forest(
    X: FeaturesLike,
    targets: np.ndarray,
    row_weights: np.ndarray,
    draws: GroupDraws | None = None,
    **params: Any,
) -> RandomForestRegressor:
    """Grow trees on all columns at once.

    Shapes: X (n_samples, n_features), targets (n_samples, n_outputs),
    row_weights (n_samples,).
    """
    is_plain = bool((row_weights == row_weights[0]).all())
    targets = targets.ravel() if targets.shape[1] == 1 else targets
    forest = RandomForestRegressor(**params)
    if draws is not None:
        return _grow_by_group(forest, X, targets, row_weights, draws)
    return forest.fit(X, targets, sample_weight=None if is_plain else row_weights)


def _grow_by_group(
    forest: RandomForestRegressor,
    X: Matrix,
    targets: np.ndarray,
    row_weights: np.ndarray,
    draws: GroupDraws,
) -> RandomForestRegressor:
    """Grow the trees here: a forest of scikit-learn's draws rows."""
    # Converted once, not by every tree.
    X = sparse.csc_array(X) if sparse.issparse(X) else X
    names = ("max_features", "max_depth", "min_samples_leaf")
    own = {name: getattr(forest, name) for name in names}
    seeds = spawn_seeds(draws.seed, forest.n_estimators)

    def grow(i: int) -> DecisionTreeRegressor:
        tree = DecisionTreeRegressor(**own, random_state=seeds[i] % 2**32)
        # a row of weight 0 is not in the tree
        return tree.fit(X, targets, sample_weight=draws.counts(i) * row_weights)

    forest.estimators_ = Parallel(n_jobs=forest.n_jobs, require="sharedmem")(
        delayed(grow)(i) for i in range(forest.n_estimators)
    )
    forest.estimator_ = DecisionTreeRegressor()
    forest.n_outputs_ = 1 if targets.ndim == 1 else targets.shape[1]
    forest.n_features_in_ = X.shape[1]
    return forest


def leaf_means(forest: RandomForestRegressor, X: Matrix) -> np.ndarray:
    """Return the mean over all trees, added in their order.

    The forest's own predict adds them in the order in which threads finish, so that the
    last bit depends on the number of jobs.

    Shapes: X (n_samples, n_features) -> (n_samples, n_outputs).
    """
    parallel = Parallel(
        n_jobs=forest.n_jobs, require="sharedmem", return_as="generator"
    )
    total = np.zeros((X.shape[0], forest.n_outputs_))
    for leaves in parallel(
        delayed(tree.predict)(X, check_input=False) for tree in forest.estimators_
    ):
        total += leaves.reshape(total.shape)
    return total / len(forest.estimators_)


def out_of_bag_means(
    forest: RandomForestRegressor, X: Matrix, draws: GroupDraws | None = None
) -> np.ndarray:
    """Return the mean over the trees that have not drawn a row, for every row.

    Shapes: X (n_samples, n_features) -> (n_samples, n_outputs).
    """
    total, count = np.zeros((X.shape[0], forest.n_outputs_)), np.zeros(X.shape[0])
    drawn = [] if draws is not None else forest.estimators_samples_
    for i, tree in enumerate(forest.estimators_):
        if draws is not None:
            rows = np.flatnonzero(draws.counts(i) == 0)
        else:
            rows = np.setdiff1d(np.arange(X.shape[0]), drawn[i])
        if not len(rows):  # of few, a tree may have drawn them all
            continue
        leaves = tree.predict(X[rows], check_input=False)
        total[rows] += leaves.reshape(len(rows), -1)
        count[rows] += 1
    return total / np.where(count > 0, count, np.nan)[:, None]
