"""The graph of a linear model gives what the model does."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearMixedEstimatorCV,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from tests.export.graphs import (
    FILLED,
    LABELS,
    MIXED,
    VALUES,
    answers,
    assert_same,
)

NEW = np.random.default_rng(3).normal(size=(1000, 5)) * 10.0
CLASSIFIERS = {
    "ridge": MultiTaskLinearClassifier(penalty="ridge", alpha=0.01),
    "l21": MultiTaskLinearClassifier(penalty="l21", alpha=0.05, tol=0.01),
    "trace": MultiTaskLinearClassifier(penalty="trace", alpha=0.05, tol=0.01),
    "CV": MultiTaskLinearClassifierCV(alphas=3, cv=2),
    "no intercept": MultiTaskLinearClassifier(fit_intercept=False),
}
REGRESSORS = {
    "evidence": MultiTaskLinearRegressor(),
    "pooling": MultiTaskLinearRegressor(penalty="partial_pooling", alpha=0.1),
    "CV": MultiTaskLinearRegressorCV(alphas=3, cv=2),
    "none": MultiTaskLinearRegressor(penalty=None),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_are_the_same(name, tmp_path):
    model = CLASSIFIERS[name].fit(FILLED, LABELS)
    assert_same(model, tmp_path / "it.onnx", NEW)


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_are_the_same(name, tmp_path):
    model = REGRESSORS[name].fit(FILLED, VALUES)
    assert_same(model, tmp_path / "it.onnx", NEW)


@pytest.mark.parametrize(
    "model",
    [
        MultiTaskLinearMixedEstimator(),
        MultiTaskLinearMixedEstimatorCV(
            classifier=MultiTaskLinearClassifierCV(alphas=3, cv=2),
            regressor=MultiTaskLinearRegressorCV(alphas=3, cv=2),
        ),
    ],
)
def test_mixed_models_are_the_same(model, tmp_path):
    assert_same(model.fit(FILLED, MIXED), tmp_path / "it.onnx", NEW)


def test_one_task_is_the_same(tmp_path):
    classifier = MultiTaskLinearClassifier().fit(FILLED, FILLED[:, 0] > 0)
    assert_same(classifier, tmp_path / "it.onnx", NEW)
    regressor = MultiTaskLinearRegressor().fit(FILLED, FILLED[:, 0])
    assert_same(regressor, tmp_path / "it.onnx", NEW)


def test_a_fit_to_a_sparse_table_reads_a_dense_one(tmp_path):
    model = MultiTaskLinearClassifier().fit(sparse.csr_array(FILLED), LABELS)
    assert_same(model, tmp_path / "it.onnx", NEW)


def test_tasks_without_labels_or_with_one_class_are_there(tmp_path):
    y = np.column_stack([LABELS[:, 0], np.ones(len(FILLED)), FILLED[:, 0] * np.nan])
    model = MultiTaskLinearClassifier(on_empty_task="warn")
    with pytest.warns(UserWarning, match="task"):
        model.fit(FILLED, y)
    found = answers(model, tmp_path / "it.onnx", NEW)
    assert [one.shape for one in found] == [(1000, 2), (1000, 1), (1000, 0)]
    assert_same(model, tmp_path / "it.onnx", NEW)
    with pytest.warns(UserWarning, match="task"):
        regressor = MultiTaskLinearRegressor(on_empty_task="warn").fit(
            FILLED, y[:, ::2]
        )
    assert_same(regressor, tmp_path / "it.onnx", NEW)
