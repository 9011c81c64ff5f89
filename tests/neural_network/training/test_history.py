"""What is kept of every epoch."""

import copy
import io
import json
import pickle

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Initializer
from torch.nn import functional as F

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from tests.neural_network.nets import (
    ALL,
    EXACT,
    Plain,
    same_bits,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)

X, Y = table()


@pytest.mark.parametrize("cls", ALL)
def test_it_has_an_entry_an_epoch_and_a_column_a_task(cls):
    y = targets_of(cls, Y)
    model = tiny(cls, early_stopping=True, max_epochs=4).fit(X, y)
    shapes = {name: value.shape for name, value in model.history_.items()}
    by_task, by_epoch = (4, y.shape[1]), (4,)
    assert shapes == {
        "train_loss": by_task,
        "valid_loss": by_task,
        "valid_score": by_task,
        "valid_criterion": by_epoch,
        "task_weight": by_task,
        "lr": by_epoch,
        "duration": by_epoch,
    }
    assert all(np.isfinite(value).all() for value in model.history_.values())
    assert (model.history_["duration"] > 0).all()


def test_tasks_stand_in_the_order_of_y_and_not_of_the_net():
    y = Y[:, [1, 2, 0]]  # the net puts the binary task first
    zero = Initializer("heads.weight", fn=torch.nn.init.zeros_)
    model = tiny(MultiTaskMixedEstimator, callbacks=[zero], **EXACT).fit(X, y)
    shares = [np.bincount(Y[:, t].astype(int)) / 120 for t in (1, 0)]
    multiclass, binary = (-np.sum(share * np.log(share)) for share in shares)
    # the heads say nothing yet: the losses are those of the frequencies and the mean
    first = model.history_["train_loss"][0]
    np.testing.assert_allclose(first, [multiclass, 1.0, binary], rtol=1e-6)


def test_the_loss_of_the_first_epoch_is_that_of_the_start():
    y = with_gaps(Y[:, :2])
    model = tiny(MultiTaskClassifier, **EXACT)
    net = Plain.like(untrained(model, X, y))
    model.fit(X, y)
    labelled = X[~np.isnan(y).all(axis=1)]
    scaled = torch.tensor((X - labelled.mean(axis=0)) / labelled.std(axis=0))
    with torch.no_grad():
        z = net(scaled)
    seen = [torch.tensor(np.flatnonzero(~np.isnan(y[:, t]))) for t in range(2)]
    t = torch.tensor(np.nan_to_num(y))
    expected = [
        F.binary_cross_entropy_with_logits(z[seen[0], 0], t[seen[0], 0]),
        F.cross_entropy(z[seen[1], 1:], t[seen[1], 1].long()),
    ]
    np.testing.assert_allclose(model.history_["train_loss"][0], expected)


def test_the_objective_is_the_weighted_sum_of_the_losses():
    weight = [2.0, 0.5, 1.5]
    model = tiny(MultiTaskMixedEstimator, task_weight=weight, early_stopping=True)
    model.fit(X, with_gaps(Y))
    for part in ("train", "valid"):
        total = model.net_.history[:, f"{part}_loss"]
        np.testing.assert_allclose(total, model.history_[f"{part}_loss"] @ weight)


def test_losses_of_batches_average_to_the_loss_of_all_rows():
    arguments = {"lr": 1e-300, "optimizer": "sgd", "max_epochs": 1}
    arguments |= {"early_stopping": False, "dropout": 0.0, "dtype": "float64"}
    whole = tiny(MultiTaskMixedEstimator, batch_size=None, **arguments).fit(X, Y)
    parts = tiny(MultiTaskMixedEstimator, batch_size=30, **arguments).fit(X, Y)
    np.testing.assert_allclose(
        parts.history_["train_loss"], whole.history_["train_loss"], rtol=1e-9
    )


def test_the_rate_warms_up_and_falls_to_zero():
    model = tiny(MultiTaskClassifier, batch_size=12, max_epochs=40)
    model.set_params(early_stopping=False).fit(X, Y[:, 0])
    rates = model.history_["lr"] / model.lr
    assert rates[0] < 0.6
    assert rates.argmax() in (1, 2)
    assert (np.diff(rates[2:]) < 0).all()
    assert rates[-1] < 0.01


@pytest.mark.parametrize("cls", ALL)
def test_a_fitted_net_survives_pickle_joblib_and_copy(cls):
    y = targets_of(cls, with_gaps(Y))
    arguments = {"n_members": 2, "dropout": 0.2, "early_stopping": True, "verbose": 1}
    model = tiny(cls, **arguments).fit(X, y)
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    others = [
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        joblib.load(file),
    ]
    for other in others:
        assert same_bits(other, model)
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        for name, value in model.history_.items():
            np.testing.assert_array_equal(other.history_[name], value)


@pytest.mark.parametrize("cls", ALL)
def test_a_clone_is_unfitted_and_learns_the_same(cls):
    y = targets_of(cls, Y)
    model = tiny(cls).fit(X, y)
    other = clone(model)
    assert not hasattr(other, "net_")
    assert same_bits(other.fit(X, y), model)


@pytest.mark.parametrize("cls", ALL)
def test_arguments_go_in_and_out_unchanged(cls):
    model = cls()
    given = model.get_params(deep=False)
    assert cls(**given).get_params(deep=False) == given
    assert model.set_params(**given).get_params(deep=False) == given
    assert len(json.dumps(given)) > 0  # plain values, that any file can hold
    with pytest.raises(ValueError, match="Invalid parameter"):
        model.set_params(n_layers=3)
