"""Effect of thresholds and calibration tuned out of fold, scored on test samples.

    python -m benchmarks.decisions [--sets ...] [--models forest net blend] [--seeds 2]

Each model is fitted once per set and seed (70/30 splits, at most 3000 training samples,
groups on one side). `TaskDecisionsCV` is then tuned on its out-of-fold predictions of
the training samples, and the predicted labels of the test samples are scored.

The first table has the mean over the classification tasks of balanced accuracy, F1 and
Matthews correlation, for the most likely class and for the threshold tuned to that
metric. For balanced accuracy it also has the threshold that needs no tuning, the
frequency of the class in the training samples (weights 1 / frequency for more than two
classes). `better` and `worse` count the tasks on which tuning has a higher and a lower
score than the most likely class. The second table has the expected calibration error
and the log-loss of each calibration.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from benchmarks._accuracy.ours import make_ours
from benchmarks._accuracy.tables import Table, load_table, split_rows
from benchmarks._figures import record
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.model_selection import TaskDecisionsCV, per_task_scorers

HERE = Path(__file__).resolve().parent
SETS = ("adult_3task", "ml_yeast", "tox21")
MODELS = ("forest", "net", "blend")
METRICS = ("balanced_accuracy", "f1", "matthews_corrcoef")
CALIBRATIONS = (None, "temperature", "sigmoid", "isotonic")
LOSSES = ("neg_ece", "neg_log_loss")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data-dir", type=Path, default=HERE.parents[1] / "shared" / "data")
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--models", nargs="+", choices=MODELS, default=list(MODELS))
    add("--seeds", type=int, default=2)
    add("--json", type=Path, help="write what was measured, and how, to this file")
    return parser.parse_args()


def cost_of_shares(y: np.ndarray) -> np.ndarray:
    """Return the optimal costs for balanced accuracy, 1 / share of the class."""
    _, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    costs = np.repeat((1 / counts)[:, None], len(counts), axis=1)
    np.fill_diagonal(costs, 0.0)
    return costs


def make_model(name: str, table: Table, seed: int) -> Any:
    """Return an unfitted classifier of all tasks that predicts out of fold."""
    if name == "forest":
        return MultiTaskForestClassifier(random_state=seed, on_empty_task="warn")
    kinds = [kind for kind in table.kinds if kind != "regression"]
    return make_ours(name, replace(table, kinds=tuple(kinds)), seed, {})


def decide(model: Any, X: Any, y: pd.DataFrame, **params: Any) -> TaskDecisionsCV:
    """Tune a fitted model on its own out-of-fold predictions."""
    return TaskDecisionsCV(FrozenEstimator(model), cv="oof", **params).fit(X, y)


def measure(table: Table, name: str, seed: int) -> tuple[list[dict], list[dict]]:
    """Fit one model; return its scores by rule, and its errors by calibration."""
    split = split_rows(table, seed)
    tasks = [t for t, kind in enumerate(table.kinds) if kind != "regression"]
    X, new = table.frame(split.train), table.frame(split.test)
    names = [table.task_names[t] for t in tasks]
    y, new_y = (
        pd.DataFrame(table.y[rows][:, tasks], columns=names)
        for rows in (split.train, split.test)
    )
    model = make_model(name, table, seed).fit(X, y)
    shares = {task: cost_of_shares(y[task].to_numpy()) for task in names}
    place = {"set": table.name, "model": name, "seed": seed}
    rules, losses = [], []
    for metric in METRICS:
        score = per_task_scorers(metric, mean=False)
        found = {
            "likeliest": score(model, new, new_y),
            "tuned": score(decide(model, X, y, scoring=metric), new, new_y),
        }
        if metric == "balanced_accuracy":
            by_share = decide(model, X, y, scoring=None, costs=shares)
            found["share"] = score(by_share, new, new_y)
        rules += [
            {**place, "metric": metric, "task": task}
            | {rule: scores[task] for rule, scores in found.items()}
            for task in names
        ]
    for calibrate in CALIBRATIONS:
        calibrated = decide(model, X, y, scoring=None, calibrate=calibrate)
        found = per_task_scorers(list(LOSSES), mean=True)(calibrated, new, new_y)
        means = {loss.removeprefix("neg_"): -found[f"{loss}_mean"] for loss in LOSSES}
        losses.append({**place, "calibrate": str(calibrate), **means})
    return rules, losses


def main() -> None:
    """Measure everything, and print both tables."""
    args = parse_arguments()
    rules, losses = [], []
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # a rare class that is not in the test samples
        for set_name in args.sets:
            table = load_table(set_name, str(args.data_dir))
            for model in args.models:
                for seed in range(args.seeds):
                    print(f"{set_name} {model} {seed}", flush=True)
                    found = measure(table, model, seed)
                    rules += found[0]
                    losses += found[1]
    frame = pd.DataFrame(rules)
    better = frame.tuned > frame.likeliest + 1e-9
    worse = frame.tuned < frame.likeliest - 1e-9
    frame["better"], frame["worse"] = better.astype(int), worse.astype(int)
    by = ["metric", "set", "model"]
    means = frame.groupby(by, sort=False)[["likeliest", "share", "tuned"]].mean()
    counts = frame.groupby(by, sort=False)[["better", "worse"]].sum()
    print(means.join(counts).round(3).to_string(na_rep="-"))
    table_of_losses = pd.DataFrame(losses).pivot_table(
        index=["set", "model"],
        columns="calibrate",
        sort=False,
        values=["ece", "log_loss"],
    )
    print(table_of_losses.round(4).to_string())
    record(args.json, {"rules": rules, "losses": losses})


if __name__ == "__main__":
    main()
