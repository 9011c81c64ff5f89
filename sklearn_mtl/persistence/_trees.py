"""Tables of decision trees: scikit-learn walks them without a look at their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.persistence._private import (
    BaseDecisionTree,
    BaseForest,
    BaseGradientBoosting,
    BaseHistGradientBoosting,
)

__all__ = ["check_estimator", "check_tree"]


def check_tree(
    state: dict[str, Any], n_features: int, n_classes: np.ndarray, n_outputs: int
) -> None:
    """Raise ValueError if a walk down the tree could leave its table or never end."""
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


def check_estimator(model: Any) -> None:
    """Raise ValueError if a model's trees read other features than it checks X for."""
    n_features = (
        vars(model).get("n_features_in_") if hasattr(model, "__dict__") else None
    )
    if isinstance(model, BaseDecisionTree) and hasattr(model, "tree_"):
        trees = [model.tree_]
    elif isinstance(model, BaseForest | BaseGradientBoosting):
        trees = [tree.tree_ for tree in np.ravel(getattr(model, "estimators_", []))]
    else:
        trees = []
    if any(tree.n_features != n_features for tree in trees):
        raise ValueError(f"a tree is not of the {n_features} features of its model")
    if isinstance(model, BaseHistGradientBoosting):
        # Trees number the features as the encoder of their model puts them.
        is_categorical = getattr(model, "_is_categorical_remapped", None)
        for predictor in np.ravel(getattr(model, "_predictors", [])):
            check_histogram_tree(predictor.nodes, n_features)
            _check_categories(predictor, is_categorical)


def _check_categories(predictor: Any, is_categorical: np.ndarray | None) -> None:
    """Raise if a split by categories has no set of them, or no such feature."""
    nodes = predictor.nodes
    splits = nodes[nodes["is_categorical"].astype(bool) & (nodes["is_leaf"] == 0)]
    if not len(splits):
        return
    known = np.zeros(0, dtype=bool) if is_categorical is None else is_categorical
    sets = (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets)
    n_sets = min(len(one) if one.shape[1:] == (8,) else 0 for one in sets)
    features = splits["feature_idx"]
    if splits["bitset_idx"].max() >= n_sets or features.max() >= len(known):
        raise ValueError("a tree splits by categories that are not there")
    if not known[features].all():
        raise ValueError("a tree splits by categories of a number")
