import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskLinearMixedEstimator
from sklearn_mtl.model_selection import TaskDecisionsCV
from tests.export.graphs import FILLED, LABELS, MIXED, answers, assert_same, onnx


@pytest.mark.parametrize("calibrate", ["isotonic", "sigmoid", "temperature"])
def test_calibrated_probabilities_are_the_same(calibrate, tmp_path):
    inner = MultiTaskLinearMixedEstimator()
    model = TaskDecisionsCV(inner, calibrate=calibrate, cv=2).fit(FILLED, MIXED)
    plain = inner.fit(FILLED, MIXED).predict_proba(FILLED)[0]
    assert np.abs(model.predict_proba(FILLED)[0] - plain).max() > 0.01
    assert_same(model, tmp_path / "it.onnx", FILLED)


def test_the_costs_of_each_task_are_in_the_file(tmp_path):
    costs = {"task0": [[0, 1], [9, 0]]}
    inner = make_pipeline(StandardScaler(), MultiTaskLinearMixedEstimator())
    model = TaskDecisionsCV(inner, scoring=None, costs=costs).fit(FILLED, MIXED)
    values = answers(model, tmp_path / "it.onnx", FILLED)
    (about,) = [
        json.loads(entry.value)
        for entry in onnx.load(str(tmp_path / "it.onnx")).metadata_props
        if entry.key == "tasks"
    ]
    assert [task.get("costs") for task in about] == [[[0, 1], [9, 0]], None, None, None]
    code = (values[0] @ np.array(about[0]["costs"])).argmin(axis=1)
    expected = model.predict(FILLED)[:, 0].astype(float)
    np.testing.assert_array_equal(np.array(about[0]["classes"])[code], expected)
    assert (code != values[0].argmax(axis=1)).any()


def test_an_estimator_of_scikit_learn_is_converted(tmp_path):
    y = np.nan_to_num(LABELS[:, 2])
    model = TaskDecisionsCV(LogisticRegression(max_iter=500), cv=2).fit(FILLED, y)
    assert_same(model, tmp_path / "it.onnx", FILLED)
