"""Texts and dates in place of numbers are refused, with the name of the argument."""

import inspect

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskLinearRegressor,
    MultiTaskRegressor,
    compare,
    metrics,
)
from sklearn_mtl.balancing import Asynchronous, Fixed
from sklearn_mtl.datasets import (
    hide_labels,
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.model_selection import cross_val_predict
from sklearn_mtl.penalties import L21, Ridge, TaskGraph
from tests.zoo import RETRIEVERS, SMALL_NET, predictors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
VALUES = X[:, :2] + RNG.normal(size=(60, 2))
CLASSES = (VALUES > 0).astype(int)
TARGETS = {
    "classifier": CLASSES,
    "regressor": VALUES,
    "mixed": np.column_stack([CLASSES[:, 0], VALUES[:, 1]]),
}
TEXTS = np.where(X[:, 0] > 0, "heavy", "2")
DATES = pd.date_range("2020-01-01", periods=60)
ZOO = predictors()
every_estimator = pytest.mark.parametrize(("kind", "name"), ZOO)


@every_estimator
@pytest.mark.parametrize("weights", [TEXTS, pd.Series(TEXTS), DATES], ids=type)
def test_fit_names_the_weights(kind, name, weights):
    model = ZOO[kind, name]()
    message = f"^{type(model).__name__}: sample_weight must contain numbers only; got"
    with pytest.raises(ValueError, match=message):
        model.fit(X, TARGETS[kind], sample_weight=weights)


@every_estimator
def test_score_names_the_weights(kind, name):
    model = ZOO[kind, name]().fit(X, TARGETS[kind])
    with pytest.raises(ValueError, match=r"sample_weight must .* only; got 'heavy'"):
        model.score(X, TARGETS[kind], sample_weight=TEXTS)


@pytest.mark.parametrize(
    ("kind", "name"),
    [key for key in ZOO if key[1] in ("net", "blend")],
)
def test_fit_names_the_weights_of_the_validation_set(kind, name):
    model, y = ZOO[kind, name](), TARGETS[kind]
    if "early_stopping" in model.get_params():
        model.set_params(early_stopping=True)
    message = f"^{type(model).__name__}: sample_weight_val must contain numbers"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, X_val=X, y_val=y, sample_weight_val=TEXTS)


@every_estimator
def test_fit_names_the_class_of_a_weight(kind, name):
    model = ZOO[kind, name]()
    if "class_weight" not in inspect.signature(type(model)).parameters:
        pytest.skip("there are no class weights")
    message = "task 'task0': class_weight of class 1.* must .* at least 0; got 'heavy'"
    with pytest.raises(ValueError, match=f"^{type(model).__name__}: {message}"):
        model.set_params(class_weight={"task0": {0: 1.0, 1: "heavy"}}).fit(
            X, TARGETS[kind]
        )


@pytest.mark.parametrize("name", RETRIEVERS)
def test_a_gallery_names_the_weights(name):
    with pytest.raises(ValueError, match=r"^NeighborRetriever: sample_weight must"):
        RETRIEVERS[name]().fit(X, CLASSES, sample_weight=TEXTS)


def net(**options):
    return MultiTaskRegressor(**{**SMALL_NET, "max_epochs": 1, **options})


def linear(penalty):
    return MultiTaskLinearRegressor(penalty=penalty)


MATRIX = [[0, "a"], ["a", 0]]
CALLS = {
    "task_weight": lambda: net(task_weight=[1.0, "a"]).fit(X, VALUES),
    "task_weight by name": lambda: net(task_weight={"task1": "a"}).fit(X, VALUES),
    "task_weight of Fixed": lambda: net(balancing=Fixed([1.0, "a"])).fit(X, VALUES),
    "task_relation": lambda: net(task_relation=MATRIX).fit(X, VALUES),
    "frequency": lambda: net(task_schedule=Asynchronous([1.0, "a"])).fit(X, VALUES),
    "graph": lambda: linear(TaskGraph(1.0, MATRIX)).fit(X, VALUES),
    "alpha": lambda: linear(Ridge({"task0": 1.0, "task1": "a"})).fit(X, VALUES),
    "feature_weights": lambda: linear(L21(feature_weights=["a"] * 4)).fit(X, VALUES),
    "average": lambda: metrics.mean_task_score(
        VALUES, VALUES, metric="r2", average=[1.0, "a"]
    ),
    "levels": lambda: metrics.per_task_score(
        VALUES, np.zeros((60, 2, 1)), metric="mean_pinball_loss", levels=["a"]
    ),
    "multi": lambda: metrics.delta_m([1.0, "a"], [1.0, 2.0]),
    "single": lambda: metrics.delta_m([1.0, 2.0], [1.0, "a"]),
    "sample_weight": lambda: metrics.per_task_score(
        VALUES, VALUES, metric="r2", sample_weight=["a"] * 60
    ),
    "sample_weight of folds": lambda: cross_val_predict(
        MultiTaskLinearRegressor(), X, VALUES, params={"sample_weight": ["a"] * 60}
    ),
    "fraction": lambda: hide_labels(VALUES, fraction=[0.5, "a"]),
    "noise": lambda: make_multitask_regression(noise=["a"]),
    "flip_y": lambda: make_multitask_classification(flip_y=["a"]),
    "learning_curve": lambda: compare(
        X, VALUES, {"a": MultiTaskLinearRegressor()}, learning_curve=["a"]
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_other_arguments_are_named(name):
    argument = name.split()[0]
    with pytest.raises(ValueError, match=rf"^\w+: .*{argument} must .*; got 'a'\."):
        CALLS[name]()


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([1.0, 1j], "1j"),
        ([1.0, pd.NA], "<NA>"),
        ([[1.0], [1.0, 2.0]], r"\[1.0\]"),
        (pd.Categorical(["low", "high"]), "'low'"),
    ],
)
def test_the_first_value_that_is_no_number_is_shown(given, found):
    with pytest.raises(ValueError, match=f"numbers only; got {found}"):
        MultiTaskClassifier().fit(X[:2], CLASSES[:2], sample_weight=given)
