"""The objective of XGBoost's row, and which tables CatBoost's losses are for."""

import numpy as np
from scipy.special import log_softmax

from benchmarks._accuracy.shared_peers import _gradients, _places, why_not_shared
from tests.benchmarks.test_tables import make_table

PLACES = [slice(0, 1), slice(1, 4), slice(4, 5)]  # binary, three classes, a value
IS_VALUE = np.array([False, False, True])


def loss(margins, labels):
    """Return the sum of log-losses and half squared errors over observed labels."""
    total = 0.0
    for t, place in enumerate(PLACES):
        seen = ~np.isnan(labels[:, t])
        own, truth = margins[seen, place], labels[seen, t]
        if IS_VALUE[t]:
            total += 0.5 * np.sum((own[:, 0] - truth) ** 2)
            continue
        scores = np.hstack([np.zeros_like(own), own]) if own.shape[1] == 1 else own
        logp = log_softmax(scores, axis=1)
        total -= logp[np.arange(len(own)), truth.astype(int)].sum()
    return total


def made(n_samples=12):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, [2, 3, 4], size=(n_samples, 3)).astype(float)
    labels[rng.random(labels.shape) < 0.3] = np.nan
    return rng.normal(size=(n_samples, 5)), labels


def test_gradients_and_curvatures_are_finite_differences_of_the_losses():
    margins, labels = made()
    first, second = _gradients(margins, labels, PLACES, IS_VALUE)
    step = 1e-4
    for place in np.ndindex(margins.shape):
        away = np.zeros_like(margins)
        away[place] = step
        low, high = loss(margins - away, labels), loss(margins + away, labels)
        assert abs((high - low) / (2 * step) - first[place]) < 1e-6
        curvature = (high - 2 * loss(margins, labels) + low) / step**2
        assert abs(curvature - second[place]) < 1e-4


def test_a_missing_label_has_no_gradient():
    margins, labels = made()
    first, _ = _gradients(margins, labels, PLACES, IS_VALUE)
    for t, place in enumerate(PLACES):
        assert not first[np.isnan(labels[:, t]), place].any()


def test_catboost_is_left_out_where_labels_are_missing_or_kinds_are_mixed():
    table = make_table()
    assert _places(table) == [slice(0, 1), slice(1, 2)]
    assert why_not_shared("catboost_multi", table) == ""
    table.y[3, 0] = np.nan
    assert "all labels" in why_not_shared("catboost_multi", table)
    assert why_not_shared("xgboost_multi", table) == ""
