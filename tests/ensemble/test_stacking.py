"""Stacking over tasks: what the blend predicts for others corrects each task."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

import sklearn_mtl
from sklearn_mtl.ensemble import (
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskForestClassifier,
)
from sklearn_mtl.ensemble._stacking import MOST_COLUMNS

LINEAR = [("linear", "default")]


def related(n_samples=400, n_features=50, n_few=30, n_tasks=5, seed=0):
    """Return X and tasks of one direction; the first has few labels."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features))
    signal = X.mean(axis=1) * np.sqrt(n_features)
    y = signal[:, None] + 0.5 * rng.normal(size=(n_samples, n_tasks))
    y[rng.permutation(n_samples)[n_few:], 0] = np.nan
    return X, y, signal


def noise(seed, n_samples=300, common=0.0, missing=0.0):
    """Return X and six tasks that have nothing to do with it."""
    rng = np.random.default_rng(seed)
    X, shared = rng.normal(size=(n_samples, 10)), rng.normal(size=(n_samples, 1))
    own = rng.normal(size=(n_samples, 6))
    y = (np.sqrt(common) * shared + np.sqrt(1 - common) * own > 0.5).astype(float)
    y[rng.random(y.shape) < missing] = np.nan
    return X, y


def mean_auc(outputs, y):
    areas = []
    for proba, labels in zip(outputs, y.T, strict=True):
        seen = ~np.isnan(labels)
        areas.append(roc_auc_score(labels[seen], proba[seen, 1]))
    return np.mean(areas)


def mean_loss(outputs, y):
    """Return the mean log-loss over that of the class frequencies."""
    found = []
    for proba, labels in zip(outputs, y.T, strict=True):
        seen = ~np.isnan(labels)
        prior = np.full(seen.sum(), labels[seen].mean())
        own = log_loss(labels[seen], proba[seen, 1], labels=[0, 1])
        found.append(own / log_loss(labels[seen], prior, labels=[0, 1]))
    return np.mean(found)


def test_a_task_with_few_labels_learns_from_predictions_of_others():
    X, y, _ = related()
    new, _, signal = related(n_samples=2000, seed=1)
    errors = []
    for stacking in (False, True):
        model = MultiTaskBlendRegressor(LINEAR, stacking=stacking, random_state=0)
        found = model.fit(X, y).predict(new)[:, 0]
        errors.append(np.mean((found - signal) ** 2))
    assert model.stacking_gains_["task0"] > 0
    assert errors[1] < 0.8 * errors[0]


def test_a_lone_task_is_predicted_as_without():
    X, y = noise(0)
    one, two = (
        MultiTaskBlendClassifier(LINEAR, stacking=stacking, random_state=0).fit(
            X, y[:, 0]
        )
        for stacking in (True, False)
    )
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    assert one.stacking_gains_ == {"task0": 0.0}


def test_new_samples_and_held_out_ones_are_corrected_from_their_mixture():
    X, y, _ = related()
    model = MultiTaskBlendRegressor(LINEAR, random_state=0).fit(X, y)
    stacking, (held,) = model._stacking, model.member_oof_predictions_.values()
    columns = (np.column_stack(held) - np.mean(held, axis=1)) / np.std(held, axis=1)
    for fold, own in enumerate(stacking.of_folds[0]):
        rows = stacking.fold == fold
        expected = held[0][rows] + columns[rows] @ own[:, 0]
        np.testing.assert_allclose(model.oof_prediction_[0][rows], expected)
        assert abs(own[0, 0]) < 1e-12  # the task itself has no part
    plain = model.named_estimators_["linear"].predict(X)
    columns = (plain - np.mean(held, axis=1)) / np.std(held, axis=1)
    columns = np.clip(columns, stacking.columns.low, stacking.columns.high)
    expected = plain[:, 0] + columns @ stacking.mean[0][:, 0]
    np.testing.assert_allclose(model.predict(X)[:, 0], expected)


def test_no_group_is_in_two_folds():
    X, y = noise(0)
    groups = np.arange(len(X)) // 3
    model = MultiTaskBlendClassifier(LINEAR, random_state=0).fit(X, y, groups=groups)
    fold = model._stacking.fold
    assert (fold == fold[3 * groups]).all()
    assert len(np.unique(fold)) == 5


def test_a_validation_set_takes_the_place_of_the_folds():
    X, y, _ = related()
    held, y_held, _ = related(n_samples=150, seed=1)
    model = MultiTaskBlendRegressor(LINEAR, random_state=0)
    model.fit(X, y, X_val=held, y_val=y_held)
    assert len(model._stacking.fold) == 150
    assert model.stacking_gains_["task0"] > 0


