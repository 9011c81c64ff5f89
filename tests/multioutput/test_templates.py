import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.multioutput._templates import for_one_task, for_tasks

NAMES = ["a", "b", "c"]


class Shared(BaseEstimator):
    """Has arguments that speak of tasks, as this package's estimators have."""

    def __init__(self, task_types=None, class_weight=None, task_weight=None):
        self.task_types = task_types
        self.class_weight = class_weight
        self.task_weight = task_weight

    def fit(self, X, y):
        return self


@pytest.mark.parametrize(
    ("class_weight", "expected"),
    [
        ({"a": None, "b": "balanced"}, "balanced"),
        ({"a": "balanced"}, None),
        ([None, {0: 1, 1: 5}, "balanced"], {0: 1, 1: 5}),
        ({0: 1, 1: 5}, {0: 1, 1: 5}),
        ("balanced", "balanced"),
        (None, None),
    ],
)
def test_class_weights_by_task_become_those_of_the_task(class_weight, expected):
    single = for_one_task(Shared(class_weight=class_weight), 1, NAMES, "classification")
    assert single.class_weight == expected


@pytest.mark.parametrize("task_weight", [{"b": 3.0}, [1.0, 2.0, 3.0]])
def test_one_task_has_no_weight_among_tasks(task_weight):
    single = for_one_task(Shared(task_weight=task_weight), 1, NAMES, "classification")
    assert single.task_weight is None


def test_kind_is_said_to_estimators_of_both_kinds():
    given = Shared(task_types=["regression", None, None])
    assert (
        for_one_task(given, 1, NAMES, "classification").task_types == "classification"
    )
    assert for_one_task(given, 1, NAMES, "regression").task_types == "regression"
    assert given.task_types == ["regression", None, None]


def test_last_step_of_a_pipeline_is_cut_too():
    pipe = make_pipeline(StandardScaler(), Shared(class_weight={"c": "balanced"}))
    single = for_one_task(pipe, 2, NAMES, "classification")
    assert single.named_steps["shared"].class_weight == "balanced"


def test_a_loss_by_task_becomes_that_of_the_task():
    given = MultiTaskRegressor(loss={"a": "huber"})
    assert for_one_task(given, 0, NAMES, "regression").loss == "huber"
    assert for_one_task(given, 1, NAMES, "regression").loss == "auto"
    some = for_tasks(given, [0, 2], NAMES, ["regression"] * 3)
    assert some.loss == ["huber", "auto"]


def test_what_is_said_by_name_is_said_in_order_to_some_tasks():
    given = Shared(class_weight={"c": "balanced"}, task_weight={"b": 3.0})
    some = for_tasks(given, [1, 2], NAMES, ["classification"] * 3)
    assert some.class_weight == [None, "balanced"]
    assert some.task_weight == [3.0, 1.0]
    given = Shared(task_weight=np.array([1.0, 2.0, 3.0]))
    assert for_tasks(given, [2, 0], NAMES, ["classification"] * 3).task_weight == [3, 1]


@pytest.mark.parametrize(
    ("loss", "is_classification", "expected"),
    [
        ("huber", True, "auto"),
        ("huber", False, "huber"),
        ("focal", False, "auto"),
        ("auto", True, "auto"),
        ("unknown", True, "unknown"),
    ],
)
def test_a_loss_for_all_tasks_is_dropped_where_it_is_for_none(
    loss, is_classification, expected
):
    pipe = make_pipeline(StandardScaler(), MultiTaskMixedEstimator(loss=loss))
    types = ["classification" if is_classification else "regression"] * 2
    single = for_one_task(pipe, 0, NAMES, types[0])
    assert single[-1].loss == expected
    assert for_tasks(pipe, [0, 1], NAMES, types)[-1].loss == expected
    mixed = for_tasks(pipe, [0, 1], NAMES, ["regression", "classification"])
    assert mixed[-1].loss == loss


def test_the_loss_of_another_estimator_is_its_own_affair():
    given = SGDClassifier(loss="squared_error")
    assert for_one_task(given, 0, NAMES, "classification").loss == "squared_error"
