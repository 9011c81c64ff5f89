import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._views import TaskClassifierView

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(40, 3)), columns=list("abc"))
Y = pd.DataFrame(
    {
        "kind": np.where(X["a"] > 0, "up", "down"),
        "grade": np.digitize(X["b"], [-0.5, 0.5]),
        "size": X["c"] + 0.5,
    }
)


@pytest.fixture(scope="module")
def model():
    net = MultiTaskMixedEstimator(
        hidden_layer_sizes=(8,), n_members=1, max_epochs=20, random_state=0
    )
    return net.fit(X, Y)


@pytest.mark.parametrize(("task", "t"), [("kind", 0), ("grade", 1), (1, 1), (-3, 0)])
def test_a_view_of_classes_is_a_fitted_classifier(model, task, t):
    view = model.task(task)
    check_is_fitted(view)
    assert is_classifier(view)
    np.testing.assert_array_equal(view.classes_, model.classes_[t])
    np.testing.assert_array_equal(view.predict(X), model.predict(X)[:, t])
    np.testing.assert_array_equal(view.predict_proba(X), model.predict_proba(X)[t])
    right = model.predict(X)[:, t] == Y.iloc[:, t]
    assert view.score(X, Y.iloc[:, t]) == right.mean()


def test_a_view_of_numbers_is_a_fitted_regressor(model):
    view = model.task("size")
    check_is_fitted(view)
    assert is_regressor(view)
    assert not hasattr(view, "predict_proba")
    np.testing.assert_array_equal(view.predict(X), model.predict(X)[:, 2].astype(float))
    assert view.score(X, Y["size"]) > 0


def test_a_view_knows_the_features(model):
    view = model.task("kind")
    assert view.n_features_in_ == 3
    assert view.feature_names_in_.tolist() == ["a", "b", "c"]


TOOLS = {
    "fit": lambda view, y: view.fit(X, y),
    "clone": lambda view, y: clone(view).fit(X, y),
    "scores": lambda view, y: cross_val_score(view, X, y, cv=2, error_score="raise"),
    "search": lambda view, y: GridSearchCV(
        view, {"model__max_epochs": [1, 2]}, cv=2, error_score="raise"
    ).fit(X, y),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_a_view_is_never_fitted_again(model, tool):
    with pytest.raises(TypeError, match="task 'kind' of a fitted MultiTaskMixed"):
        TOOLS[tool](model.task("kind"), Y["kind"])


def test_a_clone_of_a_view_is_not_fitted(model):
    view = clone(model.task("kind"))
    with pytest.raises(NotFittedError):
        check_is_fitted(view)
    with pytest.raises(NotFittedError):
        view.predict(X)


def test_a_copy_may_forget_the_names_of_features(model):
    """As SHAP asks it to, whose perturbed samples are arrays."""
    expected = model.task("size").predict(X)
    predict = copy.deepcopy(model.task("size").predict)
    predict.__self__.feature_names_in_ = None
    np.testing.assert_array_equal(predict(X.to_numpy()), expected)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]


def test_an_unknown_task_has_no_view(model):
    with pytest.raises(TaskError, match="MultiTaskMixedEstimator: unknown task 'x'"):
        model.task("x")


def test_a_view_shows_its_parameters(model):
    view = model.task("kind")
    assert view.get_params(deep=False) == {"model": model, "task": "kind"}
    assert view.get_params()["model__max_epochs"] == 20
    assert isinstance(view, TaskClassifierView)


def test_a_view_is_scored_over_the_observed_labels(model):
    for task in ("kind", "size"):
        view, y = model.task(task), Y[task].to_numpy()
        gone = np.arange(40) % 3 == 0
        masked = np.ma.masked_array(y, mask=gone)
        weighted = view.score(X, y, sample_weight=~gone)
        assert view.score(X, masked) == view.score(X[~gone], y[~gone]) == weighted
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        view.score(X, y[:5])
