"""Parameters that are changed between two calls that train the same net."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn, optim

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.balancing import Fixed
from sklearn_mtl.losses import FocalLoss, HuberLoss
from sklearn_mtl.modules import MLP, Columns, MixtureOfExperts
from sklearn_mtl.neural_network.growth import _fixed
from sklearn_mtl.persistence import load, save
from sklearn_mtl.preprocessing import PiecewiseLinear
from tests.neural_network.nets import parameters, same_bits, table, tiny

# only tasks with outputs of equal shape can be related
RELATION = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
REFUSED = {
    "hidden_layer_sizes": (5,),
    "activation": "relu",
    "dropout": 0.4,
    "trunk": MLP((5,)),
    "head": "mlp",
    "n_members": 2,
    "loss": ["focal", "squared_error", "squared_error"],
    "balancing": "geometric_mean",
    "gramian": "shared",
    "update_every": 3,
    "task_schedule": "asynchronous",
    "optimizer": "sgd",
    "weight_decay": 0.1,
    "task_types": ["regression"] * 3,
    "numeric_embedding": PiecewiseLinear(),
    "categorical_features": [0],
    "clip_predictions": False,
    "on_empty_task": "warn",
    "device": "cuda",
    "dtype": "float64",
    "random_state": 1,
}
EFFECTIVE = {
    "task_relation": RELATION,
    "relation_on": "heads",
    "relation_strength": 3.0,
    "shared_penalty": 0.5,
    "task_weight": [1.0, 5.0, 2.0],
    "class_weight": "balanced",
    "lr": 0.1,
    "lr_schedule": "constant",
    "batch_size": 7,
    "max_epochs": 3,
    "early_stopping": True,
    "validation_fraction": 0.4,
    "n_iter_no_change": 1,
}
#: Changes with an effect that other tests show, but not on the weights.
ELSEWHERE = {
    *("callbacks", "checkpoint", "data_parallel", "monitor", "n_stored_samples"),
    *("n_threads", "verbose", "warm_start"),
}
#: Parameters without effect unless another one is set.
NEEDS = {
    "relation_on": {"task_relation": RELATION},
    "relation_strength": {"task_relation": RELATION},
    "validation_fraction": {"early_stopping": True},
    "n_iter_no_change": {"early_stopping": True, "lr": 0.3, "max_epochs": 12},
}


def targets():
    """Return X and a binary and two numeric tasks."""
    X, y = table(60)
    return X, np.column_stack([y[:, 0], y[:, 2], X[:, 1] + y[:, 2]])


def fitted(**options):
    X, y = targets()
    options = {"warm_start": True, "early_stopping": False, **options}
    return tiny(MultiTaskMixedEstimator, dtype="float32", **options).fit(X, y), X, y


def test_every_parameter_is_known():
    sets = [set(REFUSED), set(EFFECTIVE), ELSEWHERE]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert set.union(*sets) == set(
        inspect.signature(MultiTaskMixedEstimator).parameters
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_without_effect_is_refused(name, monkeypatch):
    monkeypatch.setattr(_fixed, "resolve_device", lambda device, who: device)
    model, X, y = fitted()
    before = parameters(model)
    message = f"MultiTaskMixedEstimator: got {name}="
    if name == "n_members":  # compared with the net, so that "auto" may become 8
        message = "n_members is 2, but the fitted net has 1 members"
    with pytest.raises(ValueError, match=message):
        model.set_params(**{name: REFUSED[name]}).fit(X, y)
    for name, value in parameters(model).items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("name", EFFECTIVE)
def test_other_changes_take_effect(name):
    model, X, y = fitted(**NEEDS.get(name, {}))
    same = copy.deepcopy(model).fit(X, y)
    model.set_params(**{name: EFFECTIVE[name]}).fit(X, y)
    assert not same_bits(model, same) or model.n_iter_ != same.n_iter_


@pytest.mark.parametrize("call", ["fit", "partial_fit", "update"])
def test_every_call_that_continues_training_names_both_values(call):
    model, X, y = fitted()
    model.set_params(dtype="float64", optimizer=optim.Adam)
    message = (
        "MultiTaskMixedEstimator: got dtype='float64', optimizer=Adam, but the net "
        "was fitted with dtype='float32', optimizer='adamw', which cannot change"
    )
    with pytest.raises(ValueError, match=message):
        getattr(model, call)(X, y)
    getattr(model.set_params(dtype="float32", optimizer="adamw"), call)(X, y)


def test_a_stream_refuses_changes_from_its_second_call():
    X, y = targets()
    model = tiny(MultiTaskClassifier).partial_fit(X, y[:, 0], classes=[0, 1])
    with pytest.raises(ValueError, match=r"got hidden_layer_sizes=\[5\], but"):
        model.set_params(hidden_layer_sizes=(5,)).partial_fit(X, y[:, 0])


def test_a_fit_from_the_start_takes_all_changes():
    model, X, y = fitted()
    model.set_params(warm_start=False, dtype="float64", hidden_layer_sizes=(5,))
    assert model.fit(X, y)._state.dtype is torch.float64


def test_a_spec_that_is_changed_in_place_is_a_change():
    model, X, y = fitted(trunk=MixtureOfExperts(dropout=0.1))
    with pytest.raises(ValueError, match=r"got trunk=Mixture.*dropout=0\.2"):
        model.set_params(trunk__dropout=0.2).fit(X, y)


def test_the_layers_of_a_module_are_compared():
    small, large = (nn.Sequential(nn.Linear(4, n), nn.ReLU()) for n in (3, 5))
    model, X, y = fitted(trunk=small)
    model.set_params(trunk=copy.deepcopy(small)).fit(X, y)
    with pytest.raises(ValueError, match="got trunk=Sequential"):
        model.set_params(trunk=large).fit(X, y)


def test_equal_values_of_another_type_are_no_change():
    model, X, y = fitted(categorical_features=[0], hidden_layer_sizes=(8,))
    model.set_params(categorical_features=np.array([0]), hidden_layer_sizes=[8])
    model.set_params(random_state=np.int64(0)).fit(X, y)


@pytest.mark.parametrize(
    ("name", "value", "equal"),
    [
        ("dropout", 0.1, np.float64(0.1)),
        ("dropout", 0, 0.0),
        ("activation", "relu", np.str_("relu")),
        ("trunk", MLP((8,), dropout=0.1), MLP((8,), dropout=np.float64(0.1))),
        (
            "task_types",
            {"task0": "binary", "task1": "regression"},
            {"task1": "regression", "task0": "binary"},
        ),
    ],
)
def test_equal_numbers_texts_and_dicts_are_no_change(name, value, equal):
    model, X, y = fitted(**{name: value})
    model.set_params(**{name: equal}).fit(X, y)


def test_the_slices_of_columns_are_compared():
    first, last = (Columns([("a", MLP((4,)), s)]) for s in (slice(3), slice(1, 4)))
    model, X, y = fitted(trunk=first)
    with pytest.raises(ValueError, match="got trunk=Columns"):
        model.set_params(trunk=last).fit(X, y)


@pytest.mark.parametrize("how", ["pickle", "save", "clone"])
def test_copies_continue_unless_a_parameter_changes(how, tmp_path):
    model, X, y = fitted(trunk=MLP((8,)), random_state=np.random.RandomState(0))
    if how == "pickle":
        model = pickle.loads(pickle.dumps(model))
    elif how == "save":
        save(model, tmp_path / "net", training_state=True)
        model = load(tmp_path / "net")
    else:  # of the parameters only
        model.set_params(**clone(model).get_params(deep=False))
    model.fit(X, y)
    with pytest.raises(ValueError, match="got dtype='float64'"):
        model.set_params(dtype="float64").fit(X, y)


def test_losses_are_compared_by_task():
    model, X, y = fitted(loss=["focal", "huber", "auto"])
    model.rename_task("task0", "flag").drop_task("task2")
    named = {"flag": FocalLoss(), "task1": HuberLoss()}
    model.set_params(loss=named).partial_fit(X, y[:, :2])
    with pytest.raises(ValueError, match="got loss="):
        model.set_params(loss={"flag": "focal"}).partial_fit(X, y[:, :2])


def test_a_net_with_other_tasks_takes_the_balancing_of_now():
    model, X, y = fitted(balancing=Fixed([1.0, 2.0, 3.0]))
    model.set_params(balancing=Fixed([1.0, 2.0])).drop_task("task2")
    model.fit(X, y[:, :2])
    with pytest.raises(ValueError, match="got balancing='sum'"):
        model.set_params(balancing="sum").fit(X, y[:, :2])


def test_a_net_loaded_on_another_device_may_name_it():
    model, X, y = fitted()
    model._state.parameters["device"] = "'cuda:1'"  # as after a load without a GPU
    model.fit(X, y)
