"""Weights in cross-validation reach the scores, or a warning says they do not."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.model_selection import cross_validate, per_task_scorers

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X[:, :2] + rng.normal(size=(40, 2))
W = rng.integers(1, 4, size=Y.shape).astype(float)
CV = [(np.arange(30), np.arange(30, 40))]


def test_routed_weights_reach_fit_and_the_default_scores():
    with config_context(enable_metadata_routing=True):
        model = MultiTaskLinearRegressor().set_fit_request(sample_weight=True)
        found = cross_validate(model, X, Y, cv=CV, params={"sample_weight": W})
        plain = cross_validate(model, X, Y, cv=CV)
    model = MultiTaskLinearRegressor()
    fitted = model.fit(X[:30], Y[:30], sample_weight=W[:30])
    expected = per_task_scorers()(fitted, X[30:], Y[30:], sample_weight=W[30:])
    assert {name: found[f"test_{name}"][0] for name in expected} == pytest.approx(
        expected
    )
    assert plain["test_mean"][0] != pytest.approx(expected["mean"])


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (MultiTaskLinearRegressor(), "sample_weight"),
        (IndependentTasks(Ridge()), "sample_weight"),
        (
            make_pipeline(StandardScaler(), MultiTaskLinearRegressor()),
            "multitasklinearregressor__sample_weight",
        ),
    ],
    ids=["model", "meta-estimator", "pipeline"],
)
@pytest.mark.parametrize("scoring", [None, per_task_scorers("r2")])
def test_weights_that_do_not_reach_the_scores_are_told_once(model, key, scoring):
    with pytest.warns(UserWarning, match=f"{key!r} in params is passed") as seen:
        found = cross_validate(model, X, Y, cv=CV, params={key: W}, scoring=scoring)
    assert len(seen) == 1
    fitted = model.fit(X[:30], Y[:30], **{key: W[:30]})
    expected = per_task_scorers()(fitted, X[30:], Y[30:])["mean"]
    assert found["test_mean"][0] == pytest.approx(expected)
