"""Losses and methods of balancing of a user's own train like ours."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.losses import CrossEntropy
from sklearn_mtl.model_selection import MultiTaskKFold
from tests.balancing.own import Inverse, RunningMean, RunningUnits, UnitGradients
from tests.losses.own import Brier, LogCosh, Quantile, Squares

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
COMPLETE = np.tanh(X @ RNG.normal(size=(4, 3))) + 0.1 * RNG.normal(size=(60, 3))
MISSING = np.where(RNG.random((60, 3)) < 0.3, np.nan, COMPLETE)
SEPARATE = np.where(np.arange(60)[:, None] // 20 == np.arange(3), COMPLETE, np.nan)
Y = {"complete": COMPLETE, "missing": MISSING, "separate": SEPARATE}
SMALL = {
    "hidden_layer_sizes": (8,),
    "max_epochs": 5,
    "batch_size": 16,
    "lr": 0.02,
    "random_state": 0,
}
METHODS = [Inverse(), RunningMean(), UnitGradients(), RunningUnits()]
named = pytest.mark.parametrize


@named("n_members", [1, 3])
@named("balancing", ["sum", "uncertainty", "upgrad"])
@named("labels", Y)
def test_a_loss_that_equals_ours_gives_the_same_net(labels, balancing, n_members):
    model = MultiTaskRegressor(**SMALL, n_members=n_members, balancing=balancing)
    ours = clone(model).set_params(loss="squared_error").fit(X, Y[labels])
    own = clone(model).set_params(loss=Squares()).fit(X, Y[labels])
    np.testing.assert_array_equal(own.predict(X), ours.predict(X))


class Entropy(CrossEntropy):
    """A class of its own, as far as the registry knows."""


@named("cuts", [[0.0], [-0.5, 0.5]], ids=["binary", "multiclass"])
@named("n_copies", [1, 2], ids=["task-major", "class-major"])
def test_so_it_is_with_classes(cuts, n_copies):
    y = np.tile(np.digitize(COMPLETE, cuts), n_copies)
    model = MultiTaskClassifier(**SMALL, n_members=2)
    ours = clone(model).fit(X, y).predict_proba(X)
    own = clone(model).set_params(loss=Entropy()).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(own, ours)


def test_losses_go_by_task_and_kind():
    y = np.column_stack([COMPLETE[:, 0] > 0, COMPLETE[:, 1:]])
    model = MultiTaskMixedEstimator(**SMALL, n_members=1)
    model.set_params(loss=[Brier(), LogCosh(), Quantile(0.8)]).fit(X, y)
    assert np.isfinite(model.predict(X).astype(float)).all()


def test_a_quantile_is_one():
    model = MultiTaskRegressor(loss=Quantile(0.9), max_epochs=30, random_state=0)
    y = COMPLETE + 0.5 * RNG.normal(size=COMPLETE.shape)
    below = (y <= model.fit(X, y).predict(X)).mean()
    assert 0.8 < below <= 1.0


@named("n_members", [1, 3])
@named("labels", Y)
@named("method", METHODS, ids=str)
def test_methods_of_balancing_train(method, labels, n_members):
    model = MultiTaskRegressor(**SMALL, n_members=n_members, balancing=method)
    model.fit(X, Y[labels])
    weights = model.history_["task_weight"]
    assert np.isfinite(weights).all()
    assert len(np.unique(weights.round(6))) > 1
    again = clone(model).fit(X, Y[labels])
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


@named("method", METHODS, ids=str)
def test_what_a_method_has_learned_goes_on(method):
    model = MultiTaskRegressor(**SMALL, n_members=2, balancing=method)
    model.partial_fit(X, MISSING)
    copy = pickle.loads(pickle.dumps(model))
    for each in (model, copy):
        each.partial_fit(X, MISSING)
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


def test_their_parameters_are_searched():
    model = MultiTaskRegressor(
        **SMALL, n_members=1, loss=LogCosh(), balancing=Inverse()
    )
    grid = {"loss__sharpness": [0.5, 2.0], "balancing__power": [0.5, 1.0]}
    search = GridSearchCV(model, grid, cv=MultiTaskKFold(2), error_score="raise")
    scores = search.fit(X, MISSING).cv_results_["mean_test_score"]
    assert len(np.unique(scores)) == 4