def test_more_columns_than_are_used_are_reduced_to_components():
    X, y, _ = related(n_samples=200, n_tasks=MOST_COLUMNS + 6)
    model = MultiTaskBlendRegressor(LINEAR, random_state=0).fit(X, y)
    stacking = model._stacking
    assert stacking.mean[0].shape == (MOST_COLUMNS, 1)
    values = np.random.default_rng(0).normal(size=(20, MOST_COLUMNS + 6))
    changed = values + np.eye(MOST_COLUMNS + 6)[0]  # of the task itself
    before, after = (stacking._projection(one)(0) for one in (values, changed))
    np.testing.assert_allclose(before, after, atol=1e-12)
    assert not np.allclose(before, stacking._projection(values)(1))
    assert np.isfinite(model.predict(X)).all()


def test_a_label_of_weight_0_has_no_influence():
    X, y, _ = related()
    weights = np.ones(y.shape)
    weights[::4, 1] = 0.0
    changed = y.copy()
    changed[::4, 1] = 100.0
    one, two = (
        MultiTaskBlendRegressor(LINEAR, random_state=0).fit(X, labels, weights)
        for labels in (y, changed)
    )
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_constant_and_empty_tasks_stay_as_they_are(tmp_path):
    X, y, _ = related(n_samples=300)
    y = np.column_stack([y[:, 0], y[:, 1] > 0, np.ones(300), np.full(300, np.nan)])
    kinds = ["regression", "classification", "classification", "regression"]
    model = MultiTaskBlendMixedEstimator(
        LINEAR, task_types=kinds, on_empty_task="warn", random_state=0
    )
    found = model.fit(X, y).predict(X)
    assert (found[:, 2] == 1).all()
    assert np.isnan(found[:, 3].astype(float)).all()
    assert set(model._stacking.mean) <= {0, 1}
    sklearn_mtl.save(model, tmp_path / "model.mtl")
    again = sklearn_mtl.load(tmp_path / "model.mtl")
    np.testing.assert_array_equal(again.predict(X)[:, :3], found[:, :3])
    assert again.stacking_gains_ == model.stacking_gains_


def test_folds_that_leave_samples_out_are_allowed():
    X, y = noise(0, n_samples=150)
    folds = [(np.arange(75), np.arange(75, 120)), (np.arange(75, 150), np.arange(75))]
    members = [("logistic", LogisticRegression())]
    model = MultiTaskBlendClassifier(members, cv=folds, random_state=0).fit(X, y)
    assert np.isnan(model.oof_prediction_[0][120:]).all()
    assert np.isfinite(model.predict_proba(X)[0]).all()


@pytest.mark.parametrize("missing", [0.0, 0.9])
def test_noise_stays_at_chance(missing):
    found = []
    for seed in range(12):
        X, y = noise(seed, n_samples=1000 if missing else 300, missing=missing)
        model = MultiTaskBlendClassifier(LINEAR, random_state=seed).fit(X, y)
        found.append(mean_auc(model.oof_prediction_, y))
    assert abs(np.mean(found) - 0.5) < max(0.02, 2 * np.std(found) / np.sqrt(12))


def test_noise_in_common_is_not_predicted_from_other_tasks():
    for seed in (12, 14):  # where the AUC rose by 0.09 and 0.06
        X, y = noise(seed, common=0.7)
        model = MultiTaskBlendClassifier(LINEAR, random_state=seed).fit(X, y)
        (member,) = model.member_oof_predictions_.values()
        change = mean_auc(model.oof_prediction_, y) - mean_auc(member, y)
        assert abs(change) < 0.01


@pytest.mark.exhaustive
@pytest.mark.parametrize("common", [0.0, 0.7])
def test_noise_stays_at_chance_over_20_seeds(common):
    forest = MultiTaskForestClassifier(n_estimators=30)
    members = [("forest", forest), *LINEAR]
    found = {True: [], False: []}
    for seed in range(20):
        X, y = noise(seed, common=common)
        for stacking, areas in found.items():
            model = MultiTaskBlendClassifier(
                members, stacking=stacking, random_state=seed
            )
            areas.append(mean_auc(model.fit(X, y).oof_prediction_, y))
    change = np.subtract(found[True], found[False])
    assert abs(np.mean(change)) < 0.003
    assert abs(np.mean(found[True]) - 0.5) < 0.01


def test_out_of_fold_and_fresh_loss_agree_with_97_percent_missing():
    held, fresh = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(3000, 10))
        signal = X @ rng.normal(size=(10, 2)) @ rng.normal(size=(2, 6))
        y = (signal + rng.normal(size=signal.shape) > 0).astype(float)
        few = np.where(rng.random((2000, 6)) < 0.97, np.nan, y[:2000])
        model = MultiTaskBlendClassifier(LINEAR, random_state=seed).fit(X[:2000], few)
        held.append(mean_loss(model.oof_prediction_, few))
        fresh.append(mean_loss(model.predict_proba(X[2000:]), y[2000:]))
    difference = np.subtract(held, fresh)
    error = np.std(difference, ddof=1) / np.sqrt(len(difference))
    assert np.mean(fresh) < 0.8  # there is something to be found
    assert abs(np.mean(difference)) < 2.5 * error
