"""A task that was not seen is predicted by what the others have in common."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from sklearn_mtl import (
    MultiTaskLinearClassifier,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
    MultiTaskRegressor,
    stack_tasks,
)
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.penalties import Decomposition, Ridge, Shared, TraceNorm
from tests.zoo import SMALL_NET


def schools(n_schools=40, n=30, seed=0):
    """Return samples, values and schools whose coefficients vary about common ones."""
    rng = np.random.default_rng(seed)
    common = np.array([2.0, -1.0, 0.5])
    coef = common + 0.3 * rng.standard_normal((n_schools, 3))
    intercept = 5.0 + rng.standard_normal(n_schools)
    X = rng.standard_normal((n_schools * n, 3))
    school = np.repeat(np.arange(n_schools), n)
    noise = 0.5 * rng.standard_normal(len(X))
    return X, (X * coef[school]).sum(axis=1) + intercept[school] + noise, school


@pytest.mark.parametrize("penalty", ["empirical_bayes", "partial_pooling"])
def test_the_common_coefficients_are_found(penalty):
    X, y, school = schools(400)
    model = MultiTaskLinearRegressor(penalty=penalty).fit(
        *stack_tasks(X, y, school)[:2]
    )
    new = model.new_task()
    assert isinstance(new, LinearRegression)
    # standard errors of means over 400 schools: 0.3 / 20, and 1 / 20
    np.testing.assert_allclose(new.coef_, [2.0, -1.0, 0.5], atol=4 * 0.3 / 20)
    assert new.intercept_ == pytest.approx(5.0, abs=4 * 1 / 20)


def test_all_of_one_vector_is_that_vector():
    X, y, school = schools()
    model = MultiTaskLinearRegressor(penalty="shared", alpha=0.1)
    model.fit(*stack_tasks(X, y, school)[:2])
    new = model.new_task()
    np.testing.assert_allclose(new.coef_, model.coef_[7], rtol=1e-12)
    assert new.intercept_ == pytest.approx(model.intercept_.mean())


def test_the_part_may_have_any_name():
    X, y, school = schools()
    penalty = Decomposition([("all", Shared(0.0)), ("own", Ridge(1.0))])
    model = MultiTaskLinearRegressor(penalty=penalty)
    model.fit(*stack_tasks(X, y, school)[:2])
    expected = model.parts_["all"].mean(axis=0)
    np.testing.assert_allclose(model.new_task().coef_, expected, rtol=1e-12)


def test_classifications_give_probabilities_and_names_are_kept():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((200, 2)), columns=["age", "dose"])
    y = np.where(
        X[["dose"]].to_numpy() + rng.standard_normal((200, 4)) > 0, "yes", "no"
    )
    model = MultiTaskLinearClassifier().fit(X, y)
    new = model.new_task()
    assert list(new.classes_) == ["no", "yes"]
    assert list(new.feature_names_in_) == ["age", "dose"]
    mean = np.mean([p[:, 1] for p in model.predict_proba(X)], axis=0)
    np.testing.assert_allclose(new.predict_proba(X)[:, 1], mean, atol=0.05)


def test_a_search_has_it_too_and_tasks_without_labels_have_no_say():
    X, y, school = schools(8)
    Xs, Y = stack_tasks(X, y, school)[:2]
    Y = np.column_stack([Y, np.full(len(Xs), np.nan)])
    options = {"alphas": 3, "cv": 2, "on_empty_task": "warn"}
    with pytest.warns(UserWarning, match="no"):
        model = MultiTaskLinearRegressorCV(**options).fit(Xs, Y)
    expected = model.parts_["shared"][:8].mean(axis=0)
    np.testing.assert_allclose(model.new_task().coef_, expected)


@pytest.mark.parametrize("penalty", ["ridge", "l21", TraceNorm(0.1), None])
def test_without_a_common_part_it_says_which_penalties_have_one(penalty):
    X, y, school = schools(4)
    model = MultiTaskLinearRegressor(penalty=penalty)
    model.fit(*stack_tasks(X, y, school)[:2])
    with pytest.raises(
        ValueError, match="needs a penalty with a part that all tasks share"
    ):
        model.new_task()


def test_classes_that_differ_are_refused():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 2))
    y = np.column_stack([X[:, 0] > 0, 2 + (X[:, 1] > 0)]).astype(float)
    with pytest.raises(ValueError, match="tasks with the same classes"):
        MultiTaskLinearClassifier().fit(X, y).new_task()
    three = np.digitize(X, [-0.5, 0.5]).astype(float)
    with pytest.raises(ValueError, match="binary tasks; task 'task0' is multiclass"):
        MultiTaskLinearClassifier().fit(X, three).new_task()


def test_predictions_of_rows_may_be_of_a_new_task():
    X, y, school = schools(6)
    model = MultiTaskLinearRegressor()
    model.fit(*stack_tasks(X, y, school, names=list("abcdef"))[:2])
    ids = np.array(["a", "new", "b", "newer"])
    with pytest.raises(TaskError, match="'new"):
        model.predict_task(X[:4], ids)
    found = model.predict_task(X[:4], ids, unknown="common")
    own, common = model.predict(X[:4]), model.new_task().predict(X[:4])
    np.testing.assert_allclose(found, [own[0, 0], common[1], own[2, 1], common[3]])
    with pytest.raises(TaskError):  # an id that is missing is no new school
        model.predict_task(X[:1], [None], unknown="common")
    with pytest.raises(ValueError, match=r"unknown must be .*got 'guess'"):
        model.predict_task(X[:4], ids, unknown="guess")


def test_models_without_a_common_part_cannot():
    X, y, school = schools(4)
    model = MultiTaskRegressor(**SMALL_NET).fit(*stack_tasks(X, y, school)[:2])
    with pytest.raises(TaskError, match="'z'"):
        model.predict_task(X[:1], ["z"], unknown="common")
