"""The loss of each task, in the nets."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import CrossEntropy, FocalLoss, HuberLoss
from sklearn_mtl.model_selection import per_task_scorers
from tests.neural_network.nets import ALL, EXACT, same_bits, table, targets_of, tiny

X, Y = table()
DEFAULTS = {
    "classification": "cross_entropy",
    "regression": "squared_error",
    "mixed": "auto",
}


@pytest.mark.parametrize("cls", ALL)
def test_the_default_is_what_auto_says(cls):
    y = targets_of(cls, Y)
    assert cls().loss == DEFAULTS[cls._kind]
    assert same_bits(tiny(cls).fit(X, y), tiny(cls, loss="auto").fit(X, y))


def test_a_loss_without_effect_is_the_default_to_rounding():
    y = Y[:, :2]
    plain = tiny(MultiTaskClassifier, **EXACT).fit(X, y)
    focal = tiny(MultiTaskClassifier, loss=FocalLoss(gamma=0.0), **EXACT).fit(X, y)
    for one, other in zip(plain.predict_proba(X), focal.predict_proba(X), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_losses_are_given_by_name_of_the_task():
    losses = {"task0": "focal", "task2": HuberLoss(0.5)}
    model = tiny(MultiTaskMixedEstimator, loss=losses).fit(X, Y)
    layout = model.net_.criterion_.layout
    found = {layout.order[j]: type(layout.loss(j)) for j in range(3)}
    assert found == {0: FocalLoss, 1: CrossEntropy, 2: HuberLoss}


def test_a_loss_for_no_task_is_refused():
    with pytest.raises(TaskError, match="MultiTaskRegressor: loss='focal' supports"):
        tiny(MultiTaskRegressor, loss="focal").fit(X, Y[:, 2])


@pytest.mark.parametrize("loss", ["hinge", 3])
def test_an_unknown_loss_is_refused(loss):
    with pytest.raises(ValueError, match="'loss' parameter of MultiTaskClassifier"):
        tiny(MultiTaskClassifier, loss=loss).fit(X, Y[:, 0])


def test_the_focal_loss_finds_more_of_a_rare_class():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 4))
    logits = 2 * X[:, :2] - 4
    y = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)
    arguments = {"max_epochs": 20, "early_stopping": False}
    recall = {}
    for loss in ("cross_entropy", FocalLoss(3.0)):
        proba = tiny(MultiTaskClassifier, loss=loss, **arguments).fit(X, y)
        proba = proba.predict_proba(X)
        recall[loss if isinstance(loss, str) else "focal"] = np.mean(
            [p[y[:, t] == 1, 1].mean() for t, p in enumerate(proba)]
        )
    assert recall["focal"] > recall["cross_entropy"] + 0.02


def test_hubers_loss_withstands_labels_that_are_far_off():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    truth = X[:, :2]
    y = truth.copy()
    y[rng.random(y.shape) < 0.05] += 30
    arguments = {"max_epochs": 30, "lr": 0.01, "clip_predictions": False}
    errors = [
        np.median(
            np.abs(
                tiny(MultiTaskRegressor, loss=loss, **arguments).fit(X, y).predict(X)
                - truth
            )
        )
        for loss in ("squared_error", HuberLoss(0.1))
    ]
    assert errors[1] < 0.5 * errors[0]


def test_scores_are_relative_to_the_constant_under_the_same_loss():
    X, y = table(400)
    for loss in ("cross_entropy", "focal", CrossEntropy(0.3)):
        model = tiny(MultiTaskClassifier, loss=loss, max_epochs=1, lr=1e-9)
        score = model.fit(X, y[:, :2]).history_["valid_score"]
        assert np.abs(score).max() < 0.5  # untrained heads on the class frequencies
    regressor = tiny(MultiTaskRegressor, loss=HuberLoss(0.2))
    prior = regressor.fit(X, y[:, 2])._state.encoder.prior_losses_
    z = (y[:, 2] - y[:, 2].mean()) / y[:, 2].std()
    expected = np.where(np.abs(z) < 0.2, z**2, 0.4 * np.abs(z) - 0.04).mean()
    np.testing.assert_allclose(prior, expected)


def test_parameters_of_a_loss_are_searchable():
    model = tiny(MultiTaskClassifier, loss=FocalLoss(), max_epochs=2)
    assert clone(model).set_params(loss__gamma=1.0).loss.gamma == 1.0
    grid = [{"loss": [FocalLoss()], "loss__gamma": [0.5, 2.0]}, {"loss": ["auto"]}]
    search = GridSearchCV(
        model, grid, scoring=per_task_scorers(), refit="mean", cv=2, error_score="raise"
    ).fit(X, Y[:, :2])
    assert len(search.cv_results_["params"]) == 3
