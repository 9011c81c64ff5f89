"""Cost of balancing: a training step of each method, compared with the fused plain sum.

A net (64 - 256 - 256, gelu, AdamW) with T binary tasks on complete labels takes steps
on changing batches of 256 samples, in one thread. Each method is compared with the
plain sum of the same run, with the Gramian of the feature gradients, and ("shared")
with the exact Gramian every tenth step. Two packages are also timed:

    torchjd         its mtl_backward over the same net, as in its manual
    LibMTL          its steps over the same net in its own environment (.venv-libmtl, or
                    --libmtl), compared with a plain sum of the net in the same process

Also printed are the time of UPGrad's weights alone, compared with torchjd, with the
largest difference, and the similarity of the weights to those of the exact gradients
(benchmarks/_balancing).
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks._balancing import fidelity
from benchmarks._figures import record
from benchmarks._net import BATCH, N_FEATURES, WIDTH, Heads
from benchmarks._timing import (
    CLOCKS,
    median_ratio,
    print_targets,
    print_times,
    time_rounds,
)
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.balancing import UPGrad

HAS_TORCHJD = importlib.util.find_spec("torchjd") is not None
LOSSES = ["uncertainty", "dwa", "random", "geometric_mean", "stch", "imtl_l", "famo"]
GRADIENTS = ["upgrad", "pcgrad", "aligned_mtl", "imtl_g", "mgda"]
SLOWER = ["cagrad", "nash_mtl", "fairgrad", "gradnorm"]
N_BATCHES = 8
HOME = Path(__file__).resolve().parents[1]
BOUNDS = {"mgda": (1.6, 1.6), "pcgrad": (1.3, 1.9)}


def make_data(n_tasks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels of related tasks with noise, for some batches."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_BATCHES * BATCH, N_FEATURES))
    signal = np.tanh(X @ rng.normal(size=(N_FEATURES, 8)) / 4)
    scores = signal @ rng.normal(size=(8, n_tasks))
    noise = rng.normal(size=scores.shape)
    return X.astype(np.float32), (scores + noise > 0).astype(np.int64)


def our_step(X: np.ndarray, y: np.ndarray, **arguments: Any) -> Callable[[], object]:
    """Return one training step of our net after some epochs."""
    model = MultiTaskClassifier(
        hidden_layer_sizes=(WIDTH, WIDTH),
        dropout=0.0,
        numeric_embedding=None,
        n_members=1,
        batch_size=BATCH,
        max_epochs=5,
        early_stopping=False,
        lr_schedule="constant",
        random_state=0,
        **arguments,
    ).fit(X, y)
    net = model.net_
    weights = torch.ones(1, 1, y.shape[1])
    if net.balance is not None:
        net.balance.generators = [torch.Generator().manual_seed(0)]
    ready = [(x[None], (target[None], weights)) for x, target in batches(X, y)]
    cycle = itertools.cycle(ready)
    return lambda: net.train_step(next(cycle), notify=False)


def batches(X: np.ndarray, y: np.ndarray) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield the batches as tensors."""
    tensors = torch.as_tensor(X), torch.as_tensor(y, dtype=torch.float32)
    yield from zip(*(t.split(BATCH) for t in tensors), strict=True)


def torchjd_steps(X: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Callable]]:
    """Yield name and step of torchjd's aggregators."""
    from torchjd import aggregation
    from torchjd.autojac import jac_to_grad, mtl_backward

    for name in ("UPGrad", "MGDA", "PCGrad"):
        net = Heads([1] * y.shape[1], nn.GELU)  # as torchjd's manual has it
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, fused=True)
        aggregator = getattr(aggregation, name)()
        cycle = itertools.cycle(list(batches(X, y)))

        def step(
            net: Heads = net,
            optimizer: torch.optim.Optimizer = optimizer,
            aggregator: nn.Module = aggregator,
            cycle: Iterator = cycle,
        ) -> None:
            x, target = next(cycle)
            z = net.trunk(x)
            losses = [
                F.binary_cross_entropy_with_logits(head(z).squeeze(1), target[:, t])
                for t, head in enumerate(net.heads)
            ]
            mtl_backward(losses, features=z)
            jac_to_grad(net.trunk.parameters(), aggregator)
            optimizer.step()
            optimizer.zero_grad()

        yield f"torchjd {name}", step


def time_tasks(n_tasks: int, args: argparse.Namespace) -> dict[str, np.ndarray]:
    """Return seconds of a step by method."""
    X, y = make_data(n_tasks)
    steps = {"sum": our_step(X, y)}
    for name in LOSSES + GRADIENTS + SLOWER:
        steps[name] = our_step(X, y, balancing=name)
    for name in ("upgrad", "mgda"):
        steps[f"{name}, shared"] = our_step(X, y, balancing=name, gramian="shared")
    if HAS_TORCHJD and n_tasks <= args.peers_up_to:
        steps.update(torchjd_steps(X, y))
    return time_rounds(steps, args.rounds, args.clock, repeats=args.repeats)


