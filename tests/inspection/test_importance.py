import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import (
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_mtl import IndependentTasks, MultiTaskMixedEstimator
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.inspection import task_permutation_importance
from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from tests.zoo import SMALL_NET


@pytest.fixture
def table():
    """Four inputs; a classification needs the first, a regression the second."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(150, 4)), columns=["a", "b", "c", "d"])
    y = pd.DataFrame(
        {
            "ill": np.where(X["a"] > 0, "yes", "no"),
            "dose": X["b"] + 0.1 * rng.normal(size=150),
        }
    )
    y.loc[::3, "ill"] = None
    y.loc[1::3, "dose"] = np.nan
    return X, y


@pytest.fixture
def net(table):
    small = {**SMALL_NET, "max_epochs": 60}
    return MultiTaskMixedEstimator(**small).fit(*table)


def test_every_task_has_its_own_feature_first(net, table):
    found = task_permutation_importance(net, *table, random_state=0)
    assert found.importances.shape == (2, 4, 5)
    assert found.to_frame().idxmax(axis=1).tolist() == ["a", "b"]
    assert found.importances_std.shape == (2, 4)


def test_it_is_scikit_learns_for_one_task():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = X @ [1.0, 0.5, 0.0] + rng.normal(size=80)
    model = Ridge().fit(X, y)
    ours = task_permutation_importance(model, X, y, scoring="r2", random_state=3)
    theirs = permutation_importance(model, X, y, scoring="r2", random_state=3)
    np.testing.assert_allclose(ours.importances[0], theirs.importances)
    np.testing.assert_allclose(ours.importances_mean[0], theirs.importances_mean)
    assert ours.feature_names == ["x0", "x1", "x2"]


def test_missing_labels_are_not_scored():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    y = X[:, :2] + 0.1 * rng.normal(size=(90, 2))
    y[:30, 1] = np.nan
    model = MultiTaskLinearRegressor().fit(X, y)
    found = task_permutation_importance(model, X, y, random_state=0, n_repeats=20)
    alone = permutation_importance(
        model.task("task1"), X[30:], y[30:, 1], random_state=0, n_repeats=20
    )
    np.testing.assert_allclose(
        found.importances_mean[1], alone.importances_mean, atol=0.15
    )


def test_classifiers_are_scored_by_auc():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 2))
    model = IndependentTasks(LogisticRegression()).fit(X, X > 0)
    found = task_permutation_importance(model, X, X > 0, random_state=0)
    np.testing.assert_allclose(np.diag(found.importances_mean), 0.5, atol=0.15)


class TestPartialDependence:
    """scikit-learn's tools take one task of a model of several."""

    def test_one_task_depends_on_its_own_feature(self, net, table):
        X, _ = table
        ranges = {
            (name, feature): np.ptp(
                partial_dependence(net.task(name), X, [feature])["average"]
            )
            for name in ("ill", "dose")
            for feature in ("a", "b")
        }
        assert ranges["ill", "a"] > 3 * ranges["ill", "b"]
        assert ranges["dose", "b"] > 3 * ranges["dose", "a"]

    def test_it_is_the_mean_prediction_by_hand(self, net, table):
        X, _ = table
        found = partial_dependence(
            net.task("dose"), X, ["b"], grid_resolution=3, percentiles=(0.1, 0.9)
        )
        for value, mean in zip(
            found["grid_values"][0], found["average"][0], strict=True
        ):
            moved = X.assign(b=value)
            assert mean == pytest.approx(net.task("dose").predict(moved).mean())

    def test_scikit_learns_display_draws_it(self, net, table):
        import matplotlib.pyplot as plt

        X, _ = table
        shown = PartialDependenceDisplay.from_estimator(
            net.task("ill"), X, ["a", "b"], grid_resolution=5
        )
        assert shown.axes_.size == 2
        plt.close("all")


def test_masked_inputs_are_missing():
    X = np.random.default_rng(0).normal(size=(80, 3))
    labels = (X[:, :2] > 0).astype(int)
    junk = np.ma.masked_array(X, mask=np.random.default_rng(1).random(X.shape) < 0.2)
    model = MultiTaskForestClassifier(n_estimators=5, random_state=0).fit(junk, labels)
    found = [
        task_permutation_importance(model, one, labels, n_repeats=1, random_state=0)
        for one in (junk, junk.filled(np.nan))
    ]
    np.testing.assert_array_equal(found[0].importances, found[1].importances)
