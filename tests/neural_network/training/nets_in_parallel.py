"""Nets that several processes train together: a script for `accelerate launch`.

Every process writes what it has found to a file of its own.
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.datasets import make_multitask_classification
from sklearn_mtl.modules import Conv, MixtureOfExperts, SharedPrivate
from tests.neural_network import made_up_texts

OPTIONS = {
    "hidden_layer_sizes": (8,),
    "dropout": 0.0,
    "batch_size": 32,
    "max_epochs": 3,
    "dtype": "float64",
    "random_state": 0,
}


def classes():
    """Return samples of which a third of the labels is missing; two rare classes."""
    X, y = make_multitask_classification(
        141, 5, 3, n_informative=4, n_classes=[2, 3, 2], random_state=0
    )
    y = y.astype(float)
    y[np.random.default_rng(0).random(y.shape) < 1 / 3] = np.nan
    return X, y


def of_classes(weighted=False, **options):
    X, y = classes()
    weights = np.random.default_rng(1).random(y.shape) + 0.5 if weighted else None
    return MultiTaskClassifier(**{**OPTIONS, **options}).fit(X, y, weights), X


def of_mixed(**options):
    X, y = classes()
    y = (
        pd.DataFrame(y[:, 1:])
        .add_prefix("class")
        .assign(low=X[:, 0] ** 2, high=X[:, 1])
    )
    y.loc[::2, "low"] = np.nan
    types = {"class0": "multiclass", "class1": "binary"}
    types |= {"low": "regression", "high": "regression"}
    model = MultiTaskMixedEstimator(task_types=types, **{**OPTIONS, **options})
    return model.fit(X, y), X


def of_streamed(**options):
    X, y = classes()
    table = pd.DataFrame(X).add_prefix("x").assign(a=y[:, 0], b=y[:, 1])
    model = MultiTaskClassifier(**{**OPTIONS, **options})
    return model.fit_stream([table[:50], table[50:]], ["a", "b"]), table.iloc[:, :5]


def of_texts(**options):
    X, y = made_up_texts.tagged(60)
    trunk = clone(made_up_texts.TRUNK).set_params(dropout=0.0)
    options = {**OPTIONS, "trunk": trunk, **options}
    return MultiTaskClassifier(**options).fit(X, y), X


def of_images(normalization=None, **options):
    X, y = np.random.default_rng(0).random((50, 36)), np.tile([[0, 1], [1, 1]], (25, 1))
    y[0] = 0
    trunk = Conv((1, 6, 6), (4,), hidden=4, normalization=normalization)
    options = {**OPTIONS, "trunk": trunk, **options}
    return MultiTaskClassifier(**options).fit(X, y), X


BALANCED = ["dwa", "uncertainty", "random", "famo", "stch", "gradnorm"]
GRADIENTS = ["upgrad", "pcgrad", "nash_mtl"]
CASES = {
    "sum": (of_classes, {}),
    "float32": (of_classes, {"dtype": "float32"}),
    "weighted": (of_classes, {"weighted": True}),
    "members": (of_classes, {"n_members": 3, "max_epochs": 12, "lr": 0.03}),
    "full_batch": (of_classes, {"batch_size": None, "n_members": 2}),
    "no_hold_out": (of_classes, {"early_stopping": False}),
    "small_batches": (of_classes, {"batch_size": 1, "max_epochs": 1}),
    "regression": (of_mixed, {"balancing": "mean", "shared_penalty": 0.1}),
    "learned_relation": (of_mixed, {"task_relation": "learned"}),
    "alternating": (of_mixed, {"task_schedule": "asynchronous"}),
    "experts": (of_mixed, {"trunk": MixtureOfExperts(2, (4,))}),
    "streamed": (of_streamed, {}),
    "images": (of_images, {}),
    "texts": (of_texts, {}),
    **{name: (of_classes, {"balancing": name, "weighted": True}) for name in BALANCED},
    **{
        f"{name}_{gramian}": (
            of_classes,
            {"balancing": name, "gramian": gramian, "weighted": True},
        )
        for name in GRADIENTS
        for gramian in ("features", "shared")
    },
}


def found(name, **options):
    """Return what a case has learned."""
    fit, given = CASES[name]
    return facts(*fit(**given, **options))


def facts(model, X):
    outputs = [] if isinstance(X, list) else model.transform(X)
    keys = {"train_loss", "valid_loss", "task_weight"} & {*model.history_}
    losses = {key: model.history_[key] for key in keys}
    state = model.net_.module_.state_dict()
    weights = {key: value.numpy() for key, value in state.items()}
    return {"outputs": outputs, "weights": weights, **losses}


def message(fit, *data, **options):
    """Return the message of the error that is raised."""
    try:
        fit(*data, **options)
    except ValueError as error:
        return str(error)
    return None


def in_threads(**options):
    with parallel_config("threading"):
        return Parallel(2)(delayed(of_classes)(**options) for _ in range(2))


def of_others(number):
    """Yield the messages if the second process has other data or parameters."""
    X, y = classes()
    rows, is_other = slice(number, None, 2), number == 1
    ones, fitted = np.ones(len(X)), of_classes(warm_start=True)[0]
    fits = {
        "samples": (X[rows], y[rows]),
        "inputs": (X[:: 1 - 2 * number], y),
        "labels": (X, y[:: 1 - 2 * number]),
        "classes": (X, y + number),
        "sample_weight": (X, y, ones + is_other * np.arange(len(X))),
    }
    for name, data in fits.items():
        yield (
            name,
            message(MultiTaskClassifier(**OPTIONS, data_parallel=True).fit, *data),
        )
    half = {"X_val": X[rows], "y_val": y[rows]}
    net = MultiTaskClassifier(**OPTIONS, data_parallel=True)
    yield "validation set", message(net.fit, X, y, **half)
    yield "max_epochs", message(of_classes, data_parallel=True, max_epochs=3 + number)
    if is_other:
        fitted.partial_fit(X, y)
    yield "fitted net", message(fitted.set_params(data_parallel=True).fit, X, y)


class Stop(Callback):
    """Stop one process after its second epoch."""

    def on_epoch_end(self, net, **kwargs):
        from accelerate import PartialState

        if PartialState().process_index == 1 and len(net.history) == 2:
            raise KeyboardInterrupt


class Rows(Callback):
    """Count the rows of every batch in this process."""

    def on_train_begin(self, net, **kwargs):
        self.n_rows = []

    def on_batch_begin(self, net, batch, **kwargs):
        self.n_rows.append(batch[0].shape[1])


def further():
    """Continue the training of a net, and train with other options."""
    net, X = of_classes(data_parallel=True, random_state=None, dropout=0.5)
    yield "random_seed", facts(net, X)
    y = classes()[1]
    net.set_params(warm_start=True).fit(X, y)
    yield "warm_start", facts(net, X)
    yield "partial_fit", facts(net.partial_fit(X[:20], y[:20]), X)
    batch_norm = {"normalization": "batch", "data_parallel": True}
    yield "batch_norm", facts(*of_images(**batch_norm))
    net, X = of_classes(data_parallel=True, callbacks=[Stop()])
    yield "stopped", facts(net, X)
    net, X = of_classes(data_parallel=True, callbacks=[Rows()])
    yield "rows", {**facts(net, X), "n_rows": net.net_.callbacks_[1][1].n_rows}


def main(folder):
    from accelerate import PartialState

    state = PartialState(cpu=True)
    number = state.process_index
    learned = {name: found(name, data_parallel=True) for name in CASES}
    learned |= further()
    messages = {
        "trunk": message(of_mixed, data_parallel=True, trunk=SharedPrivate((4,), (4,))),
        "device": message(of_classes, data_parallel=True, device="cpu:1"),
        "joblib": message(in_threads, data_parallel=True),
        **dict(of_others(number)),
    }
    found_here = state.num_processes, state.backend, learned, messages
    state.destroy_process_group()
    messages["closed"] = message(of_classes, data_parallel=True)
    Path(folder, f"{number}.pkl").write_bytes(pickle.dumps(found_here))


if __name__ == "__main__":
    main(*sys.argv[1:])
