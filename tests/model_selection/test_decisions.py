import numpy as np
import pytest
from sklearn import metrics

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import find_metric
from sklearn_mtl.model_selection._decision_settings import TaskSetting
from sklearn_mtl.model_selection._decisions import (
    TaskRule,
    learn_rule,
    threshold_of,
)
from sklearn_mtl.tasks import Task

BINARY = Task("a", "binary", np.array([0, 1]), np.dtype(int))
THREE = Task("a", "multiclass", np.array([0, 1, 2]), np.dtype(int))
BY_NAME = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
}


def imbalanced(n_samples=120, n_classes=2):
    """Return probabilities of classes of which the last is rare, and labels."""
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(n_samples, n_classes)) * 1.5
    logits[:, -1] -= 2.0
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (proba.cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    return proba, np.minimum(y, n_classes - 1)


def rule_for(metric, proba, y, weight=None, bound=None, task=BINARY):
    weight = np.ones(len(y)) if weight is None else weight
    setting = TaskSetting(find_metric(metric, "test"), bound)
    return learn_rule(task, setting, None, (proba, y * 1.0, weight), "test")


@pytest.mark.parametrize("name", BY_NAME)
def test_no_threshold_is_better(name):
    proba, y = imbalanced()
    w = np.random.default_rng(1).uniform(0.5, 2.0, size=len(y))
    rule = rule_for(name, proba, y, w)
    every = [0.0, *(proba[:, 1] + 1e-9), 1.0]
    scores = [
        BY_NAME[name](y, (proba[:, 1] > t).astype(int), sample_weight=w) for t in every
    ]
    assert rule.score == pytest.approx(max(scores))
    predicted = rule.code(proba)
    assert BY_NAME[name](y, predicted, sample_weight=w) == pytest.approx(rule.score)
    np.testing.assert_array_equal(
        predicted, (proba[:, 1] > threshold_of(rule.costs)).astype(int)
    )


def test_many_samples_lose_next_to_nothing():
    proba, y = imbalanced(5000)
    rule = rule_for("f1", proba, y)
    every = np.unique(proba[:, 1])
    best = max(metrics.f1_score(y, proba[:, 1] > t) for t in every[::40])
    assert rule.score > best - 0.005


def test_the_middle_of_equally_good_thresholds_is_taken():
    p = np.array([0.1, 0.2, 0.3, 0.8, 0.9])
    proba, y = np.column_stack([1 - p, p]), np.array([0, 0, 0, 1, 1])
    assert threshold_of(rule_for("f1", proba, y).costs) == pytest.approx(0.5)


def test_a_function_of_the_user_is_maximised():
    def late_cost(y_true, y_pred):
        return -np.mean((y_true > y_pred) * 9.0 + (y_true < y_pred))

    proba, y = imbalanced()
    rule = rule_for(late_cost, proba, y)
    scores = [late_cost(y, (proba[:, 1] > t).astype(int)) for t in [0, *proba[:, 1]]]
    assert rule.score == pytest.approx(max(scores))


@pytest.mark.parametrize("least", [0.5, 0.8, 0.87])
def test_a_constraint_holds_and_the_best_of_what_is_left_is_taken(least):
    proba, y = imbalanced()
    bound = find_metric("accuracy", "test"), least
    rule = rule_for("balanced_accuracy", proba, y, bound=bound)
    accuracy, score = [], []
    for t in [0.0, *(proba[:, 1] + 1e-9)]:
        predicted = (proba[:, 1] > t).astype(int)
        accuracy.append(metrics.accuracy_score(y, predicted))
        score.append(metrics.balanced_accuracy_score(y, predicted))
    allowed = np.array(score)[np.array(accuracy) >= least]
    assert rule.score == pytest.approx(allowed.max())
    assert metrics.accuracy_score(y, rule.code(proba)) >= least


def test_a_constraint_out_of_reach_is_named_with_the_best_there_is():
    proba, y = imbalanced()
    bound = find_metric("matthews_corrcoef", "test"), 0.99
    best = rule_for("matthews_corrcoef", proba, y).score
    said = (
        "test: task 'a': no threshold reaches 'matthews_corrcoef' >= 0.99 on the "
        f"out-of-fold predictions; the highest value is {best:.3g}."
    )
    with pytest.raises(TaskError, match=said):
        rule_for("f1", proba, y, bound=bound)


def test_a_function_without_any_score_is_named():
    def undefined(y_true, y_pred):
        return np.nan

    with pytest.raises(TaskError, match="test: task 'a': 'undefined' is NaN for"):
        rule_for(undefined, *imbalanced())


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1", "matthews_corrcoef"])
def test_three_classes_are_weighted_by_the_best_power_of_their_frequency(name):
    proba, y = imbalanced(300, 3)
    w = np.random.default_rng(1).uniform(0.5, 2.0, size=len(y))
    options = {"average": "macro"} if name == "f1" else {}

    def own(codes):
        return BY_NAME[name](y, codes, sample_weight=w, **options)

    rule = rule_for(name, proba, y, w, task=THREE)
    assert rule.score == pytest.approx(own(rule.code(proba)))
    share = np.bincount(y, w) / w.sum()
    scores = [
        own((proba / share**power).argmax(1)) for power in np.arange(-20, 41) / 20
    ]
    assert rule.score == pytest.approx(max(scores))
    assert rule.score > own(proba.argmax(axis=1)) + 0.005


def test_ties_of_powers_leave_the_likeliest_class():
    proba = np.eye(3)[[0, 1, 2, 0, 1]]
    rule = rule_for("accuracy", proba, np.array([0, 1, 2, 0, 1]), task=THREE)
    np.testing.assert_array_equal(rule.costs, 1.0 - np.eye(3))


def test_the_class_of_least_expected_cost_is_predicted():
    rng = np.random.default_rng(0)
    proba, costs = rng.dirichlet(np.ones(3), size=50), rng.uniform(size=(3, 3))
    rule = TaskRule(costs=costs)
    expected = [
        min(range(3), key=lambda k: sum(p[j] * costs[j, k] for j in range(3)))
        for p in proba
    ]
    np.testing.assert_array_equal(rule.code(proba), expected)


def test_two_by_two_costs_are_a_threshold():
    costs = np.array([[0.0, 2.0], [7.0, 1.0]])
    assert threshold_of(costs) == pytest.approx(2 / 8)
    p = np.linspace(0.001, 0.999, 400)
    proba = np.column_stack([1 - p, p])
    np.testing.assert_array_equal(TaskRule(costs=costs).code(proba), p > 0.25)


def test_unknown_labels_weights_of_0_and_missing_predictions_are_left_out():
    proba, y = imbalanced()
    expected = rule_for("f1", proba, y)
    junk = np.vstack([proba[::-1], np.full((3, 2), np.nan)])
    more = np.concatenate([y[::-1] * 1.0, [1.0, 1.0, 0.0]])
    more[:60] = np.nan
    w = np.concatenate([np.zeros(len(y)), np.ones(3)])
    held = (
        np.vstack([proba, junk]),
        np.concatenate([y * 1.0, more]),
        np.concatenate([np.ones(len(y)), w]),
    )
    setting = TaskSetting(find_metric("f1", "test"))
    found = learn_rule(BINARY, setting, None, held, "test")
    np.testing.assert_array_equal(found.costs, expected.costs)
    assert found.score == expected.score
