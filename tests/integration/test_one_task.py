"""scikit-learn's single-output tools on one task of a multi-task model."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import accuracy_score, get_scorer, log_loss, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV

from sklearn_mtl.model_selection import per_task_scorers


def test_permutation_importance_of_each_task(classifier, gaps):
    X, y, _ = gaps
    model = classifier.fit(X, y)
    result = permutation_importance(
        model, X, y, scoring=per_task_scorers(), n_repeats=3, random_state=0
    )
    assert list(result) == ["task0", "task1", "mean"]
    # each task rests on the feature of its number
    for t in range(2):
        assert result[f"task{t}"].importances_mean.argmax() == t


def test_permutation_importance_with_weights_by_row(classifier, gaps):
    X, y, _ = gaps
    weight = np.random.default_rng(0).exponential(size=120) ** 2
    plain, weighted = (
        permutation_importance(
            classifier.fit(X, y),
            X,
            y,
            scoring=per_task_scorers("neg_log_loss"),
            n_repeats=1,
            random_state=0,
            sample_weight=w,
        )["mean"].importances
        for w in (None, weight)
    )
    assert plain.shape == weighted.shape == (4, 1)
    assert (np.abs(weighted - plain) > 1e-4).all()


@pytest.mark.parametrize("task", [0, 1])
def test_calibration_of_one_task(classifier, gaps, task):
    X, y, truth = gaps
    view = classifier.fit(X, y).task(task)
    calibrated = CalibratedClassifierCV(FrozenEstimator(view)).fit(X, truth[:, task])
    assert calibrated.classes_.tolist() == view.classes_.tolist()
    before, after = (
        log_loss(truth[:, task], model.predict_proba(X)) for model in (view, calibrated)
    )
    assert after < before + 0.1


def test_threshold_of_one_task(classifier, gaps):
    X, y, truth = gaps
    view = classifier.fit(X, y).task("task0")
    tuned = TunedThresholdClassifierCV(
        FrozenEstimator(view), scoring="recall", cv="prefit", refit=False
    ).fit(X, truth[:, 0])
    assert recall_score(truth[:, 0], tuned.predict(X)) >= recall_score(
        truth[:, 0], view.predict(X)
    )
    assert tuned.best_score_ == 1.0


def test_partial_dependence_of_one_task(classifier, gaps):
    X, y, _ = gaps
    view = classifier.fit(X, y).task("task0")
    rises = [
        np.ptp(partial_dependence(view, X, [feature], kind="average")["average"])
        for feature in range(4)
    ]
    assert int(np.argmax(rises)) == 0


def test_partial_dependence_of_a_regression_among_others(mixed, table):
    X, y = table
    model = mixed.fit(X, y)
    result = partial_dependence(
        model.task("task2"), X, [2], kind="average", grid_resolution=20
    )
    by_hand = []
    for value in result["grid_values"][0]:
        moved = X.copy()
        moved[:, 2] = value
        by_hand.append(model.predict(moved)[:, 2].astype(float).mean())
    np.testing.assert_allclose(result["average"][0], by_hand, rtol=1e-5)
    # the signal is the feature itself: a line of slope one through the data's mean
    slope = np.polyfit(result["grid_values"][0], by_hand, 1)[0]
    assert 0.5 < slope < 1.5


def test_scorers_of_scikit_learn_take_a_view(classifier, gaps):
    X, y, truth = gaps
    view = classifier.fit(X, y).task("task0")
    assert get_scorer("roc_auc")(view, X, truth[:, 0]) > 0.7
    assert view.score(X, truth[:, 0]) == accuracy_score(truth[:, 0], view.predict(X))


def test_view_agrees_with_the_whole(classifier, gaps):
    X, y, _ = gaps
    model = classifier.fit(X, y)
    view = model.task("task1")
    np.testing.assert_allclose(view.predict_proba(X), model.predict_proba(X)[1])
    np.testing.assert_array_equal(view.predict(X), model.predict(X)[:, 1])
