import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context, metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier

from sklearn_mtl.exceptions import (
    DifferentUnitsWarning,
    TaskError,
    UnseenLabelWarning,
)
from sklearn_mtl.model_selection import per_task_scorers, task_scorer
from sklearn_mtl.multioutput import IndependentTasks


def data(n=80):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    y = (X @ rng.normal(size=(4, 3)) + rng.normal(size=(n, 3)) > 0).astype(float)
    return X, y


def fitted():
    X, y = data()
    return X, y, MultiOutputClassifier(LogisticRegression()).fit(X, y)


def test_each_task_and_the_mean_over_observed_cells():
    X, y, model = fitted()
    y[np.random.default_rng(1).random(y.shape) < 0.4] = np.nan
    scores = per_task_scorers()(model, X, y)
    for t in range(3):
        seen = ~np.isnan(y[:, t])
        expected = metrics.roc_auc_score(y[seen, t], model.predict_proba(X)[t][seen, 1])
        assert scores[f"task{t}"] == pytest.approx(expected)
    assert scores["mean"] == pytest.approx(np.mean(list(scores.values())[:3]))


@pytest.mark.parametrize("shape", ["rows", "cells"])
def test_weights_reach_every_task(shape):
    X, y, model = fitted()
    w = np.random.default_rng(1).integers(3, size=y.shape)
    w = w if shape == "cells" else w[:, 0]
    scores = per_task_scorers("neg_log_loss")(model, X, y, sample_weight=w)
    for t in range(3):
        expected = -metrics.log_loss(
            y[:, t],
            model.predict_proba(X)[t],
            sample_weight=w[:, t] if shape == "cells" else w,
        )
        assert scores[f"task{t}"] == pytest.approx(expected)


def test_metrics_of_labels_ask_for_predict_alone():
    class Labels:
        classes_ = [np.array([0, 1]), np.array([0, 1])]

        def predict(self, X):
            return np.array([[0, 1], [1, 1]])

    y = np.array([[0, 1], [1, 0]])
    assert per_task_scorers("accuracy")(Labels(), y, y) == {
        "task0": 1.0,
        "task1": 0.5,
        "mean": 0.75,
    }


def test_names_come_from_y_and_mixed_kinds_get_their_metric():
    X, y = data()
    frame = pd.DataFrame({"sick": np.where(y[:, 0] > 0, "yes", "no"), "dose": X[:, 0]})
    model = IndependentTasks(
        classifier=LogisticRegression(), regressor=LinearRegression()
    ).fit(X, frame)
    scores = per_task_scorers({"sick": "accuracy"})(model, X, frame)
    assert list(scores) == ["sick", "dose", "mean"]
    assert scores["sick"] == np.mean(model.predict(X)[:, 0] == frame["sick"])
    assert scores["dose"] == pytest.approx(1.0)


def test_kind_is_the_models_where_the_test_part_has_few_values():
    X = np.arange(6.0)[:, None]
    y = np.array([[1], [2], [3], [1], [2], [3]])
    model = LinearRegression().fit(X, y)
    assert per_task_scorers()(model, X, y)["task0"] == pytest.approx(model.score(X, y))


def test_class_that_the_model_never_saw_counts_as_wrong():
    X, y = data()
    y[:5, 0] = 2
    model = IndependentTasks(LogisticRegression()).fit(X[5:], y[5:])
    with pytest.warns(UnseenLabelWarning, match=r"'task0': \[2.0\]"):
        scores = per_task_scorers("accuracy")(model, X, y)
    expected = np.mean(model.predict(X)[:, 0] == y[:, 0])
    assert scores["task0"] == pytest.approx(expected)
    with pytest.warns(UnseenLabelWarning):
        losses = per_task_scorers("neg_log_loss")(model, X, y)
    proba = np.column_stack([model.predict_proba(X)[0], np.zeros(len(X))])
    assert losses["task0"] == pytest.approx(-metrics.log_loss(y[:, 0], proba))


