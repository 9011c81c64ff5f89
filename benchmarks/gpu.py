"""Epochs per second on a GPU, compared with a bare loop.

    ours    MultiTaskClassifier(n_members=1, early_stopping=False).fit
    bare    a hand-written loop: one linear layer for all heads, one masked loss, fused
            Adam, tensors on the GPU, no value read within an epoch

learn 10 or 1000 binary tasks, of which 30 % of the labels are missing, from a table
(MLP 64 - 256 - 256) or from images of 28 x 28 pixels (two convolutions). The time of an
epoch is the median over all epochs but the first one.

With ``--device cpu --quick`` it runs without a GPU in a few seconds, which checks the
program and measures nothing.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks._figures import record
from benchmarks._timing import print_targets
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.modules import MLP, Conv, TrunkSpec

MISSING, LR, WIDTH, N_FEATURES, SIDE = 0.3, 1e-3, 256, 64, 28
DTYPES = {"float32": None, "bfloat16": torch.bfloat16}
CHANNELS = (32, 64)


def make_data(kind: str, n_rows: int, n_tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels (n_rows, n_tasks), NaN if missing."""
    rng = np.random.default_rng(0)
    shape = (N_FEATURES,) if kind == "mlp" else (1, SIDE, SIDE)
    X = rng.normal(size=(n_rows, *shape)).astype(np.float32)
    y = (X.reshape(n_rows, -1)[:, :1] > rng.normal(size=n_tasks)) * 1.0
    y[rng.random(y.shape) < MISSING] = np.nan
    return X, y


def fit_ours(
    kind: str, X: np.ndarray, y: np.ndarray, args: argparse.Namespace, dtype: str
) -> list[float]:
    """Fit the estimator; return the seconds of each epoch."""
    trunk: TrunkSpec = MLP((WIDTH, WIDTH), "relu", 0.0)
    if kind == "conv":
        trunk = Conv((1, SIDE, SIDE), channels=CHANNELS, hidden=WIDTH)
    model = MultiTaskClassifier(
        trunk=trunk,
        numeric_embedding=None,
        optimizer="adam",
        lr=LR,
        lr_schedule="constant",
        weight_decay=0.0,
        batch_size=args.batch,
        max_epochs=args.epochs,
        early_stopping=False,
        n_members=1,
        device=args.device,
        dtype=dtype,
        random_state=0,
    )
    # the history is read once per epoch, so a GPU has then completed the epoch
    return list(model.fit(X, y).history_["duration"])


def make_net(kind: str) -> nn.Module:
    """Return the layers that all tasks share."""
    if kind == "mlp":
        sizes = (N_FEATURES, WIDTH, WIDTH)
        layers = [
            part for i, o in pairwise(sizes) for part in (nn.Linear(i, o), nn.ReLU())
        ]
        return nn.Sequential(*layers)
    first, second = CHANNELS
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, padding="same"),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(second * (SIDE // 4) ** 2, WIDTH),
        nn.ReLU(),
    )


def fit_bare(
    kind: str, X: np.ndarray, y: np.ndarray, args: argparse.Namespace, dtype: str
) -> list[float]:
    """Train the same net with a hand-written loop; return the seconds of each epoch."""
    device, low = torch.device(args.device), DTYPES[dtype]
    x = torch.as_tensor(X).to(device)
    codes = torch.as_tensor(np.nan_to_num(y)).float().to(device)
    seen = torch.as_tensor(~np.isnan(y)).float().to(device)
    trunk = make_net(kind).to(device)
    heads = nn.Linear(WIDTH, y.shape[1]).to(device)
    parameters = [*trunk.parameters(), *heads.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=LR, fused=True)
    seconds = []
    for _ in range(args.epochs):
        start = time.perf_counter()
        total = torch.zeros((), device=device)
        for rows in torch.randperm(len(x), device=device).split(args.batch):
            with torch.autocast(device.type, low, enabled=low is not None):
                z = trunk(x[rows])
            loss = F.binary_cross_entropy_with_logits(
                heads(z.float()), codes[rows], seen[rows], reduction="sum"
            )
            loss = loss / (len(rows) * (1.0 - MISSING))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            total += loss.detach()
        total.item()  # both read the loss once per epoch
        seconds.append(time.perf_counter() - start)
    return seconds


def measure(
    kind: str, n_tasks: int, dtype: str, args: argparse.Namespace
) -> dict[str, float]:
    """Return the seconds of an epoch of both."""
    X, y = make_data(kind, args.rows if kind == "mlp" else args.images, n_tasks)
    calls = {"ours": fit_ours, "bare": fit_bare}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(args.rounds):  # in turns, so that both see the same machine
        for name, call in calls.items():
            seconds[name] += call(kind, X, y, args, dtype)[1:]
    return {name: float(np.median(found)) for name, found in seconds.items()}


def main() -> None:
    """Measure both on all data, and print epochs per second."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tasks", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--kinds", nargs="+", default=["mlp", "conv"])
    parser.add_argument("--dtypes", nargs="+", default=list(DTYPES), choices=DTYPES)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=11)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="only check the program")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("no GPU was found; --device cpu --quick only checks the program")
    if args.quick:
        args.rows, args.images, args.batch = 400, 200, 100
        args.epochs, args.rounds, args.tasks = 2, 1, [10]
    print(f"{'epochs per second':24}{'ours':>10}{'bare':>10}{'bare / ours':>13}")
    found: dict[str, dict[str, float]] = {}
    for kind in args.kinds:
        for n_tasks in args.tasks:
            for dtype in args.dtypes:
                name = f"{kind} {n_tasks} {dtype}"
                row = found[name] = measure(kind, n_tasks, dtype, args)
                print(
                    f"{name:24}{1 / row['ours']:10.2f}{1 / row['bare']:10.2f}"
                    f"{row['ours'] / row['bare']:13.2f}"
                )
    if args.quick:
        return
    rows = [
        (f"{name}, seconds ours / bare", row["ours"] / row["bare"], "<=", 1.10)
        for name, row in found.items()
    ]
    targets = print_targets(rows)
    gpu = torch.cuda.get_device_name() if args.device.startswith("cuda") else "CPU"
    record(args.json, {"device": gpu, "seconds": found, "targets": targets})


if __name__ == "__main__":
    main()
