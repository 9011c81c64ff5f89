"""Nets that must give the same predictions on every device."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch

from sklearn_mtl.balancing import Asynchronous, Sampled
from sklearn_mtl.losses import FocalLoss
from sklearn_mtl.modules import (
    MLP,
    Columns,
    Conv,
    CrossStitch,
    FeedbackHead,
    MixtureOfExperts,
    ProgressiveExtraction,
    SharedPrivate,
    Text,
)
from sklearn_mtl.neural_network import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.neural_network.training import _net

N = 120
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 5)).astype(np.float32)
Y = np.stack([X[:, 0] > 0, X[:, 1] > 0, (X[:, 0] > 0) * 1 + (X[:, 2] > 0)], 1) * 1.0
HOLES = np.where(RNG.random(Y.shape) < 0.3, np.nan, Y)
IMAGES = RNG.integers(0, 255, size=(N, 1, 6, 6), dtype=np.uint8)
TEXTS = [" ".join(RNG.choice(["a", "bb", "c"], 1 + i % 3)) for i in range(N)]
RELATION = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])

# without dropout, whose random numbers depend on the device
TRUNKS = {
    "batch": MLP((8,), normalization="batch"),
    "layer": MLP((8,), normalization="layer"),
    "experts": MixtureOfExperts(n_experts=2),
    "extraction": ProgressiveExtraction(),
    "stitch": CrossStitch(),
    "private": SharedPrivate(),
    "columns": Columns([("a", MLP((4,)), [0, 1]), ("b", MLP((4,)), [2, 3, 4])]),
    "own": torch.nn.Linear(5, 7),
}
CONV = Conv((1, 6, 6), channels=(4,))
TEXT = Text(
    n_buckets=64,
    embedding_size=4,
    width=4,
    dropout=0.0,
    embedding_dropout=0.0,
    word_dropout=0.0,
)
SCHEDULES = {
    "asynchronous": (Asynchronous(), Y),
    "random order": (Asynchronous(order="random"), Y),
    "two": (Sampled(n_tasks=2), Y),
    "missing labels": (Sampled(), HOLES),
}
OTHERS = {
    "learned relation": {"task_relation": "learned"},
    "given relation": {"task_relation": RELATION},
    "relation of heads": {"task_relation": RELATION, "relation_on": "heads"},
    "shared penalty": {"shared_penalty": 0.1},
    "mlp head": {"head": "mlp"},
    "feedback": {"head": FeedbackHead()},
    "focal loss": {"loss": FocalLoss()},
    "full batch": {"batch_size": None},
    "sgd": {"optimizer": "sgd", "lr_schedule": "constant"},
    "no hold-out": {"early_stopping": False},
}
SETTINGS = {"max_epochs": 2, "n_members": 2, "random_state": 0, "dropout": 0.0}


def fitted(
    device: str,
    X: Any = X,
    y: np.ndarray = Y,
    kind: type = MultiTaskClassifier,
    **options: Any,
) -> Any:
    """Return a fitted net."""
    trunk = options.get("trunk")
    if isinstance(trunk, torch.nn.Module):
        options.setdefault("n_members", 1)
    return kind(device=device, **{**SETTINGS, **options}).fit(X, y)


def outputs(model: Any, X: Any = X) -> list[np.ndarray]:
    """Return the predictions of all tasks."""
    if isinstance(model, MultiTaskRegressor):
        return [model.predict(X)]
    return model.predict_proba(X)


def assert_same(found: list[Any], expected: list[Any], atol: float = 1e-6) -> None:
    """Compare predictions, which are arrays of NumPy on every device."""
    for one, other in zip(found, expected, strict=True):
        assert (one is None) == (other is None)
        if other is not None:
            assert isinstance(one, np.ndarray)
            np.testing.assert_allclose(one, other, atol=atol)


@contextmanager
def within_epochs(begin: Callable[[], Any], end: Callable[[], Any]) -> Iterator[None]:
    """Call a function before the first step of each epoch, and one after the last."""
    begin_epoch, record_epoch = _net.MultiTaskNet._begin_epoch, _net.record_epoch

    def start(net: Any) -> None:
        begin_epoch(net)
        begin()

    def stop(*arguments: Any) -> Any:
        end()
        return record_epoch(*arguments)

    with (
        mock.patch.object(_net.MultiTaskNet, "_begin_epoch", start),
        mock.patch.object(_net, "record_epoch", stop),
    ):
        yield
