import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

from sklearn_mtl import IndependentTasks
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import make_metric, per_task_score
from sklearn_mtl.metrics._registry import (
    find_metric,
    metric_names,
    metric_of_task,
    read_metric,
)
from sklearn_mtl.model_selection import per_task_scorers


@pytest.mark.parametrize("name", metric_names())
def test_every_name_that_is_told_is_found(name):
    metric = find_metric(name, "me")
    assert metric.name == name
    assert metric.is_error == (
        name.startswith("neg_") or f"neg_{name}" in metric_names()
    )
    assert metric.sign == (-1 if name.startswith("neg_") else 1)


def test_brier_is_short_for_brier_score():
    assert (
        find_metric("brier", "me").function is find_metric("brier_score", "me").function
    )
    assert find_metric("neg_brier", "me").sign == -1


@pytest.mark.parametrize("name", ["auc", "neg_accuracy", "neg_neg_log_loss", 3, None])
def test_unknown_metric_is_refused_with_what_is_known(name):
    with pytest.raises(TaskError, match=r"me: unknown metric .*'roc_auc'"):
        find_metric(name, "me")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("binary", "roc_auc"), ("multiclass", "balanced_accuracy"), ("regression", "r2")],
)
def test_auto_fits_rare_classes(kind, expected):
    assert metric_of_task("auto", "a", kind, "me").name == expected
    assert metric_of_task({}, "a", kind, "me").name == expected


def test_name_goes_before_kind_and_kind_before_family():
    metric = {"classification": "accuracy", "binary": "log_loss", "a": "brier"}
    assert metric_of_task(metric, "a", "binary", "me").name == "brier"
    assert metric_of_task(metric, "b", "binary", "me").name == "log_loss"
    assert metric_of_task(metric, "b", "multiclass", "me").name == "accuracy"


def test_function_is_for_every_kind():
    for kind in ("binary", "regression"):
        assert metric_of_task(max, "a", kind, "me").function is max


def test_wrong_kind_names_task_and_remedy():
    with pytest.raises(TaskError, match=r"me: task 'a' is a regression .*'roc_auc'"):
        metric_of_task("roc_auc", "a", "regression", "me")
    with pytest.raises(TaskError, match=r"'a' is a binary task, which 'r2' cannot"):
        metric_of_task("r2", "a", "binary", "me")


def test_keys_of_a_dict_are_tasks_in_any_form_or_kinds():
    metric = {2020: "r2", ("g", "x"): "f1", "binary": "accuracy"}
    names = ["2020", "('g', 'x')"]
    found = read_metric(metric, names, "me")
    assert found == {"2020": "r2", "('g', 'x')": "f1", "binary": "accuracy"}
    assert read_metric({"binary": "f1"}, ["binary"], "me") == {"binary": "f1"}
    assert read_metric("r2", names, "me") == "r2"


def test_dict_that_names_neither_task_nor_kind_is_refused():
    message = r"me: metric names unknown tasks \['c'\]\. .*\['a', 'b'\]\. .* kinds"
    with pytest.raises(TaskError, match=message):
        read_metric({"c": "r2", "binary": "f1"}, ["a", "b"], "me")


class TestOwnMetrics:
    def data(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(80, 3))
        y = np.column_stack([X[:, 0] > 0, np.digitize(X[:, 1], [-0.5, 0.5])]) * 1.0
        y[rng.random(y.shape) < 0.2] = np.nan
        return X, y, rng.uniform(0.5, 2, size=80)

    @pytest.mark.parametrize("is_weighted", [False, True])
    def test_a_function_of_probabilities_gets_what_scikit_learns_do(self, is_weighted):
        X, y, w = self.data()
        model = IndependentTasks(LogisticRegression(C=0.1)).fit(X, y)
        w = w if is_weighted else None

        def loss(y_true, y_proba, sample_weight=None):
            assert y_proba.ndim == (1 if len(set(y_true)) == 2 else 2)
            return metrics.log_loss(y_true, y_proba, sample_weight=sample_weight)

        own = make_metric(
            loss, response_method="predict_proba", greater_is_better=False
        )
        expected = per_task_scorers("neg_log_loss")(model, X, y, w)
        assert per_task_scorers(own)(model, X, y, w) == pytest.approx(expected)
        assert per_task_scorers([own])(model, X, y, w) == pytest.approx(
            {f"loss_{name}": value for name, value in expected.items()}
        )

    def test_a_function_of_which_less_is_better_is_negated(self):
        def error(y_true, y_pred):
            return np.mean(y_true != y_pred)

        y, p = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
        metric = make_metric(error, greater_is_better=False)
        assert per_task_score(y, p, metric=metric) == {"task0": -0.25}
        assert metric(y, p) == -0.25

    def test_an_unknown_response_is_refused(self):
        with pytest.raises(ValueError, match=r"must be one of \['predict', "):
            make_metric(len, response_method="decision_function")
