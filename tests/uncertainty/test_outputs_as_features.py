import numpy as np

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty._outputs_as_features import Axes, output_columns


def test_every_kind_of_task_has_its_columns():
    y = np.array([["a", 1.5], ["b", 2.5], ["c", 0.1]], dtype=object)
    tasks = TaskSet.from_y(y)[0].with_periods([None, 4.0]).tasks
    proba = np.full((3, 3), 1 / 3)
    columns, places = output_columns(tasks, [proba, np.array([0.0, 1.0, 2.0])])
    assert places == [slice(0, 2), slice(2, 4)]
    np.testing.assert_allclose(columns[:, 2:], [[1, 0], [0, 1], [-1, 0]], atol=1e-15)


def test_coordinates_are_uncorrelated_and_of_unit_variance():
    columns = np.random.default_rng(0).normal(size=(500, 3))
    columns[:, 2] += columns[:, 0]
    coordinates = Axes.learn(columns).features(columns).coordinates
    np.testing.assert_allclose(coordinates.T @ coordinates / 500, np.eye(3), atol=0.02)


def test_a_missing_output_counts_as_the_mean():
    columns = np.random.default_rng(0).normal(size=(100, 2))
    axes = Axes.learn(columns)
    features = axes.features(np.array([[np.nan, 1.0], [axes.mean[0], 1.0]]))
    np.testing.assert_allclose(features.coordinates[0], features.coordinates[1])


def test_a_constant_output_has_no_axis():
    columns = np.c_[np.arange(50.0), np.full(50, 3.0)]
    assert Axes.learn(columns).axes.shape == (2, 1)
