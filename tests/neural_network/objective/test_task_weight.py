"""The number of labels, tempered, weighs the tasks: task_weight="auto"."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.balancing import METHODS
from sklearn_mtl.neural_network.objective._task_weight import EXPONENT
from tests.neural_network.nets import ALL, EXACT, parameters, table, targets_of, tiny

GAPS = np.array([0, 200, 320])  # samples without a label, by task


def with_fewer(y):
    y = y.astype(float)
    for t, n in enumerate(GAPS[: y.shape[1]]):
        y[:n, t] = np.nan
    return y


def tempered(mass):
    grown = np.asarray(mass, dtype=float) ** EXPONENT
    return grown / grown.mean()


def used(model):
    return model.history_["task_weight"][-1]


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("n_members", [1, 3])
def test_the_weight_grows_with_the_number_of_labels(cls, n_members):
    X, y = table(400)
    y = with_fewer(targets_of(cls, y))
    model = tiny(cls, n_members=n_members).fit(X, y)
    n_labels = (~np.isnan(y)).sum(axis=0)
    np.testing.assert_allclose(used(model), tempered(n_labels), rtol=1e-12)
    assert (np.diff(used(model)) < 0).all()


@pytest.mark.parametrize("cls", ALL)
def test_with_all_labels_it_is_the_plain_sum_to_the_bit(cls):
    X, y = table()
    y = targets_of(cls, y)
    auto, plain = tiny(cls).fit(X, y), tiny(cls, task_weight=None).fit(X, y)
    np.testing.assert_array_equal(used(auto), 1.0)
    for a, b in zip(parameters(auto).values(), parameters(plain).values(), strict=True):
        assert (a == b).all()


def test_sample_weights_are_counted_and_class_weights_are_not():
    X, y = table(400)
    weight = np.random.default_rng(0).integers(0, 4, y[:, :2].shape)
    model = tiny(MultiTaskClassifier, class_weight={"task0": {1: 9.0}})
    model.fit(X, with_fewer(y)[:, :2], sample_weight=weight)
    mass = [weight[:, 0].sum(), weight[200:, 1].sum()]
    np.testing.assert_allclose(used(model), tempered(mass), rtol=1e-12)


@pytest.mark.parametrize("name", sorted(METHODS.keys() - {"sum"}))
def test_another_balancing_than_the_sum_starts_from_equal_weights(name):
    X, y = table(400)
    auto = tiny(MultiTaskClassifier, balancing=name, max_epochs=2)
    equal = clone(auto).set_params(task_weight=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        auto.fit(X, with_fewer(y)[:, :2])
    equal.fit(X, with_fewer(y)[:, :2])
    for a, b in zip(parameters(auto).values(), parameters(equal).values(), strict=True):
        assert (a == b).all()


def test_partial_fit_counts_the_labels_of_all_calls_once():
    X, y = table(1500)
    y = y[:, :2].astype(float)
    y[:, 1][: len(y) - 150] = np.nan
    y[:2, 1] = [0, 1]
    model = tiny(MultiTaskClassifier)
    classes, n = [[0, 1], [0, 1, 2]], 0
    for rows in np.split(np.arange(1500), 3):
        model.partial_fit(X[rows], y[rows], classes=classes)
        n = rows[-1] + 1
        seen = (~np.isnan(y[:n])).sum(axis=0)
        np.testing.assert_allclose(used(model), tempered(seen), rtol=1e-12)


def test_counts_follow_tasks_that_are_added_and_dropped():
    X, y = table(400)
    y = with_fewer(np.column_stack([y[:, :2], y[:, 0]]))
    model = tiny(MultiTaskClassifier, **EXACT).fit(X, y[:, :2])
    model.add_task(X, y[:, 2], name="late").drop_task("task1")
    model.partial_fit(X[-50:], y[-50:, [0, 2]])
    np.testing.assert_allclose(used(model), tempered([450, 130]), rtol=1e-12)


def test_an_unknown_word_is_refused():
    X, y = table()
    with pytest.raises(ValueError, match="task_weight"):
        tiny(MultiTaskClassifier, task_weight="size").fit(X, y[:, :2])
