import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.ensemble import (
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
)
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError, UnseenCategoryWarning
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers

FORESTS = [
    MultiTaskForestClassifier,
    MultiTaskForestRegressor,
    MultiTaskForestMixedEstimator,
]


@parametrize_with_checks([forest(n_estimators=10) for forest in FORESTS])
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.SingleClassWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def small(**params):
    return MultiTaskForestMixedEstimator(n_estimators=30, random_state=0, **params)


def read_leaves(model, X, y, values, held_out=False):
    """Return the mean of the observed values in the leaves of each row, by hand.

    Each tree has the mean deviation of its leaf, and the share of the rows in it that
    have a label; their means over trees are divided, and 1 / 50 of the share in all
    rows is added to draw leaves with few labels to the mean.
    """
    rows = np.flatnonzero(~np.isnan(y).all(axis=1))
    seen = ~np.isnan(values[rows])
    mean = values[rows][seen].mean()
    away = np.where(seen, values[rows] - mean, 0.0)
    deviation, share, n_trees = np.zeros((3, len(X)))
    samples = model.forest_.estimators_samples_
    for leaf, drawn in zip(model.forest_.apply(X).T, samples, strict=True):
        times = np.bincount(drawn, minlength=len(rows))
        size, sums, labels = (
            np.bincount(leaf[rows], times * part, minlength=leaf.max() + 1)[leaf]
            for part in (np.ones(len(rows)), away, seen)
        )
        used = np.full(len(X), True)
        used[rows] = (times == 0) | (not held_out)
        np.divide(sums, size, out=sums, where=used)
        np.divide(labels, size, out=labels, where=used)
        deviation += np.where(used, sums, 0.0)
        share += np.where(used, labels, 0.0)
        n_trees += used
    deviation, share = deviation / n_trees, share / n_trees
    return mean + deviation / (1 if seen.all() else share + 0.02 * seen.mean())


def test_it_learns_all_kinds_of_tasks_with_missing_labels(mixed):
    X, y = mixed
    model = small().fit(X, y)
    for outputs, held_out in [
        (model._task_outputs(X), False),
        (model.oof_prediction_, True),
    ]:
        binary, many, value = outputs
        hand = partial(read_leaves, model, X.astype(np.float32), y, held_out=held_out)
        np.testing.assert_allclose(binary[:, 1], hand(y[:, 0]), atol=1e-5)
        np.testing.assert_allclose(value, hand(y[:, 2]), atol=1e-5)
        is_class = [np.where(np.isnan(y[:, 1]), np.nan, y[:, 1] == k) for k in range(3)]
        classes = np.stack([hand(one) for one in is_class], axis=1).clip(0)
        classes /= classes.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(many, classes, atol=1e-5)
    assert model.score(X, y) > 0.5


def test_a_task_with_few_labels_has_their_mean_in_the_leaves_of_all_tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    y = np.column_stack([X[:, 0] > 0, X[:, 0] + X[:, 1] > 0]).astype(float)
    y[rng.random(600) < 0.9, 0] = np.nan
    model = small().fit(X, y)
    found = model.predict_proba(X)[0][:, 1]
    expected = read_leaves(model, X.astype(np.float32), y, y[:, 0])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.mean((found > 0.5) == (X[:, 0] > 0)) > 0.85


def test_masked_labels_do_not_matter(classes):
    X, y = classes
    weights = np.ones(y.shape)
    weights[::3, 0] = 0.0
    changed = y.copy()
    changed[::3, 0] = np.where(np.isnan(y[::3, 0]), np.nan, 1 - y[::3, 0])
    fits = [
        MultiTaskForestClassifier(n_estimators=10, random_state=0)
        .fit(X, labels, sample_weight=weights)
        .predict_proba(X)
        for labels in (y, changed)
    ]
    for one, two in zip(*fits, strict=True):
        np.testing.assert_array_equal(one, two)


