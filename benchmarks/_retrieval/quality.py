"""Measure how well each embedding retrieves, and keep what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._accuracy.cache import code_digest, key_of, load, store
from benchmarks._retrieval import embeddings
from benchmarks._retrieval.pictures import PROBLEMS, Split, load_split


def measure(
    problem: str, setting: str, seed: int, data: Path, cache: Path
) -> dict[str, Any]:
    """Return the record of one problem, setting and seed, from the cache if it can."""
    key = key_of(
        {
            "problem": problem,
            "setting": setting,
            "seed": seed,
            "nets": [embeddings.TRUNK, embeddings.FULL, embeddings.SCARCE],
            "code": code_digest(),
        }
        | ({"joined": embeddings.JOINED} if setting == "held out" else {})
    )
    record = load(cache, key)
    if record is None:
        split = load_split(problem, setting, seed, data)
        record = {"problem": problem, "setting": setting, "seed": seed}
        record |= _measure(split, problem, setting, seed)
        store(cache, key, record)
    return record


def _measure(split: Split, problem: str, setting: str, seed: int) -> dict[str, Any]:
    multi, single, seconds = embeddings.fit_all(split, setting, seed)
    scores: dict[str, dict[str, Any]] = {}
    for t, task in enumerate(PROBLEMS[problem]):
        asked, held = (~np.isnan(y[:, t]) for y in (split.y_query, split.y_gallery))
        if not asked.any():
            continue  # nothing of it was held out
        X, y = split.X_gallery[held], split.y_gallery[held, t]
        Q, q = split.X_query[asked], split.y_query[asked, t]
        scores[task] = {}
        for name, retriever in embeddings.retrievers(multi, single, t, setting):
            report = retriever.fit(X, y).report(Q, q, k=10)
            scores[task][name] = next(iter(report.values()))
    return {"seconds": seconds, "n_train": len(split.X_train), "scores": scores}
