import itertools

import numpy as np
import pytest
from sklearn import metrics

from sklearn_mtl.metrics import _classification as ours


def draw(n_classes, seed=0, n=60):
    rng = np.random.default_rng(seed)
    y = rng.integers(n_classes, size=n)
    proba = rng.dirichlet(np.ones(n_classes), size=n)
    proba[np.arange(n), y] += 0.5
    proba /= proba.sum(axis=1, keepdims=True)
    return y, proba, rng.uniform(0.5, 2, size=n)


def as_labels(proba):
    return np.eye(proba.shape[1])[proba.argmax(axis=1)]


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("accuracy", metrics.accuracy_score),
        ("balanced_accuracy", metrics.balanced_accuracy_score),
        ("matthews_corrcoef", metrics.matthews_corrcoef),
        ("zero_one_loss", metrics.zero_one_loss),
        ("f1", metrics.f1_score),
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
    ],
)
def test_metrics_of_labels_are_scikit_learns(name, theirs, n_classes):
    y, proba, w = draw(n_classes)
    of_one_class = name in ("f1", "precision", "recall")
    more = {"average": "macro"} if of_one_class and n_classes > 2 else {}
    expected = theirs(y, proba.argmax(axis=1), sample_weight=w, **more)
    assert getattr(ours, name)(y, as_labels(proba), w) == pytest.approx(expected)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_log_loss_is_scikit_learns(n_classes):
    y, proba, w = draw(n_classes)
    expected = metrics.log_loss(y, proba, sample_weight=w)
    assert ours.log_loss(y, proba, w) == pytest.approx(expected)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_d2_of_the_log_loss_is_scikit_learns(n_classes):
    y, proba, w = draw(n_classes)
    expected = metrics.d2_log_loss_score(y, proba, sample_weight=w)
    assert ours.d2_log_loss_score(y, proba, w) == pytest.approx(expected)
    one = np.zeros(3, dtype=int)
    assert np.isnan(ours.d2_log_loss_score(one, proba[:3], w[:3]))


def test_impossible_label_costs_what_it_costs_in_scikit_learn():
    y, proba, w = np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]), np.ones(2)
    assert ours.log_loss(y, proba, w) == pytest.approx(metrics.log_loss(y, proba))


def test_brier_score_of_two_classes_is_scikit_learns():
    y, proba, w = draw(2)
    expected = metrics.brier_score_loss(y, proba[:, 1], sample_weight=w)
    assert ours.brier_score(y, proba, w) == pytest.approx(expected)


def test_brier_score_of_three_classes_sums_over_them():
    y, w = np.array([0, 2]), np.ones(2)
    proba = np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]])
    assert ours.brier_score(y, proba, w) == pytest.approx((0.25 + 2 * 0.0625) / 2)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_ranking_metrics_are_scikit_learns(n_classes):
    y, proba, w = draw(n_classes)
    given = proba[:, 1] if n_classes == 2 else proba
    auc = metrics.roc_auc_score(
        y, given, sample_weight=w, multi_class="ovr", average="macro"
    )
    assert ours.roc_auc(y, proba, w) == pytest.approx(auc)
    average = metrics.average_precision_score(y, given, sample_weight=w)
    assert ours.average_precision(y, proba, w) == pytest.approx(average)


def test_class_without_rows_is_left_out_of_one_against_rest():
    y, proba, w = draw(3)
    wide = np.insert(proba, 3, 0.0, axis=1)
    assert ours.roc_auc(y, wide, w) == pytest.approx(ours.roc_auc(y, proba, w))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_single_class_cannot_be_ranked(name, n_classes):
    _, proba, w = draw(n_classes)
    assert np.isnan(getattr(ours, name)(np.ones(len(w), dtype=int), proba, w))


def test_unknown_label_is_wrong_everywhere():
    y, w = np.array([0, 1, 1]), np.ones(3)
    given = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    assert ours.accuracy(y, given, w) == pytest.approx(2 / 3)
    assert ours.balanced_accuracy(y, given, w) == pytest.approx(0.75)
    assert ours.f1(y, given, w) == pytest.approx(2 / 3)


def test_correlation_is_zero_where_nothing_varies():
    y = np.array([0, 0, 1])
    given = np.array([[1.0, 0.0]] * 3)
    assert ours.matthews_corrcoef(y, given, np.ones(3)) == 0.0


def test_precision_and_recall_of_what_is_absent():
    y, none = np.array([0, 1, 0]), np.eye(2)[[0, 0, 0]]
    w = np.ones(3)
    assert ours.precision(y, none, w) == 0  # nothing is predicted
    assert ours.recall(y, none, w) == 0
    absent = np.zeros(3, dtype=int)
    assert ours.precision(absent, np.eye(2)[[0, 1, 0]], w) == 0
    assert np.isnan(ours.precision(absent, none, w))
    assert np.isnan(ours.recall(absent, np.eye(2)[[0, 1, 0]], w))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibration_error_is_the_mean_gap_of_bins(n_classes):
    y, proba, w = draw(n_classes, n=200)
    p = proba[:, 1] if n_classes == 2 else proba.max(axis=1)
    is_right = (y == 1) if n_classes == 2 else (y == proba.argmax(axis=1))
    expected = 0.0
    edges = np.linspace(0, 1, 16)
    for low, high in itertools.pairwise(edges):
        in_bin = (low <= p) & ((p < high) | (high >= 1))
        if in_bin.any():
            gap = np.average(p[in_bin], weights=w[in_bin])
            gap -= np.average(is_right[in_bin], weights=w[in_bin])
            expected += abs(gap) * w[in_bin].sum() / w.sum()
    found = ours.expected_calibration_error(y, proba, w)
    assert found == pytest.approx(expected)


def test_right_probabilities_have_hardly_a_calibration_error():
    rng = np.random.default_rng(0)
    p = rng.random(20000)
    y, proba = (rng.random(20000) < p).astype(int), np.column_stack([1 - p, p])
    error = ours.expected_calibration_error
    assert error(y, proba, np.ones(20000)) < 0.02
    # 0 and 1 in place of p are wrong by min(p, 1 - p), 1/4 in the mean
    sure = np.eye(2)[(p > 0.5).astype(int)]
    assert error(y, sure, np.ones(20000)) == pytest.approx(0.25, abs=0.01)