def test_out_of_bag_predictions_do_not_know_their_labels():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 5)), rng.normal(size=(400, 3))
    model = MultiTaskForestRegressor(n_estimators=50, random_state=0).fit(X, y)
    held_out = np.stack(model.oof_prediction_, axis=1)
    for t, labels in enumerate(y.T):
        hand = partial(read_leaves, model, X.astype(np.float32), y, labels)
        np.testing.assert_allclose(held_out[:, t], hand(held_out=True), atol=1e-5)
        np.testing.assert_allclose(model.predict(X)[:, t], hand(), atol=1e-5)
    # what knows nothing of independent labels of variance 1 is uncorrelated with them
    deviations = (held_out * y).sum() / np.sqrt((held_out**2).sum())
    assert abs(deviations) < 4


@pytest.mark.parametrize("n_samples", [2, 3])
def test_a_tree_may_draw_every_sample(n_samples):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_samples, 3)), rng.normal(size=(n_samples, 2))
    forest = MultiTaskForestRegressor(n_estimators=50, bootstrap=True, random_state=0)
    model = forest.fit(X, y)
    samples = model.forest_.estimators_samples_
    assert any(len(np.unique(drawn)) == n_samples for drawn in samples)
    assert np.isfinite(model.oof_prediction_).all()
    assert np.isfinite(model.predict(X)).all()


def test_rows_without_any_label_are_predicted_by_all_trees(mixed):
    X, y = mixed
    y = y.copy()
    y[:10] = np.nan
    model = small().fit(X, y)
    for held_out, output in zip(
        model.oof_prediction_, model._task_outputs(X), strict=True
    ):
        np.testing.assert_array_equal(held_out[:10], output[:10])


def test_small_data_have_no_bootstrap(mixed):
    X, y = mixed
    model = small().fit(X[:80], y[:80])
    assert not model.forest_.bootstrap
    with pytest.raises(AttributeError, match="is only available with bootstrap"):
        _ = model.oof_prediction_


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("seed", [2, 4])
def test_a_weight_of_two_is_the_same_as_the_row_twice_on_small_data(seed, class_weight):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 4))
    y = np.digitize(X[:, :3] + 0.5 * rng.normal(size=(40, 3)), [-0.5, 0.5])
    y = np.where(rng.random(y.shape) < 0.1, np.nan, y)
    weights = rng.integers(0, 4, 40)
    rows = np.repeat(np.arange(40), weights)
    forest = MultiTaskForestClassifier(
        n_estimators=10, class_weight=class_weight, random_state=0
    )
    weighted = clone(forest).fit(X, y, sample_weight=weights)
    repeated = forest.fit(X[rows], y[rows])
    for one, two in zip(
        weighted._task_outputs(X), repeated._task_outputs(X), strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-9)


@pytest.mark.parametrize("n_samples", [60, 200])
@pytest.mark.parametrize("class_weight", [{1: 3.0}, {0: 0.1}, {0: 2.7, 1: 5.0}])
def test_class_weights_are_sample_weights_of_labels(n_samples, class_weight):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    y = (X[:, :2] + 0.5 * rng.normal(size=(n_samples, 2)) > 0.7).astype(float)
    y[::7, 0] = np.nan
    weights = np.vectorize(lambda label: class_weight.get(label, 1.0))(y)
    forest = MultiTaskForestClassifier(n_estimators=10, random_state=0)
    expected = clone(forest).fit(X, y, sample_weight=weights)
    found = forest.set_params(class_weight=class_weight).fit(X, y)
    for one, two in zip(found._task_outputs(X), expected._task_outputs(X), strict=True):
        np.testing.assert_array_equal(one, two)


