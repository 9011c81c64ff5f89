"""Errors of the accuracy benchmark beside scikit-learn's metrics."""

import numpy as np
import pytest
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from benchmarks._accuracy.errors import mean_by_kind, task_errors

NAN = np.nan


def test_a_binary_task_has_auc_and_log_loss_over_observed_rows():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=50).astype(float)
    p = rng.random(50)
    gappy = np.r_[truth, NAN, NAN]
    output = np.c_[1 - np.r_[p, 0.1, 0.2], np.r_[p, 0.1, 0.2]]
    errors = task_errors("binary", truth, gappy, output)
    assert errors["1-AUC"] == pytest.approx(1 - roc_auc_score(truth, p))
    assert errors["log-loss binary"] == pytest.approx(log_loss(truth, p))
    assert errors["1-accuracy binary"] == pytest.approx(np.mean((p > 0.5) != truth))


def test_a_task_whose_test_rows_have_one_class_has_no_auc():
    output = np.full((3, 2), 0.5)
    errors = task_errors("binary", np.array([0.0, 1.0]), np.zeros(3), output)
    assert set(errors) == {"log-loss binary", "1-accuracy binary"}
    assert task_errors("binary", np.array([0.0]), np.array([NAN]), output[:1]) == {}


def test_a_multiclass_task_has_accuracy_and_log_loss():
    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=40).astype(float)
    proba = rng.dirichlet(np.ones(3), size=40)
    errors = task_errors("multiclass", truth, truth, proba)
    assert errors["1-accuracy"] == pytest.approx(np.mean(proba.argmax(axis=1) != truth))
    assert errors["log-loss"] == pytest.approx(log_loss(truth, proba))


def test_a_probability_of_zero_costs_as_much_for_every_model():
    truth = np.array([2.0])
    certain = task_errors("multiclass", truth, truth, np.array([[1.0, 0.0, 0.0]]))
    assert certain["log-loss"] == pytest.approx(-np.log(1e-6), rel=1e-4)


def test_a_regression_is_measured_against_the_mean_of_its_training_rows():
    train, test = np.array([1.0, 3.0]), np.array([2.0, 4.0, 0.0])
    output = np.array([2.5, 3.0, 0.5])
    errors = task_errors("regression", train, test, output)
    expected = np.sqrt(1 - r2_score(test, output))  # the means are the same here
    assert errors["aRRMSE"] == pytest.approx(expected)


def test_kinds_are_averaged_over_the_tasks_that_have_them():
    per_task = {"a": {"1-AUC": 0.2, "x": 1.0}, "b": {"1-AUC": 0.4}, "c": {}}
    assert mean_by_kind(per_task) == pytest.approx({"1-AUC": 0.3, "x": 1.0})
    assert mean_by_kind({"a": {"1-AUC": 0.0}})["1-AUC"] > 0
