"""Forest for all tasks: target columns, growing and predictions."""

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

# Scale of the columns of shares compared with targets of variance 1. They are so small
# that they do not affect splits.
INVISIBLE = 2.0**-20
# Scale of all columns. Trees treat a node as pure below an absolute variance of 2e-16.
# With this scale, the limit exceeds rounding errors, so that a weight of 2 gives the
# same tree as repeating the sample.
UNIT = 2.0**-6
# Weight of the prior, relative to the share of all samples that have the label.
PRIOR_SHARE = 0.02


@dataclass(frozen=True)
class LeafRatio:
    """Encoding of labels with missing values as targets of a forest, and decoding.

    A leaf contains the mean over its samples of c (y - mean) for each target column,
    and the mean of c for each task. Here, c is the weight of the label divided by the
    weight of the sample, and 0 if the label is missing. The ratio of these means,
    averaged over the trees, is the mean of the observed labels in the leaves.

    Attributes
    ----------
    encoding : TargetEncoding
        Encoding of the labels as columns.
    share_of_task : ndarray of shape (n_tasks,)
        Index of the column of shares c of each task; -1 if c is 1 for all samples.
    shares : ndarray of shape (n_shares,)
        Mean over the samples of each column of shares.
    """

    encoding: TargetEncoding
    share_of_task: np.ndarray
    shares: np.ndarray

    @classmethod
    def learn(
        cls,
        encoding: TargetEncoding,
        label_weights: np.ndarray,
        row_weights: np.ndarray,
    ) -> tuple[LeafRatio, np.ndarray]:
        """Collect the distinct columns of shares, which tasks may have in common.

        Shapes: label_weights (n_samples, n_tasks), row_weights (n_samples,) -> columns
        (n_samples, n_shares).
        """
        share_of_task = np.full(label_weights.shape[1], -1, dtype=np.intp)
        found: dict[bytes, int] = {}
        columns: list[np.ndarray] = []
        for t, _ in encoding.places:
            column = np.ascontiguousarray(label_weights[:, t])
            # If all samples have the label, its share is 1 in each leaf.
            if (column == 1.0).all():
                continue
            if column.tobytes() not in found:
                found[column.tobytes()] = len(columns)
                columns.append(column)
            share_of_task[t] = found[column.tobytes()]
        if not columns:
            return cls(encoding, share_of_task, np.empty(0)), np.empty(
                (len(label_weights), 0)
            )
        stacked = np.stack(columns, axis=1)
        shares = np.average(stacked, axis=0, weights=row_weights)
        return cls(encoding, share_of_task, shares), stacked

    def targets(
        self, codes: np.ndarray, label_weights: np.ndarray, columns: np.ndarray
    ) -> np.ndarray:
        """Return the targets of the trees, (n_samples, n_columns + n_shares)."""
        # Missing labels add 0 to the mean of a leaf; dividing by the share corrects it.
        factor = label_weights[:, self.encoding.task_of_column]
        labels = on_grid(factor * self.encoding.encode(codes))
        return UNIT * np.hstack([labels, INVISIBLE * on_grid(columns)])

    def outputs(self, means: np.ndarray) -> list[np.ndarray]:
        """Return probabilities and values of all tasks.

        Shapes: means (n_samples, n_columns + n_shares).
        """
        # Samples that all trees have drawn get 0, which is the mean of all labels.
        means = np.nan_to_num(means, nan=0.0) / UNIT
        n_columns = self.encoding.n_columns
        labels, shares = means[:, :n_columns].copy(), means[:, n_columns:] / INVISIBLE
        # Labels are centred, so the prior only changes the denominator.
        shrunk = shares + PRIOR_SHARE * self.shares
        at = self.share_of_task[self.encoding.task_of_column]
        labels[:, at >= 0] /= shrunk[:, at[at >= 0]]
        return self.encoding.decode(labels)


@dataclass(frozen=True)
class GroupDraws:
    """Bootstrap samples of whole groups for each tree.

    If samples were drawn separately, similar samples of a group would be both in and
    out of the bag.

    Attributes
    ----------
    group : ndarray of shape (n_samples,)
        Index of the group of each sample.
    drawn_from : ndarray of shape (n_labelled_groups,)
        Indices of the groups with a label.
    seed : int
        Seed of the draws.
    """

    group: np.ndarray
    drawn_from: np.ndarray
    seed: int

    def take(self, rows: np.ndarray) -> GroupDraws:
        """Return the same draws for some of the samples."""
        return replace(self, group=self.group[rows])

    def counts(self, tree: int) -> np.ndarray:
        """Return how often a tree draws the group of each sample, (n_samples,)."""
        # The seed depends on the tree only, so that fits and predictions use equal
        # draws.
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
    """Grow trees for all target columns.

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
    """Grow trees on bootstrap samples of groups, unlike scikit-learn's forests."""
    # Convert X once instead of for each tree.
    X = sparse.csc_array(X) if sparse.issparse(X) else X
    names = ("max_features", "max_depth", "min_samples_leaf")
    own = {name: getattr(forest, name) for name in names}
    seeds = spawn_seeds(draws.seed, forest.n_estimators)

    def grow(i: int) -> DecisionTreeRegressor:
        tree = DecisionTreeRegressor(**own, random_state=seeds[i] % 2**32)
        # trees ignore samples with weight 0
        return tree.fit(X, targets, sample_weight=draws.counts(i) * row_weights)

    forest.estimators_ = Parallel(n_jobs=forest.n_jobs, require="sharedmem")(
        delayed(grow)(i) for i in range(forest.n_estimators)
    )
    forest.estimator_ = DecisionTreeRegressor()
    forest.n_outputs_ = 1 if targets.ndim == 1 else targets.shape[1]
    forest.n_features_in_ = X.shape[1]
    return forest


def leaf_means(forest: RandomForestRegressor, X: Matrix) -> np.ndarray:
    """Return the mean of the predictions of all trees, added in a fixed order.

    The predict method of the forest adds them in the order in which threads finish, so
    its rounding errors depend on the number of jobs.

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
    """Return for each sample the mean over the trees that have not drawn it.

    Shapes: X (n_samples, n_features) -> (n_samples, n_outputs).
    """
    total, count = np.zeros((X.shape[0], forest.n_outputs_)), np.zeros(X.shape[0])
    drawn = [] if draws is not None else forest.estimators_samples_
    for i, tree in enumerate(forest.estimators_):
        if draws is not None:
            rows = np.flatnonzero(draws.counts(i) == 0)
        else:
            rows = np.setdiff1d(np.arange(X.shape[0]), drawn[i])
        if not len(rows):  # a tree may have drawn all groups if there are few
            continue
        leaves = tree.predict(X[rows], check_input=False)
        total[rows] += leaves.reshape(len(rows), -1)
        count[rows] += 1
    return total / np.where(count > 0, count, np.nan)[:, None]
