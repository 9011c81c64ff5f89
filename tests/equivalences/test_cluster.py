"""What runs on a Dask cluster through joblib's backend is what runs in this process."""

import sys
import warnings

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from sklearn_mtl import IndependentTasks, MultiTaskClassifier, TaskGroupSearchCV
from sklearn_mtl.comparison import compare
from sklearn_mtl.datasets import make_multitask_classification
from sklearn_mtl.ensemble import MultiTaskForestClassifier
from sklearn_mtl.inspection import task_affinity, task_permutation_importance
from sklearn_mtl.model_selection import (
    cross_val_predict,
    cross_validate,
    per_task_scorers,
)
from tests.zoo import MIXED, SMALL_NET

distributed = pytest.importorskip("distributed")
# a scheduler and two workers take ten seconds to start
pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on this machine, on ports that are free."""
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any port that is free
            memory_limit=None,
            silence_logs=50,
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


def samples():
    return make_multitask_classification(
        120, 5, 3, n_informative=5, n_classes=[2, 3, 2], random_state=0
    )


def on_both(question):
    """Return what is found in this process and on the cluster."""
    alone = question()
    with parallel_config("dask"):
        found = question()
    return found, alone


def assert_same(found, alone):
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one, other)


PARALLEL = [
    name for name, make in MIXED.items() if "n_jobs" in make().get_params(deep=False)
]


@pytest.mark.parametrize("name", PARALLEL)
def test_an_estimator_learns_the_same_on_a_cluster(cluster, name):
    X, y = samples()
    y = np.c_[y[:, :2], X[:, :1]]
    types = {"task_types": ["binary", "multiclass", "regression"]}

    def outputs():
        model = MIXED[name]()
        if "task_types" in model.get_params(deep=False):
            model.set_params(**types)
        return model.fit(X, y).predict(X).T

    assert_same(*on_both(outputs))


NET = {**SMALL_NET, "max_epochs": 5}
NETS = {"lr": [0.01, 0.1], "balancing": ["sum", "upgrad"]}


@pytest.mark.parametrize("kind", [GridSearchCV, RandomizedSearchCV])
def test_a_search_finds_the_same_on_a_cluster(cluster, kind):
    X, y = samples()
    more = {} if kind is GridSearchCV else {"n_iter": 3, "random_state": 0}

    def search():
        net = MultiTaskClassifier(**NET)
        options = {"scoring": per_task_scorers("accuracy"), "refit": "mean"}
        return kind(net, NETS, cv=2, **options, **more).fit(X, y)

    found, alone = on_both(search)
    assert found.best_params_ == alone.best_params_
    scores = [key for key in alone.cv_results_ if "test" in key]
    assert len(scores) > 5
    assert_same(*([one.cv_results_[key] for key in scores] for one in (found, alone)))
    np.testing.assert_array_equal(found.predict(X), alone.predict(X))


QUESTIONS = {
    "cross_val_predict": lambda X, y: cross_val_predict(
        MultiTaskClassifier(**NET), X, y, cv=2, method="predict_proba"
    ),
    "cross_validate": lambda X, y: [
        cross_validate(MultiTaskClassifier(**NET), X, y, cv=2)["test_mean"]
    ],
    "task_affinity": lambda X, y: [
        task_affinity(
            MultiTaskForestClassifier(n_estimators=5, random_state=0),
            X,
            y,
            cv=2,
            random_state=0,
        ).values
    ],
    "task_permutation_importance": lambda X, y: [
        task_permutation_importance(
            MultiTaskForestClassifier(n_estimators=5, random_state=0).fit(X, y),
            X,
            y,
            random_state=0,
        ).importances
    ],
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_evaluation_finds_the_same_on_a_cluster(cluster, name):
    assert_same(*on_both(lambda: QUESTIONS[name](*samples())))


# joblib warns if writing the arguments takes long, as on a busy machine
@pytest.mark.filterwarnings("ignore:Persisting input arguments")
def test_groups_are_searched_with_a_cache(cluster, tmp_path):
    def groups(**options):
        model = TaskGroupSearchCV(
            IndependentTasks(LogisticRegression()), cv=2, random_state=0, **options
        )
        return model.fit(*samples())

    alone = groups()
    with parallel_config("dask"):
        found = groups(memory=str(tmp_path), verbose=1)
        again = groups(memory=str(tmp_path))
    for one in (found, again):
        assert one.groups_ == alone.groups_
        np.testing.assert_array_equal(
            one.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"]
        )
    assert any(tmp_path.iterdir())


def test_workers_keep_their_settings(cluster):
    before = cluster.run(settings)
    with parallel_config("dask"):
        IndependentTasks(MultiTaskClassifier(**NET, n_threads=2)).fit(*samples())
    assert cluster.run(settings) == before


def settings():
    state = np.random.get_state()  # noqa: NPY002 - that it does not change
    return (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.initial_seed(),
        state[1].sum(),
        len(warnings.filters),
    )


def test_a_comparison_finds_the_same_on_a_cluster(cluster, tmp_path):
    X, y = samples()
    forest = MultiTaskForestClassifier(n_estimators=5, random_state=0)
    rows = ["dummy", "linear", ("forest", forest)]
    options = {"cv": 2, "inner_cv": 2, "learning_curve": [0.5]}
    alone = compare(X, y, rows, **options)
    with parallel_config("dask"):
        found = compare(X, y, rows, **options, cache_dir=tmp_path)
    np.testing.assert_array_equal(found.measured.scores, alone.measured.scores)
    np.testing.assert_array_equal(
        found.measured.second_scores, alone.measured.second_scores
    )
    np.testing.assert_array_equal(found.measured.chosen, alone.measured.chosen)
    np.testing.assert_array_equal(found.curve.scores, alone.curve.scores)
    assert found.verdict == alone.verdict
    assert len(list(tmp_path.iterdir())) == 2 * (4 + 2 * 2 + 2)
    # both workers had something to do
    assert all(cluster.run(has_fitted).values())


def has_fitted():
    return "sklearn_mtl.comparison.run._fits" in sys.modules
