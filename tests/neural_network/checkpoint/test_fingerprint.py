"""Which trainings are the same, and which are not."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from skorch.callbacks import Callback, LRScheduler
from torch import nn

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.modules import MixtureOfExperts
from tests.neural_network.nets import table, tiny

X, Y = table()


def fit(folder, *args, cls=MultiTaskMixedEstimator, callbacks=None, **arguments):
    """Fit one epoch; return how many trainings the folder knows after it."""
    kwargs = {}
    for name in ("sample_weight", "groups", "X_val", "y_val"):
        if name in arguments:
            kwargs[name] = arguments.pop(name)
    options = {"max_epochs": 1, "early_stopping": True, "batch_size": 32, **arguments}
    model = tiny(cls, callbacks=callbacks, checkpoint=folder, **options)
    model.fit(*(args or (X, Y)), **kwargs)
    return len(list(folder.iterdir()))


OTHER = {
    "hidden_layer_sizes": (9,),
    "activation": "tanh",
    "dropout": 0.3,
    "trunk": MixtureOfExperts(2, (4,)),
    "head": "mlp",
    "n_members": 2,
    "loss": "huber",
    "balancing": "uncertainty",
    "gramian": "shared",
    "update_every": 3,
    "task_schedule": "sampled",
    "task_relation": np.eye(3),
    "relation_on": "heads",
    "relation_strength": 0.2,
    "shared_penalty": 0.1,
    "task_weight": [1, 2, 3],
    "class_weight": "balanced",
    "optimizer": "sgd",
    "lr": 0.004,
    "lr_schedule": "constant",
    "weight_decay": 0.1,
    "batch_size": 16,
    "max_epochs": 2,
    "early_stopping": False,
    "validation_fraction": 0.2,
    "n_iter_no_change": 3,
    "task_types": {"task1": "regression"},
    "numeric_embedding": "auto",
    "categorical_features": [0],
    "clip_predictions": False,
    "on_empty_task": "warn",
    "monitor": "gradients",
    "callbacks": [LRScheduler()],
    "device": "cpu:0",
    "dtype": "float64",
    "warm_start": True,
    "random_state": 1,
}
SAME = {"checkpoint", "data_parallel", "n_stored_samples", "n_threads", "verbose"}


def test_every_parameter_is_told_apart_or_has_no_say():
    assert OTHER.keys() | SAME == set(
        inspect.signature(MultiTaskMixedEstimator).parameters
    )


@pytest.mark.parametrize("name", OTHER)
def test_another_parameter_is_another_training(name, tmp_path):
    assert fit(tmp_path) == 1
    assert fit(tmp_path, **{name: OTHER[name]}) == 2


def test_what_has_no_say_is_the_same_training(tmp_path):
    assert fit(tmp_path) == 1
    assert fit(tmp_path, n_threads=None) == 1
    assert fit(tmp_path, verbose=1) == 1
    named = pd.DataFrame(X, columns=list("abcd")), pd.DataFrame(Y).add_prefix("task")
    assert fit(tmp_path, *named) == 1
    assert fit(tmp_path, X, Y, sample_weight=np.ones(120)) == 1


class Scheduler(Callback):
    def __init__(self, rate=0):
        self.rate = rate


def changed(array, place, value):
    other = np.array(array, dtype=float)
    other[place] = value
    return other


DATA = {
    "a value of X": (changed(X, (3, 1), np.nextafter(X[3, 1], 9)), Y),
    "a label": (X, changed(Y, (5, 0), 1 - Y[5, 0])),
    "a missing label": (X, changed(Y, (5, 2), np.nan)),
    "the order of samples": (X[::-1], Y[::-1]),
    "the order of tasks": (X, Y[:, [1, 0, 2]]),
    "fewer samples": (X[:-1], Y[:-1]),
    "names of classes": (
        X,
        pd.DataFrame(Y, columns=["task0", "task1", "task2"]).assign(
            task0=np.where(Y[:, 0] > 0, "y", "n")
        ),
    ),
}


@pytest.mark.parametrize("name", DATA)
def test_other_data_are_another_training(name, tmp_path):
    assert fit(tmp_path) == 1
    assert fit(tmp_path, *DATA[name]) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"sample_weight": np.linspace(0.5, 1.5, 120)},
        {"groups": np.arange(120) // 6},
        {"X_val": X[:40], "y_val": Y[:40]},
    ],
)
def test_other_weights_and_hold_outs_are_another_training(given, tmp_path):
    assert fit(tmp_path) == 1
    assert fit(tmp_path, **given) == 2
    key, value = next(iter(given.items()))
    other = changed(value, 7, value[7] + 1)
    assert fit(tmp_path, **{**given, key: other}) == 3


def test_sparse_rows_and_other_estimators_are_other_trainings(tmp_path):
    assert fit(tmp_path) == 1
    assert fit(tmp_path, sparse.csr_array(X), Y) == 2
    whole = Y[:, :2]
    assert fit(tmp_path, X, whole) == 3
    assert fit(tmp_path, X, whole, cls=MultiTaskClassifier) == 4
    assert fit(tmp_path, X, whole, cls=MultiTaskRegressor) == 5


def test_callbacks_count_by_class_and_parameters_not_by_what_they_remember(tmp_path):
    used = Scheduler(1)
    assert fit(tmp_path, callbacks=[used]) == 1
    used.remembers = [1, 2, 3]
    assert fit(tmp_path, callbacks=[used]) == 1
    assert fit(tmp_path, callbacks=[Scheduler(1)]) == 1
    assert fit(tmp_path, callbacks=[Scheduler(2)]) == 2
    assert fit(tmp_path, callbacks=[("name", Scheduler(2))]) == 3
    assert fit(tmp_path, callbacks=[Scheduler(lambda: 1)]) == 4
    assert fit(tmp_path, callbacks=[Scheduler(lambda: 1)]) == 4
    assert fit(tmp_path, callbacks=[Scheduler(lambda: 2)]) == 5
    steps = [LRScheduler("StepLR", step_size=size) for size in (1, 1, 2)]
    assert [fit(tmp_path, callbacks=[one]) for one in steps] == [6, 6, 7]
    assert fit(tmp_path, callbacks=[Scheduler]) == 8  # a class


def test_modules_count_with_their_weights_and_functions_with_their_code(tmp_path):
    torch.manual_seed(0)
    module = nn.Linear(4, 8)
    assert fit(tmp_path, trunk=module) == 1
    assert fit(tmp_path, trunk=module) == 1
    with torch.no_grad():
        module.bias += 1e-6
    assert fit(tmp_path, trunk=module) == 2
    assert fit(tmp_path, trunk=lambda n: nn.Linear(n, 8)) == 3
    assert fit(tmp_path, trunk=lambda n: nn.Linear(n, 8)) == 3
    assert fit(tmp_path, trunk=lambda n: nn.Linear(n, 7)) == 4


def test_another_version_of_a_package_is_another_training(tmp_path, monkeypatch):
    assert fit(tmp_path) == 1
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert fit(tmp_path) == 2


class Unsaid(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.lines = nn.Linear(4, 8), (i for i in range(3))

    def __deepcopy__(self, memo):
        return Unsaid()

    def forward(self, x):
        return self.linear(x)


def test_a_parameter_that_cannot_be_told_from_others_is_an_error(tmp_path):
    with pytest.raises(TypeError, match=r"MultiTaskMixed.*trunk cannot.*generator"):
        fit(tmp_path, trunk=Unsaid())
