"""A task of a model inside pipelines and searches, on raw inputs."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_mtl
from sklearn_mtl.exceptions import TaskError

RNG = np.random.default_rng(0)
X = pd.DataFrame(
    100 + 10 * RNG.normal(size=(120, 3)), columns=list("abc"), index=range(50, 170)
)
Y = pd.DataFrame(
    {"colour": np.where(X.a > 100, "red", "blue"), "size": X.b + 0.1 * X.c}
)
MODEL = make_pipeline(StandardScaler(), sklearn_mtl.MultiTaskLinearMixedEstimator())


def search():
    grid = {"standardscaler__with_mean": [True, False]}
    return GridSearchCV(MODEL, grid, cv=sklearn_mtl.MultiTaskStratifiedKFold(3))


WRAPPED = {
    "model": sklearn_mtl.MultiTaskLinearMixedEstimator,
    "pipeline": lambda: clone(MODEL),
    "pipeline of a pipeline": lambda: make_pipeline(clone(MODEL)),
    "search": search,
    "search in a pipeline": lambda: make_pipeline(StandardScaler(), search()),
}


@pytest.fixture(params=WRAPPED)
def fitted(request):
    return WRAPPED[request.param]().fit(X, Y)


def test_a_view_predicts_as_the_whole_does(fitted):
    for t, name in enumerate(Y):
        view = sklearn_mtl.task_view(fitted, name)
        np.testing.assert_array_equal(view.predict(X), fitted.predict(X)[:, t])
        assert view.n_features_in_ == 3
        assert view.feature_names_in_.tolist() == ["a", "b", "c"]
    view = sklearn_mtl.task_view(fitted, "colour")
    np.testing.assert_array_equal(view.predict_proba(X), fitted.predict_proba(X)[0])
    assert view.classes_.tolist() == ["blue", "red"]
    assert view.score(X, Y.colour) == np.mean(view.predict(X) == Y.colour)


def test_tools_for_one_task_take_a_view(fitted):
    view = sklearn_mtl.task_view(fitted, "colour")
    calibrated = CalibratedClassifierCV(FrozenEstimator(view)).fit(X, Y.colour)
    assert (calibrated.predict(X) == Y.colour).mean() > 0.9
    size = sklearn_mtl.task_view(fitted, "size")
    effect = partial_dependence(size, X, ["b"], grid_resolution=5)
    slope = np.diff(effect["average"][0]) / np.diff(effect["grid_values"][0])
    np.testing.assert_allclose(slope, 1.0, rtol=0.05)  # in units of X


def test_a_view_is_copied_and_pickled_with_the_steps(fitted):
    view = sklearn_mtl.task_view(fitted, 1)
    for other in (copy.deepcopy(view), pickle.loads(pickle.dumps(view))):
        np.testing.assert_array_equal(other.predict(X), view.predict(X))
    nameless = copy.deepcopy(view)
    nameless.feature_names_in_ = None  # as SHAP does
    assert view.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.raises(TypeError, match="cannot be fitted again"):
        view.fit(X, Y["size"])


def test_what_has_no_task_is_refused():
    with pytest.raises(NotFittedError):
        sklearn_mtl.task_view(MODEL, "colour")
    with pytest.raises(TaskError, match="'weight'"):
        sklearn_mtl.task_view(WRAPPED["model"]().fit(X, Y), "weight")
    other = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y.colour)
    message = (
        "task_view: Pipeline does not contain a multi-task model of sklearn_mtl, but"
    )
    with pytest.raises(TypeError, match=message):
        sklearn_mtl.task_view(other, "colour")


def test_a_search_that_kept_no_model_says_so():
    kept = search().set_params(refit=False).fit(X, Y)
    with pytest.raises(TypeError, match="GridSearchCV has no fitted model because"):
        sklearn_mtl.task_view(kept, "colour")


def test_errors_name_the_pipeline():
    model = clone(MODEL).fit(X, Y)
    with pytest.raises(TaskError, match=r"^Pipeline: .*'weight'"):
        sklearn_mtl.task_view(model, "weight")
    with pytest.raises(TypeError, match="of a fitted Pipeline and cannot"):
        sklearn_mtl.task_view(model, "colour").fit(X, Y["colour"])


def test_frames_of_predictions_keep_index_names_and_dtypes():
    model = WRAPPED["model"]().fit(X, Y)
    frame = model.predict_frame(X)
    assert frame.index.equals(X.index)
    assert frame.columns.tolist() == ["colour", "size"]
    assert frame.dtypes["size"].kind == "f"
    np.testing.assert_array_equal(frame.to_numpy(object), model.predict(X))
    model.fit(X.to_numpy(), Y)
    assert model.predict_frame(X.to_numpy()).index.equals(pd.RangeIndex(120))
