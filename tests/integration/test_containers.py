"""Frames, sparse matrices and pipelines around a multi-task model."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler

from sklearn_mtl import IndependentTasks
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedKFold,
    cross_val_predict,
    per_task_scorers,
)


def prepared(model):
    columns = make_column_transformer(
        (StandardScaler(), ["age", "height", "dose"]),
        (OneHotEncoder(sparse_output=False), ["ward"]),
    )
    return make_pipeline(columns.set_output(transform="pandas"), model)


def test_frames_with_categories_and_missing_labels(mixed, frames):
    inputs, targets = frames
    model = prepared(mixed).fit(inputs, targets)
    labels = model.predict(inputs)
    assert labels.shape == (120, 3)
    assert set(labels[:, 0]) == {"yes", "no"}
    assert set(labels[:, 1]) <= {0, 1, 2}
    scores = per_task_scorers()(model, inputs, targets)
    assert list(scores) == ["sick", "grade", "days", "mean"]
    assert min(scores.values()) > 0.5
    assert model[-1].feature_names_in_[0] == "standardscaler__age"


def test_polars_in_equals_pandas_in(mixed, frames):
    inputs, targets = frames
    numeric = inputs.drop(columns="ward")
    with_pandas = mixed.fit(numeric, targets).predict(numeric)
    polars_X, polars_y = pl.from_pandas(numeric), pl.from_pandas(targets)
    with_polars = mixed.fit(polars_X, polars_y).predict(polars_X)
    assert mixed.task_names_in_.tolist() == ["sick", "grade", "days"]
    assert (with_pandas[:, :2] == with_polars[:, :2]).all()
    np.testing.assert_allclose(
        with_pandas[:, 2].astype(float), with_polars[:, 2].astype(float)
    )
    folds = MultiTaskStratifiedKFold(3)
    for (a, _), (b, _) in zip(
        folds.split(numeric, targets), folds.split(polars_X, polars_y), strict=True
    ):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_sparse_inputs_and_predictions(classifier, gaps, container):
    X, y, _ = gaps
    X = np.where(np.abs(X) < 0.3, 0, X)
    model = make_pipeline(MaxAbsScaler(), VarianceThreshold(), classifier)
    proba = cross_val_predict(model, container(X), y, cv=3, method="predict_proba")
    assert [one.shape for one in proba] == [(120, 2), (120, 3)]
    np.testing.assert_allclose(proba[1].sum(axis=1), 1, atol=1e-6)


def test_stacking_on_multilabel(classifier, table):
    X, y = table
    y = np.column_stack([y[:, 0] > 0, y[:, 2] > 0]).astype(int)
    stack = StackingClassifier(
        [("model", classifier), ("neighbours", KNeighborsClassifier())],
        final_estimator=KNeighborsClassifier(15),
        cv=3,
    ).fit(X, y)
    assert stack.predict(X).shape == (120, 2)
    assert np.mean(stack.predict(X) == y) > 0.8


def test_a_stack_per_task_takes_missing_labels(gaps):
    X, y, _ = gaps
    stack = StackingClassifier(
        [("linear", LogisticRegression()), ("neighbours", KNeighborsClassifier())], cv=2
    )
    found = IndependentTasks(stack).fit(X, y).predict_proba(X)
    for labels, proba in zip(y.T, found, strict=True):
        seen = ~np.isnan(labels)
        alone = clone(stack).fit(X[seen], labels[seen])
        np.testing.assert_allclose(proba, alone.predict_proba(X))


def test_feature_selection_per_task(gaps):
    X, y, _ = gaps
    model = IndependentTasks(make_pipeline(SelectKBest(k=1), LogisticRegression()))
    model.fit(X, y)
    chosen = [inner[0].get_support().argmax() for inner in model.estimators_]
    assert chosen == [0, 1]


def test_nullable_labels_come_back_as_labels(classifier):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = pd.DataFrame(
        {
            "flag": pd.array(X[:, 0] > 0, dtype="boolean"),
            "kind": pd.Categorical(np.where(X[:, 1] > 0, "b", "a")),
        }
    )
    y.loc[::5, "flag"] = pd.NA
    y.loc[1::5, "kind"] = None
    classifier.fit(X, y)
    assert [c.tolist() for c in classifier.classes_] == [[False, True], ["a", "b"]]
    labels = classifier.predict(X)
    assert {type(label) for label in labels[:, 0]} <= {bool, np.bool_}
    assert set(labels[:, 1]) <= {"a", "b"}
