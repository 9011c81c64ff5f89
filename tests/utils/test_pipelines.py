"""The end of a pipeline, and its name for sample weights."""

import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.utils._pipelines import fitted_model, last_step, weight_key


def test_an_estimator_is_its_own_last_step():
    model = LogisticRegression()
    assert last_step(model) == ("", model)
    assert weight_key(model) == "sample_weight"


def test_pipelines_may_be_nested():
    model = LogisticRegression()
    nested = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), model))
    prefix = "pipeline__logisticregression__"
    assert last_step(nested) == (prefix, model)
    assert weight_key(nested) == f"{prefix}sample_weight"


@pytest.mark.parametrize(("who", "start"), [("", "^KN"), ("Blend", "^Blend: KN")])
def test_an_estimator_without_weights_is_an_error(who, start):
    with pytest.raises(ValueError, match=f"{start}.* does not support sample weights"):
        weight_key(make_pipeline(StandardScaler(), KNeighborsClassifier()), who)


def test_who_predicts_is_found_inside_of_all_that_wraps_it():
    X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    pipe = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipe, {"logisticregression__C": [1.0]}, cv=2).fit(X, y)
    inner = search.best_estimator_[-1]
    assert fitted_model(make_pipeline(FrozenEstimator(search))) is inner
    assert fitted_model(inner) is inner
