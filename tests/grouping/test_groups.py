"""Groups reach every fit that takes them, in comparisons and in searches of groups."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    IndependentTasks,
    MultiTaskLinearRegressor,
    MultiTaskRegressor,
)
from sklearn_mtl.comparison import compare
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.inspection import task_affinity
from sklearn_mtl.neural_network.training import _training
from tests.neural_network.nets import table, tiny


@pytest.fixture
def drawn(monkeypatch):
    """Groups, training samples of members, for every net that holds samples out."""
    found, draw_folds = [], _training.draw_folds

    def record(*args):
        members = draw_folds(*args)
        found.append((args[-1], members))
        return members

    monkeypatch.setattr(_training, "draw_folds", record)
    return found


def data():
    X, y = table(120)
    y = y[:, [2, 2, 2]].copy()
    y[::5, 1] = np.nan
    return X, y, np.array([f"subject {i // 6}" for i in range(120)])


def net(**arguments):
    return tiny(MultiTaskRegressor, early_stopping=True, max_epochs=1, **arguments)


def assert_undivided(drawn, n_fits):
    assert len(drawn) == n_fits
    for group, members in drawn:
        assert group is not None
        for trains in members:
            assert not set(group[trains]) & set(group[~trains])


def test_compare_hands_them_to_shared_models_twins_and_pipelines(drawn):
    X, y, groups = data()
    models = [
        ("net", net()),
        ("scaled", make_pipeline(StandardScaler(), net())),
        ("ridge", IndependentTasks(Ridge())),
    ]
    found = compare(X, y, models, cv=2, groups=groups)
    assert not [one for one in found.problems if one.kind == "error"]
    # two splits of two shared models and of three tasks of each twin
    assert_undivided(drawn, 2 * (2 + 2 * 3))


def test_the_search_hands_them_to_every_fit(drawn):
    X, y, groups = data()
    search = TaskGroupSearchCV(
        net(), method="label", cv=2, max_groups=2, random_state=0
    )
    search.fit(X, y, groups=groups)
    assert_undivided(drawn, search.n_fits_ + len(search.groups_))


def test_the_folds_of_the_search_do_not_divide_them(monkeypatch):
    X, y, groups = data()
    from sklearn_mtl.grouping import _group_search

    make_splits, seen = _group_search.make_splits, []
    monkeypatch.setattr(
        _group_search,
        "make_splits",
        lambda *args: seen.extend(make_splits(*args)) or make_splits(*args),
    )
    search = TaskGroupSearchCV(Ridge(), method="label", cv=3, random_state=0)
    search.fit(X, y[:, ::2], groups=groups)
    for train, test in seen:
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("method", ["gain", "gradient"])
def test_affinities_hand_them_to_every_fit(drawn, method):
    X, y, groups = data()
    found = task_affinity(net(), X, y, method=method, cv=2, groups=groups)
    assert_undivided(drawn, found.n_fits)


def test_the_search_gives_each_group_its_tasks_of_a_validation_set(drawn):
    X, y, _ = data()
    search = TaskGroupSearchCV(net(), method="label", cv=2, random_state=0)
    search.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert not drawn
    for names, model in zip(search.groups_, search.estimators_, strict=True):
        inner = model if len(names) > 1 else model.estimators_[0]
        assert np.isfinite(inner.history_["valid_loss"]).all()
    with pytest.raises(
        ValueError, match="X_val is given, but fit of Ridge does not use"
    ):
        TaskGroupSearchCV(Ridge()).fit(X, y, X_val=X, y_val=y)


class TestRouting:
    @pytest.fixture(autouse=True)
    def routing(self):
        with config_context(enable_metadata_routing=True):
            yield

    def test_the_search_routes_to_its_estimator(self, drawn):
        X, y, groups = data()
        asked = net().set_fit_request(sample_weight=True)
        search = TaskGroupSearchCV(asked, method="label", cv=2, random_state=0)
        search.fit(X, y, groups=groups, sample_weight=np.ones(120))
        assert_undivided(drawn, search.n_fits_ + len(search.groups_))
        routing = search.get_metadata_routing()
        given = ["groups", "sample_weight"]
        assert routing.consumes("fit", given) == set(given)

    @pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a pipeline"])
    def test_metadata_may_have_another_name(self, inside):
        X, y, _ = data()
        weights = np.random.default_rng(0).random(120) + 0.1

        def fitted(name, **given):
            ridge = MultiTaskLinearRegressor(penalty="ridge", alpha=0.1)
            asked = ridge.set_fit_request(sample_weight=name)
            asked = make_pipeline(asked) if inside else asked
            return TaskGroupSearchCV(asked, cv=2, random_state=0).fit(X, y, **given)

        expected = fitted(True, sample_weight=weights).predict(X)
        assert np.array_equal(fitted("mass", mass=weights).predict(X), expected)
        assert not np.array_equal(fitted(False).predict(X), expected)

    def test_what_the_estimator_says_nothing_of_is_an_error(self):
        X, y, _ = data()
        search = TaskGroupSearchCV(net(), method="label", cv=2)
        with pytest.raises(ValueError, match="not explicitly set as requested or not"):
            search.fit(X, y, sample_weight=np.ones(120))
