import numpy as np
import pytest
from scipy.optimize import check_grad

from sklearn_mtl.ensemble._simplex import (
    best_loss,
    blend_weights,
    read_mixture_loss,
    weigh_known,
)
from sklearn_mtl.tasks import TaskSet
from tests.ensemble.mixtures import rule_of


def regression(n_samples=400, noise=(0.3, 1.0, 3.0), seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_samples)
    outputs = [y + s * rng.normal(size=n_samples) for s in noise]
    return TaskSet.from_y(y, kind="regression")[0].tasks[0], y, outputs


def classification(n_samples=400, sharpness=(2.0, 0.0), seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n_samples).astype(float)
    outputs = []
    for s in sharpness:
        logits = s * np.eye(3)[labels.astype(int)] + rng.normal(size=(n_samples, 3))
        proba = np.exp(logits)
        outputs.append(proba / proba.sum(axis=1, keepdims=True))
    return TaskSet.from_y(labels)[0].tasks[0], labels, outputs


def weights_of(losses, n_members, n_common):
    return blend_weights(losses, np.ones(n_members, dtype=bool), n_common)


def mixture_loss(task, labels, outputs, weights=None):
    weights = (~np.isnan(labels)).astype(float) if weights is None else weights
    return read_mixture_loss(task, labels, weights, outputs)


@pytest.mark.parametrize("make", [regression, classification])
def test_the_gradient_is_that_of_the_loss(make):
    one = mixture_loss(*make())
    n_members = one.table.shape[1]
    point = np.full(n_members, 1 / n_members)
    error = check_grad(lambda w: one.loss(w)[0], lambda w: one.loss(w)[1], point)
    assert error < 1e-5


def test_squared_errors_are_weighed_as_the_closed_form_says():
    task, y, outputs = regression(noise=(0.5, 1.0))
    one = mixture_loss(task, y, outputs)
    found = weights_of([one], 2, n_common=0.0)[0]
    (a, c), (_, b) = one.table
    assert found[0] == pytest.approx((b - c) / (a + b - 2 * c), abs=1e-4)


@pytest.mark.parametrize("make", [regression, classification])
def test_no_point_of_a_grid_is_better(make):
    one = mixture_loss(*make())
    n_members = one.table.shape[1]
    found = weights_of([one], n_members, n_common=0.0)[0]
    grid = np.random.default_rng(0).dirichlet(np.ones(n_members), size=500)
    assert one.loss(found)[0] <= min(one.loss(w)[0] for w in grid) + 1e-6


def test_the_only_useful_member_gets_all_the_weight():
    task, labels, outputs = classification()
    outputs = [np.full_like(outputs[0], 1 / 3), outputs[0], np.eye(3)[[0] * 400]]
    found = weights_of([mixture_loss(task, labels, outputs)], 3, n_common=200)[0]
    np.testing.assert_allclose(found, [0.0, 1.0, 0.0], atol=1e-3)


def test_weights_are_a_simplex_for_every_task():
    found = weights_of(
        [mixture_loss(*regression(seed=s, noise=(1.0, 0.7, 2.0))) for s in range(4)],
        3,
        n_common=200,
    )
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_few_labels_are_drawn_to_the_common_weights():
    many = mixture_loss(*regression(2000, noise=(0.5, 2.0)))
    few = mixture_loss(*regression(20, noise=(2.0, 0.5)))
    own = weights_of([many, few], 2, n_common=0)
    drawn = weights_of([many, few], 2, n_common=200)
    assert own[1, 0] < 0.2
    assert 0.2 < drawn[1, 0] < drawn[0, 0]
    alone = weights_of([many, few], 2, n_common=1e12)
    np.testing.assert_allclose(alone[0], alone[1])


def test_few_labels_reduce_the_weight_of_members_that_do_not_share():
    many = mixture_loss(*regression(1000, noise=(1.0, 1.0, 1.0)))
    few = mixture_loss(*regression(50, noise=(1.0, 1.0, 1.0)))
    is_shared = np.array([True, False, False])
    first, second = blend_weights([many, few], is_shared, n_common=1e12)
    expected = first * [1.0, 50 / 1000, 50 / 1000]
    np.testing.assert_allclose(second, expected / expected.sum(), rtol=1e-6)
    for same in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        found = blend_weights([many, few], same, n_common=1e12)
        np.testing.assert_allclose(found, [first, first], rtol=1e-6)


def test_masked_labels_do_not_matter():
    task, y, outputs = regression()
    weights = (np.arange(len(y)) % 3 > 0).astype(float)
    changed = np.where(weights > 0, y, 1e6)
    one, two = (mixture_loss(task, v, outputs, weights) for v in (y, changed))
    np.testing.assert_array_equal(one.table, two.table)


def test_a_weight_of_two_is_the_same_as_the_row_twice():
    task, y, outputs = classification(60)
    weights = np.arange(60) % 3.0
    rows = np.repeat(np.arange(60), weights.astype(int))
    one = mixture_loss(task, y, outputs, weights)
    two = mixture_loss(task, y[rows], [o[rows] for o in outputs])
    point = np.array([0.3, 0.7])
    assert one.loss(point)[0] == pytest.approx(two.loss(point)[0])


def test_rows_that_a_member_has_not_predicted_do_not_count():
    task, y, outputs = regression()
    outputs[1] = np.where(np.arange(len(y)) < 100, np.nan, outputs[1])
    assert mixture_loss(task, y, outputs).n_labels == 300


def test_a_task_without_a_loss_has_the_common_weights():
    found = weights_of([mixture_loss(*regression()), None], 3, n_common=200)
    own = weights_of([mixture_loss(*regression())], 3, n_common=1e12)
    np.testing.assert_allclose(found[1], own[0], atol=1e-6)
    np.testing.assert_array_equal(weights_of([None], 4, 200), [[0.25] * 4])


@pytest.mark.parametrize("labels", [np.full(10, np.nan), np.ones(10)])
def test_labels_that_do_not_vary_have_no_loss(labels):
    task = TaskSet.from_y(np.arange(10.0), kind="regression")[0].tasks[0]
    assert mixture_loss(task, labels, [np.zeros(10)]) is None


class TestMembersThatKnowSomeTasks:
    def test_with_members_that_know_all_the_weights_are_the_same(self):
        given = [mixture_loss(*regression(seed=s)) for s in range(3)]
        found = weigh_known(given, rule_of(np.ones((3, 3), dtype=bool), 200))
        np.testing.assert_array_equal(found, weights_of(given, 3, 200))

    @pytest.mark.parametrize("make", [regression, classification])
    def test_one_that_does_not_know_a_task_has_no_weight_there(self, make):
        task, labels, outputs = make()
        whole = mixture_loss(task, labels, outputs)
        part = mixture_loss(task, labels, outputs[1:])
        knows = np.array([[True] * len(outputs), [False] + [True] * (len(outputs) - 1)])
        found = weigh_known([whole, part], rule_of(knows, 1e12))
        alone = weights_of([whole], len(outputs), 0)[0]
        np.testing.assert_allclose(found[0], alone, rtol=1e-12)
        assert found[1, 0] == 0.0
        # the common weights of the others are learned from both tasks, which are one
        np.testing.assert_allclose(
            found[1, 1:], weights_of([part], len(outputs) - 1, 0)[0], atol=1e-4
        )

    def test_the_best_loss_is_that_of_the_best_weights(self):
        one = mixture_loss(*classification())
        best = weights_of([one], 2, n_common=0.0)[0]
        assert best_loss(one) == pytest.approx(one.loss(best)[0], rel=1e-6)
