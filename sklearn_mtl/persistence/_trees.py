"""Tables of decision trees: scikit-learn walks them without a look at their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_histogram_tree", "check_tree", "tree_bytes"]

#: Bytes of a node of a tree.
NODE = 64


def check_tree(
    state: dict[str, Any], n_features: int, n_classes: np.ndarray, n_outputs: int
) -> None:
    """Raise ValueError if a walk down the tree could leave its table or never end."""
    tables = (n_classes, state["nodes"], state["values"])
    if not all(isinstance(table, np.ndarray) for table in tables):
        raise ValueError("a tree of no tables")
    is_sized = np.ndim(n_classes) == 1 and len(n_classes) == n_outputs > 0
    if not is_sized or n_classes.min() < 1 or n_features < 0:
        raise ValueError(f"a tree of {n_outputs} outputs and {n_features} features")
    if not 0 <= state["max_depth"] < state["node_count"]:
        raise ValueError(f"a tree of depth {state['max_depth']}")
    if state["values"].shape[1:] != (n_outputs, n_classes.max()):
        raise ValueError("the values of a tree are not those of its outputs")
    nodes, values = state["nodes"], state["values"]
    n_nodes = state["node_count"]
    if not (nodes.ndim == 1 and len(nodes) == len(values) == n_nodes > 0):
        raise ValueError(f"a tree of {n_nodes} nodes has tables of {len(nodes)}")
    left, right = nodes["left_child"], nodes["right_child"]
    is_leaf = left == -1
    if not np.array_equal(is_leaf, right == -1):
        raise ValueError("a node of a tree has one child")
    _check_children(left[~is_leaf], right[~is_leaf], np.flatnonzero(~is_leaf), n_nodes)
    features = nodes["feature"][~is_leaf]
    if features.size and not (features.min() >= 0 and features.max() < n_features):
        raise ValueError(f"a tree splits by a feature outside of its {n_features}")


def check_histogram_tree(nodes: np.ndarray, n_features: int | None = None) -> None:
    """Do the same for a table of HistGradientBoosting, whose leaves say so."""
    is_leaf = nodes["is_leaf"].astype(bool)
    if not len(nodes):
        raise ValueError("a tree has no nodes")
    inner = np.flatnonzero(~is_leaf)
    left = nodes["left"][inner].astype(np.int64)
    right = nodes["right"][inner].astype(np.int64)
    _check_children(left, right, inner, len(nodes))
    features = nodes["feature_idx"][inner]
    if features.size and (features.min() < 0):
        raise ValueError("a tree splits by a negative feature")
    if n_features is not None and features.size and features.max() >= n_features:
        raise ValueError(f"a tree splits by a feature outside of its {n_features}")


def _check_children(
    left: np.ndarray, right: np.ndarray, parents: np.ndarray, n_nodes: int
) -> None:
    """Raise if children are outside of the table or before their parents."""
    # Both of scikit-learn's builders append children after their parent, so a walk that
    # only goes forwards is no restriction, and has no circle.
    for children in (left, right):
        if children.size and not (
            (children > parents).all() and children.max() < n_nodes
        ):
            raise ValueError("a child of a node of a tree is outside of its table")


def tree_bytes(state: dict[str, Any]) -> int:
    """Return the size of the tables that a tree keeps of those it is given."""
    nodes, values = state["nodes"], state["values"]
    return int(max(nodes.nbytes, NODE * len(nodes)) + 8 * values.size)
