import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.ensemble._trees import (
    LeafRatio,
    grow_forest,
    leaf_means,
    out_of_bag_means,
)
from sklearn_mtl.tasks import TaskSet


def grow(X, y, label_weights=None, **params):
    task_set, codes = TaskSet.from_y(y)
    label_weights = (
        (~np.isnan(codes)).astype(float) if label_weights is None else label_weights
    )
    encoding = TargetEncoding.learn(task_set, codes, label_weights)
    rows = np.ones(len(X))
    ratio, shares = LeafRatio.learn(encoding, label_weights, rows)
    params = {"n_estimators": 1, "bootstrap": False, "random_state": 0, **params}
    targets = ratio.targets(codes, label_weights, shares)
    return ratio, grow_forest(X.astype(np.float32), targets, rows, **params)


def predict(ratio, forest, X):
    return ratio.outputs(forest.predict(X.astype(np.float32)).reshape(len(X), -1))


# two leaves at most: the first feature divides the rows 0-3 from 4-7
X = np.repeat([[0.0], [1.0]], 4, axis=0)


def test_a_leaf_predicts_the_mean_of_its_observed_labels():
    y = np.array([1.5, 2.5, np.nan, np.nan, 10.5, 11.5, 12.5, np.nan])
    y = np.column_stack([y, np.arange(8.0) + 0.5])
    outputs = predict(*grow(X, y), X)
    # 2 of 4 labels in the first leaf, 3 of 4 in the second: 2 % of the overall share
    # of 5/8 belongs to the prior
    mean, pull = np.nanmean(y[:, 0]), 0.02 * 5 / 8
    for rows, found in ((slice(0, 4), 2.0), (slice(4, 8), 11.5)):
        share = np.mean(~np.isnan(y[rows, 0]))
        expected = mean + (found - mean) * share / (share + pull)
        np.testing.assert_allclose(outputs[0][rows], expected, rtol=1e-5)
    np.testing.assert_allclose(outputs[1], np.repeat([2.0, 6.0], 4), rtol=1e-5)


def test_with_complete_labels_it_is_a_forest_on_standardised_targets(mixed):
    X, y = mixed
    y = np.where(np.isnan(y), 0.0, y)[:, 2:]
    y = np.column_stack([y, X[:, 3]])
    ratio, forest = grow(X, y, n_estimators=5, bootstrap=True)
    plain = RandomForestRegressor(5, random_state=0)
    plain.fit(X.astype(np.float32), ratio.encoding.encode(y))
    expected = plain.predict(X.astype(np.float32)) * ratio.encoding.scale + y.mean(0)
    np.testing.assert_allclose(
        np.stack(predict(ratio, forest, X), 1), expected, atol=1e-6
    )


def test_leaves_without_any_label_of_a_task_predict_its_mean():
    y = np.array([1.5, 2.5, 3.5, 4.5, np.nan, np.nan, np.nan, np.nan])
    y = np.column_stack([y, [0.5] * 4 + [9.5] * 4])
    outputs = predict(*grow(X, y), X)
    np.testing.assert_allclose(outputs[0][4:], 3.0, rtol=1e-6)


def test_weights_of_cells_weigh_the_labels_of_a_leaf():
    y = np.column_stack([np.arange(8.0) + 0.5, np.arange(8.0) + 0.5])
    label_weights = np.ones((8, 2))
    label_weights[:, 0] = [3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0]
    outputs = predict(*grow(X, y, label_weights), X)
    own, others = np.average(y[:4, 0], weights=label_weights[:4, 0]), y[:4, 1].mean()
    assert abs(outputs[0][0] - own) < 0.1
    np.testing.assert_allclose(outputs[1][0], others, rtol=1e-5)


def test_tasks_with_the_same_gaps_share_a_column_of_shares():
    y = np.arange(24.0).reshape(8, 3) + 0.5
    y[0, :2] = np.nan
    ratio, _ = grow(X, y)
    assert ratio.share_of_task.tolist() == [0, 0, -1]


def test_the_shares_decide_no_split(mixed):
    X, y = mixed
    ratio, forest = grow(X, y, n_estimators=5, max_depth=4)
    weights = np.ones(len(X))
    label_weights = (~np.isnan(y)).astype(float)
    codes = TaskSet.from_y(y)[1]
    targets = ratio.targets(codes, label_weights, np.empty((len(X), 0)))
    params = {"n_estimators": 5, "max_depth": 4, "bootstrap": False, "random_state": 0}
    without = grow_forest(X.astype(np.float32), targets, weights, **params)
    assert forest.n_outputs_ == without.n_outputs_ + 3
    for one, two in zip(forest.estimators_, without.estimators_, strict=True):
        np.testing.assert_array_equal(one.tree_.feature, two.tree_.feature)


def test_means_are_those_of_scikit_learn(mixed):
    X, y = mixed
    _, forest = grow(X, y, n_estimators=5)
    X = X.astype(np.float32)
    np.testing.assert_allclose(leaf_means(forest, X), forest.predict(X))


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_out_of_bag_means_are_those_of_scikit_learn(n_outputs):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)).astype(np.float32), rng.normal(size=(60, n_outputs))
    forest = RandomForestRegressor(30, oob_score=True, random_state=0)
    forest.fit(X, y if n_outputs > 1 else y.ravel())
    expected = forest.oob_prediction_.reshape(60, n_outputs)
    np.testing.assert_allclose(out_of_bag_means(forest, X), expected)
