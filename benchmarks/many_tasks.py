"""Time of an epoch with many tasks, compared with a loop over heads.

One net (64 - 256 - 256 - heads, relu, fused Adam, batches of 256) learns 1 to 1000
tasks, of which 30 % of the labels are missing, in one thread, by

    ours             MultiTaskClassifier(n_members=1, early_stopping=False).fit
    loop of heads    a hand-written loop with one head and one loss per task

for binary tasks, tasks of five classes, and tasks of 2 to 10 classes. The loop masks
missing labels (ignore_index, divided by a count that cannot be zero), because the mean
of F.cross_entropy is NaN for a task without a label in the batch. Its tensors and masks
are made before the time is measured. The time of our epoch is therefore the difference
between a fit of several epochs and a fit of one epoch. The remaining time (reading y,
preparing X, building the net) is also printed.

    python -m benchmarks.many_tasks --part sparse

measures the CPU seconds of a whole fit of the default classifier per observed label:
reading y, folds, preparation, training of eight members, held-out predictions. The data
are 1000 samples, 20 features, and 100, 1000 and 10,000 binary tasks with 1 % of the
labels. The number of epochs is fixed.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks._figures import record
from benchmarks._net import BATCH, LR, N_FEATURES, Heads, fit_ours
from benchmarks._timing import CLOCKS, print_targets, time_rounds
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.exceptions import SingleClassWarning

MISSING = 0.3
KINDS = ("binary", "five", "ragged")
SPARSE = {"tasks": (100, 1000, 10_000), "rows": 1000, "features": 20, "observed": 0.01}


def make_labels(kind: str, n_rows: int, n_tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels (n_rows, n_tasks), NaN if missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_FEATURES)).astype(np.float32)
    n_classes = {
        "binary": np.full(n_tasks, 2),
        "five": np.full(n_tasks, 5),
        "ragged": 2 + np.arange(n_tasks) % 9,
    }[kind]
    rank = (X @ rng.normal(size=(N_FEATURES, n_tasks))).argsort(axis=0).argsort(axis=0)
    y = np.floor(rank * n_classes / n_rows)
    y[rng.random(y.shape) < MISSING] = np.nan
    return X, y


def loss_of_heads(
    outputs: list[torch.Tensor], codes: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """Sum the mean losses of the tasks over their labels in the batch.

    Labels and mask come with tasks first, so that a task's are cheap to take.
    """
    parts = []
    for t, logits in enumerate(outputs):
        if logits.shape[1] == 1:
            part = F.binary_cross_entropy_with_logits(
                logits[:, 0], codes[t], seen[t], reduction="sum"
            )
        else:
            labels = codes[t].long()
            part = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
        parts.append(part)
    return (torch.stack(parts) / seen.sum(dim=1).clamp(min=1.0)).sum()


def make_loop(X: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    """Return a function that trains for one epoch on slices of tensors in memory."""
    n_classes = np.nanmax(y, axis=0).astype(int) + 1
    net = Heads(1 if k == 2 else k for k in n_classes)
    x, codes = torch.as_tensor(X), torch.as_tensor(np.nan_to_num(y, nan=-1.0)).float()
    seen = (codes >= 0).float()
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)

    def epoch() -> None:
        for rows in torch.randperm(len(x)).split(BATCH):
            labels, mask = (
                v.index_select(0, rows).t().contiguous() for v in (codes, seen)
            )
            loss_of_heads(net(x.index_select(0, rows)), labels, mask).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    return epoch


def measure(kind: str, n_tasks: int, args: argparse.Namespace) -> dict[str, float]:
    """Return seconds of an epoch of both, and our fixed time."""
    X, y = make_labels(kind, args.rows, n_tasks)
    calls = {
        "short": partial(fit_ours, X, y, 1),
        "long": partial(fit_ours, X, y, 1 + args.epochs),
        "loop": make_loop(X, y),
    }
    seconds = time_rounds(calls, args.rounds, args.clock)
    short, long, loop = (float(np.median(seconds[name])) for name in calls)
    ours = (long - short) / args.epochs
    return {"ours": ours, "loop": loop, "fixed": max(short - ours, 0.0)}


def time_sparse(n_tasks: int, epochs: int) -> dict[str, float]:
    """Return CPU seconds of a fit and of predict_proba, and the number of labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(SPARSE["rows"], SPARSE["features"]))
    scores = X @ rng.normal(size=(X.shape[1], n_tasks))
    y = (scores + rng.normal(size=scores.shape) > 0).astype(float)
    y[rng.random(y.shape) >= SPARSE["observed"]] = np.nan
    model = MultiTaskClassifier(
        max_epochs=epochs, n_iter_no_change=epochs, random_state=0, on_empty_task="warn"
    )
    with warnings.catch_warnings():  # of ten labels, all may be of one class
        warnings.simplefilter("ignore", SingleClassWarning)
        start = time.process_time()
        model.fit(X, y)
        fitted = time.process_time()
        model.predict_proba(X)
    n_labels = int(np.count_nonzero(~np.isnan(y)))
    seconds = {"fit": fitted - start, "predict_proba": time.process_time() - fitted}
    return {"labels": n_labels, **seconds}


