"""The epoch with the lowest held-out loss is kept."""

import numpy as np
import pytest
import torch

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.neural_network.data._labels import draw_folds
from sklearn_mtl.neural_network.training import _rescaled_losses, _training
from sklearn_mtl.utils._random import spawn_seeds
from tests.neural_network.nets import (
    ALL,
    same_bits,
    table,
    targets_of,
    tiny,
    with_gaps,
)

OVERFITTING = {
    "batch_size": 16,
    "dropout": 0.0,
    "early_stopping": True,
    "lr": 0.05,
    "max_epochs": 40,
    "n_iter_no_change": 10,
    "weight_decay": 0.0,
}


def overfitting(cls=MultiTaskClassifier, **arguments):
    """Return a net that learns noise within a few epochs."""
    return tiny(cls, **{**OVERFITTING, **arguments})


@pytest.mark.parametrize("n_members", [1, 3])
@pytest.mark.parametrize("cls", ALL)
def test_the_best_epoch_is_that_of_the_lowest_criterion(cls, n_members):
    X, y = table(90)
    model = overfitting(cls, n_members=n_members).fit(X, targets_of(cls, with_gaps(y)))
    criterion = model.history_["valid_criterion"]
    assert model.best_epoch_ == criterion.argmin() + 1
    assert model.n_iter_ == len(criterion)


def test_the_criterion_is_the_mean_loss_relative_to_the_best_constant(monkeypatch):
    X, y = table(90)
    weight = [1.0, 2.0, 0.5]
    model = overfitting(MultiTaskMixedEstimator, task_weight=weight).fit(X, y)
    score = model.history_["valid_score"]
    plain = (1 - score) @ weight / sum(weight)
    assert (model.history_["valid_criterion"] <= plain * (1 + 1e-6)).all()
    # without a rescaling of the classification task
    monkeypatch.setattr(_rescaled_losses, "_SCALES", (1.0,))
    model.fit(X, y)
    score = model.history_["valid_score"]
    plain = (1 - score) @ weight / sum(weight)
    np.testing.assert_allclose(model.history_["valid_criterion"], plain, rtol=1e-6)
    share = np.bincount(y[:, 1].astype(int)) / 90
    prior = -np.sum(share * np.log(share))
    np.testing.assert_allclose(
        score[:, 1], 1 - model.history_["valid_loss"][:, 1] / prior
    )
    np.testing.assert_allclose(score[:, 2], 1 - model.history_["valid_loss"][:, 2])


def test_the_weights_of_the_best_epoch_are_kept():
    X, y = table(90)
    model = overfitting(lr_schedule="constant").fit(X, y[:, :2])
    assert model.best_epoch_ < model.n_iter_
    short = overfitting(lr_schedule="constant", max_epochs=model.best_epoch_)
    assert same_bits(short.fit(X, y[:, :2]), model)


def test_the_held_out_loss_is_that_of_the_held_out_rows():
    X, y = table(90)
    model = overfitting().fit(X, y[:, :2])
    seed = spawn_seeds(0, 1, _training._FOLDS)[0]
    codes = model.task_set_.encode(y[:, :2])
    held = ~draw_folds(model.task_set_, codes, 1, 0.15, seed)[0]
    proba = model.predict_proba(X[held])
    rows = np.arange(held.sum())
    found = model.history_["valid_loss"][model.best_epoch_ - 1]
    for t in range(2):
        given = proba[t][rows, y[held, t].astype(int)]
        assert found[t] == pytest.approx(-np.log(given).mean(), rel=1e-5)


@pytest.mark.parametrize("patience", [1, 3, "auto"])
def test_training_ends_when_patience_does(patience):
    X, y = table(90)
    model = overfitting(n_iter_no_change=patience).fit(X, y[:, :2])
    waited = 10 if patience == "auto" else patience
    assert model.n_iter_ == min(model.best_epoch_ + waited, 40)
    assert model.n_iter_ < 40


@pytest.mark.parametrize(("n_samples", "is_held_out"), [(100, False), (101, True)])
def test_auto_holds_out_above_a_hundred_rows(n_samples, is_held_out):
    X, y = table(n_samples)
    model = tiny(MultiTaskClassifier, early_stopping="auto").fit(X, y[:, 0])
    assert ("valid_loss" in model.history_) == is_held_out


def test_without_a_hold_out_the_last_epoch_is_kept():
    X, y = table(90)
    model = overfitting(early_stopping=False).fit(X, y[:, :2])
    assert model.best_epoch_ == model.n_iter_ == 40
    assert "valid_loss" not in model.history_


def test_a_task_without_a_held_out_label_is_left_out_of_the_criterion():
    X, y = table(90)
    labels = y[:, :2].copy()
    model = overfitting(MultiTaskMixedEstimator)
    labels[:, 1] = np.nan
    labels[:1, 1] = 0.5  # one label cannot be on both sides
    model.fit(X, labels)
    assert np.isnan(model.history_["valid_loss"][:, 1]).all()
    criterion = model.history_["valid_criterion"]
    assert (criterion <= (1 - model.history_["valid_score"][:, 0]) * (1 + 1e-6)).all()


def test_statistics_of_a_batch_norm_are_those_of_the_best_epoch():
    X, y = table(90)

    def trunk(n_features):
        return torch.nn.Sequential(
            torch.nn.Linear(n_features, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU()
        )

    arguments = {"trunk": trunk, "lr_schedule": "constant"}
    model = overfitting(**arguments).fit(X, y[:, :2])
    short = overfitting(max_epochs=model.best_epoch_, **arguments).fit(X, y[:, :2])
    ours, theirs = model.net_.module_.state_dict(), short.net_.module_.state_dict()
    assert any("running_mean" in name for name in ours)
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize("cls", ALL)
def test_out_of_fold_predictions_are_those_of_the_member_that_held_out_the_row(cls):
    X, y = table(90)
    y = targets_of(cls, with_gaps(y))
    model = overfitting(cls, n_members=3, dtype="float64").fit(X, y)
    seed = spawn_seeds(0, 1, _training._FOLDS)[0]
    folds = draw_folds(model.task_set_, model.task_set_.encode(y), 3, 0.15, seed)
    found = model.oof_prediction_
    net, state = model.net_, model._state
    x = torch.tensor(state.preparation.transform(model._read_fitted(X)))
    with torch.inference_mode():
        logits = net.module_.eval()(x.expand(3, *x.shape))
    for m in range(3):
        rows = np.flatnonzero(~folds[m])
        alone = state.encoder.activate(logits)
        expected = state.encoder.split(alone[m].double().numpy())
        for t in range(y.shape[1]):
            np.testing.assert_allclose(found[t][rows], expected[t][rows], rtol=1e-9)


@pytest.mark.parametrize(
    "arguments", [{"n_members": 1}, {"n_members": 3, "early_stopping": False}]
)
def test_without_folds_there_are_no_out_of_fold_predictions(arguments):
    X, y = table(90)
    model = overfitting(**arguments).fit(X, y[:, 0])
    assert not hasattr(model, "oof_prediction_")
    with pytest.raises(
        AttributeError, match=r"It requires n_members > 1, .* 'auto' is False"
    ):
        _ = model.oof_prediction_
