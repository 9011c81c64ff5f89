"""Graphs of HistGradientBoosting: each sample falls into the leaf that fit means."""

import numpy as np
import pytest
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_mtl
from sklearn_mtl import IndependentTasks, MultiTaskBlendClassifier
from tests.export.graphs import FILLED, LABELS, NEW, VALUES, X, answers, assert_same

FEW = {"max_iter": 8, "min_samples_leaf": 3, "random_state": 0}
REGRESSORS = {
    "squares": HistGradientBoostingRegressor(**FEW),
    "exponential": HistGradientBoostingRegressor(loss="poisson", **FEW),
    "gamma": HistGradientBoostingRegressor(loss="gamma", **FEW),
    "quantile": HistGradientBoostingRegressor(loss="quantile", quantile=0.3, **FEW),
    "stump": HistGradientBoostingRegressor(max_iter=1, min_samples_leaf=1000),
    "one column": HistGradientBoostingRegressor(monotonic_cst=[1, 0, 0, 0, 0], **FEW),
}


def at_thresholds(model):
    """Return samples on every threshold of the first task, and one digit off it."""
    trees = [tree for row in model.estimators_[0]._predictors for tree in row]
    nodes = np.concatenate([tree.nodes for tree in trees])
    splits = nodes[(nodes["is_leaf"] == 0) & np.isfinite(nodes["num_threshold"])]
    at, column = splits["num_threshold"], splits["feature_idx"]
    assert len(at)
    rows = np.zeros((3, len(at), X.shape[1]))
    for i, values in enumerate((np.nextafter(at, -9), at, np.nextafter(at, 9))):
        rows[i, np.arange(len(at)), column] = values
    return rows.reshape(-1, X.shape[1])


@pytest.mark.parametrize("data", [X, FILLED], ids=["gaps", "no gaps"])
def test_classes_are_the_same_with_gaps_and_at_thresholds(data, tmp_path):
    model = IndependentTasks(HistGradientBoostingClassifier(**FEW)).fit(data, LABELS)
    assert_same(model, tmp_path / "it.onnx", NEW)
    assert_same(model, tmp_path / "it.onnx", at_thresholds(model))


@pytest.mark.parametrize("name", REGRESSORS)
def test_values_are_the_same_with_gaps_and_at_thresholds(name, tmp_path):
    y = VALUES if name != "gamma" else np.exp(VALUES[:, 1:])
    y = np.abs(y) if name == "exponential" else y
    model = IndependentTasks(REGRESSORS[name]).fit(X, y)
    assert_same(model, tmp_path / "it.onnx", NEW)
    if name != "stump":
        assert_same(model, tmp_path / "it.onnx", at_thresholds(model))


def test_a_gap_gives_a_number_and_no_gap(tmp_path):
    model = IndependentTasks(HistGradientBoostingRegressor(**FEW)).fit(X, VALUES)
    for values in answers(model, tmp_path / "it.onnx", NEW):
        assert np.isfinite(values).all()


def test_text_labels_and_steps_before_the_trees(tmp_path):
    y = np.array(["low", "middle", "high"])[np.digitize(FILLED[:, 2], [-0.5, 0.5])]
    steps = make_pipeline(StandardScaler(), HistGradientBoostingClassifier(**FEW))
    model = IndependentTasks(steps).fit(X, y)
    # skl2onnx has no warnings for numbers that overflow in the scaler
    rows = NEW[np.nan_to_num(np.abs(NEW)).max(axis=1) < 1e3]
    assert_same(model, tmp_path / "it.onnx", rows)


def test_a_blend_with_them_is_the_same(tmp_path):
    trees = HistGradientBoostingClassifier(**FEW)
    members = [("linear", "default"), ("trees", IndependentTasks(trees))]
    model = MultiTaskBlendClassifier(members, random_state=0).fit(FILLED, LABELS)
    assert (model._weights[:, 1] > 0).any()
    assert_same(model, tmp_path / "it.onnx", np.nan_to_num(NEW))


def test_splits_by_categories_are_refused(tmp_path):
    codes = np.column_stack([np.arange(len(X)) % 3, FILLED])
    model = HistGradientBoostingRegressor(categorical_features=[0], **FEW)
    model = IndependentTasks(model).fit(codes, VALUES[:, 1:])
    with pytest.raises(TypeError, match="splits on categories"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
