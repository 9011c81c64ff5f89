import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.linear_model import MultiTaskLinearRegressor, _data
from sklearn_mtl.linear_model._data import read_labels
from sklearn_mtl.linear_model._labels import SeparateLabels, TableOfLabels
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._read_y import read_columns
from tests.linear_model.strengths import strength


@pytest.fixture
def own_rows():
    """Return X and an y of five tasks in mixed order; one row has two labels."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), np.full((40, 5), np.nan)
    y[np.arange(40), rng.integers(0, 5, 40)] = rng.standard_normal(40)
    y[7], y[9, :2] = np.nan, 1.0
    return X, y


def read(y, sample_weight=None):
    task_set, _ = TaskSet.from_y(y, kind="regression")
    columns = read_columns(y, "me", sample_weight)
    return read_labels(task_set, columns, None, "me")


def as_table(labels):
    return TableOfLabels(labels.Y, labels.weights)


def assert_same(labels, table):
    np.testing.assert_array_equal(labels.Y, table.Y)
    np.testing.assert_array_equal(labels.weights, table.weights)
    np.testing.assert_allclose(labels.totals(), table.totals())
    np.testing.assert_allclose(labels.row_weights(), table.row_weights())


@pytest.fixture(params=["none", "rows", "cells", "zeros"])
def weights(request):
    rng = np.random.default_rng(1)
    return {
        "none": None,
        "rows": rng.uniform(0.5, 2.0, 40),
        "cells": rng.uniform(0.5, 2.0, (40, 5)),
        "zeros": np.arange(40) % 2,
    }[request.param]


def test_few_labels_are_read_as_a_list_and_mean_the_table(own_rows, weights):
    _, y = own_rows
    labels, seen = read(y, weights), ~np.isnan(y)
    assert isinstance(labels, SeparateLabels)
    w = np.ones(40) if weights is None else weights
    table = (w if w.ndim == 2 else w[:, None]) * seen
    assert_same(labels, TableOfLabels(np.where(table > 0, y, 0.0), table))
    assert (np.diff(labels.cells.tasks) >= 0).all()


def test_complete_labels_are_read_as_a_table():
    assert isinstance(read(np.ones((4, 3))), TableOfLabels)


@pytest.mark.parametrize(
    "index", [np.arange(30, 3, -2), np.repeat(np.arange(5, 15), 2), np.arange(40) > 8]
)
def test_rows_and_tasks_of_a_list_are_those_of_the_table(own_rows, weights, index):
    labels = read(own_rows[1], weights)
    assert_same(labels.rows(index), as_table(labels).rows(index))
    some = np.array([0, 2, 3])
    seen = (~np.isnan(own_rows[1][:, [1, 4]])).any(axis=1)
    rest = labels.rows(np.flatnonzero(~seen))
    assert_same(rest.some_tasks(some), as_table(rest).some_tasks(some))


@pytest.mark.parametrize("n_features", [3, 30])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_data_term_of_a_list_is_that_of_the_table(
    own_rows, weights, n_features, container, fit_intercept, monkeypatch
):
    labels = read(own_rows[1], weights)
    rng = np.random.default_rng(2)
    X, W = rng.standard_normal((40, n_features)), rng.standard_normal((n_features, 5))
    here = labels.quadratic(container(X), fit_intercept)
    cells = "sklearn_mtl.datafits._build.sparse_cells"
    monkeypatch.setattr(cells, lambda mask: None)  # by moments or implicit rows
    there = as_table(labels).quadratic(container(X), fit_intercept)
    ours, theirs = here.evaluate(W), there.evaluate(W)
    assert ours.value == pytest.approx(theirs.value)
    np.testing.assert_allclose(ours.gradient, theirs.gradient, atol=1e-12)
    np.testing.assert_allclose(here.intercept(W), there.intercept(W))
    assert ours.dual(0.7) == pytest.approx(theirs.dual(0.7))


@pytest.mark.parametrize("penalty", ["l21", "mean", "empirical_bayes", "trace"])
def test_a_fit_does_not_depend_on_how_labels_are_held(own_rows, penalty, monkeypatch):
    X, y = own_rows
    model = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.1), tol=1e-10
    )
    expected = model.fit(X, y).coef_
    as_read = _data.read_labels
    monkeypatch.setattr(
        "sklearn_mtl.linear_model._base.read_labels", lambda *a: as_table(as_read(*a))
    )
    np.testing.assert_allclose(model.fit(X, y).coef_, expected, atol=1e-7)


def test_a_task_without_label_is_left_out_of_a_list(own_rows):
    X, y = own_rows
    empty = np.insert(y, 2, np.nan, axis=1)
    model = MultiTaskLinearRegressor(penalty="mean", on_empty_task="warn")
    with pytest.warns(UserWarning, match="no observed label"):
        found = model.fit(X, empty).coef_
    expected = MultiTaskLinearRegressor(penalty="mean").fit(X, y).coef_
    np.testing.assert_allclose(np.delete(found, 2, axis=0), expected)
    assert not found[2].any()


@pytest.mark.parametrize("weights", [np.zeros(40), np.zeros((40, 5))])
def test_weights_that_are_all_zero_are_refused(own_rows, weights):
    with pytest.raises(ValueError, match=r"task0.* have a weight of zero"):
        MultiTaskLinearRegressor().fit(*own_rows, sample_weight=weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(39), r"sample_weight has shape \(39,\)"),
        (np.ones((40, 4)), r"allowed are \(40,\) and \(40, 5\)"),
        (-np.ones(40), "finite and not negative"),
        (np.full((40, 5), np.nan), "finite and not negative"),
    ],
)
def test_weights_of_own_rows_are_checked_as_all_are(own_rows, weights, message):
    with pytest.raises(ValueError, match=message):
        MultiTaskLinearRegressor().fit(*own_rows, sample_weight=weights)
