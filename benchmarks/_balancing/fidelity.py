"""Similarity of balancing weights to those of the exact gradients, on trained nets.

The weights of the exact Gramian of a batch are compared with those of the Gramian that
`gramian="auto"` chooses for these labels (the exact one itself or, if labels overlap,
the Gramian of the features in closed form), and with those that the step really uses:
exact weights are reused for ten steps, and another batch has other gradients. The
cosine is centred: the mean weight is subtracted, because it would make all weights
similar. The same is computed for gradients of the representation summed over the
samples, like rep_grad in LibMTL. The cosine of equal weights is not centred, because
its centred value is 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.balancing import METHODS, feature_gramian, lowest_overlap
from sklearn_mtl.neural_network.objective._gradients import exact_gramian
from sklearn_mtl.neural_network.objective._setup import (
    LEAST_OVERLAP,
    UPDATE_SHARED_EVERY,
)

KINDS = ("complete", "30 % missing", "90 % missing", "separate")
COMPARED = ("upgrad", "mgda", "aligned_mtl")
N_ROWS, N_FEATURES, BATCH, N_STEPS = 2000, 20, 256, 30


def make_labels(n_tasks: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and labels of related binary tasks, NaN where one is missing."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, N_FEATURES))
    factors = np.tanh(X @ rng.normal(size=(N_FEATURES, 6)) / 3)
    scores = factors @ rng.normal(size=(6, n_tasks))
    y = (scores + rng.normal(size=scores.shape) > 0).astype(float)
    if kind == "separate":
        is_missing = np.arange(N_ROWS)[:, None] % n_tasks != np.arange(n_tasks)
    else:
        share = {"complete": 0.0, "30 % missing": 0.3, "90 % missing": 0.9}[kind]
        is_missing = rng.random(y.shape) < share
    y[is_missing] = np.nan
    return X, y


def trained_steps(X: np.ndarray, y: np.ndarray) -> Iterator[dict[str, Tensor]]:
    """Train a net, then yield the Gramians of the tasks there in some further steps."""
    model = MultiTaskClassifier(
        hidden_layer_sizes=(64, 64),
        dropout=0.0,
        numeric_embedding=None,
        n_members=1,
        batch_size=BATCH,
        max_epochs=10,
        early_stopping=False,
        lr_schedule="constant",
        random_state=0,
    ).fit(X, y)
    net, module = model.net_, model.net_.module_
    rng = np.random.default_rng(1)
    n_tasks = y.shape[1]
    of = torch.arange(n_tasks)
    mass = torch.as_tensor(np.mean(~np.isnan(y), axis=0), dtype=torch.float32)
    for _ in range(N_STEPS):
        rows = rng.choice(len(X), BATCH, replace=False)
        x = torch.as_tensor(X[rows], dtype=torch.float32)[None]
        labels = torch.as_tensor(y[rows], dtype=torch.float32)[None]
        weights = (~labels.isnan()).float() / mass
        batch = x, (labels.nan_to_num(), weights)
        parts = module.encode(x)
        _, E = net.criterion_(module.decode(parts).detach(), *batch[1])
        W = module.heads.weight.detach()
        pooled = E.sum(dim=1, keepdim=True)
        yield {
            "present": weights[0].amax(dim=0) > 0,
            "exact": exact_gramian(module, parts, E, of, n_tasks)[0].double(),
            "features": feature_gramian(E, W, of, n_tasks)[0].double(),
            "rep_grad": feature_gramian(pooled, W, of, n_tasks)[0].double(),
        }
        net.train_step(batch, notify=False)


def weights_of(name: str, step: dict[str, Tensor], kind: str) -> Tensor:
    """Return weights (n_tasks,), 1 for a task without a label in the batch."""
    kept = step["present"].nonzero().squeeze(1)
    found = torch.ones(len(step["present"]), dtype=torch.double)
    found[kept] = len(kept) * METHODS[name]().weigh(step[kind][kept][:, kept])
    return found


def cosine(a: Tensor, b: Tensor, *, is_centred: bool = True) -> float:
    """Return the cosine; 0 of weights that are all alike with ones that are not."""
    if is_centred:
        a, b = a - a.mean(), b - b.mean()
    if b.norm() < 1e-6:
        return float("nan")  # no value
    return float(a @ b / (a.norm() * b.norm()).clamp(min=1e-12))


def measure(n_tasks: int, kind: str) -> list[dict]:
    """Return a record a method, for one number of tasks and kind of labels."""
    X, y = make_labels(n_tasks, kind)
    overlap = lowest_overlap(torch.as_tensor(~np.isnan(y)))
    chosen = "features" if overlap >= LEAST_OVERLAP else "exact"
    every = 1 if chosen == "features" else UPDATE_SHARED_EVERY
    steps = list(trained_steps(X, y))
    records = []
    for name in COMPARED:
        exact = [weights_of(name, step, "exact") for step in steps]
        fresh = [weights_of(name, step, chosen) for step in steps]
        held = [
            weights_of(name, steps[s - s % every], chosen) for s in range(len(steps))
        ]
        pooled = [weights_of(name, step, "rep_grad") for step in steps]
        ones = [torch.ones_like(exact[0])] * len(exact)
        found = {
            "chosen": mean_cosine(fresh, exact),
            "in use": mean_cosine(held, exact),
            "rep_grad": mean_cosine(pooled, exact),
            "plain cosine of chosen": mean_cosine(fresh, exact, is_centred=False),
            "plain cosine of ones": mean_cosine(ones, exact, is_centred=False),
        }
        what = {"n_tasks": n_tasks, "labels": kind, "method": name, "gramian": chosen}
        records.append({**what, **found})
    return records


def mean_cosine(a: list[Tensor], b: list[Tensor], *, is_centred: bool = True) -> float:
    """Return the mean over the steps in which there is something to be found."""
    values = [cosine(*pair, is_centred=is_centred) for pair in zip(a, b, strict=True)]
    return float(np.nanmean(values))


def print_records(records: list[dict]) -> None:
    """Print the table."""
    print("\nWeights and those of the exact Gramian of the batch: centred cosine")
    print(
        f"{'T':>3}  {'labels':12}  {'method':11}  {'Gramian':8}  {'chosen':>6}  "
        f"{'in use':>6}  {'rep_grad':>8}  {'ones':>4}  plain cosine of chosen, ones"
    )
    for r in records:
        print(
            f"{r['n_tasks']:3}  {r['labels']:12}  {r['method']:11}  {r['gramian']:8}  "
            f"{r['chosen']:6.2f}  {r['in use']:6.2f}  {r['rep_grad']:8.2f}  {0:4.2f}  "
            f"{r['plain cosine of chosen']:6.3f} {r['plain cosine of ones']:6.3f}"
        )


def targets_of(records: list[dict]) -> list[tuple[str, float, str, float]]:
    """Return cosines of the chosen Gramian, against LibMTL's and that of all ones."""
    rows = []
    for r in records:
        where = f"T = {r['n_tasks']}, {r['labels']}, {r['method']}"
        rows.append((f"{where}: cosine", r["chosen"], ">=", max(r["rep_grad"], 0.0)))
    return rows