def report_sparse(epochs: int) -> dict[int, dict[str, float]]:
    """Print the time per label for each number of tasks, and return the seconds."""
    time_sparse(10, 1)  # imports
    found = {}
    head = ("labels", "fit, s", "us per label", "predict_proba, s")
    print(f"{'tasks':>6}" + "".join(f"{h:>18}" for h in head))
    for n_tasks in SPARSE["tasks"]:
        row = found[n_tasks] = time_sparse(n_tasks, epochs)
        each = 1e6 * row["fit"] / row["labels"]
        print(
            f"{n_tasks:6d}{row['labels']:18d}{row['fit']:18.2f}{each:18.0f}"
            f"{row['predict_proba']:18.2f}",
            flush=True,
        )
    return found


def main() -> None:
    """Time both for every kind and number of tasks, and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--part", choices=["epochs", "sparse"], default="epochs")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.part == "sparse":
        seconds = report_sparse(args.epochs)
        each = {n: row["fit"] / row["labels"] for n, row in seconds.items()}
        few, many = min(each), max(each)
        name = f"time per label, {many} tasks / {few} tasks"
        targets = print_targets([(name, each[many] / each[few], "<=", 2.0)])
        record(args.json, {"sparse": seconds, "targets": targets})
        return
    head = ("ours", "loop", "loop / ours", "ours, fixed")
    print(f"{'ms an epoch':12}{'tasks':>6}" + "".join(f"{h:>13}" for h in head))
    found: dict[str, dict[int, dict[str, float]]] = {kind: {} for kind in KINDS}
    for kind in KINDS:
        for n_tasks in args.tasks:
            row = found[kind][n_tasks] = measure(kind, n_tasks, args)
            ours, loop, fixed = (1e3 * row[k] for k in ("ours", "loop", "fixed"))
            print(
                f"{kind:12}{n_tasks:6d}{ours:13.1f}{loop:13.1f}{loop / ours:13.2f}"
                f"{fixed:13.1f}"
            )
    targets = print_targets(_targets(found, args.tasks))
    record(args.json, {"seconds": found, "targets": targets})


def _targets(found: dict, tasks: list[int]) -> list[tuple[str, float, str, float]]:
    rows, most = [], max(tasks)
    if {1, 100} <= set(tasks):
        growth = found["binary"][100]["ours"] / found["binary"][1]["ours"]
        rows.append(("binary, 100 tasks / 1 task", growth, "<=", 1.5))
    for kind, bound in zip(KINDS, (8.0, 4.0, 4.0), strict=True):
        row = found[kind][most]
        gain = row["loop"] / row["ours"]
        rows.append((f"{kind}, {most} tasks, loop / ours", gain, ">=", bound))
    return rows


if __name__ == "__main__":
    main()
