"""The graphs of forests and blends give what they do."""

import numpy as np
import pandas as pd
import pytest

import sklearn_mtl
from sklearn_mtl import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskClassifier,
)
from sklearn_mtl.ensemble import (
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
    _boosted_task,
    _boosting,
)
from tests.export.graphs import (
    LABELS,
    MIXED,
    NEW,
    VALUES,
    X,
    answers,
    assert_same,
)

SMALL = {"n_estimators": 8, "random_state": 0}
FORESTS = [
    (MultiTaskForestClassifier, LABELS),
    (MultiTaskForestMixedEstimator, MIXED),
    (MultiTaskForestRegressor, VALUES),
    (MultiTaskForestRegressor, VALUES[:, 0]),
]


def exactly(model, path, rows):
    """Ask for all but the last digits, as forests have no rounding to speak of."""
    found, wanted = answers(model, path, rows), model._task_outputs(rows)
    for mine, its in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("forest", "y"), FORESTS)
def test_forests_are_the_same(forest, y, tmp_path):
    exactly(forest(**SMALL).fit(X, y), tmp_path / "it.onnx", NEW)


def test_a_forest_that_saw_no_missing_value_sends_one_the_same_way(tmp_path):
    model = MultiTaskForestClassifier(**SMALL).fit(np.nan_to_num(X), LABELS)
    exactly(model, tmp_path / "it.onnx", NEW)


@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e40])
def test_values_at_thresholds_fall_to_the_same_side(unit, tmp_path):
    """Trees read float32: a double just above a threshold may be rounded to it."""
    model = MultiTaskForestRegressor(**SMALL).fit(X * unit, VALUES)
    scale = 1.0 if model._scales is None else model._scales
    trees = [tree.tree_ for tree in model.forest_.estimators_]
    at = np.concatenate([tree.threshold[tree.feature >= 0] for tree in trees])
    at = at[np.isfinite(at)]  # inf divides missing values from all others
    near = [at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf), np.float32(at)]
    near += [np.nextafter(np.float32(at), np.float32(side)) for side in (-9e9, 9e9)]
    with np.errstate(over="ignore"):
        rows = np.repeat(np.concatenate(near)[:, None], 5, axis=1) / scale
    rows = np.where(np.isfinite(rows), rows, 0.0)
    exactly(model, tmp_path / "it.onnx", rows)


def test_groups_that_trees_draw_change_nothing(tmp_path):
    model = MultiTaskForestClassifier(**SMALL, bootstrap=True)
    model.fit(X, LABELS, groups=np.arange(len(X)) // 4)
    exactly(model, tmp_path / "it.onnx", NEW)


def test_a_forest_of_tasks_with_nothing_to_learn_is_there(tmp_path):
    y = np.column_stack([np.ones(len(X)), np.full(len(X), np.nan)])
    model = MultiTaskForestClassifier(**SMALL, on_empty_task="warn")
    with pytest.warns(UserWarning, match="task"):
        model.fit(X, y)
    assert_same(model, tmp_path / "it.onnx")


def test_a_forest_of_categories_names_the_columns(tmp_path):
    frame = pd.DataFrame({"size": X[:, 0], "colour": ["red", "blue"] * 80})
    model = MultiTaskForestClassifier(**SMALL).fit(frame, LABELS[:, 0])
    with pytest.raises(TypeError, match=r"MultiTaskForestClassifier .*\['colour'\]"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")


BLENDS = [
    (MultiTaskBlendClassifier, MultiTaskForestClassifier, LABELS),
    (MultiTaskBlendMixedEstimator, MultiTaskForestMixedEstimator, MIXED),
    (MultiTaskBlendRegressor, MultiTaskForestRegressor, VALUES),
]


@pytest.mark.parametrize(("blend", "forest", "y"), BLENDS)
def test_blends_are_the_same(blend, forest, y, tmp_path):
    members = [("forest", forest(n_estimators=8)), ("linear", "default")]
    model = blend(members, random_state=0).fit(X, y)
    assert (model._weights > 0).sum() > len(model._weights)
    assert_same(model, tmp_path / "it.onnx")


def test_a_blend_with_a_net_is_the_same(tmp_path):
    net = MultiTaskClassifier(hidden_layer_sizes=(8,), n_members=2, max_epochs=3)
    members = [("net", net), ("linear", "default")]
    model = MultiTaskBlendClassifier(members, random_state=0).fit(X, LABELS)
    assert_same(model, tmp_path / "it.onnx")


@pytest.mark.parametrize(
    ("blend", "y"),
    [(MultiTaskBlendMixedEstimator, MIXED), (MultiTaskBlendClassifier, LABELS)],
)
def test_boosted_members_are_the_same(blend, y, tmp_path, monkeypatch):
    monkeypatch.setattr(_boosted_task, "_MOST_TREES", 10)
    monkeypatch.setattr(_boosted_task, "_FEWEST_ROUNDS", 10)
    monkeypatch.setattr(_boosting, "LEAST_GAIN", -1.0)
    y = y.copy()
    if blend is MultiTaskBlendClassifier:
        y[:1, 2] = 7.0  # a class that a fold has not seen
    members = [("linear", "default"), ("boosting", "default")]
    model = blend(members, random_state=0).fit(X, y)
    assert model._weights[:, 1].max() > 0.1
    assert_same(model, tmp_path / "it.onnx")


def test_a_member_without_weight_is_not_in_the_graph(tmp_path):
    members = [("forest", "default"), ("linear", "default")]
    model = MultiTaskBlendRegressor(members, random_state=0).fit(X, VALUES)
    model._weights = np.tile([0.0, 1.0], (3, 1))
    assert_same(model, tmp_path / "it.onnx")
    assert b"TreeEnsemble" not in (tmp_path / "it.onnx").read_bytes()


@pytest.mark.parametrize(("blend", "forest", "y"), BLENDS)
def test_what_other_tasks_add_is_in_the_graph(blend, forest, y, tmp_path):
    members = [("forest", forest(n_estimators=8)), ("linear", "default")]
    model = blend(members, random_state=0).fit(X, y)
    tasks = np.unique(model._stacking.columns.task_of_column)
    rng, n_columns = np.random.default_rng(0), len(model._stacking.columns.mean)
    for t in tasks:  # whatever was found, all kinds of tasks are corrected
        n_scores = (model._stacking.columns.task_of_column == t).sum()
        model._stacking.mean[t] = rng.normal(size=(n_columns, n_scores))
    assert_same(model, tmp_path / "it.onnx")


def test_a_small_blend_that_is_not_calibrated_is_the_same(tmp_path):
    members = [("forest", "default"), ("linear", "default")]
    model = MultiTaskBlendClassifier(members, random_state=0)
    model.fit(X[:60], LABELS[:60])
    assert_same(model, tmp_path / "it.onnx")
