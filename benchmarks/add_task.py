"""Accuracy of a task added with few labels, compared with a fit of all tasks.

    python -m benchmarks.add_task [--assays 0 1 ...] [--seeds 3] [--labels 300]
                                  [--members 2] [--data-dir DIR]

On tox21 (random split, 80 % for training), eleven assays are fitted. The twelfth is
added with some labels of the training samples, by

- *frozen*: ``add_task``,
- *tuned*: ``add_task(tune_trunk=True)``.

They are compared with fits to the same labels: *all* twelve assays, and *alone* the
twelfth. The table shows the mean test AUC of the twelfth assay over the seeds. *change*
is the lowest change of the AUC by tuning, over the eleven old assays and the seeds.
*wins* is the fraction of assays and seeds where `frozen` is at least as good as `all`.
The alphas of the ridge regression and the constants of tuning were set on held-out
parts of training samples, in other splits.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks._figures import record_printed
from benchmarks._npz import load_npz
from sklearn_mtl import MultiTaskClassifier

HERE = Path(__file__).parent
COLUMNS = ("frozen", "tuned", "all", "alone", "change")


def auc(model: MultiTaskClassifier, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the AUC of each task over its observed labels, (n_tasks,)."""
    proba = model.predict_proba(X)
    scores = []
    for t, column in enumerate(y.T):
        seen = ~np.isnan(column)
        scores.append(roc_auc_score(column[seen], proba[t][seen, 1]))
    return np.array(scores)


def measure(
    X: np.ndarray, Y: np.ndarray, new: int, seed: int, n_labels: int, n_members: int
) -> list[float]:
    """Return the columns of the table for one assay and seed."""
    rng = np.random.default_rng([seed, new])
    order = rng.permutation(len(X))
    train, test = np.split(order, [int(0.8 * len(X))])
    old = [t for t in range(Y.shape[1]) if t != new]
    seen = train[~np.isnan(Y[train, new])]
    few = np.full(len(X), np.nan)
    chosen = rng.choice(seen, n_labels, replace=False)
    few[chosen] = Y[chosen, new]
    net = MultiTaskClassifier(n_members=n_members, random_state=seed)
    y_test = Y[np.ix_(test, [*old, new])]

    model = copy.deepcopy(net).fit(X[train], Y[np.ix_(train, old)])
    frozen = copy.deepcopy(model).add_task(
        X[train], few[train], name="new", compare=False
    )
    tuned = model.add_task(
        X[train], few[train], name="new", compare=False, tune_trunk=True
    )
    y_all = np.column_stack([Y[np.ix_(train, old)], few[train]])
    every = copy.deepcopy(net).fit(X[train], y_all)
    alone = copy.deepcopy(net).fit(X[chosen], few[chosen, None])
    before, after = (auc(one, X[test], y_test) for one in (frozen, tuned))
    return [
        before[-1],
        after[-1],
        auc(every, X[test], y_test)[-1],
        auc(alone, X[test], y_test[:, [-1]])[0],
        float((after - before)[:-1].min()),
    ]


def print_row(name: str, rows: Sequence[Sequence[float]]) -> None:
    """Print means over the seeds, and the lowest change."""
    values = np.array(rows)
    mean = [*values[:, :4].mean(axis=0), values[:, 4].min()]
    wins = (values[:, 0] >= values[:, 2]).mean()
    print(
        f"{name:16}" + "".join(f"{v:9.4f}" for v in mean) + f"{wins:9.2f}", flush=True
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--assays", type=int, nargs="+", default=list(range(12)))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--labels", type=int, default=300)
    parser.add_argument("--members", type=int, default=2)
    folder = HERE.resolve().parents[1] / "shared" / "data"
    parser.add_argument("--data-dir", type=Path, default=folder)
    parser.add_argument(
        "--json", type=Path, help="write what was measured, and how, to this file"
    )
    args = parser.parse_args()
    record_printed(args.json)
    file = args.data_dir / "tox21.npz"
    if not file.exists():
        print(f"Skipped: {file} does not exist; set --data-dir.")
        return
    table = load_npz(file)
    X = table.data.astype(np.float64)
    print(f"{'assay':16}" + "".join(f"{name:>9}" for name in COLUMNS) + f"{'wins':>9}")
    every = []
    for new in args.assays:
        rows = [
            measure(X, table.target, new, seed, args.labels, args.members)
            for seed in range(args.seeds)
        ]
        print_row(table.task_names[new], rows)
        every += rows
    print_row("mean", every)


if __name__ == "__main__":
    main()
