"""What an epoch costs as tasks grow, beside a loop over heads.

One net (64 - 256 - 256 - heads, relu, fused Adam, batches of 256) learns 1 to 1000
tasks of which 30 % of the labels are missing, in one thread, by

    ours             MultiTaskClassifier(n_members=1, early_stopping=False).fit, whole
    loop of heads    a loop written by hand with a head a task, each with its own loss

for binary tasks, tasks of five classes, and tasks of 2 to 10 classes. The loop masks
missing labels (ignore_index, divided by a count that cannot be zero), for the mean that
F.cross_entropy takes is NaN for a task without a label in the batch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks._timing import (
    CLOCKS,
    median_ratio,
    print_targets,
    print_times,
    time_rounds,
    write_json,
)
from sklearn_mtl import MultiTaskClassifier

N_FEATURES, WIDTH, BATCH, LR, MISSING = 64, 256, 256, 1e-3, 0.3
KINDS = ("binary", "five", "ragged")


def make_labels(kind: str, n_rows: int, n_tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels (n_rows, n_tasks), NaN where missing."""
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


class LoopOfHeads(nn.Module):
    """The shared layers and a head for each task."""

    def __init__(self, n_classes: np.ndarray) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(N_FEATURES, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU()
        )
        widths = [1 if k == 2 else int(k) for k in n_classes]
        self.heads = nn.ModuleList(nn.Linear(WIDTH, width) for width in widths)

    def loss(
        self, x: torch.Tensor, codes: torch.Tensor, seen: torch.Tensor
    ) -> torch.Tensor:
        """Sum the mean losses of the tasks over their labels in the batch.

        Labels and mask come with tasks first, so that a task's are cheap to take.
        """
        z, parts = self.trunk(x), []
        for t, head in enumerate(self.heads):
            logits = head(z)
            if logits.shape[1] == 1:
                part = F.binary_cross_entropy_with_logits(
                    logits[:, 0], codes[t], seen[t], reduction="sum"
                )
            else:
                labels = codes[t].long()
                part = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
            parts.append(part)
        return (torch.stack(parts) / seen.sum(dim=1).clamp(min=1.0)).sum()


def fit_loop(X: np.ndarray, y: np.ndarray, epochs: int) -> LoopOfHeads:
    """Train by slices of tensors in memory, with the fused Adam."""
    net = LoopOfHeads(np.nanmax(y, axis=0) + 1)
    x, codes = torch.as_tensor(X), torch.as_tensor(np.nan_to_num(y, nan=-1.0)).float()
    seen = (codes >= 0).float()
    optimizer = torch.optim.Adam(net.parameters(), lr=LR, fused=True)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            labels, mask = (
                v.index_select(0, rows).t().contiguous() for v in (codes, seen)
            )
            net.loss(x.index_select(0, rows), labels, mask).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
    return net


def fit_ours(X: np.ndarray, y: np.ndarray, epochs: int) -> MultiTaskClassifier:
    """Fit the estimator with the same net."""
    return MultiTaskClassifier(
        hidden_layer_sizes=(WIDTH, WIDTH),
        activation="relu",
        dropout=0.0,
        numeric_embedding=None,
        optimizer="adam",
        lr=LR,
        lr_schedule="constant",
        weight_decay=0.0,
        batch_size=BATCH,
        max_epochs=epochs,
        early_stopping=False,
        n_members=1,
        random_state=0,
    ).fit(X, y)


def main() -> None:
    """Time both for every kind and number of tasks, and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, dict] = {}
    for kind in KINDS:
        calls: dict[str, Callable] = {}
        for n_tasks in args.tasks:
            X, y = make_labels(kind, args.rows, n_tasks)
            calls[f"ours {n_tasks}"] = partial(fit_ours, X, y, args.epochs)
            calls[f"loop {n_tasks}"] = partial(fit_loop, X, y, args.epochs)
        found[kind] = time_rounds(calls, args.rounds, args.clock)
        base = f"ours {args.tasks[0]}"
        print_times(
            f"{kind}, {args.epochs} epochs of {args.rows} rows", found[kind], base
        )
    targets = print_targets(_targets(found, args.tasks))
    write_json(args.json, {"seconds": found, "targets": targets})


def _targets(found: dict, tasks: list[int]) -> list[tuple[str, float, str, float]]:
    rows = []
    if {1, 100} <= set(tasks):
        growth = median_ratio(found["binary"], "ours 100", "ours 1")
        rows.append(("binary, 100 tasks / 1 task", growth, "<=", 1.5))
    most = max(tasks)
    for kind, bound in zip(KINDS, (8.0, 4.0, 4.0), strict=True):
        gain = median_ratio(found[kind], f"loop {most}", f"ours {most}")
        rows.append((f"{kind}, {most} tasks, loop / ours", gain, ">=", bound))
    return rows


if __name__ == "__main__":
    main()
