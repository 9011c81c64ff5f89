"""One model on one split of one table, timed on one core and scored."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._accuracy import cache as results
from benchmarks._accuracy.errors import mean_by_kind, task_errors
from benchmarks._accuracy.names import PACKAGES, PEERS, SHARED
from benchmarks._accuracy.ours import fit_ours, outputs
from benchmarks._accuracy.peers import Task, fit_peer, make_peer
from benchmarks._accuracy.search import tune
from benchmarks._accuracy.shared_peers import fit_shared
from benchmarks._accuracy.tables import (
    MAX_TRAIN,
    Split,
    Table,
    hide_labels,
    inner_split,
    load_table,
    split_rows,
)
from sklearn_mtl import MultiTaskClassifier


@dataclass(frozen=True)
class Job:
    """A measurement: one model on one split.

    `model` is the name of a model; `label` is its column in the tables.
    `fold` is (i, n) to score on part i of n of the training samples, or None for the
    test samples. `hide` is the share of training labels that are hidden. `chosen` has
    the non-default parameters of the model, or those of each task. `task` is the only
    task to fit, or None for all; it divides long searches into several jobs.
    `max_train` is the largest number of training samples.
    """

    set_name: str
    seed: int
    model: str
    label: str
    fold: tuple[int, int] | None = None
    hide: float = 0.0
    n_trials: int = 0
    chosen: dict[str, Any] = field(default_factory=dict)
    task: int | None = None
    max_train: int = MAX_TRAIN

    def key(self, digests: dict[str, str]) -> str:
        """Return the hash under which the result is stored."""
        about = asdict(self)
        del about["label"]
        if self.task is None:
            del about["task"]
        if self.max_train == MAX_TRAIN:
            del about["max_train"]
        kind = "peers" if self.model in PEERS else "ours"
        if self.model in ("net", "twin"):
            kind = "nets"
        about["digest"] = digests["optional" if self.model in PACKAGES else kind]
        return results.key_of(about)

    def cost(self) -> float:
        """Guess how long it takes, to start the longest first."""
        of_set = {"tox21": 12, "ml_yeast": 15, "mtr_scm20d": 10, "usps_digit_parity": 6}
        of_model = {
            "stacking": 25,
            "catboost": 30,
            "histgb": 5,
            "mlp": 4,
            "forest": 3,
            "twin": 3,
        }
        trials = 3 * self.n_trials or 1
        return of_set.get(self.set_name, 1) * of_model.get(self.model, 1) * trials


def run_job(
    job: Job, folder: str, cache_dir: str, digests: dict[str, str], deadline: float
) -> dict[str, Any] | None:
    """Return the record of a job, from the cache if it is there.

    None if it is not and the deadline (seconds since the epoch) is over.
    """
    key = job.key(digests)
    record = results.load(Path(cache_dir), key)
    if record is None:
        if time.time() > deadline:
            return None
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")  # a peer's convergence, a class of one row
            record = _measure(job, folder) | {"key": key}
        results.store(Path(cache_dir), key, record)
    return record | {"label": job.label}


def _measure(job: Job, folder: str) -> dict[str, Any]:
    table = load_table(job.set_name, folder)
    split = split_rows(table, job.seed, job.max_train)
    if job.fold is not None:
        split = inner_split(table, split.train, job.seed, job.fold)
    hidden = hide_labels(table, job.hide, job.seed)
    if job.model in SHARED:
        result = _apply_shared(job, hidden, split)
    elif job.model in PEERS:
        result = _apply_peer(job, hidden, split)
    else:
        result = _apply_ours(job, hidden, split)
    y_train, y_test = hidden.y[split.train], table.y[split.test]
    per_task = {
        table.task_names[t]: task_errors(
            table.kinds[t], y_train[:, t], y_test[:, t], out
        )
        for t, out in result.outputs.items()
    }
    return {
        "set": job.set_name,
        "seed": job.seed,
        "fold": job.fold,
        "hide": job.hide,
        "model": job.model,
        "n_trials": job.n_trials,
        "task": job.task,
        "n_tasks": len(table.kinds),
        "n_train": len(split.train),
        "n_test": len(split.test),
        "errors": mean_by_kind(per_task),
        "per_task": per_task,
        "fit_seconds": result.fit_seconds,
        "predict_seconds": result.predict_seconds,
        "chosen": result.chosen,
    }


@dataclass
class Result:
    """Outputs by the number of the task, and their cost."""

    outputs: dict[int, np.ndarray]
    fit_seconds: float
    predict_seconds: float
    chosen: dict[str, Any]


@cache
def _warm_up() -> None:
    """Fit a net once, for torch imports half of itself when it first trains."""
    MultiTaskClassifier(max_epochs=1).fit(np.eye(4), [0, 1, 0, 1])


def _apply_ours(job: Job, table: Table, split: Split) -> Result:
    _warm_up()
    X_train, X_test = table.frame(split.train), table.frame(split.test)
    start = time.process_time()
    y = table.y[split.train]
    model = fit_ours(job.model, table, job.seed, job.chosen, X_train, y)
    middle = time.process_time()
    out = dict(enumerate(outputs(model, table, X_test)))
    end = time.process_time()
    return Result(out, middle - start, end - middle, job.chosen)


def _apply_peer(job: Job, table: Table, split: Split) -> Result:
    total = Result({}, 0.0, 0.0, {})
    X_test = table.X[split.test]
    tasks = range(len(table.kinds)) if job.task is None else [job.task]
    for t in tasks:
        name = table.task_names[t]
        rows = split.train[~np.isnan(table.y[split.train, t])]
        kind, n_classes = table.kinds[t], table.n_classes[t]
        task = Task(kind == "regression", n_classes, table.categorical, job.seed)
        start = time.process_time()
        chosen = dict(job.chosen.get(name, {}))
        if job.n_trials:
            y = table.y[rows, t]
            chosen = tune(job.model, table.X[rows], y, task, job.n_trials)
        model = make_peer(job.model, task, chosen)
        predict = fit_peer(job.model, model, table.X[rows], table.y[rows, t], task)
        middle = time.process_time()
        total.outputs[t] = predict(X_test)
        total.predict_seconds += time.process_time() - middle
        total.fit_seconds += middle - start
        total.chosen[name] = chosen
    return total


def _apply_shared(job: Job, table: Table, split: Split) -> Result:
    start = time.process_time()
    predict = fit_shared(job.model, table, split.train, job.seed)
    middle = time.process_time()
    out = predict(split.test)
    end = time.process_time()
    return Result(out, middle - start, end - middle, job.chosen)


def join_tasks(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Combine the records of single tasks, and drop incomplete ones."""
    whole = [r for r in records if r.get("task") is None]
    parts: dict[tuple, list[dict[str, Any]]] = {}
    for r in records:
        if r.get("task") is not None:
            place = (r["set"], r["seed"], str(r["fold"]), r["hide"], r["label"])
            parts.setdefault(place, []).append(r)
    for found in parts.values():
        if len(found) == found[0]["n_tasks"]:
            joined = dict(found[0], task=None, per_task={}, chosen={})
            for part in found:
                joined["per_task"] |= part["per_task"]
                joined["chosen"] |= part["chosen"]
            for name in ("fit_seconds", "predict_seconds"):
                joined[name] = sum(part[name] for part in found)
            joined["errors"] = mean_by_kind(joined["per_task"])
            whole.append(joined)
    return whole
