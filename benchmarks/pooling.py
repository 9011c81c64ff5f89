"""Accuracy of pooled and unpenalised intercepts if the tasks are groups of one table.

    python -m benchmarks.pooling

The samples of real tables are grouped by a category, or by the twentieths of a number,
and each group is a task with separate samples. The untuned linear model predicts
further samples of the same groups. Printed is the explained variance in %, as the mean
of --seeds splits, with 75 % and with 20 % of each group for training. No setting was
chosen by these values. The School data are not included.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.preprocessing import StandardScaler

from benchmarks._figures import record_printed
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.tasks import stack_tasks

DATA = Path(__file__).parents[2] / "shared" / "data"
#: File, column of X or Y that is the target, columns of X that group the rows.
TABLES = [
    ("mtr_wq", "Y0", (4,)),
    ("mtr_scm20d", "Y0", (31,)),
    ("student_por_mixed", "Y0", ("Fjob", "reason", "guardian", "Medu")),
    ("adult_3task", "age", ("workclass", "occupation", "native-country")),
]
MOST_ROWS = 3000


def twentieths(values):
    edges = np.unique(np.quantile(values, np.arange(1, 20) / 20))
    return np.searchsorted(edges, values)


def groupings():
    """Yield name, X, y and the group of each row."""
    X, y = load_diabetes(return_X_y=True)
    yield "diabetes by age", np.delete(X, 0, 1), y, twentieths(X[:, 0])
    X, classes = load_wine(return_X_y=True)
    yield "alcohol by cultivar", X[:, 1:], X[:, 0], classes
    for name, target, columns in TABLES:
        if not (DATA / f"{name}.npz").exists():
            print(f"{name}: skipped, not in {DATA}")
            continue
        yield from groupings_of(name, target, columns)


def groupings_of(name, target, columns):
    table = np.load(DATA / f"{name}.npz")
    names = table["feature_names"].tolist()
    X, Y = table["X"].astype(float), table["Y"].astype(float)
    some = np.random.default_rng(0).permutation(len(X))[:MOST_ROWS]
    X, Y = np.nan_to_num(X[some]), Y[some]
    dropped = [names.index(target)] if target in names else []
    y = X[:, dropped[0]] if dropped else Y[:, int(target[1:])]
    for column in columns:
        j = column if isinstance(column, int) else names.index(column)
        is_many = len(np.unique(X[:, j])) > 50
        groups = twentieths(X[:, j]) if is_many else X[:, j]
        yield f"{name} by {names[j]}", np.delete(X, [j, *dropped], 1), y, groups


def score(X, y, groups, part, seed):
    """Return the explained variance with free and with pooled intercepts."""
    rng, train = np.random.default_rng(seed), np.zeros(len(y), dtype=bool)
    for group in np.unique(groups):
        rows = rng.permutation(np.flatnonzero(groups == group))
        train[rows[: max(2, round(part * len(rows)))]] = True
    X = StandardScaler().fit(X[train]).transform(X)
    stacked = stack_tasks(X[train], y[train], groups[train])
    left = y[~train]
    out = []
    for fit_intercept in (True, "partial_pooling"):
        # All groups have the same unit: only the intercepts differ.
        model = MultiTaskLinearRegressor(
            fit_intercept=fit_intercept, scale_targets=False
        ).fit(*stacked)
        errors = left - model.predict_task(X[~train], groups[~train])
        out.append(100.0 * (1.0 - np.mean(errors**2) / left.var()))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    arguments = parser.parse_args()
    record_printed(arguments.json)
    warnings.simplefilter("ignore")
    print(f"{'':38} groups  75 %: free  pooled   20 %: free  pooled")
    gains = []
    for name, X, y, groups in groupings():
        line = f"{name[:38]:38} {len(np.unique(groups)):6d}"
        for part in (0.75, 0.2):
            seeds = range(arguments.seeds)
            means = np.mean([score(X, y, groups, part, s) for s in seeds], axis=0)
            gains.append(means[1] - means[0])
            line += f"  {means[0]:10.1f} {means[1]:7.1f}"
        print(line, flush=True)
    gains = np.array(gains)
    print(
        f"pooled is better in {(gains > 0).sum()} of {len(gains)}; gains from "
        f"{gains.min():.1f} to {gains.max():.1f}, median {np.median(gains):.1f}"
    )


if __name__ == "__main__":
    main()
