"""Scorers of the coverage and the width of intervals and sets."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskLinearRegressor
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import per_task_score
from sklearn_mtl.model_selection import (
    cross_validate,
    per_task_scorers,
    task_scorer,
)
from tests.uncertainty.estimators import draw, make

BOTH = ["coverage", "neg_mean_width"]


def steps(**options):
    model = MultiTaskLinearRegressor(store_oof=True, **options)
    return make_pipeline(StandardScaler(), model)


@pytest.mark.parametrize("kind", ["regressor", "mixed"])
def test_scores_are_those_of_what_the_model_predicts(kind):
    (X, y), (X_new, y_new) = draw(kind), draw(kind, seed=1)
    model = make(kind, "forest").fit(X, y)
    given = model.predict_interval(X_new, 0.8)
    if kind == "mixed":
        given = [model.predict_set(X_new, 0.8)[0], given[:, 1]]
    found = per_task_scorers(BOTH, coverage=0.8, mean=False)(model, X_new, y_new)
    for metric in BOTH:
        expected = per_task_score(y_new, given, metric=metric)
        for name, score in expected.items():
            assert found[f"{metric}_{name}"] == pytest.approx(score, rel=1e-12)


def test_one_task_with_classes_and_one_number():
    (X, y), (X_new, y_new) = draw("classifier"), draw("classifier", seed=1)
    model = MultiTaskForestClassifier(n_estimators=20, random_state=0).fit(X, y[:, 0])
    sets = model.predict_set(X_new)
    score = task_scorer("neg_set_size")(model, X_new, y_new[:, 0])
    assert score == pytest.approx(-sets.sum(axis=1).mean())
    held = sets[np.arange(len(sets)), y_new[:, 0].astype(int)].mean()
    assert task_scorer("coverage")(model, X_new, y_new[:, 0]) == pytest.approx(held)


def test_cross_validation_and_searches_score_intervals_behind_steps():
    X, y = draw("regressor")
    scoring = per_task_scorers(BOTH, coverage=0.8)
    found = cross_validate(steps(), X, y, scoring=scoring, cv=3)
    assert np.abs(found["test_coverage_mean"].mean() - 0.8) < 0.08
    search = GridSearchCV(
        steps(penalty="ridge"),
        {"multitasklinearregressor__alpha": [1e-3, 10.0]},
        scoring=scoring,
        refit="neg_mean_width_mean",
        cv=3,
    )
    search.fit(X, y)
    assert search.best_params_ == {"multitasklinearregressor__alpha": 1e-3}


def test_what_cannot_be_scored_is_said():
    X, y = draw("regressor", missing=False)
    with pytest.raises(TaskError, match=r"'mean_width' is an error.*neg_mean_width"):
        per_task_scorers("mean_width")
    model = make("classifier", "forest").fit(*draw("classifier"))
    with pytest.raises(TaskError, match="multiclass task"):
        per_task_scorers("neg_interval_width")(model, *draw("classifier"))
    model = steps().fit(X, y)
    with pytest.raises(TaskError, match="requires predicted quantiles"):
        per_task_scorers("neg_pinball")(model, X, y)
    with pytest.raises(ValueError, match="coverage must"):
        per_task_scorers("coverage", coverage=1.5)(model, X, y)
