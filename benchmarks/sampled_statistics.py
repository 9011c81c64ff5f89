"""Accuracy if statistics and bin edges come from a subset of the samples.

    python -m benchmarks.sampled_statistics [--share 0.1] [--seeds 3] [--data-dir DIR]

`fit_stream` computes medians, scales and the bin edges of numeric columns from at most
200,000 samples, and `fit` does so for the edges. Here the same nets are fitted with
statistics from all training samples, and from a random share of them that is smaller
than 200,000 of a million:

- adult: three classifications, 8,000 training samples;
- skewed: three regressions of 20 columns of `make_multitask_regression` that are
  exponentiated, 20,000 training samples.

The error is the mean over tasks of the log-loss, or of the root mean squared error, on
the test samples relative to that of the best constant. The table shows the mean over
the seeds, the difference with its standard error, and the standard deviation over the
seeds of the net with all samples as a scale.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from benchmarks._figures import record
from benchmarks._npz import load_npz
from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.datasets import make_multitask_regression
from sklearn_mtl.neural_network.data import _streamed

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
N_TEST = 5000


def load_adult(data_dir: Path, rng: np.random.Generator) -> tuple[Any, Any, int]:
    """Return shuffled inputs, labels and the number of training samples."""
    table = load_npz(data_dir / "adult_3task.npz")
    X = pd.DataFrame(table.data).add_prefix("x")
    for name in X.columns[table.categorical]:
        X[name] = X[name].astype("category")
    y = pd.DataFrame(table.target.astype(int), columns=table.task_names)
    order = rng.permutation(len(X))[: 8000 + N_TEST]
    return X.iloc[order], y.iloc[order], 8000


def make_skewed(data_dir: Path, rng: np.random.Generator) -> tuple[Any, Any, int]:
    """Return inputs of log-normal columns, targets and the number of samples."""
    X, y = make_multitask_regression(
        20_000 + N_TEST, n_tasks=3, nonlinear=True, random_state=rng.integers(2**31)
    )
    frame = pd.DataFrame(np.exp(1.5 * X)).add_prefix("x")
    return frame, pd.DataFrame(y, columns=list("abc")), 20_000


def error(model: Any, X: Any, y: Any, train: Any) -> float:
    """Return the mean over tasks of the error relative to the best constant's."""
    if isinstance(model, MultiTaskRegressor):
        squares = ((model.predict(X) - y.to_numpy()) ** 2).mean(0)
        return float(np.sqrt(squares / y.to_numpy().var(0)).mean())
    found = []
    for proba, classes, name in zip(
        model.predict_proba(X), model.classes_, y.columns, strict=True
    ):
        share = np.array([(train[name] == c).mean() for c in classes])
        constant = np.broadcast_to(share, proba.shape)
        losses = [log_loss(y[name], p, labels=classes) for p in (proba, constant)]
        found.append(losses[0] / losses[1])
    return float(np.mean(found))


def fit_both(seed: int, name: str, share: float, data_dir: Path) -> list[float]:
    """Return the errors with statistics from all samples and from a share of them."""
    load, estimator = SETS[name]
    X, y, n_train = load(data_dir, np.random.default_rng(seed))
    found, most = [], _streamed.SAMPLE
    table = pd.concat([X, y], axis=1)[:n_train]
    for size in (n_train, max(1000, int(share * n_train))):
        model = estimator(random_state=seed)
        _streamed.SAMPLE = size  # the limit is not a parameter
        try:
            model.fit_stream(table, list(y.columns))
        finally:
            _streamed.SAMPLE = most
        found.append(error(model, X[n_train:], y[n_train:], y[:n_train]))
    return found


SETS = {
    "adult": (load_adult, MultiTaskClassifier),
    "skewed": (make_skewed, MultiTaskRegressor),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, default=DATA)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = {}
    print(f"{'':8} {'all':>8} {'share':>8} {'difference':>11} {'+-':>7} {'seeds':>7}")
    for name in SETS:
        if name == "adult" and not (args.data_dir / "adult_3task.npz").exists():
            print(f"adult    skipped: it is not in {args.data_dir}")
            continue
        pairs = np.array(
            [fit_both(s, name, args.share, args.data_dir) for s in range(args.seeds)]
        )
        more = pairs[:, 1] - pairs[:, 0]
        spread, deviation = more.std(ddof=1) / np.sqrt(len(more)), pairs[:, 0].std()
        rows[name] = [*pairs.mean(0), more.mean(), spread, deviation]
        numbers = "{:8.4f} {:8.4f} {:+11.4f} {:7.4f} {:7.4f}".format(*rows[name])
        print(f"{name:8} {numbers}", flush=True)
    record(args.json, {"share": args.share, "rows": rows})


if __name__ == "__main__":
    main()
