"""Models of all tasks by other libraries: objectives, tables and missing labels."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import log_softmax

from benchmarks._accuracy import shared_peers
from benchmarks._accuracy.shared_peers import (
    _gradients,
    _places,
    fit_shared,
    why_not_shared,
)
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
    for name in ("xgboost_multi", "chains"):
        assert why_not_shared(name, table) == ""
    mixed = replace(table, kinds=("binary", "regression"))
    for name in ("catboost_multi", "chains"):
        assert "several regressions" in why_not_shared(name, mixed)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_chains_use_other_tasks_and_only_samples_with_all_labels(kind, monkeypatch):
    monkeypatch.setattr(shared_peers, "_N_CHAINS", 1)
    table = replace(make_table(), kinds=(kind, kind))
    table.X[:, 2] = table.X[:, 2] > 0
    table.y[:] = (table.X[:, :1] > 0) != (table.X[:, 1:2] > 0)  # two equal tasks
    table.y[:20, 0] = np.nan
    train, test = np.arange(120), np.arange(120, 200)
    found = fit_shared("chains", table, train, seed=0)(test)
    complete = fit_shared("chains", table, train[20:], seed=0)(test)
    assert found.keys() == {0, 1}
    for t, output in found.items():
        np.testing.assert_array_equal(output, complete[t])
        positive = output if kind == "regression" else output[:, 1]
        assert np.mean((positive > 0.5) == table.y[test, t]) > 0.85
    if kind == "binary":
        np.testing.assert_allclose(found[0].sum(axis=1), 1.0)