def test_task_that_had_one_class_in_fit_ranks_by_chance():
    X, y = data()
    train = y[:, 0] == 1
    with pytest.warns(UserWarning, match="single class"):
        model = IndependentTasks(LogisticRegression()).fit(X[train], y[train])
    with pytest.warns(UnseenLabelWarning):
        scores = per_task_scorers("roc_auc")(model, X, y)
    assert scores["task0"] == 0.5


def test_tasks_without_score_are_nan_with_one_warning_and_left_out_of_the_mean():
    X, y, model = fitted()
    y[:, 0] = 1
    y[:, 1] = np.nan
    with pytest.warns(UndefinedMetricWarning) as told:
        scores = per_task_scorers()(model, X, y)
    assert len(told) == 1
    assert str(told[0].message) == (
        "per_task_scorers: the scores of 2 of 3 tasks are undefined and NaN (a single "
        "class: ['task0']; no observed label: ['task1'])."
    )
    assert np.isnan(scores["task0"])
    assert np.isnan(scores["task1"])
    assert scores["mean"] == scores["task2"]


def test_empty_task_of_the_fit_has_no_score():
    X, y = data()
    empty = y.copy()
    empty[:, 2] = np.nan
    model = IndependentTasks(LogisticRegression(), on_empty_task="warn")
    with pytest.warns(UserWarning, match="no observed label"):
        model.fit(X, empty)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        scores = per_task_scorers()(model, X, y)
    assert np.isnan(scores["task2"])
    assert any("no label in fit: ['task2']" in str(w.message) for w in told)


def test_one_number_is_the_average_of_the_dict():
    X, y, model = fitted()
    scores = per_task_scorers("accuracy")(model, X, y)
    assert task_scorer("accuracy")(model, X, y) == scores["mean"]
    worst = min(list(scores.values())[:3])
    assert task_scorer("accuracy", average="min")(model, X, y) == worst
    alone = task_scorer("accuracy", average={"task1": 1})(model, X, y)
    assert alone == scores["task1"]


@pytest.mark.parametrize(
    "scorer", [per_task_scorers({"binary": "f1"}), task_scorer("r2", average="median")]
)
def test_scorer_has_a_repr_and_can_be_cloned_and_pickled(scorer):
    for copy in (clone(scorer), pickle.loads(pickle.dumps(scorer))):
        assert repr(copy) == repr(scorer)
        assert copy.get_params() == scorer.get_params()


@pytest.mark.parametrize("make", [per_task_scorers, task_scorer])
class TestErrors:
    def test_errors_must_be_negated(self, make):
        match = f"{make.__name__}: 'log_loss' is an error .* Use 'neg_log_loss'"
        for metric in ("log_loss", {"binary": "log_loss"}):
            with pytest.raises(TaskError, match=match):
                make(metric)

    def test_unknown_metric_is_refused_at_once(self, make):
        with pytest.raises(TaskError, match=f"{make.__name__}: unknown metric 'auc'"):
            make("auc")

    def test_another_number_of_tasks_is_refused(self, make):
        X, y, model = fitted()
        with pytest.raises(
            TaskError, match=f"{make.__name__}: classes_ .* has 3 tasks"
        ):
            make("accuracy")(model, X, y[:, :2])

    def test_other_tasks_are_refused(self, make):
        X, y = data()
        frame = pd.DataFrame(y, columns=["a", "b", "c"])
        model = IndependentTasks(LogisticRegression()).fit(X, frame)
        with pytest.raises(TaskError, match=r"columns of y are \['d', 'a', 'c'\], but"):
            make()(model, X, frame.rename(columns={"b": "d"})[["d", "a", "c"]])


def test_task_called_mean_is_refused():
    X, y = data()
    frame = pd.DataFrame(y, columns=["a", "mean", "c"])
    model = IndependentTasks(LogisticRegression()).fit(X, frame)
    with pytest.raises(TaskError, match="a task is named 'mean'"):
        per_task_scorers()(model, X, frame)


