"""Weights of held-out samples come from the samples of the other folds."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sklearn_mtl.ensemble import MultiTaskBlendClassifier, MultiTaskBlendRegressor
from sklearn_mtl.ensemble._simplex import weigh_known
from sklearn_mtl.ensemble._weighing import (
    FoldWeights,
    draw_folds,
    mix,
    read_mixture_losses,
)
from sklearn_mtl.neural_network import Labels
from sklearn_mtl.tasks import TaskSet
from tests.ensemble.mixtures import blend_of_values, rule_of

CHEAP = [("forest", "default"), ("linear", "default")]


def guesses(seed, n_samples=200, n_members=6, n_tasks=2):
    """Return labels, and outputs of members that know nothing of them."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n_samples, n_tasks)) < 0.4).astype(float)
    task_set, codes = TaskSet.from_y(y)
    labels = Labels.read(task_set, codes, None, None, "guesses")
    second = rng.uniform(0.2, 0.6, size=(n_members, n_tasks, n_samples))
    held_out = [[np.column_stack([1 - p, p]) for p in one] for one in second]
    return task_set, labels, held_out


def learn(task_set, labels, held_out, fold):
    knows = np.ones((task_set.n_tasks, len(held_out)), dtype=bool)
    return FoldWeights.learn(task_set, labels, held_out, rule_of(knows, 0.0), fold)


def test_labels_of_a_fold_have_no_part_in_its_weights():
    task_set, labels, held_out = guesses(0)
    fold = draw_folds(task_set, labels, None, 0)
    before = learn(task_set, labels, held_out, fold).of_folds
    labels.codes[fold == 2] = 1.0 - labels.codes[fold == 2]
    after = learn(task_set, labels, held_out, fold).of_folds
    np.testing.assert_array_equal(before[2], after[2])
    for other in (0, 1, 3, 4):
        assert np.abs(before[other] - after[other]).max() > 1e-3


def test_members_that_guess_stay_at_chance():
    areas = {"all samples": [], "other folds": []}
    for seed in range(12):
        task_set, labels, held_out = guesses(seed)
        knows = np.ones((2, len(held_out)), dtype=bool)
        losses = read_mixture_losses(task_set, labels, held_out, knows)
        own = mix(task_set, weigh_known(losses, rule_of(knows, 0.0)), held_out)
        fold = draw_folds(task_set, labels, None, seed)
        apart = learn(task_set, labels, held_out, fold).mix(task_set, held_out)
        for found, outputs in zip(areas.values(), (own, apart), strict=True):
            found += [
                roc_auc_score(labels.codes[:, t], outputs[t][:, 1]) for t in (0, 1)
            ]
    assert np.mean(areas["all samples"]) > 0.53  # what the folds prevent
    error = np.std(areas["other folds"], ddof=1) / np.sqrt(24)
    assert abs(np.mean(areas["other folds"]) - 0.5) < 2.5 * error


def test_out_of_fold_predictions_are_mixed_by_weights_of_the_other_folds():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    y = X[:, :2] + np.abs(X[:, 2:4]) + rng.normal(size=(200, 2))
    model = MultiTaskBlendRegressor(CHEAP, stacking=False, random_state=0).fit(X, y)
    members = list(model.member_oof_predictions_.values())
    expected = [np.empty(200), np.empty(200)]
    fold = model._fold_weights.fold
    assert np.unique(fold).tolist() == [0, 1, 2, 3, 4]
    for number in range(5):
        rows, own = fold != number, fold == number
        rest = [[values[rows] for values in one] for one in members]
        weights = blend_of_values(model, y[rows], rest)
        for t in range(2):
            parts = [one[t][own] for one in members]
            expected[t][own] = weights[t] @ parts
    np.testing.assert_allclose(model.oof_prediction_, expected, atol=1e-3)


def test_a_single_group_with_labels_leaves_one_fold():
    task_set, labels, held_out = guesses(0)
    fold = draw_folds(task_set, labels, np.zeros(200, dtype=int), 0)
    found = learn(task_set, labels, held_out, fold)
    knows = np.ones((2, len(held_out)), dtype=bool)
    losses = read_mixture_losses(task_set, labels, held_out, knows)
    np.testing.assert_array_equal(
        found.of_folds, [weigh_known(losses, rule_of(knows, 0.0))]
    )


@pytest.mark.exhaustive
def test_permuted_labels_stay_at_chance_over_20_seeds():
    areas = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(300, 10))
        y = (X @ rng.normal(size=(10, 6)) + rng.normal(size=(300, 6)) > 0.5) * 1.0
        y = y[rng.permutation(300)]
        model = MultiTaskBlendClassifier(random_state=seed).fit(X, y)
        areas.append(
            np.mean(
                [
                    roc_auc_score(labels, proba[:, 1])
                    for labels, proba in zip(y.T, model.oof_prediction_, strict=True)
                ]
            )
        )
    assert abs(np.mean(areas) - 0.5) < 0.01
