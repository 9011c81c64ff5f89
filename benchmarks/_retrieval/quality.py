"""Measure the retrieval of each embedding, and store the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._accuracy.cache import code_digest, key_of, load, store
from benchmarks._retrieval import embeddings, new_classes
from benchmarks._retrieval.pictures import (
    N_TASKS_HELD_OUT,
    PROBLEMS,
    Split,
    load_split,
)
from sklearn_mtl.neighbors import NeighborRetriever


def measure(
    problem: str, setting: str, seed: int, data: Path, cache: Path
) -> dict[str, Any]:
    """Return the record of one problem, setting and seed, from the cache if it can."""
    place = {"problem": problem, "setting": setting, "seed": seed}
    nets = [embeddings.TRUNK, embeddings.FULL, embeddings.SCARCE]
    parts = [(_measure, nets)]
    if setting == "held out":
        parts.append((_measure_new_classes, new_classes.SETTING))
    record: dict[str, Any] = {**place, "scores": {}}
    for part, nets in parts:
        key = key_of({**place, "nets": nets, "code": code_digest()})
        found = load(cache, key)
        if found is None:
            split = load_split(problem, setting, seed, data)
            found = part(split, problem, setting, seed)
            store(cache, key, found)
        for task, scores in found.pop("scores").items():
            record["scores"].setdefault(task, {}).update(scores)
        record |= found
    return record


def _measure(split: Split, problem: str, setting: str, seed: int) -> dict[str, Any]:
    multi, single, seconds = embeddings.fit_all(split, setting, seed)
    by_task = [
        dict(embeddings.retrievers(multi, single, t)) for t in range(len(single))
    ]
    scores = _scores(split, problem, by_task)
    return {"seconds": seconds, "n_train": len(split.X_train), "scores": scores}


def _measure_new_classes(
    split: Split, problem: str, setting: str, seed: int
) -> dict[str, Any]:
    n_tasks = N_TASKS_HELD_OUT[problem]
    by_task, choice = new_classes.retrievers_of(split, n_tasks, seed)
    return {"choice": choice._asdict(), "scores": _scores(split, problem, by_task)}


def _scores(
    split: Split, problem: str, by_task: list[dict[str, NeighborRetriever]]
) -> dict[str, dict[str, Any]]:
    """Return reports by task and by the name of the embedding."""
    scores: dict[str, dict[str, Any]] = {}
    for t, retrievers in enumerate(by_task):
        task = PROBLEMS[problem][t]
        asked, held = (~np.isnan(y[:, t]) for y in (split.y_query, split.y_gallery))
        if not asked.any():
            continue  # no class was held out
        X, y = split.X_gallery[held], split.y_gallery[held, t]
        Q, q = split.X_query[asked], split.y_query[asked, t]
        scores[task] = {}
        for name, retriever in retrievers.items():
            report = retriever.fit(X, y).report(Q, q, k=10)
            scores[task][name] = next(iter(report.values()))
    return scores
