"""Random rankings, and what the metrics say of them, one query and item at a time."""

import numpy as np


def random_ranking(rng, n_queries=20, n_items=40, n_classes=4, missing=0.0):
    """Return labels of queries and items, and whole rankings."""
    y_query = rng.integers(0, n_classes, n_queries).astype(float)
    y_gallery = rng.integers(0, n_classes, n_items).astype(float)
    y_gallery[rng.random(n_items) < missing] = np.nan
    ranking = np.argsort(rng.random((n_queries, n_items)), axis=1)
    return y_query, y_gallery, ranking


def hits_of(label, y_gallery, ranking, own=-1):
    """Return the relevance of what is left of a ranking, and R."""
    left = [i for i in ranking if i != own and not np.isnan(y_gallery[i])]
    n_relevant = sum(y_gallery[i] == label for i in range(len(y_gallery)) if i != own)
    return [y_gallery[i] == label for i in left], n_relevant


def precision_sum(hits, depth):
    return sum(sum(hits[: i + 1]) / (i + 1) for i in range(depth) if hits[i])


# name -> (hits, R, k) -> value, as the docstrings define them
BY_HAND = {
    "precision_at_k": lambda hits, R, k: sum(hits[:k]) / k,
    "hit_rate_at_k": lambda hits, R, k: float(any(hits[:k])),
    "recall_at_k": lambda hits, R, k: sum(hits[:k]) / R,
    "r_precision": lambda hits, R, k: sum(hits[:R]) / R,
    "map_at_r": lambda hits, R, k: precision_sum(hits, R) / R,
    "average_precision_at_k": lambda hits, R, k: (
        precision_sum(hits, min(k, len(hits))) / min(R, k)
    ),
}
