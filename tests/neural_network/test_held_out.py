import numpy as np
import pytest

from sklearn_mtl import MultiTaskMixedEstimator, MultiTaskRegressor, load, save

NET = {
    "hidden_layer_sizes": (16,),
    "n_members": 3,
    "max_epochs": 20,
    "lr": 0.02,
    "early_stopping": True,
    "random_state": 0,
}


def draw(n=240, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = X[:, :2] @ [[1.0, 2.0], [-1.0, 1.0]] + rng.normal(size=(n, 2))
    y[::4, 1] = np.nan
    return X, y


def covered(model, X, y, coverage=0.8):
    interval = model.predict_interval(X, coverage)
    inside = (interval[..., 0] <= y) & (y <= interval[..., 1])
    return inside[~np.isnan(y)].mean()


def test_each_sample_keeps_its_error_under_the_member_that_held_it_out():
    X, y = draw()
    model = MultiTaskRegressor(**NET).fit(X, y)
    data = model._state.calibration
    np.testing.assert_allclose(data.truth, y - np.stack(model.oof_prediction_, 1), 1e-6)
    assert np.bincount(data.fold).tolist() == [80, 80, 80]
    members = np.stack(model.predict_members(X), axis=-1)  # (n_members, n, n_tasks)
    own = members[data.fold, np.arange(240)]
    np.testing.assert_allclose(own, np.stack(model.oof_prediction_, 1), atol=1e-5)


def test_a_validation_set_calibrates_the_mean_of_the_members():
    (X, y), (X_val, y_val) = draw(), draw(seed=1)
    model = MultiTaskRegressor(**NET).fit(X, y, X_val=X_val, y_val=y_val)
    data = model._state.calibration
    np.testing.assert_allclose(data.truth, y_val - model.predict(X_val), atol=1e-5)
    assert not data.is_by_member
    assert covered(model, *draw(2000, seed=2)) == pytest.approx(0.8, abs=0.06)


def test_one_member_calibrates_on_the_samples_that_it_held_out():
    X, y = draw(400)
    net = {**NET, "n_members": 1, "validation_fraction": 0.25}
    model = MultiTaskRegressor(**net).fit(X, y)
    assert len(model._state.calibration.truth) == 100
    assert covered(model, *draw(2000, seed=2)) == pytest.approx(0.8, abs=0.08)


def test_the_mean_of_members_has_shorter_intervals_than_their_errors_say():
    X, y = draw()
    model = MultiTaskRegressor(**NET).fit(X, y)
    width = np.diff(model.predict_interval(X))
    model._state.calibration.is_by_member = False
    longer = np.diff(model.predict_interval(X))
    assert (longer >= width).all()  # equal where all members are clipped
    assert longer.mean() > 1.02 * width.mean()


def test_weights_of_samples_count_in_the_calibration():
    X, y = draw()
    y[120:] += np.random.default_rng(1).normal(size=(120, 2)) * 20
    weights = np.repeat([1.0, 1e-3], 120)
    model = MultiTaskRegressor(**NET).fit(X, y, sample_weight=weights)
    narrow = np.diff(model.predict_interval(X)).mean()
    model._state.calibration.weights = model._state.calibration.made = None
    assert np.diff(model.predict_interval(X)).mean() > 2 * narrow


def test_further_training_leaves_nothing_to_calibrate_on():
    X, y = draw()
    model = MultiTaskRegressor(**NET).fit(X, y).partial_fit(X[:50], y[:50])
    message = "MultiTaskRegressor: intervals and sets require predictions"
    with pytest.raises(ValueError, match=message):
        model.predict_interval(X)


def test_an_added_task_has_infinite_intervals_and_others_keep_theirs():
    X, y = draw()
    model = MultiTaskRegressor(**NET).fit(X, y)
    before = model.predict_interval(X)
    model.add_task(X, y[:, 0] * 2.0, name="new")
    after = model.predict_interval(X)
    assert np.isinf(after[:, 2]).all()
    np.testing.assert_allclose(np.diff(after[:, :2]), np.diff(before), rtol=0.2)


def test_a_removed_task_takes_its_errors_along():
    X, y = draw()
    model = MultiTaskRegressor(**NET)
    weights = np.random.default_rng(0).uniform(size=y.shape)
    model.fit(X, y, sample_weight=weights)
    before = model.predict_interval(X)[:, 1]
    model.drop_task("task0")
    after = model.predict_interval(X)[:, 0]
    # the scale no longer knows what was predicted for the other task
    assert np.diff(after).mean() == pytest.approx(np.diff(before).mean(), rel=0.1)


def test_classes_that_are_added_are_in_the_sets_in_their_place():
    X, y = draw()
    labels = np.digitize(y[:, [0]], [0.0]) * 2.0  # classes 0 and 2
    model = MultiTaskMixedEstimator(
        **NET, task_types="classification", task_weight=None
    ).fit(X, labels)
    before = model.predict_set(X, 0.95)[0]
    assert before.shape == (240, 2)
    model.add_classes("task0", [1.0])
    after = model.predict_set(X, 0.95)[0]
    np.testing.assert_array_equal(after[:, [0, 2]], before)
    assert not after[:, 1].any()


@pytest.mark.parametrize("training_state", [True, False])
def test_a_file_keeps_the_intervals(tmp_path, training_state):
    X, y = draw()
    model = MultiTaskRegressor(**NET).fit(X, y)
    expected = model.predict_interval(X, joint=True)
    save(model, tmp_path / "net", training_state=training_state)
    found = load(tmp_path / "net").predict_interval(X, joint=True)
    np.testing.assert_array_equal(found, expected)
