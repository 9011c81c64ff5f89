"""Compared embeddings: pixels and representations of nets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

from benchmarks._retrieval.pictures import Split
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import Conv
from sklearn_mtl.neighbors import NeighborRetriever

# The same for all nets; heads read 64 units.
TRUNK = {"channels": (16, 32), "hidden": 64, "normalization": "batch"}
NET = {"early_stopping": False, "n_threads": 1}
FULL = {"max_epochs": 8, "batch_size": 128}
SCARCE = {"max_epochs": 40, "batch_size": 64}
NAMES = (
    "raw pixels",
    "PCA-64",
    "single-task",
    "single-task, projected",
    "single-task, probabilities",
    "single-task, all side by side",
    "multi-task, shared",
    "multi-task, projected",
    "multi-task, probabilities",
    "single-task, maps",
    "multi-task, maps",
    "pixels and net, as chosen",
)


class SideBySide(TransformerMixin, BaseEstimator):
    """Concatenated outputs of fitted transformers, each of norm 1.

    The cosine of two rows is the mean of theirs with the weights that are given.
    """

    def __init__(self, parts: Any, weights: Any = None) -> None:
        self.parts = parts
        self.weights = weights

    def fit(self, X: Any, y: Any = None) -> SideBySide:
        self.n_parts_ = len(self.parts)  # scikit-learn asks for something fitted
        return self

    def transform(self, X: Any) -> np.ndarray:
        weights = np.ones(self.n_parts_) if self.weights is None else self.weights
        rows = []
        for part, weight in zip(self.parts, weights, strict=True):
            found = np.asarray(part.transform(X), dtype=np.float32)
            norms = np.linalg.norm(found, axis=1, keepdims=True)
            rows.append(np.sqrt(weight) * found / np.maximum(norms, 1e-12))
        return np.hstack(rows)


def fit_net(
    split: Split, tasks: list[int], arguments: dict, seed: int, trunk: dict = TRUNK
) -> Any:
    """Fit one net to some of the tasks, on the samples with a label of these tasks."""
    y = split.y_train[:, tasks]
    is_used = ~np.isnan(y).all(axis=1)
    net = MultiTaskClassifier(
        trunk=Conv(split.image_shape, **trunk), random_state=seed, **NET, **arguments
    )
    return net.fit(split.X_train[is_used], y[is_used])


def fit_all(split: Split, setting: str, seed: int) -> tuple[Any, list[Any], dict]:
    """Return the net of all tasks, those of one, and their CPU seconds."""
    n_tasks = split.y_train.shape[1]
    arguments = SCARCE if setting == "scarce" else FULL
    start = time.process_time()
    multi = fit_net(split, list(range(n_tasks)), arguments, seed)
    middle = time.process_time()
    single = [fit_net(split, [t], arguments, seed) for t in range(n_tasks)]
    seconds = {"multi": middle - start, "single": time.process_time() - middle}
    return multi, single, seconds


def retrievers(
    multi: Any, single: list[Any], task: int
) -> Iterator[tuple[str, NeighborRetriever]]:
    """Yield name and retriever of every embedding that one task is searched by."""
    own, shared = FrozenEstimator(single[task]), FrozenEstimator(multi)
    side_by_side = SideBySide(single).fit(None)
    probability = {"view": "probability"}
    yield "raw pixels", NeighborRetriever(FunctionTransformer())
    yield "PCA-64", NeighborRetriever(PCA(64, random_state=0))
    yield "single-task", NeighborRetriever(own)
    yield "single-task, projected", NeighborRetriever(own, task=0)
    yield "single-task, probabilities", NeighborRetriever(own, task=0, **probability)
    yield (
        "single-task, all side by side",
        NeighborRetriever(FrozenEstimator(side_by_side)),
    )
    yield "multi-task, shared", NeighborRetriever(shared)
    yield "multi-task, projected", NeighborRetriever(shared, task=task)
    yield (
        "multi-task, probabilities",
        NeighborRetriever(shared, task=task, **probability),
    )
