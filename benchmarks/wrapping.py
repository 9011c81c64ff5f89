"""Overhead of the estimator: fit and predict, compared with hand-written loops.

One net (64 - 256 - 256 - 10, relu, Adam, batches of 256) learns ten binary tasks from
20,000 complete samples, for the same number of epochs, in one thread, by

    ours             MultiTaskClassifier(n_members=1, early_stopping=False).fit
    bare fused       a loop with one head layer for all tasks and fused Adam
    bare heads       a loop with one head per task, summing their losses, default Adam
    + fused Adam     the same with fused Adam
    DataLoader       the fused net over TensorDataset and DataLoader
    skorch           NeuralNet with its defaults
    MLPClassifier    scikit-learn's, on the multilabel targets

All of them standardise the inputs, except skorch and MLPClassifier, which get
standardised inputs. The bare loops slice batches from tensors in memory, which is
faster than any loader. Then all predict the probabilities of 20,000 samples, and of
one.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from skorch import NeuralNet
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from benchmarks._figures import record
from benchmarks._net import BATCH, LR, N_FEATURES, WIDTH, Heads, fit_ours, make_trunk
from benchmarks._timing import (
    CLOCKS,
    median_ratio,
    print_targets,
    print_times,
    time_rounds,
)

N_ROWS, N_TASKS = 20_000, 10
CHUNK = 1024  # samples per prediction of a bare net, chosen to fit in the cache


def make_data() -> tuple[np.ndarray, np.ndarray]:
    """Return float32 inputs and the labels of ten related tasks."""
    rng = np.random.default_rng(0)
    X = 3.0 * rng.normal(size=(N_ROWS, N_FEATURES)) + 1.0
    scores = np.tanh(X @ rng.normal(size=(N_FEATURES, 8)) / 8) @ rng.normal(
        size=(8, N_TASKS)
    )
    return X.astype(np.float32), (scores > 0).astype(np.int64)


class Bare:
    """A loop over slices of tensors in memory, as one would write it by hand."""

    def __init__(
        self, make_net: Callable[[], nn.Module], loss: Callable, fused: bool = True
    ) -> None:
        self.make_net = make_net
        self.loss = loss
        self.fused = fused

    def fit(self, X: np.ndarray, y: np.ndarray, epochs: int) -> Bare:
        self.mean, self.scale = X.mean(axis=0), X.std(axis=0)
        x, y = self.tensor(X), torch.as_tensor(y, dtype=torch.float32)
        self.net = self.make_net()
        optimizer = torch.optim.Adam(self.net.parameters(), lr=LR, fused=self.fused)
        for _ in range(epochs):
            for rows in torch.randperm(len(x)).split(BATCH):
                loss = self.loss(
                    self.net(x.index_select(0, rows)), y.index_select(0, rows)
                )
                loss.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return self

    def tensor(self, X: np.ndarray) -> torch.Tensor:
        return torch.as_tensor((X - self.mean) / self.scale)

    @torch.inference_mode()
    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        chunks = [self.net(x).sigmoid() for x in self.tensor(X).split(CHUNK)]
        return torch.cat(chunks).numpy()


class Loader(Bare):
    """The same over a DataLoader."""

    def fit(self, X: np.ndarray, y: np.ndarray, epochs: int) -> Loader:
        self.mean, self.scale = X.mean(axis=0), X.std(axis=0)
        data = TensorDataset(self.tensor(X), torch.as_tensor(y, dtype=torch.float32))
        loader = DataLoader(data, batch_size=BATCH, shuffle=True)
        self.net = self.make_net()
        optimizer = torch.optim.Adam(self.net.parameters(), lr=LR, fused=self.fused)
        for _ in range(epochs):
            for x, target in loader:
                self.loss(self.net(x), target).backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return self


def fused_net() -> nn.Module:
    """Return the net with one layer for all heads."""
    return nn.Sequential(make_trunk(), nn.Linear(WIDTH, N_TASKS))


def net_of_heads() -> nn.Module:
    """Return the net with a head for each task."""
    return Heads([1] * N_TASKS)


def loss_of_heads(logits: list[torch.Tensor], y: torch.Tensor) -> torch.Tensor:
    """Sum the losses of the tasks, one after the other."""
    return sum(
        F.binary_cross_entropy_with_logits(z.squeeze(1), y[:, t])
        for t, z in enumerate(logits)
    )


def make_competitors(epochs: int) -> dict[str, Callable]:
    """Return functions by name that fit a model to (X, y) and return it."""

    def by_hand(
        net: Callable, loss: Callable, loop: type[Bare] = Bare, fused: bool = True
    ) -> Callable:
        return lambda X, y: loop(net, loss, fused).fit(X, y, epochs)

    def skorch(X: np.ndarray, y: np.ndarray) -> NeuralNet:
        return NeuralNet(
            fused_net,
            nn.BCEWithLogitsLoss,
            optimizer=torch.optim.Adam,
            lr=LR,
            max_epochs=epochs,
            batch_size=BATCH,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
        ).fit(_standardised(X), y.astype(np.float32))

    def mlp(X: np.ndarray, y: np.ndarray) -> MLPClassifier:
        model = MLPClassifier(
            (WIDTH, WIDTH), batch_size=BATCH, max_iter=epochs, n_iter_no_change=epochs
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return model.fit(_standardised(X), y)

    bce = F.binary_cross_entropy_with_logits
    return {
        "ours": partial(fit_ours, epochs=epochs),
        "bare fused": by_hand(fused_net, bce),
        "bare heads": by_hand(net_of_heads, loss_of_heads, fused=False),
        "+ fused Adam": by_hand(net_of_heads, loss_of_heads),
        "DataLoader": by_hand(fused_net, bce, Loader),
        "skorch": skorch,
        "MLPClassifier": mlp,
    }


def _standardised(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def main() -> None:
    """Time fits and predictions, and print both with the targets."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    X, y = make_data()
    competitors = make_competitors(args.epochs)
    fits = {n: partial(fit, X, y) for n, fit in competitors.items()}
    fit = time_rounds(fits, args.rounds, args.clock)
    print_times(f"fit, {args.epochs} epochs of 20,000 samples", fit, "bare fused")
    others = ("bare heads", "+ fused Adam", "DataLoader")  # predict as the bare loop
    fitted = {n: f(X, y) for n, f in competitors.items() if n not in others}
    parts = {"20,000 rows": (X, 1), "one row": (X[:1], 200)}
    predict = {}
    for part, (rows, repeats) in parts.items():
        calls = {n: partial(m.predict_proba, rows) for n, m in fitted.items()}
        rounds = 3 * args.rounds
        predict[part] = time_rounds(calls, rounds, args.clock, repeats)
        print_times(f"predict_proba, {part}", predict[part], "bare fused")
    bulk = predict["20,000 rows"]
    targets = print_targets(
        [
            ("fit / bare fused", median_ratio(fit, "ours", "bare fused"), "<=", 1.10),
            ("fit / bare heads", median_ratio(fit, "ours", "bare heads"), "<=", 0.75),
            ("predict / bare", median_ratio(bulk, "ours", "bare fused"), "<=", 1.15),
        ]
    )
    record(args.json, {"fit": fit, "predict": predict, "targets": targets})


if __name__ == "__main__":
    main()