def time_libmtl(args: argparse.Namespace) -> dict[int, dict[str, np.ndarray]]:
    """Return seconds of LibMTL's steps by T and method, from its own environment."""
    if not args.libmtl.exists():
        print(f"\nLibMTL is skipped: {args.libmtl} does not exist (run make bench).")
        return {}
    counts = [T for T in args.tasks if args.peers_up_to >= T]
    command = [str(args.libmtl), "-m", "benchmarks._balancing.libmtl", "--tasks"]
    command += [*map(str, counts), "--rounds", str(args.rounds), "--clock", args.clock]
    command += ["--batch", str(BATCH), "--sizes", str(N_FEATURES), str(WIDTH)]
    done = subprocess.run(
        command, cwd=HOME, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"\nLibMTL failed: {done.stderr.strip().splitlines()[-1]}")
        return {}
    found = {int(T): by for T, by in json.loads(done.stdout.splitlines()[-1]).items()}
    out = {}
    for n_tasks, by_name in found.items():
        out[n_tasks] = {name: np.array(values) for name, values in by_name.items()}
        title = f"LibMTL, one step, {n_tasks} tasks, relative to the sum of its net"
        print_times(title, out[n_tasks], "sum")
    return out


def time_solver(args: argparse.Namespace) -> dict[int, tuple[float, float]]:
    """Return torchjd's time of UPGrad over ours, and the largest difference, by T."""
    from torchjd.aggregation import UPGradWeighting

    out = {}
    for n_tasks in (40, 100):
        generator = torch.Generator().manual_seed(0)
        J = torch.randn(n_tasks, 400, generator=generator)
        sizes = torch.randn(n_tasks, 1, generator=generator).exp()
        G = (J * sizes) @ (J * sizes).T
        weigh = {"ours": lambda G=G: UPGrad().weigh(G)}
        weigh["torchjd"] = lambda G=G: UPGradWeighting()(G)
        seconds = time_rounds(weigh, args.rounds, args.clock)
        error = float((weigh["ours"]() - weigh["torchjd"]()).abs().max())
        out[n_tasks] = median_ratio(seconds, "torchjd", "ours"), error
        print(
            f"UPGrad's weights, T = {n_tasks}: "
            f"{1e3 * np.median(seconds['ours']):.2f} ms, "
            f"torchjd {out[n_tasks][0]:.0f} x that, difference {error:.1e}"
        )
    return out


def targets_of(n_tasks: int, seconds: dict) -> list[tuple[str, float, str, float]]:
    """Return the targets for this number of tasks."""
    is_many = n_tasks > 40
    rows = []
    for name in GRADIENTS + SLOWER:
        bound = BOUNDS.get(name, (1.3, 1.6))[is_many]
        if name in SLOWER:
            bound = 2.5
        ratio = median_ratio(seconds, name, "sum")
        if not (is_many and name in SLOWER):
            rows.append((f"T = {n_tasks}, {name} / sum", ratio, "<=", bound))
    if n_tasks == 40:
        ratio = median_ratio(seconds, "upgrad, shared", "sum")
        rows.append(("T = 40, exact every 10 steps / sum", ratio, "<=", 5.0))
        if "torchjd UPGrad" in seconds:
            ratio = median_ratio(seconds, "torchjd UPGrad", "upgrad")
            rows.append(("T = 40, torchjd UPGrad / ours", ratio, ">=", 20.0))
    return rows


def main() -> None:
    """Time the steps for several numbers of tasks, and print targets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 10, 40, 100])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--peers-up-to", type=int, default=40)
    default = HOME / ".venv-libmtl" / "bin" / "python"
    parser.add_argument("--libmtl", type=Path, default=default)
    parser.add_argument("--skip-fidelity", action="store_true")
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows, seconds = [], {}
    for n_tasks in args.tasks:
        seconds[n_tasks] = time_tasks(n_tasks, args)
        print_times(f"one step, {n_tasks} tasks", seconds[n_tasks], "sum")
        rows += targets_of(n_tasks, seconds[n_tasks])
    theirs = time_libmtl(args)
    if HAS_TORCHJD:
        for n_tasks, (ratio, error) in time_solver(args).items():
            if n_tasks == 100:
                rows.append(("T = 100, UPGrad, torchjd / ours", ratio, ">=", 30.0))
                rows.append(("T = 100, UPGrad, difference", error, "<=", 1e-4))
    records = []
    if not args.skip_fidelity:
        for n_tasks in (10, 40):
            for kind in fidelity.KINDS:
                records += fidelity.measure(n_tasks, kind)
        fidelity.print_records(records)
        rows += fidelity.targets_of(records)
    targets = print_targets(rows)
    found = {"steps": seconds, "libmtl": theirs, "fidelity": records}
    record(args.json, {**found, "targets": targets})


if __name__ == "__main__":
    main()
