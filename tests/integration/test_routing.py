"""Weights by row and by cell through scikit-learn's metadata routing."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskClassifier
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
    per_task_scorers,
)
from tests.zoo import SMALL_NET

CV = MultiTaskStratifiedKFold(3)


def independent():
    inner = LogisticRegression().set_fit_request(sample_weight=True)
    return IndependentTasks(inner).set_score_request(sample_weight=True)


def net():
    model = MultiTaskClassifier(**SMALL_NET)
    return model.set_fit_request(sample_weight=True).set_score_request(
        sample_weight=True
    )


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(params=[independent, net], ids=["independent", "net"])
def weighted(request):
    """A classifier that requests weights in fit and score."""
    return request.param()


@pytest.mark.parametrize("shape", ["rows", "cells"])
def test_weights_reach_fit_and_scorer(weighted, gaps, shape):
    X, y, _ = gaps
    w = np.random.default_rng(0).uniform(size=y.shape)
    w = w if shape == "cells" else w[:, 0]
    scoring = per_task_scorers("neg_log_loss").set_score_request(sample_weight=True)
    model = make_pipeline(
        StandardScaler().set_fit_request(sample_weight=False), weighted
    )
    result = cross_validate(
        model, X, y, cv=CV, scoring=scoring, params={"sample_weight": w}
    )
    for fold, (train, test) in enumerate(CV.split(X, y)):
        fitted = model.fit(X[train], y[train], sample_weight=w[train])
        expected = per_task_scorers("neg_log_loss")(fitted, X[test], y[test], w[test])
        assert result["test_mean"][fold] == pytest.approx(expected["mean"])


def test_weights_change_the_model(weighted, gaps):
    X, y, _ = gaps
    w = np.ones(y.shape)
    w[y[:, 0] == 1, 0] = 50
    plain = weighted.fit(X, y).predict_proba(X)[0][:, 1].mean()
    heavy = weighted.fit(X, y, sample_weight=w).predict_proba(X)[0][:, 1].mean()
    assert heavy > plain + 0.02


def test_search_routes_weights_by_cell(gaps):
    X, y, _ = gaps
    w = np.random.default_rng(0).uniform(size=y.shape)
    search = GridSearchCV(
        independent(),
        {"estimator__C": [0.1, 1.0]},
        cv=CV,
        scoring=per_task_scorers().set_score_request(sample_weight=True),
        refit="mean",
    ).fit(X, y, sample_weight=w)
    assert search.best_score_ > 0.6


def test_groups_and_weights_together(gaps):
    X, y, _ = gaps
    groups = np.arange(120) // 4
    result = cross_validate(
        independent(),
        X,
        y,
        cv=MultiTaskStratifiedGroupKFold(3),
        scoring=per_task_scorers().set_score_request(sample_weight=False),
        params={"sample_weight": np.ones(y.shape), "groups": groups},
    )
    assert len(result["test_mean"]) == 3


def test_default_score_takes_weights_by_cell(weighted, gaps):
    X, y, _ = gaps
    w = np.random.default_rng(0).uniform(size=y.shape)
    scores = cross_validate(weighted, X, y, cv=CV, params={"sample_weight": w})
    assert (scores["test_score"] > 0.5).all()
