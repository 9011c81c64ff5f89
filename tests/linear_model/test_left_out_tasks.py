"""Tasks without labels, or with one class, beside penalties that know all tasks."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklearn_mtl.exceptions import MissingLabelWarning, SingleClassWarning
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Ridge,
    Sum,
    TaskCovariance,
    TaskGraph,
)

GRAPH = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    return X, X[:, :3] + rng.standard_normal((40, 3))


@pytest.mark.parametrize("left_out", [0, 1, 2])
@pytest.mark.parametrize(
    ("penalty", "reduced"),
    [
        (Ridge([0.1, 0.2, 0.3]), lambda kept: Ridge(np.array([0.1, 0.2, 0.3])[kept])),
        (
            TaskGraph(0.1, GRAPH),
            lambda kept: TaskGraph(0.1, GRAPH[np.ix_(kept, kept)]),
        ),
        (
            Decomposition([("graph", TaskGraph(0.1, GRAPH)), ("l1", L1(0.1))]),
            lambda kept: Decomposition(
                [("graph", TaskGraph(0.1, GRAPH[np.ix_(kept, kept)])), ("l1", L1(0.1))]
            ),
        ),
        (TaskCovariance(0.1), lambda kept: TaskCovariance(0.1)),
    ],
    ids=["ridge", "graph", "parts", "covariance"],
)
def test_the_others_are_fitted_as_if_it_were_not_there(
    data, left_out, penalty, reduced
):
    X, y = data
    kept = np.delete(np.arange(3), left_out)
    alone = MultiTaskLinearRegressor(penalty=reduced(kept)).fit(X, y[:, kept])
    y = np.where(np.arange(3) == left_out, np.nan, y)
    model = MultiTaskLinearRegressor(penalty=penalty, on_empty_task="warn")
    with pytest.warns(MissingLabelWarning):
        model.fit(X, y)
    np.testing.assert_allclose(model.coef_[kept], alone.coef_, atol=1e-10)
    assert not model.coef_[left_out].any()
    for name, part in getattr(model, "parts_", {}).items():
        np.testing.assert_allclose(part[kept], alone.parts_[name], atol=1e-10)
        assert not part[left_out].any()
    if hasattr(model, "task_covariance_"):
        found = model.task_covariance_[np.ix_(kept, kept)]
        np.testing.assert_allclose(found, alone.task_covariance_, atol=1e-10)
        assert not model.task_covariance_[left_out].any()


def test_alphas_of_a_wrong_length_are_counted_against_all_tasks(data):
    X, y = data
    y[:, 1] = np.nan
    model = MultiTaskLinearRegressor(penalty=Ridge([1.0, 2.0]), on_empty_task="warn")
    with (
        pytest.warns(MissingLabelWarning),
        pytest.raises(ValueError, match="or 3 numbers, one per task"),
    ):
        model.fit(X, y)


def test_a_task_with_one_class_has_zeros_among_the_parts(data):
    X, y = data
    labels = (y > 0).astype(int)
    labels[:20, 2] = 2
    labels[:, 1] = 1
    with pytest.warns(SingleClassWarning):
        model = MultiTaskLinearClassifier().fit(X, labels)
    assert [len(coef) for coef in model.coef_] == [1, 1, 3]
    total = sum(model.parts_.values())
    np.testing.assert_allclose(np.vstack(model.coef_), total, atol=1e-12)
    assert not total[1].any()


@pytest.mark.parametrize(
    "penalty",
    [
        Sum([("relation", TaskCovariance(0.1)), ("ridge", Ridge(0.1))]),
        Decomposition([("relation", TaskCovariance(0.1)), ("l1", L1(0.1))]),
    ],
    ids=repr,
)
def test_a_relation_that_is_learned_beside_something_else_is_shown(data, penalty):
    model = MultiTaskLinearRegressor(penalty=penalty).fit(*data)
    parts = getattr(model, "parts_", {"relation": model.coef_})
    expected = TaskCovariance().covariance(parts["relation"].T)
    np.testing.assert_allclose(model.task_covariance_, expected, atol=1e-12)


def test_what_an_earlier_penalty_left_is_gone_after_another_fit(data):
    model = MultiTaskLinearRegressor().fit(*data)
    assert set(model.parts_) == {"shared", "own"}
    model.set_params(penalty="task_covariance").fit(*data)
    assert not hasattr(model, "parts_")
    model.set_params(penalty="l21").fit(*data)
    assert not hasattr(model, "task_covariance_")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"cv": []}, ValueError, "cv gives 0 folds"),
        ({"cv": [(range(40), [])]}, ValueError, "1 of them with an empty training"),
        ({"alphas": ["a"]}, ValueError, r"got \['a'\]"),
        ({"penalty": Ridge("a")}, TypeError, "alpha must be one number .*; got 'a'"),
        ({"penalty": L21("a")}, ValueError, "'alpha' parameter of L21"),
        ({"penalty": Sum([L1(), L21()])}, TypeError, "pairs"),
        (
            {"penalty": Sum([("l1", "l1")])},
            TypeError,
            "'l1' must be a single penalty or",
        ),
    ],
)
def test_what_cannot_be_searched_is_named(data, change, error, message):
    with pytest.raises(error, match=message):
        MultiTaskLinearRegressorCV(**change).fit(*data)


def test_folds_may_be_masks(data):
    is_test = np.arange(40) % 2 == 0
    masks = [(is_test, ~is_test), (~is_test, is_test)]
    rows = [(np.flatnonzero(a), np.flatnonzero(b)) for a, b in masks]
    one, other = (MultiTaskLinearRegressorCV(cv=cv).fit(*data) for cv in (masks, rows))
    np.testing.assert_array_equal(one.coef_, other.coef_)


def test_a_search_that_stops_early_names_its_own_parameter(data):
    model = MultiTaskLinearRegressorCV(penalty="trace", alphas=[1e-3], max_iter=1)
    with pytest.warns(ConvergenceWarning, match="increase max_iter, increase alphas"):
        model.fit(*data)
    assert model.n_iter_ == 1
