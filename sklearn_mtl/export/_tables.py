"""ONNX nodes of the preparation of a table, in float64 as in the estimators."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.export._values import refuse
from sklearn_mtl.preprocessing import CLIP, Preparation, TablePreparation

__all__ = ["check_columns", "prepared_table"]


def check_columns(model: Any) -> None:
    """Raise TypeError if a model was fitted to categories or a sparse matrix."""
    is_categorical = getattr(model, "is_categorical_", None)
    if is_categorical is not None and np.any(is_categorical):
        names = getattr(model, "feature_names_in_", np.arange(len(is_categorical)))
        found = np.asarray(names)[is_categorical].tolist()
        raise refuse(
            model,
            f"uses the columns {found} of X as categories, but the graph only accepts "
            "numbers. Encode them as numbers before fit, or set "
            "categorical_features=None if they are numeric.",
        )
    if getattr(model, "_is_sparse_fit", False):
        raise refuse(
            model,
            "was fitted to a sparse X, whose columns are scaled differently, but the "
            "graph only accepts a dense X. Fit the model to X.toarray().",
        )


def prepared_table(preparation: Preparation, graph: Graph, x: str) -> str:
    """Append `TablePreparation.transform`: scaled columns and missing-value flags.

    Other preparations are omitted. Shapes: x (n_samples, n_features) -> (n_samples,
    n_columns), float64.
    """
    if not isinstance(preparation, TablePreparation):
        return x
    fill, mean, scale = preparation.fill_, preparation.mean_, preparation.scale_
    is_shared = len(fill) == 1  # otherwise the first layer imputes and clips
    missing = graph.op("IsNaN", x)
    columns = graph.op("Where", missing, fill[0], x) if is_shared else x
    columns = graph.op("Div", graph.op("Sub", columns, mean[0]), scale[0])
    if is_shared:
        columns = graph.op("Clip", columns, np.array(-CLIP), np.array(CLIP))
    if not len(preparation.flagged_):
        return columns
    flags = graph.take(missing, preparation.flagged_, axis=1)
    return graph.join([columns, graph.cast(flags, np.float64)], axis=1)