def test_unknown_average_is_refused_at_once():
    with pytest.raises(TaskError, match="task_scorer: unknown average 'best'"):
        task_scorer(average="best")


def test_weights_are_requested_like_those_of_scikit_learns_scorers():
    with config_context(enable_metadata_routing=True):
        scorer = per_task_scorers().set_score_request(sample_weight="w")
        requests = scorer.get_metadata_routing().score.requests
    assert requests == {"sample_weight": "w"}


def test_a_mean_in_different_units_is_told_and_can_be_left_out():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = X * [1e4, 1.0] + rng.normal(size=(30, 2))
    model = LinearRegression().fit(X, y)
    for make in (per_task_scorers, task_scorer):
        with pytest.warns(DifferentUnitsWarning, match=f"{make.__name__}: the mean"):
            make("neg_mean_absolute_error")(model, X, y)
    alone = per_task_scorers("neg_mean_absolute_error", mean=False)(model, X, y)
    assert list(alone) == ["task0", "task1"]
    skill = per_task_scorers("skill")(model, X, y)
    assert skill == per_task_scorers("r2")(model, X, y)


def test_several_metrics_at_once_are_what_each_gives():
    X, y, model = fitted()
    names = ["roc_auc", "neg_log_loss", "neg_ece", "accuracy", "auto"]
    found = per_task_scorers(names)(model, X, y)
    expected = {
        f"{name}_{key}": value
        for name in names
        for key, value in per_task_scorers(name)(model, X, y).items()
    }
    assert found == expected
    assert "roc_auc_task0" in found
    assert "neg_log_loss_mean" in found
    alone = per_task_scorers(names, mean=False)(model, X, y)
    assert alone == {k: v for k, v in expected.items() if not k.endswith("mean")}


def test_a_model_is_asked_once_for_several_metrics():
    class Counting:
        classes_ = [np.array([0, 1])] * 2
        asked = 0

        def predict_proba(self, X):
            self.asked += 1
            return [np.array([[0.75, 0.25], [0.5, 0.5]])] * 2

    y, model = np.array([[0, 1], [1, 0]]), Counting()
    per_task_scorers(["roc_auc", "neg_log_loss", "neg_brier_score"])(model, y, y)
    assert model.asked == 1


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (["accuracy", "log_loss"], "Use 'neg_log_loss'"),
        (["accuracy", "auc"], "unknown metric 'auc'"),
        ([{"task0": "f1"}], "has no name"),
    ],
)
def test_lists_with_what_cannot_be_searched_are_refused(metric, said):
    with pytest.raises(TaskError, match=f"per_task_scorers: .*{said}"):
        per_task_scorers(metric)


def test_one_number_takes_one_metric():
    with pytest.raises(TaskError, match=r"task_scorer: unknown metric \['f1'"):
        task_scorer(["f1", "accuracy"])


@pytest.mark.parametrize("metric", ["coverage", "set_coverage", "neg_set_size"])
def test_a_model_without_sets_is_named(metric):
    X, y, model = fitted()
    with pytest.raises(TaskError, match=r"MultiOutputClassifier has.*Conformal"):
        per_task_scorers(metric)(model, X, y)


class Backwards(ClassifierMixin, BaseEstimator):
    """A classifier of others that does not sort its classes."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)[::-1]
        self.y_ = y
        return self

    def predict(self, X):
        return self.y_

    def predict_proba(self, X):
        return 0.9 * (self.y_[:, None] == self.classes_) + 0.05


@pytest.mark.parametrize("metric", ["roc_auc", "neg_log_loss", "accuracy"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes_need_not_be_sorted(metric, n_classes):
    y = np.arange(30) % n_classes
    model = Backwards().fit(y, y)
    best = np.log(0.95) if metric == "neg_log_loss" else 1.0
    score = task_scorer(metric)(model, y, y)
    assert score == pytest.approx(best, abs=0.06)
