"""Weights of samples and labels through scikit-learn's metadata routing.

Every result is compared to the one without weights too: the tests fail if an estimator,
a scorer or a router drops them.
"""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
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


def unequal_weights(y, shape="labels"):
    """Return weights that move models and scores: most are small, a few large."""
    weights = np.random.default_rng(0).exponential(size=y.shape) ** 2
    return weights if shape == "labels" else weights[:, 0]


def scores_of_folds(model, X, y, w, score, folds):
    """Return the scores of models fitted with w, scored with w, and both without.

    `score` is called with a fitted model, X, y and weights.
    """
    found = []
    for train, test in folds:
        plain = clone(model).fit(X[train], y[train])
        own = clone(model).fit(X[train], y[train], sample_weight=w[train])
        rows = X[test], y[test]
        found.append(
            [
                score(own, *rows, w[test]),
                score(own, *rows),
                score(plain, *rows, w[test]),
            ]
        )
    with_weights, unweighted_score, unweighted_fit = np.array(found).T
    for other in (unweighted_score, unweighted_fit):
        assert (np.abs(other - with_weights) > 1e-4).all()
    return with_weights


def score_mean(metric="auto"):
    scorer = per_task_scorers(metric)
    return lambda *args: scorer(*args)["mean"]


@pytest.mark.parametrize("shape", ["samples", "labels"])
def test_weights_reach_fit_and_scorer(weighted, gaps, shape):
    X, y, _ = gaps
    w = unequal_weights(y, shape)
    scoring = per_task_scorers("neg_log_loss").set_score_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    result = cross_validate(
        make_pipeline(scaler, weighted),
        X,
        y,
        cv=CV,
        scoring=scoring,
        params={"sample_weight": w},
    )
    score, folds = score_mean("neg_log_loss"), CV.split(X, y)
    scaled = [(StandardScaler().fit(X[train]), train, test) for train, test in folds]
    expected = [
        scores_of_folds(weighted, scaler.transform(X), y, w, score, [(train, test)])[0]
        for scaler, train, test in scaled
    ]
    np.testing.assert_allclose(result["test_mean"], expected)


def test_weights_change_the_model(weighted, gaps):
    X, y, _ = gaps
    w = np.ones(y.shape)
    w[y[:, 0] == 1, 0] = 50
    plain = weighted.fit(X, y).predict_proba(X)[0][:, 1].mean()
    heavy = weighted.fit(X, y, sample_weight=w).predict_proba(X)[0][:, 1].mean()
    assert heavy > plain + 0.02


def test_search_routes_weights_of_labels(gaps):
    X, y, _ = gaps
    w = unequal_weights(y)
    grid = [0.01, 10.0]
    search = GridSearchCV(
        independent(),
        {"estimator__C": grid},
        cv=CV,
        scoring=per_task_scorers("neg_log_loss").set_score_request(sample_weight=True),
        refit="mean",
    ).fit(X, y, sample_weight=w)
    for c, found in zip(grid, search.cv_results_["mean_test_mean"], strict=True):
        model, folds = independent().set_params(estimator__C=c), CV.split(X, y)
        score = score_mean("neg_log_loss")
        expected = scores_of_folds(model, X, y, w, score, folds)
        assert found == pytest.approx(expected.mean())
    best = clone(search.best_estimator_).fit(X, y, sample_weight=w)
    for one, other in zip(search.predict_proba(X), best.predict_proba(X), strict=True):
        np.testing.assert_array_equal(one, other)


def test_groups_and_weights_together(gaps):
    X, y, _ = gaps
    w, groups = unequal_weights(y), np.arange(120) // 4
    cv = MultiTaskStratifiedGroupKFold(3)
    result = cross_validate(
        independent(),
        X,
        y,
        cv=cv,
        scoring=per_task_scorers("neg_log_loss").set_score_request(sample_weight=True),
        params={"sample_weight": w, "groups": groups},
    )
    folds = list(cv.split(X, y, groups))
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
    expected = scores_of_folds(
        independent(), X, y, w, score_mean("neg_log_loss"), folds
    )
    np.testing.assert_allclose(result["test_mean"], expected)


def test_default_score_takes_weights_of_labels(weighted, gaps):
    X, y, _ = gaps
    w = unequal_weights(y)
    scores = cross_validate(weighted, X, y, cv=CV, params={"sample_weight": w})
    score = type(weighted).score
    expected = scores_of_folds(weighted, X, y, w, score, CV.split(X, y))
    np.testing.assert_allclose(scores["test_score"], expected)
