"""scikit-learn's callbacks on nets, searches and comparisons."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import (
    MultiTaskClassifier,
    TaskGroupSearchCV,
    compare,
    per_task_scorers,
)
from sklearn_mtl.datasets import (
    make_multitask_classification,
    make_multitask_regression,
)
from sklearn_mtl.linear_model import MultiTaskLinearRegressor

callback = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
SMALL = {"n_members": 2, "max_epochs": 4, "random_state": 0}


class Log:
    """Writes down what it is told, and stops after one of the tasks."""

    def __init__(self, stop_after=None):
        self.seen = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.seen.append("setup")

    def teardown(self, estimator, context):
        self.seen.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.seen.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context):
        told = (context.task_name, context.task_id)
        self.seen.append(("end", *told))
        return told == self.stop_after


@pytest.fixture(scope="module")
def data():
    return make_multitask_classification(
        120, 6, 2, n_informative=4, missing_fraction=0.2, random_state=0
    )


def test_a_net_tells_of_its_fit_and_of_every_epoch(data):
    log = Log()
    MultiTaskClassifier(**SMALL).set_callbacks(log).fit(*data)
    epochs = [(kind, "epoch", i) for i in range(4) for kind in ("begin", "end")]
    fit = [("begin", "fit", 0), *epochs, ("end", "fit", 0)]
    assert log.seen == ["setup", *fit, "teardown"]


def test_a_callback_can_end_the_fit_of_a_net(data):
    model = MultiTaskClassifier(**SMALL).set_callbacks(Log(("epoch", 1)))
    assert model.fit(*data).n_iter_ == 2


@pytest.mark.parametrize("early_stopping", [True, False])
def test_scores_are_those_of_the_net_at_the_end_of_an_epoch(data, early_stopping):
    scorer = per_task_scorers("accuracy")
    monitor = callback.ScoringMonitor(scoring=scorer)
    model = MultiTaskClassifier(**SMALL, early_stopping=early_stopping)
    model.set_callbacks(monitor).fit(*data)
    log = {row["task_name"]: row for row in monitor.get_logs().data}
    final = scorer(model, *data)
    assert {name: log["fit"][name] for name in final} == final
    if not early_stopping:  # else the net of the best epoch is kept
        assert {name: log["epoch"][name] for name in final} == final


def test_callbacks_do_not_change_what_is_learned(data):
    monitor = callback.ScoringMonitor(scoring=per_task_scorers("accuracy"))
    heard = MultiTaskClassifier(**SMALL).set_callbacks(monitor).fit(*data)
    plain = MultiTaskClassifier(**SMALL).fit(*data)
    np.testing.assert_array_equal(
        heard.predict_proba(data[0]), plain.predict_proba(data[0])
    )


def test_a_fit_that_fails_tears_callbacks_down(data):
    log = Log()
    model = MultiTaskClassifier(**SMALL, trunk=lambda n_features: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.set_callbacks(log).fit(*data)
    assert not hasattr(model, "_callback_fit_ctx")
    assert log.seen.count("setup") == log.seen.count("teardown")


def test_a_pipeline_reports_the_epochs_of_its_net(data):
    monitor = callback.ScoringMonitor(scoring=per_task_scorers("accuracy"))
    net = MultiTaskClassifier(**SMALL).set_callbacks(monitor)
    make_pipeline(StandardScaler(), net).fit(*data)
    names = [row["task_name"] for row in monitor.get_logs().data]
    assert names.count("epoch") == 4


def test_a_search_tells_of_every_set_of_tasks_and_of_the_refit():
    X, y = make_multitask_regression(60, 5, 3, n_informative=3, random_state=0)
    log = Log()
    model = MultiTaskLinearRegressor(penalty="mean", alpha=1.0)
    search = TaskGroupSearchCV(model, cv=2, random_state=0).set_callbacks(log)
    search.fit(X, y)
    sets = [one[1] for one in log.seen if one[0] == "end" and "score" in one[1]]
    assert len(sets) == len(set(sets)) == search.n_fits_ / 2
    assert {"score task0", "score task0, task2"} <= set(sets)
    assert log.seen[-4:] == [
        *(("begin", "refit", len(sets)), ("end", "refit", len(sets))),
        *(("end", "fit", 0), "teardown"),
    ]


def test_a_comparison_calls_the_callbacks_of_its_models(data):
    X, y = data
    monitor = callback.ScoringMonitor(scoring=per_task_scorers("accuracy"))
    net = MultiTaskClassifier(**SMALL).set_callbacks(monitor)
    compare(X, y, {"net": net}, cv=2, random_state=0)
    logs = monitor.get_logs("all")
    # shared model in two folds, and the twin: two nets in each of two folds
    assert [len(log.data) for log in logs].count(5) == len(logs) >= 6
