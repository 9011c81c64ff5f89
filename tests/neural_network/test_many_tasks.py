"""The number of function calls grows with the tasks, and not with the classes."""

import sys
import warnings

import numpy as np

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.exceptions import SingleClassWarning
from sklearn_mtl.metrics import per_task_score

SETTINGS = {"max_epochs": 1, "batch_size": 64, "random_state": 0}


def n_calls(function):
    """Return how many functions written in Python are called."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def sparse_table(n_tasks):
    """Return 130 samples of binary tasks with 4 % of the labels."""
    rng = np.random.default_rng(0)
    X, shape = rng.normal(size=(130, 3)), (130, n_tasks)
    y = np.where(rng.random(shape) < 0.04, rng.integers(0, 2, shape), np.nan)
    y[0] = rng.integers(0, 2, n_tasks)
    return X, y


def test_twice_as_many_tasks_need_at_most_twice_as_many_calls():
    counts = []
    for n_tasks in (100, 550, 1100):  # the first one also does what is done only once
        X, y = sparse_table(n_tasks)
        model = MultiTaskClassifier(n_members=2, **SETTINGS)

        def run(model=model, X=X, y=y):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SingleClassWarning)
                model.fit(X, y).score(X, y)
                model.partial_fit(X[:20], y[:20])

        counts.append(n_calls(run))
    assert counts[2] < 2 * counts[1]


def test_the_number_of_classes_does_not_change_the_number_of_calls():
    rng = np.random.default_rng(0)
    X, counts = rng.normal(size=(1000, 3)), []
    for n_classes in (600, 600, 900):  # the first one also does what is done only once
        y = np.column_stack([np.arange(1000) % n_classes, np.arange(1000) % 3])
        model = MultiTaskClassifier(n_members=1, early_stopping=False, **SETTINGS)

        def run(model=model, y=y):
            proba = model.fit(X, y).predict_proba(X)
            model.score(X, y)
            for metric in ("neg_log_loss", "brier_score", "balanced_accuracy"):
                per_task_score(y, proba, metric=metric)

        counts.append(n_calls(run))
    assert counts[2] - counts[1] < 300  # more outputs are predicted in more parts
