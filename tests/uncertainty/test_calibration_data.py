import pickle

import numpy as np
import pytest

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.uncertainty._calibration import Calibration


def make_data(n=60, weights=None, fold=None, scale=1.0):
    rng = np.random.default_rng(0)
    y = np.stack([rng.integers(0, 3, size=n), rng.normal(size=n) * scale], axis=1)
    y[::4, 1] = np.nan
    task_set, codes = TaskSet.from_y(y)
    outputs = [rng.dirichlet(np.ones(3), size=n), np.zeros(n)]
    data = CalibrationData.of_fit(task_set.tasks, outputs, codes, weights, fold)
    return data, codes


def test_truth_is_the_class_and_the_error():
    data, codes = make_data()
    np.testing.assert_array_equal(data.truth, codes.astype(np.float32))


def test_a_missing_output_is_a_missing_label():
    data, codes = make_data()
    data.outputs[0][:5] = np.nan
    again = CalibrationData.of_fit(data.tasks, data.outputs, codes)
    assert np.isnan(again.truth[:5, 0]).all()
    assert not again.weights_of(0)[:5].any()


def test_errors_go_the_shorter_way_round():
    task_set, codes = TaskSet.from_y(np.array([23.5, 0.5]), kind="regression")
    tasks = task_set.with_periods([24.0]).tasks
    data = CalibrationData.of_fit(tasks, [np.array([0.5, 23.0])], codes)
    np.testing.assert_allclose(data.truth[:, 0], [-1.0, 1.5])


@pytest.mark.parametrize("scale", [1e-40, 1e40])
def test_errors_of_extreme_size_keep_their_digits(scale):
    data, codes = make_data(scale=scale)
    np.testing.assert_array_equal(data.truth[:, 1], codes[:, 1])


def test_equal_weights_are_not_kept_and_those_of_samples_once():
    assert make_data(weights=np.full((60, 2), 0.3))[0].weights is None
    own = np.repeat(np.arange(1.0, 61.0)[:, None], 2, axis=1)
    assert make_data(weights=own)[0].weights.shape == (60, 1)


def test_a_pickle_is_smaller_than_the_outputs_and_has_no_calibration():
    data, _ = make_data(n=4000, fold=np.arange(4000) % 8)
    size = len(pickle.dumps(data)) - sum(one.nbytes for one in data.outputs)
    Calibration.of(data)
    assert len(pickle.dumps(data)) - sum(o.nbytes for o in data.outputs) == size
    assert size < sum(one.nbytes for one in data.outputs)
    assert pickle.loads(pickle.dumps(data)).made is None


def test_a_calibration_is_made_once():
    data, _ = make_data()
    assert Calibration.of(data) is Calibration.of(data)
