"""Checks of the tables of decision trees, which scikit-learn does not check."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_histogram_tree", "check_tree", "tree_bytes"]

#: Bytes per node of a tree.
NODE = 64


def check_tree(
    state: dict[str, Any], n_features: int, n_classes: np.ndarray, n_outputs: int
) -> None:
    """Raise ValueError if a prediction could leave the table of a tree or never end."""
    tables = (n_classes, state["nodes"], state["values"])
    if not all(isinstance(table, np.ndarray) for table in tables):
        raise ValueError("the tables of a tree are not arrays")
    is_sized = np.ndim(n_classes) == 1 and len(n_classes) == n_outputs > 0
    if not is_sized or n_classes.min() < 1 or n_features < 0:
        raise ValueError(
            f"a tree with {n_features} features and {n_outputs} outputs does not have "
            "valid numbers of classes"
        )
    if not 0 <= state["max_depth"] < state["node_count"]:
        raise ValueError(
            f"a tree with {state['node_count']} nodes has the depth "
            f"{state['max_depth']}"
        )
    if state["values"].shape[1:] != (n_outputs, n_classes.max()):
        raise ValueError("the values of a tree do not match its outputs and classes")
    nodes, values = state["nodes"], state["values"]
    n_nodes = state["node_count"]
    if not (nodes.ndim == 1 and len(nodes) == len(values) == n_nodes > 0):
        raise ValueError(
            f"a tree with {n_nodes} nodes has tables of the lengths {len(nodes)} and "
            f"{len(values)}"
        )
    left, right = nodes["left_child"], nodes["right_child"]
    is_leaf = left == -1
    if not np.array_equal(is_leaf, right == -1):
        raise ValueError("a node of a tree has only one child")
    _check_children(left[~is_leaf], right[~is_leaf], np.flatnonzero(~is_leaf), n_nodes)
    features = nodes["feature"][~is_leaf]
    if features.size and not (features.min() >= 0 and features.max() < n_features):
        raise ValueError(f"a tree with {n_features} features splits on another feature")


def check_histogram_tree(nodes: np.ndarray, n_features: int | None = None) -> None:
    """Raise ValueError as `check_tree` does, for a table of HistGradientBoosting."""
    is_leaf = nodes["is_leaf"].astype(bool)
    if not len(nodes):
        raise ValueError("a tree has no nodes")
    inner = np.flatnonzero(~is_leaf)
    left = nodes["left"][inner].astype(np.int64)
    right = nodes["right"][inner].astype(np.int64)
    _check_children(left, right, inner, len(nodes))
    features = nodes["feature_idx"][inner]
    if features.size and (features.min() < 0):
        raise ValueError("a tree splits on a negative feature index")
    if n_features is not None and features.size and features.max() >= n_features:
        raise ValueError(f"a tree with {n_features} features splits on another feature")


def _check_children(
    left: np.ndarray, right: np.ndarray, parents: np.ndarray, n_nodes: int
) -> None:
    """Raise if children are outside of the table or before their parents."""
    # Trees of scikit-learn always store children after their parent. Requiring this
    # order excludes cycles.
    for children in (left, right):
        if children.size and not (
            (children > parents).all() and children.max() < n_nodes
        ):
            raise ValueError("a child of a node of a tree is outside of its table")


def tree_bytes(state: dict[str, Any]) -> int:
    """Return the memory in bytes of the tables that a tree copies from its state."""
    nodes, values = state["nodes"], state["values"]
    return int(max(nodes.nbytes, NODE * len(nodes)) + 8 * values.size)
