import pickle
import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_mtl.comparison.design._scoring import TaskScores, describe_tasks
from sklearn_mtl.comparison.run._fits import FitJob, Material, run_jobs_of_a_fit
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
Y = np.stack([RNG.integers(0, 2, 40), np.arange(40) % 3], axis=1)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted to; predicts class 0."""

    seen = []

    def __init__(self, fail=None, tell=None):
        self.fail = fail
        self.tell = tell

    def fit(self, X, y):
        if self.fail == "fit":
            raise RuntimeError("no\nmemory")
        if self.tell:
            for _ in range(3):
                warnings.warn(self.tell, UserWarning, stacklevel=2)
        Recorder.seen.append((X, y))
        self.classes_ = [np.array([0, 1]), np.array([0, 1, 2])]
        return self

    def predict(self, X):
        if self.fail == "predict":
            raise ValueError("broken")
        return np.zeros((len(X), 2))

    def __sklearn_is_fitted__(self):
        return True


def material(y_fit=None):
    tasks, codes = TaskSet.from_y(Y)
    scoring = {"binary": "accuracy"}
    rows = describe_tasks(tasks, codes, scoring)
    return Material(X, X + 100, Y if y_fit is None else y_fit, Y, TaskScores(rows))


def run_job(job, material):
    (fit,) = run_jobs_of_a_fit([job], material)
    return fit


def job(estimator, inner=-1, takes_raw=False):
    train, test = np.arange(30), np.arange(30, 40)
    return FitJob(0, 2, inner, "mine", estimator, takes_raw, train, test)


def test_the_model_sees_the_training_rows_and_the_labels_to_learn_from():
    Recorder.seen.clear()
    hidden = np.where(np.arange(40)[:, None] < 5, np.nan, Y)
    fit = run_job(job(Recorder()), material(hidden))
    seen_X, seen_y = Recorder.seen[0]
    np.testing.assert_array_equal(seen_X, X[:30])
    np.testing.assert_array_equal(seen_y, hidden[:30])
    assert fit.scores[0] == (Y[30:, 0] == 0).mean()
    assert fit.costs.fit_seconds >= 0
    assert fit.problems == []


def test_estimators_get_the_inputs_as_they_came():
    Recorder.seen.clear()
    run_job(job(Recorder(), takes_raw=True), material())
    np.testing.assert_array_equal(Recorder.seen[0][0], X[:30] + 100)


def test_inner_fits_are_scored_against_the_labels_to_learn_from():
    hidden = Y.astype(float)
    hidden[33:, 0] = np.nan
    fit = run_job(job(Recorder(), inner=0), material(hidden))
    assert fit.scores[0] == (Y[30:33, 0] == 0).mean()
    assert np.isnan(fit.second_scores).all()


@pytest.mark.parametrize(
    ("fail", "message"),
    [("fit", "RuntimeError: no memory"), ("predict", "ValueError: broken")],
)
def test_errors_leave_gaps_and_are_kept_with_their_traceback(fail, message):
    fit = run_job(job(Recorder(fail=fail)), material())
    assert np.isnan(fit.scores).all()
    (problem,) = fit.problems
    assert problem.message == message
    assert (problem.kind, problem.where, problem.split) == ("error", "test", 2)
    assert "Traceback" in problem.details
    assert f"in {fail}" in problem.details


def test_warnings_are_kept_once_and_do_not_get_out():
    fit = run_job(job(Recorder(tell="careful"), inner=1), material())
    (problem,) = fit.problems
    assert problem.message == "UserWarning: careful"
    assert (problem.kind, problem.where) == ("warning", "choice")
    assert np.isfinite(fit.scores).all()


def test_a_model_without_probabilities_loses_only_the_second_score():
    tasks, codes = TaskSet.from_y(Y[:, [1]])
    rows = describe_tasks(tasks, codes, None)
    only = Material(X, X, Y[:, [1]], Y[:, [1]], TaskScores(rows))

    class Labels(DecisionTreeClassifier):
        predict_proba = property()

    fit = run_job(job(Labels()), only)
    assert np.isfinite(fit.scores).all()
    assert np.isnan(fit.second_scores).all()
    assert fit.problems[0].kind == "warning"
    assert "predict_proba" in fit.problems[0].message


def test_jobs_that_share_a_fit_are_each_scored_on_their_own_test_part():
    Recorder.seen.clear()
    first = job(Recorder(tell="careful"), inner=0)
    second = replace(first, split=1, test=np.arange(30, 33))
    fits = run_jobs_of_a_fit([first, second], material())
    assert len(Recorder.seen) == 1
    assert [fit.job for fit in fits] == [first, second]
    assert fits[1].scores[0] == (Y[30:33, 0] == 0).mean()
    assert [len(fit.problems) for fit in fits] == [1, 0]


@pytest.mark.parametrize("fail", ["fit", "predict"])
def test_an_error_is_kept_for_every_job_of_a_fit(fail):
    first = job(Recorder(fail=fail), inner=0)
    fits = run_jobs_of_a_fit([first, replace(first, split=1)], material())
    assert [fit.problems[0].split for fit in fits] == [2, 1]
    assert np.isnan([fit.scores for fit in fits]).all()


def test_the_estimator_that_was_given_is_not_fitted():
    tree = DecisionTreeClassifier()
    run_job(job(tree), material())
    assert not hasattr(tree, "tree_")


def test_warning_filters_stay_alone_in_other_threads():
    found = []

    def work():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            before = list(warnings.filters)
            found.append(run_job(job(Recorder(tell="careful")), material()))
            found.append(before == list(warnings.filters))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0].problems == []
    assert found[1]


def test_the_size_of_a_model_is_the_same_in_a_worker_which_gets_copies():
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    model = make_pipeline(StandardScaler(), IndependentTasks(tree))
    here = job(model), material()
    there = pickle.loads(pickle.dumps(here))
    sizes = [run_job(*given).costs.model_bytes for given in (here, there)]
    assert sizes[0] == sizes[1] > 1000
