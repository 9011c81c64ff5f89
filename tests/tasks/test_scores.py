import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._scores import (
    accuracies,
    mean_of_observed,
    r2_scores,
    skills,
)

NAN = np.nan


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def labels_and_weights(rng, n_classes):
    codes = rng.integers(n_classes, size=(40, 2)).astype(float)
    codes[rng.random((40, 2)) < 0.3] = NAN
    return codes, rng.integers(0, 4, size=(40, 2)).astype(float)


def test_accuracy_is_that_of_scikit_learn_over_observed_cells(rng):
    codes, weights = labels_and_weights(rng, 3)
    predicted = rng.integers(3, size=(40, 2)).astype(float)
    found = accuracies(codes, predicted, weights)
    for t in range(2):
        seen = ~np.isnan(codes[:, t])
        expected = accuracy_score(
            codes[seen, t], predicted[seen, t], sample_weight=weights[seen, t]
        )
        assert found[t] == pytest.approx(expected)


def test_r2_is_that_of_scikit_learn_over_observed_cells(rng):
    codes, weights = labels_and_weights(rng, 5)
    predicted = codes + rng.normal(size=codes.shape)
    found = r2_scores(codes, predicted, weights)
    for t in range(2):
        seen = ~np.isnan(codes[:, t])
        expected = r2_score(
            codes[seen, t], predicted[seen, t], sample_weight=weights[seen, t]
        )
        assert found[t] == pytest.approx(expected)


def test_r2_of_constant_labels_is_one_or_zero():
    codes, ones = np.full((3, 2), 2.0), np.ones((3, 2))
    predicted = np.array([[2.0, 2.0], [2.0, 3.0], [2.0, 2.0]])
    np.testing.assert_array_equal(r2_scores(codes, predicted, ones), [1.0, 0.0])


def test_a_task_without_observed_cells_has_no_score():
    codes, ones = np.array([[NAN, 1.0], [NAN, 0.0]]), np.ones((2, 2))
    np.testing.assert_array_equal(accuracies(codes, codes, ones), [NAN, 1.0])
    np.testing.assert_array_equal(r2_scores(codes, codes, ones), [NAN, 1.0])
    np.testing.assert_array_equal(r2_scores(codes[:1], codes[:1], ones[:1]), [NAN] * 2)
    ones[:, 1] = 0
    np.testing.assert_array_equal(accuracies(codes, codes, ones), [NAN, NAN])


def test_skill_is_one_minus_log_loss_over_that_of_the_frequencies(rng):
    labels = np.r_[np.arange(3), rng.integers(3, size=30)]
    tasks, codes = TaskSet.from_y(np.c_[labels, rng.normal(size=33)])
    codes[5:9, 0] = NAN
    seen = ~np.isnan(codes[:, 0])
    proba = rng.dirichlet(np.ones(3), size=33)
    w = rng.random(33)
    value = codes[:, 1] + rng.normal(size=33)
    found = skills(tasks, codes, [proba, value], np.c_[w, w])
    share = np.bincount(labels[seen], w[seen]) / w[seen].sum()
    prior = log_loss(labels[seen], np.tile(share, (29, 1)), sample_weight=w[seen])
    loss = log_loss(labels[seen], proba[seen], sample_weight=w[seen])
    assert found[0] == pytest.approx(1 - loss / prior)
    assert found[1] == pytest.approx(r2_score(codes[:, 1], value, sample_weight=w))


def test_an_unseen_label_costs_the_most():
    tasks, codes = TaskSet.from_y(np.c_[[0, 1, 0, 1], [0.5, 1.5, 2.5, 3.5]])
    proba, value = np.eye(2)[[0, 1, 0, 1]], codes[:, 1]
    ones = np.ones((4, 2))
    np.testing.assert_allclose(skills(tasks, codes, [proba, value], ones), 1.0)
    codes[0, 0] = -1
    assert skills(tasks, codes, [proba, value], ones)[0] < 0


def test_the_mean_is_over_tasks_that_have_a_score():
    assert mean_of_observed(np.array([NAN, 0.5, 1.0]), "me") == 0.75
    with pytest.warns(
        MissingLabelWarning, match="me: no task of y has enough observed"
    ):
        assert np.isnan(mean_of_observed(np.array([NAN]), "me"))
