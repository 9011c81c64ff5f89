"""Tiny nets and tables for the tests of this folder."""

import numpy as np
import torch
from torch import nn

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)

TINY = {
    "hidden_layer_sizes": (8,),
    "n_members": 1,
    "max_epochs": 5,
    "numeric_embedding": None,
    "random_state": 0,
}
# One batch in float64, the same each time, so that results can be compared exactly.
EXACT = {"batch_size": None, "early_stopping": False, "lr_schedule": "constant"}

ALL = [MultiTaskClassifier, MultiTaskRegressor, MultiTaskMixedEstimator]


def tiny(cls, **arguments):
    return cls(**{**TINY, **arguments})


def table(n_samples=120, seed=0):
    """Return X (n, 4) and a binary, a three-class and a numeric task, one a feature."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    signal = X[:, :3] + 0.3 * rng.normal(size=(n_samples, 3))
    cuts = np.digitize(signal[:, 1], [-0.7, 0.7])
    return X, np.column_stack([signal[:, 0] > 0, cuts, signal[:, 2]])


def targets_of(cls, y):
    """Return the columns of `table` that a class of estimators takes."""
    kind = cls._kind
    return {"classification": y[:, :2], "regression": y[:, ::2], "mixed": y}[kind]


def with_gaps(y, share=0.3, seed=1):
    y = y.copy()
    y[np.random.default_rng(seed).random(y.shape) < share] = np.nan
    return y


def parameters(model):
    """Return copies of all parameters of a fitted net by name."""
    named = model.net_.module_.named_parameters()
    return {name: value.detach().clone() for name, value in named}


def same_bits(a, b):
    """Say whether two fitted nets are the same to the last bit."""
    a, b = parameters(a), parameters(b)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def untrained(model, X, y):
    """Fit without moving: one step so short that no parameter changes."""
    kept = {name: getattr(model, name) for name in ("lr", "max_epochs", "optimizer")}
    model.set_params(lr=1e-300, max_epochs=1, optimizer="sgd").fit(X, y)
    return model.set_params(**kept)


class Plain(nn.Module):
    """One hidden layer and a head, as anyone would write it."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.hidden = nn.Linear(n_in, n_hidden)
        self.head = nn.Linear(n_hidden, n_out)

    def forward(self, x):
        return self.head(nn.functional.gelu(self.hidden(x)))

    @classmethod
    def like(cls, model):
        """Return a copy of the first member of a fitted net with one hidden layer."""
        layer, heads = model.net_.module_.trunk[0], model.net_.module_.heads
        net = cls(*layer.weight.shape[1:], heads.weight.shape[2]).double()
        pairs = [(net.hidden, layer), (net.head, heads)]
        with torch.no_grad():
            for plain, ours in pairs:
                plain.weight.copy_(ours.weight[0].T)
                plain.bias.copy_(ours.bias[0, 0])
        return net