def test_class_weight_moves_probabilities():
    """A tree without a split has the weighted share of a class in its only leaf."""
    X, y = np.zeros((300, 3)), (np.arange(300) % 10 == 0).astype(int)
    for class_weight, share in [(None, 0.1), ("balanced", 0.5), ({1: 3.0}, 3 / 12)]:
        forest = MultiTaskForestClassifier(
            class_weight=class_weight, bootstrap=False, random_state=0
        )
        found = forest.fit(X, y).predict_proba(X)[:, 1]
        # weights are rounded to 12 binary digits
        np.testing.assert_allclose(found, share, atol=2.0**-12)


def test_categories_and_missing_inputs_are_taken():
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], 200)
    X = pd.DataFrame({"colour": colour, "size": rng.normal(size=200)})
    y = pd.DataFrame({"is_red": colour == "red", "value": X["size"] ** 2})
    X.loc[::7, "size"] = np.nan
    model = small().fit(X, y)
    assert model.task("is_red").score(X, y["is_red"]) == 1.0
    unseen = X.head(3).assign(colour="mauve")
    with pytest.warns(UnseenCategoryWarning, match="column 'colour': 3 of 3 values"):
        assert model.predict(unseen).shape == (3, 2)
    mask = small(categorical_features=[0]).fit(X.to_numpy(dtype=object), y.to_numpy())
    assert mask.is_categorical_.tolist() == [True, False]


def test_sparse_inputs_give_what_dense_ones_give(mixed):
    X, y = mixed
    X = np.where(X > 0, X, 0.0)
    dense, thin = (small().fit(table, y) for table in (X, sparse.csr_array(X)))
    np.testing.assert_array_equal(dense.predict(X), thin.predict(X))


def test_the_seed_gives_the_same_bits_for_any_number_of_jobs(mixed):
    X, y = mixed
    one, two = (small(n_jobs=n).fit(X, y) for n in (1, 2))
    for a, b in zip(one.oof_prediction_, two.oof_prediction_, strict=True):
        assert a.tobytes() == b.tobytes()
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


def test_it_can_be_cloned_pickled_and_searched(mixed):
    X, y = mixed
    model = clone(small()).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict(X), again.predict(X))
    search = GridSearchCV(
        small(),
        {"min_samples_leaf": [1, 20]},
        cv=MultiTaskStratifiedKFold(2),
        scoring=per_task_scorers(),
        refit="mean",
    ).fit(X, y)
    assert search.best_estimator_.predict(X).shape == (160, 3)


def test_a_task_without_labels_is_an_error_or_nan(mixed):
    X, y = mixed
    y = np.column_stack([y, np.full(len(y), np.nan)])
    with pytest.raises(TaskError, match="'task3'"):
        small().fit(X, y)
    with pytest.warns(MissingLabelWarning):
        model = small(on_empty_task="warn").fit(X, y)
    assert np.isnan(model.predict(X)[:, 3].astype(float)).all()


def test_no_label_of_any_task_leaves_nan(mixed):
    X, y = mixed
    model = small(on_empty_task="warn")
    with pytest.warns(MissingLabelWarning):
        model.fit(X, np.full_like(y, np.nan))
    assert np.isnan(model.predict(X).astype(float)).all()


def test_constant_tasks_alone_need_no_tree():
    with pytest.warns(UserWarning, match="single class"):
        model = MultiTaskForestClassifier().fit(np.eye(4), np.ones((4, 2), dtype=int))
    assert model.forest_ is None
    assert model.predict(np.eye(4)).tolist() == [[1, 1]] * 4


def test_all_weights_zero_is_an_error(mixed):
    X, y = mixed
    with pytest.raises(ValueError, match=r"task0.* have a weight of zero"):
        small().fit(X, y, sample_weight=np.zeros(len(X)))


@pytest.mark.parametrize(
    ("wanted", "n_features", "found"),
    [("auto", 5, 3), ("auto", 100, 40), ("auto", 2500, 50), ("sqrt", 5, "sqrt")],
)
def test_auto_looks_at_about_as_many_features_for_wide_tables(
    wanted, n_features, found
):
    model = small(max_features=wanted)
    model.n_features_in_ = n_features
    assert model._n_candidates() == found
