"""Time exact search, scikit-learn's and torch's, and metrics relative to a search."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from benchmarks._timing import print_times, time_rounds
from sklearn_mtl.metrics import map_at_r, retrieval_report
from sklearn_mtl.neighbors import BruteForceIndex, FaissHNSWIndex, FaissIVFIndex

K, N_QUERIES, N_COLUMNS = 10, 1000, 64


def unit_rows(n: int, seed: int) -> np.ndarray:
    """Return random rows (n, 64) of norm 1, float32."""
    rows = np.random.default_rng(seed).normal(size=(n, N_COLUMNS)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def search_with_torch(
    queries: torch.Tensor, gallery: torch.Tensor, chunk: int = 4096
) -> torch.Tensor:
    """Return the nearest (n_queries, K) by the top k of each chunk of products."""
    values, items = [], []
    for start in range(0, len(gallery), chunk):
        best = (queries @ gallery[start : start + chunk].T).topk(K, dim=1)
        values.append(best.values)
        items.append(best.indices + start)
    places = torch.cat(values, dim=1).topk(K, dim=1).indices
    return torch.cat(items, dim=1).gather(1, places)


def searches(n: int) -> dict[str, Callable[[], Any]]:
    """Return the competitors for a gallery of n rows."""
    gallery, queries = unit_rows(n, 0), unit_rows(N_QUERIES, 1)
    brute = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(gallery)
    tensors = torch.from_numpy(queries), torch.from_numpy(gallery)
    found: dict[str, Callable[[], Any]] = {
        "ours": partial(BruteForceIndex(K).fit(gallery).kneighbors, queries),
        "scikit-learn, brute": partial(brute.kneighbors, queries),
        "torch, topk of chunks": partial(search_with_torch, *tensors),
    }
    return found


def time_searches(
    n: int, rounds: int, clock: str
) -> tuple[dict[str, np.ndarray], list[tuple[str, float, str, float]]]:
    """Print seconds of all, and return them and our targets."""
    competitors = searches(n)
    seconds = time_rounds(competitors, rounds, clock)
    print_times(f"{N_QUERIES} queries, {n} items, k = {K}", seconds, "ours")
    best = min(v.min() for name, v in seconds.items() if name != "ours")
    ratio = float(seconds["ours"].min() / best)
    mebibytes = _peak_memory(competitors["ours"])
    print(f"memory over the gallery: {mebibytes:.0f} MiB")
    return seconds, [
        (f"{n} items: time / fastest", ratio, "<=", 1.1),
        (f"{n} items: MiB over the gallery", mebibytes, "<=", 100.0),
    ]


def describe_approximate(n: int) -> list[tuple[str, float, str, float]]:
    """Print recall and time of the faiss indexes, and return the recalls as targets.

    Rows lie in 200 clouds, as representations do: among rows without any structure the
    neighbours of high-dimensional queries cannot be found by looking at a part.
    """
    if find_spec("faiss") is None:
        print("Approximate indexes are skipped: faiss is not installed.")
        return []
    rng, m = np.random.default_rng(0), n + N_QUERIES
    drawn = unit_rows(200, 2)[rng.integers(0, 200, m)] + 0.8 * unit_rows(m, 0)
    rows, queries = drawn[:n], drawn[n:]
    exact = BruteForceIndex(K, metric="euclidean").fit(rows)
    truth = exact.kneighbors(queries, return_distance=False)
    targets = []
    for make in (FaissIVFIndex, FaissHNSWIndex):
        index = make(K).fit(rows)
        found = index.kneighbors(queries, return_distance=False)
        recall = float((found[:, :, None] == truth[:, None]).any(axis=2).mean())
        print(index.describe())
        print(f"recall@10 of {N_QUERIES} other queries: {recall:.3f}")
        targets.append((f"{make.__name__}: recall@10", recall, ">=", 0.99))
    return targets


def _peak_memory(action: Callable[[], Any]) -> float:
    tracemalloc.start()
    action()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def time_metrics(
    rounds: int, clock: str, n_queries: int = 10_000, n_items: int = 60_000
) -> tuple[dict[str, np.ndarray], list[tuple[str, float, str, float]]]:
    """Time metrics of 10 classes, and the search for sufficiently deep rankings."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, N_COLUMNS)).astype(np.float32)
    y_gallery, y_query = rng.integers(0, 10, n_items), rng.integers(0, 10, n_queries)
    gallery = centres[y_gallery] + 3 * unit_rows(n_items, 0)
    queries = centres[y_query] + 3 * unit_rows(n_queries, 1)
    index = BruteForceIndex().fit(gallery)
    depth = int(np.bincount(y_gallery).max())
    ranking = index.kneighbors(queries, depth, return_distance=False)
    actions: dict[str, Callable[[], Any]] = {
        f"search, {depth} deep": partial(index.kneighbors, queries, depth),
        "search, 10 deep": partial(index.kneighbors, queries),
        "map_at_r": partial(map_at_r, y_query, y_gallery, ranking),
        "retrieval_report": partial(retrieval_report, y_query, y_gallery, ranking),
    }
    base = f"search, {depth} deep"
    seconds = time_rounds(actions, rounds, clock)
    print_times(f"metrics: {n_queries} queries, {n_items} items", seconds, base)
    ratio = float(np.median(seconds["retrieval_report"] / seconds[base]))
    return seconds, [("report / search", ratio, "<=", 1.0)]
