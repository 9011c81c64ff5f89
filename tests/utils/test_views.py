import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl import MultiTaskMixedEstimator
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._views import TaskClassifierView

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


def test_fitting_a_view_leaves_the_model_alone(model):
    before = model.predict_proba(X)[0]
    view = model.task("kind").fit(X, Y["grade"])
    assert view.classes_.tolist() == [0, 1, 2]
    assert view.predict(X).shape == (40,)
    np.testing.assert_array_equal(model.predict_proba(X)[0], before)


def test_a_clone_of_a_view_is_not_fitted(model):
    view = clone(model.task("kind"))
    with pytest.raises(NotFittedError):
        check_is_fitted(view)
    with pytest.raises(NotFittedError):
        view.predict(X)
    view.fit(X, Y["kind"])
    assert view.predict_proba(X).shape == (40, 2)


def test_an_unknown_task_has_no_view(model):
    with pytest.raises(TaskError, match="MultiTaskMixedEstimator: unknown task 'x'"):
        model.task("x")


def test_a_view_shows_its_parameters(model):
    view = model.task("kind")
    assert view.get_params(deep=False) == {"model": model, "task": "kind"}
    assert view.get_params()["model__max_epochs"] == 20
    assert isinstance(view, TaskClassifierView)
