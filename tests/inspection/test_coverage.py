import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import IndependentTasks, MultiTaskRegressor
from sklearn_mtl.inspection import CoverageDisplay
from sklearn_mtl.inspection._coverage import coverage_of_tasks
from sklearn_mtl.losses import CircularLoss
from tests.uncertainty.estimators import NET, draw, make

LEVELS = (0.5, 0.9)


def test_labels_in_intervals_and_sets_are_counted():
    (X, y), (X_new, y_new) = draw("mixed"), draw("mixed", seed=1)
    model = make("mixed", "forest").fit(X, y)
    _, found = coverage_of_tasks(model, X_new, y_new, LEVELS, "who")
    for k, level in enumerate(LEVELS):
        low, high = model.predict_interval(X_new, level)[:, 1].T
        inside = ((low <= y_new[:, 1]) & (y_new[:, 1] <= high))[~np.isnan(y_new[:, 1])]
        assert found[1, k] == pytest.approx(inside.mean())
        chosen = model.predict_set(X_new, level)[0]
        right = chosen[np.arange(240), y_new[:, 0].astype(int)]
        assert found[0, k] == pytest.approx(right.mean())


def test_classes_that_fit_has_not_seen_are_not_covered():
    X, y = draw("classifier", missing=False)
    model = make("classifier", "forest").fit(X, y[:, 0])
    with pytest.warns(UserWarning, match="not seen in fit"):
        _, found = coverage_of_tasks(model, X, np.full(240, 9.0), LEVELS, "who")
    assert (found == 0).all()


def test_a_task_without_labels_is_nan():
    X, y = draw("regressor")
    model = make("regressor", "forest").fit(X, y)
    y[:, 1] = np.nan
    _, found = coverage_of_tasks(model, X, y, LEVELS, "who")
    assert np.array_equal(np.isnan(found[:, 0]), [False, True])


def test_circular_intervals_go_round():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 2))
    hours = (24 + X[:, 0] + rng.normal(size=240)) % 24  # around midnight
    model = MultiTaskRegressor(**NET, loss=CircularLoss(24)).fit(X, hours)
    _, found = coverage_of_tasks(model, X, hours, [0.9], "who")
    assert found[0, 0] == pytest.approx(0.9, abs=0.06)


def test_the_display_takes_a_pipeline():
    X, y = draw("regressor")
    model = make_pipeline(StandardScaler(), make("regressor", "forest")).fit(X, y)
    shown = CoverageDisplay.from_estimator(model, X, y, levels=LEVELS)
    assert shown.coverage.shape == (2, 2)
    assert [line.get_label() for line in shown.ax_.lines] == [
        *("exact coverage", "task0", "task1")
    ]


def test_an_estimator_without_intervals_is_refused():
    X, y = draw("regressor")
    model = IndependentTasks(Ridge()).fit(X, y)
    with pytest.raises(TypeError, match="IndependentTasks has neither"):
        CoverageDisplay.from_estimator(model, X, y)
