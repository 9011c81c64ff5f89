"""Rebuilding of nearest-neighbours trees from their samples.

The tables of these trees are not saved, because scikit-learn does not check them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import BallTree, KDTree

from sklearn_mtl.persistence._budget import Budget

__all__ = ["SearchTrees", "search_tree_bytes", "search_tree_rows"]

KINDS: dict[str, Any] = {"kd_tree": KDTree, "ball_tree": BallTree}


class SearchTrees:
    """Rebuild trees; models with the same samples and options share one tree.

    Parameters
    ----------
    budget : Budget
        Memory that loading may allocate.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.known: dict[Any, Any] = {}

    def tree(self, kind: str, rows: Any, leaf_size: int, options: Any) -> Any:
        """Return the tree of some samples."""
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or leaf_size < 1:
            raise ValueError("a nearest-neighbours tree has no samples")
        key = (kind, id(rows), leaf_size, repr(sorted(options.items())))
        is_plain = all(isinstance(o, str | int | float) for o in options.values())
        if not is_plain or key not in self.known:
            n_bytes = search_tree_bytes(rows, leaf_size, options)
            self.budget.take(n_bytes, "a nearest-neighbours tree")
            self.known[key] = KINDS[kind](rows, leaf_size, **options)
        return self.known[key]

    def of_model(self, model: Any) -> Any:
        """Return the tree of a nearest-neighbours model."""
        options = {"metric": model.effective_metric_, **model.effective_metric_params_}
        return self.tree(model._fit_method, model._fit_X, model.leaf_size, options)

    def of_density(self, model: Any) -> Any:
        """Return the tree of a kernel density estimator."""
        kind, rows, weights = model.tree_
        options = {"metric": model.metric, **(model.metric_params or {})}
        if weights is not None:
            options["sample_weight"] = weights
        return self.tree(kind, rows, model.leaf_size, options)


def search_tree_rows(tree: Any) -> tuple[str, np.ndarray, np.ndarray | None]:
    """Return the kind of a tree, its samples and their weights."""
    (kind,) = (kind for kind, cls in KINDS.items() if isinstance(tree, cls))
    state = tree.__getstate__()
    return kind, state[0], state[-1]


def search_tree_bytes(rows: np.ndarray, leaf_size: int, options: dict[str, Any]) -> int:
    """Return the memory of a tree in bytes, without its samples."""
    n_rows, n_features = rows.shape
    n_nodes = 2 ** int(np.log2(max(1.0, (n_rows - 1) / leaf_size)) + 1)
    n_bytes = 8 * n_rows + n_nodes * (32 + 16 * n_features)
    if rows.dtype != np.float64 or not rows.flags.c_contiguous:
        n_bytes += 8 * rows.size
    return n_bytes + sum(16 * np.size(option) for option in options.values())
