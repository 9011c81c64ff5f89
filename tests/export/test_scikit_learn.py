"""Parts of scikit-learn in a graph, and every estimator of the zoo."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    StandardScaler,
)
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeClassifier

import sklearn_mtl
from sklearn_mtl import (
    IndependentTasks,
    MultiTaskBlendClassifier,
    MultiTaskClassifier,
    MultiTaskLinearClassifier,
    TaskGroupSearchCV,
)
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from tests.equivalences.inputs import NEW as FEW
from tests.equivalences.inputs import ZOO, fitted
from tests.export.graphs import (
    FILLED,
    LABELS,
    MIXED,
    NEW,
    VALUES,
    X,
    answers,
    assert_same,
)

pytest.importorskip("skl2onnx")
FULL = np.where(np.isnan(NEW), 0.0, np.clip(NEW, -1e3, 1e3))
LOGISTIC = LogisticRegression(max_iter=2000)


def assert_same_proba(model, path, rows):
    """Ask for the probabilities of what is no estimator of ours itself."""
    found, wanted = answers(model, path, rows), model.predict_proba(rows)
    for mine, its in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, its, rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("kind", "name"), ZOO)
def test_every_predictor_has_a_graph(kind, name, tmp_path):
    assert_same(fitted(kind, name), tmp_path / "it.onnx", FEW)


PIPELINES = {
    "scaled net": make_pipeline(
        StandardScaler(), MultiTaskClassifier(max_epochs=2, random_state=0)
    ),
    "imputed": make_pipeline(
        SimpleImputer(), StandardScaler(), MultiTaskLinearClassifier()
    ),
    "median": make_pipeline(
        SimpleImputer(strategy="median"), "passthrough", MultiTaskLinearClassifier()
    ),
    "nested": make_pipeline(
        SimpleImputer(),
        make_pipeline(MinMaxScaler(), FrozenEstimator(MultiTaskLinearClassifier())),
    ),
    "tasks": make_pipeline(
        SimpleImputer(),
        IndependentTasks(make_pipeline(StandardScaler(), LOGISTIC)),
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_steps_of_a_pipeline_are_in_the_graph(name, tmp_path):
    model = PIPELINES[name]
    if name == "nested":
        inner = make_pipeline(MinMaxScaler(), MultiTaskLinearClassifier())
        inner.fit(SimpleImputer().fit_transform(X), LABELS)
        model = make_pipeline(SimpleImputer(), FrozenEstimator(inner))
    model.fit(X, LABELS)
    rows = np.clip(NEW, -1e6, 1e6)
    assert_same_proba(model, tmp_path / "it.onnx", rows)


@pytest.mark.filterwarnings("ignore:Skipping features without")
def test_a_column_that_the_imputer_leaves_out_is_left_out(tmp_path):
    empty = X.copy()
    empty[:, 1] = np.nan
    model = make_pipeline(SimpleImputer(), MultiTaskLinearClassifier())
    model.fit(empty, LABELS)
    assert model[-1].n_features_in_ == 4
    assert_same_proba(model, tmp_path / "it.onnx", FULL)


def test_a_search_writes_its_best(tmp_path):
    model = GridSearchCV(MultiTaskLinearClassifier(penalty="ridge"), {"alpha": [1.0]})
    model.fit(FILLED, LABELS[:, :2] > 0)
    assert_same_proba(model, tmp_path / "it.onnx", FULL)


MODELS = {
    "logistic": (LOGISTIC, LABELS),
    "forest": (RandomForestClassifier(8, random_state=0), LABELS),
    "boosting": (GradientBoostingClassifier(n_estimators=5, random_state=0), LABELS),
    "regressor": (RandomForestRegressor(8, random_state=0), VALUES),
    "svr": (SVR(), VALUES[:, 1:]),
}


@pytest.mark.parametrize("name", MODELS)
def test_models_of_single_tasks_are_the_same(name, tmp_path):
    estimator, y = MODELS[name]
    model = IndependentTasks(estimator).fit(FILLED, y)
    assert_same(model, tmp_path / "it.onnx", FULL)


def test_labels_of_single_tasks_may_be_text(tmp_path):
    y = np.array(["low", "middle", "high"])[np.digitize(FILLED[:, 2], [-0.5, 0.5])]
    model = IndependentTasks(LOGISTIC).fit(FILLED, y)
    assert list(model.classes_) == ["high", "low", "middle"]
    assert_same(model, tmp_path / "it.onnx", FULL)


def test_tasks_of_several_kinds_and_with_nothing_to_learn(tmp_path):
    y = np.column_stack([MIXED, np.ones(len(X))])
    model = IndependentTasks(classifier=LOGISTIC, regressor=Ridge())
    with pytest.warns(UserWarning, match="single class"):
        model.fit(FILLED, y)
    assert_same(model, tmp_path / "it.onnx", FULL)


def test_groups_of_our_models_are_the_same(tmp_path):
    search = TaskGroupSearchCV(
        MultiTaskForestClassifier(n_estimators=5), method="label", cv=2, random_state=0
    )
    model = search.fit(FILLED, LABELS[:, :3])
    assert_same(model, tmp_path / "it.onnx", FULL)


def test_a_blend_with_a_model_of_scikit_learn_is_the_same(tmp_path):
    members = [("linear", "default"), ("logistic", LOGISTIC)]
    model = MultiTaskBlendClassifier(members, random_state=0).fit(FILLED, LABELS)
    assert_same(model, tmp_path / "it.onnx", FULL)


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(), RandomForestClassifier(3), LOGISTIC]
)
def test_a_missing_value_gives_nan_and_no_wrong_number(estimator, tmp_path):
    # trees of scikit-learn read it, and skl2onnx does not
    model = IndependentTasks(estimator).fit(FILLED, LABELS[:, :2])
    found = answers(model, tmp_path / "it.onnx", NEW)
    has_gap = np.isnan(NEW).any(axis=1)
    for values in found:
        assert np.isnan(values[has_gap]).all()
        assert not np.isnan(values[~has_gap]).any()


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (KNeighborsClassifier(weights="distance"), "KNeighborsClassifier has weights"),
        (
            make_pipeline(SimpleImputer(add_indicator=True), LOGISTIC),
            "SimpleImputer has add_indicator",
        ),
        (RidgeClassifier(), "RidgeClassifier predicts no probabilities for task 'task"),
        (
            make_pipeline(FunctionTransformer(np.abs), LOGISTIC),
            "FunctionTransformer cannot be converted by skl2onnx",
        ),
    ],
)
def test_what_cannot_be_converted_is_named(estimator, said, tmp_path):
    model = IndependentTasks(estimator).fit(FILLED, LABELS[:, :2])
    with pytest.raises(TypeError, match=f"to_onnx: {said}"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
    assert not list(tmp_path.iterdir())


def test_one_model_of_several_tasks_is_refused(tmp_path):
    members = [("linear", "default"), ("trees", RandomForestClassifier(5))]
    model = MultiTaskBlendClassifier(members, random_state=0)
    model.fit(FILLED, np.nan_to_num(LABELS))
    with pytest.raises(TypeError, match="RandomForestClassifier is fitted to several"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
