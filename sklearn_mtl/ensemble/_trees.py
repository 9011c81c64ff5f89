"""One forest for all tasks: what its trees see, and how their leaves are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.ensemble._encoding import TargetEncoding

__all__ = ["LeafRatio", "grow_forest", "leaf_means", "out_of_bag_means"]

# The columns of shares are this small beside targets of variance 1: no split is made
# for them.
_INVISIBLE = 2.0**-20
# Of the share of all rows that have the label: with less in the leaves, the prior
# counts more than they do.
_PRIOR_SHARE = 0.02


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

        Parameters
        ----------
        encoding : TargetEncoding
            Labels as columns.
        cells : ndarray of shape (n_samples, n_tasks)
            Weight of each cell relative to its row's.
        row_weights : ndarray of shape (n_samples,)
            Weights of the rows.

        Returns
        -------
        ratio : LeafRatio
            How to read the leaves.
        columns : ndarray of shape (n_samples, n_shares)
            The columns of shares.
        """
        share_of_task = np.full(cells.shape[1], -1, dtype=np.intp)
        found: dict[bytes, int] = {}
        columns: list[np.ndarray] = []
        for t, _ in encoding.places:
            column = np.ascontiguousarray(cells[:, t])
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
        factor = cells[:, self.encoding.task_of_column]
        return np.hstack([factor * self.encoding.encode(codes), _INVISIBLE * columns])

    def outputs(self, means: np.ndarray) -> list[np.ndarray]:
        """Return probabilities and values of all tasks.

        Parameters
        ----------
        means : ndarray of shape (n_samples, n_columns + n_shares)
            Mean of the leaves over trees; NaN where no tree has a say.

        Returns
        -------
        list of ndarray
            (n_samples, n_classes) or (n_samples,), a task an array.
        """
        means = np.nan_to_num(means, nan=0.0)
        n_columns = self.encoding.n_columns
        labels, shares = means[:, :n_columns].copy(), means[:, n_columns:] / _INVISIBLE
        shrunk = shares + _PRIOR_SHARE * self.shares
        at = self.share_of_task[self.encoding.task_of_column]
        labels[:, at >= 0] /= shrunk[:, at[at >= 0]]
        return self.encoding.decode(labels)


def grow_forest(
    X: Any, targets: np.ndarray, row_weights: np.ndarray, **params: Any
) -> RandomForestRegressor:
    """Grow trees on all columns at once.

    Parameters
    ----------
    X : ndarray or sparse array of shape (n_samples, n_features), float32
        Inputs; NaN where missing.
    targets : ndarray of shape (n_samples, n_outputs)
        What the leaves average.
    row_weights : ndarray of shape (n_samples,)
        Weights of the rows.
    **params : dict
        Of RandomForestRegressor.

    Returns
    -------
    RandomForestRegressor
        The forest.
    """
    is_plain = bool((row_weights == row_weights[0]).all())
    targets = targets.ravel() if targets.shape[1] == 1 else targets
    forest = RandomForestRegressor(**params)
    return forest.fit(X, targets, sample_weight=None if is_plain else row_weights)


def leaf_means(forest: RandomForestRegressor, X: Any) -> np.ndarray:
    """Return the mean over all trees, added in their order.

    The forest's own predict adds them in the order in which threads finish, so that the
    last bit depends on the number of jobs.

    Parameters
    ----------
    forest : RandomForestRegressor
        A forest.
    X : ndarray or sparse array of shape (n_samples, n_features), float32
        Inputs.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        The means.
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


def out_of_bag_means(forest: RandomForestRegressor, X: Any) -> np.ndarray:
    """Return the mean over the trees that have not drawn a row, for every row.

    Parameters
    ----------
    forest : RandomForestRegressor
        A forest with bootstrap.
    X : ndarray or sparse array of shape (n_samples, n_features), float32
        The rows that it was grown on.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        NaN where every tree has drawn the row.
    """
    total, count = np.zeros((X.shape[0], forest.n_outputs_)), np.zeros(X.shape[0])
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        rows = np.setdiff1d(np.arange(X.shape[0]), drawn)
        if not len(rows):  # of few, a tree may have drawn them all
            continue
        leaves = tree.predict(X[rows], check_input=False)
        total[rows] += leaves.reshape(len(rows), -1)
        count[rows] += 1
    return total / np.where(count > 0, count, np.nan)[:, None]
