"""What the tests of all task trunks share."""

import numpy as np
import torch
from sklearn.base import clone

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.modules import HeadBlock, TaskHeads, build_trunk, draw_parameters

# Steps that do not depend on how many rows a batch has, so that nets can be compared.
EXACT = {
    "n_members": 1,
    "numeric_embedding": None,
    "batch_size": None,
    "early_stopping": False,
    "lr_schedule": "constant",
    "weight_decay": 0.0,
    "random_state": 0,
}


def generators(n_members, seed=0):
    return [torch.Generator().manual_seed(seed + m) for m in range(n_members)]


def built(spec, n_features=5, n_members=1, n_tasks=3, seed=0):
    """Return a trunk in float64 with drawn parameters."""
    draws = generators(n_members, seed)
    return build_trunk(spec, n_features, draws, n_tasks, "me").double()


def drawn_heads(n_members, n_in, blocks, seed=7):
    heads = TaskHeads(n_members, n_in, [HeadBlock(*block) for block in blocks])
    draw_parameters(heads, generators(n_members, seed))
    return heads.double()


def rows(n_rows=6, n_features=5, n_members=1, seed=3):
    draw = torch.Generator().manual_seed(seed)
    shape = (n_members, n_rows, n_features)
    return torch.randn(shape, generator=draw, dtype=torch.float64)


def table(n_samples=90, seed=0):
    """Return X and a binary, a three-class and a numeric task with missing labels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 5))
    signal = X[:, :3] + 0.3 * rng.normal(size=(n_samples, 3))
    cuts = np.digitize(signal[:, 1], [-0.7, 0.7])
    y = np.column_stack([signal[:, 0] > 0, cuts, signal[:, 2]])
    y[rng.random(y.shape) < 0.2] = np.nan
    return X, y


def one_step(trunk):
    """Return names of the parameters, and of those that one step did not change."""
    X, y = table()
    model = MultiTaskMixedEstimator(
        trunk=trunk, **{**EXACT, "lr_schedule": "constant"}, max_epochs=1, lr=1e-2
    )
    start = clone(model).set_params(lr=1e-300, optimizer="sgd").fit(X, y)
    after = model.fit(X, y)
    before = dict(start.net_.module_.named_parameters())
    moved = dict(after.net_.module_.named_parameters())
    assert before.keys() == moved.keys()
    still = [
        name for name, value in moved.items() if bool((value == before[name]).any())
    ]
    return list(moved), still


def fitted(trunk, X, y, **arguments):
    return MultiTaskClassifier(
        trunk=trunk, **{**EXACT, "max_epochs": 20, **arguments}
    ).fit(X, y)
