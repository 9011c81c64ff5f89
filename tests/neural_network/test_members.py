"""An ensemble in one batched product is its members, each trained alone."""

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.neural_network.data._labels import draw_folds
from sklearn_mtl.neural_network.training import _equip, _training
from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._random import spawn_seeds
from tests.neural_network.nets import (
    ALL,
    parameters,
    table,
    targets_of,
    tiny,
    with_gaps,
)


@pytest.fixture
def draws_of(monkeypatch):
    """Return a function that makes a single member draw what member m would."""

    def choose(m):
        def seeds(seed, n_seeds, stream=0):
            return spawn_seeds(seed, n_seeds + m, stream)[m:]

        for file in (_equip, _training):
            monkeypatch.setattr(file, "spawn_seeds", seeds)

    return choose


def assert_member(model, m, alone, rtol=1e-6):
    ensemble, single = parameters(model), parameters(alone)
    for name, value in single.items():
        np.testing.assert_allclose(
            ensemble[name][m], value[0], rtol=rtol, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("batch_size", [None, 32])
@pytest.mark.parametrize("cls", ALL)
def test_a_member_equals_the_net_trained_alone(cls, batch_size, draws_of):
    X, y = table()
    y = targets_of(cls, with_gaps(y))
    arguments = {
        "batch_size": batch_size,
        "dropout": 0.2,
        "dtype": "float64",
        "early_stopping": False,
    }
    model = tiny(cls, n_members=3, **arguments).fit(X, y)
    for m in range(3):
        draws_of(m)
        assert_member(model, m, tiny(cls, **arguments).fit(X, y))


@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("cls", ALL)
def test_a_member_knows_nothing_of_the_rows_that_it_holds_out(
    cls, batch_size, draws_of
):
    X, y = table()
    X[::7, 1] = np.nan
    y = targets_of(cls, with_gaps(y))
    arguments = {
        "batch_size": batch_size,
        "dtype": "float64",
        "lr_schedule": "constant",
        "numeric_embedding": PiecewiseLinear(),
    }
    model = tiny(cls, n_members=3, early_stopping=True, **arguments).fit(X, y)
    folds = folds_of(model, y)
    for m, rows in enumerate(folds):
        draws_of(m)
        alone = tiny(cls, max_epochs=model.best_epoch_, early_stopping=False)
        # only how many labels a task has is counted over all rows
        weight = model.history_["task_weight"][0]
        alone.set_params(task_weight=weight, **arguments).fit(X[rows], y[rows])
        assert_member(model, m, alone)


def folds_of(model, y, n_members=3):
    seed = spawn_seeds(model.random_state, 1, _training._FOLDS)[0]
    codes = model.task_set_.encode(y)
    return draw_folds(model.task_set_, codes, n_members, 0.15, seed)


def test_folds_of_unequal_size_weigh_every_row_alike(draws_of):
    X, y = table(121)
    y = y[:, :2]
    arguments = {"batch_size": None, "lr_schedule": "constant", "optimizer": "sgd"}
    model = tiny(MultiTaskClassifier, n_members=4, early_stopping=True, **arguments)
    folds = folds_of(model.fit(X, y), y, n_members=4)
    assert len(set(folds.sum(axis=1))) == 2
    alone = tiny(MultiTaskClassifier, early_stopping=False, **arguments)
    for m, rows in enumerate(folds):
        draws_of(m)
        alone.set_params(max_epochs=model.best_epoch_).fit(X[rows], y[rows])
        assert_member(model, m, alone)


def test_the_prediction_is_the_mean_over_members(draws_of):
    X, y = table()
    arguments = {"batch_size": None, "early_stopping": False}
    model = tiny(MultiTaskMixedEstimator, n_members=3, **arguments).fit(X, y)
    alone = []
    for m in range(3):
        draws_of(m)
        alone.append(tiny(MultiTaskMixedEstimator, **arguments).fit(X, y))
    for t in range(2):
        mean = np.mean([one.predict_proba(X)[t] for one in alone], axis=0)
        np.testing.assert_allclose(model.predict_proba(X)[t], mean, rtol=1e-7)
    values = np.mean([one._task_outputs(X)[2] for one in alone], axis=0)
    low, high = y[:, 2].min(), y[:, 2].max()
    inside = (values > low) & (values < high)
    found = model.predict(X)[:, 2].astype(float)
    np.testing.assert_allclose(found[inside], values[inside], rtol=1e-3)


def test_every_row_is_held_out_by_one_member():
    _, y = table(123)
    tasks, codes = TaskSet.from_y(with_gaps(y))
    folds = draw_folds(tasks, codes, 5, 0.15, seed=0)
    np.testing.assert_array_equal((~folds).sum(axis=0), 1)
    assert set((~folds).sum(axis=1)) == {24, 25}


@pytest.mark.parametrize("share", [0.15, 0.5, 0.001, 0.999])
def test_a_single_member_holds_out_the_share_asked_for(share):
    _, y = table(100)
    tasks, codes = TaskSet.from_y(y)
    folds = draw_folds(tasks, codes, 1, share, seed=0)
    assert folds.shape == (1, 100)
    assert (~folds).sum() == min(max(round(100 * share), 1), 99)


def test_held_out_rows_have_all_classes_of_all_tasks_in_proportion():
    _, y = table(400)
    y = with_gaps(y)[:, :2]
    tasks, codes = TaskSet.from_y(y)
    held = ~draw_folds(tasks, codes, 1, 0.25, seed=0)[0]
    for t in range(2):
        for k in range(t + 2):
            n = np.sum(y[:, t] == k)
            assert abs(np.sum(y[held, t] == k) - n / 4) <= 1


def test_more_members_than_rows_can_hold_out_folds():
    X, y = table(5)
    model = tiny(ALL[1], n_members=8, early_stopping=True).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("trunk", "n_members"), [(None, 8), (torch.nn.Linear(4, 3), 1)]
)
def test_auto_is_eight_members_and_one_for_an_own_module(trunk, n_members):
    X, y = table(40)
    model = tiny(ALL[0], n_members="auto", trunk=trunk).fit(X, y[:, 0])
    assert len(model.net_.module_.heads.weight) == n_members
