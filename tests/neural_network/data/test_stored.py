"""The samples that a net keeps."""

import numpy as np
import pytest

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.neural_network.data._stored import NOTHING, Samples
from sklearn_mtl.neural_network.updates._judge import held_out_losses
from sklearn_mtl.neural_network.updates._update import _Trial
from tests.neural_network.nets import table, tiny


def samples(numbers, trains):
    X = np.asarray(numbers, float)[:, None]
    trains = np.broadcast_to(trains, (len(X), np.shape(trains)[-1]))
    return Samples(X, np.ones_like(X), np.ones_like(X), trains)


def numbers(stored):
    return stored.samples.X[:, 0].astype(int)


def test_every_sample_is_stored_with_the_same_probability():
    counts, rng = np.zeros(60), np.random.default_rng(0)
    for _ in range(1000):
        stored = NOTHING
        for part in np.split(np.arange(60), [10, 15, 40]):
            stored = stored.more(samples(part, [True]), 12, rng)
        counts[numbers(stored)] += 1
        assert len(stored) == 12
    # 1000 draws of probability 1 / 5; four standard deviations
    assert (np.abs(counts - 200) < 4 * np.sqrt(1000 * 0.2 * 0.8)).all()


def test_at_most_half_are_samples_from_which_no_member_learns():
    rng = np.random.default_rng(0)
    trains = (np.arange(100) >= 30)[:, None]
    stored = NOTHING.more(samples(np.arange(100), trains), 20, rng)
    assert (numbers(stored) < 30).sum() == 10
    few = NOTHING.more(samples(np.arange(26, 100), trains[26:]), 20, rng)
    assert (numbers(few) < 30).sum() == 4
    assert len(few) == 20


def test_a_share_of_new_samples_is_stored():
    rng, shares = np.random.default_rng(0), []
    for _ in range(200):
        stored = NOTHING.more(samples(np.arange(5000), [True]), 100, rng)
        stored = stored.more(samples(np.arange(5000, 5200), [True]), 100, rng, 0.25)
        shares.append(np.mean(numbers(stored) >= 5000))
    # 25 new ones are expected below the largest key, among 125
    assert np.mean(shares) == pytest.approx(0.2, abs=0.02)


def test_samples_without_a_label_are_not_stored():
    batch = samples(np.arange(10), [True])
    batch.codes[::2], batch.weights[1] = np.nan, 0.0
    stored = NOTHING.more(batch, 8, np.random.default_rng(0))
    assert numbers(stored).tolist() == [3, 5, 7, 9]
    assert stored.n_seen == 4


@pytest.mark.parametrize("n_stored", ["auto", 0])
def test_fit_stores_nothing_unless_it_is_asked_to(n_stored):
    X, y = table(150)
    model = tiny(MultiTaskClassifier, n_stored_samples=n_stored).fit(X, y[:, :2])
    assert model._state.stored.samples is None


def test_a_stream_stores_nothing_if_it_must_not():
    X, y = table(150)
    model = tiny(MultiTaskRegressor, n_stored_samples=0)
    for rows in np.split(np.arange(150), 5):
        model.partial_fit(X[rows], y[rows, 2])
    assert model._state.stored.samples is None
    assert model._state.stored.n_seen == 150


def test_storing_samples_does_not_change_the_fit():
    X, y = table(150)
    one = tiny(MultiTaskRegressor).fit(X, y[:, 2])
    other = tiny(MultiTaskRegressor, n_stored_samples=50).fit(X, y[:, 2])
    np.testing.assert_array_equal(one.predict(X), other.predict(X))


def test_stored_samples_are_judged_by_the_members_that_held_them_out():
    X, y = table(200)
    model = tiny(MultiTaskClassifier, n_members=4, n_stored_samples=80).fit(X, y[:, 1])
    stored = model._state.stored.samples
    assert ((~stored.trains).sum(axis=1) == 1).all()
    found = held_out_losses(
        model.net_, _Trial.begin(model, model._state, stored, n_new=0).held_out
    )
    rows = [np.flatnonzero((x == X).all(axis=1))[0] for x in stored.X.numeric]
    likelihood = model.oof_prediction_[rows, y[rows, 1].astype(int)]
    np.testing.assert_allclose(found.losses[:, 0], -np.log(likelihood), rtol=1e-4)


def test_samples_of_a_validation_set_are_stored_too():
    X, y = table(300)
    weights = np.arange(1.0, 301.0)
    model = tiny(MultiTaskRegressor, n_members=2, n_stored_samples=60).fit(
        X[:200],
        y[:200, 2],
        weights[:200],
        X_val=X[200:],
        y_val=y[200:, 2],
        sample_weight_val=weights[200:],
    )
    stored = model._state.stored.samples
    rows = [np.flatnonzero((x == X).all(axis=1))[0] for x in stored.X.numeric]
    is_validation = np.array(rows) >= 200
    assert is_validation.sum() == 30
    np.testing.assert_array_equal(stored.trains.all(axis=1), ~is_validation)
    np.testing.assert_array_equal(stored.trains.any(axis=1), ~is_validation)
    np.testing.assert_array_equal(stored.weights[:, 0], weights[rows])


def test_weights_of_classes_are_not_stored():
    X, y = table(150)
    model = tiny(MultiTaskClassifier, class_weight={0: 1.0, 1: 5.0})
    model.set_params(n_stored_samples=20).fit(X, y[:, 0])
    np.testing.assert_array_equal(model._state.stored.samples.weights, 1.0)


def test_samples_are_stored_when_training_comes_from_a_checkpoint(tmp_path):
    X, y = table(150)
    model = tiny(MultiTaskRegressor, checkpoint=tmp_path).fit(X, y[:, 2])
    before = model.predict(X)
    model.set_params(n_stored_samples=50).fit(X, y[:, 2])
    assert len(list(tmp_path.iterdir())) == 1
    np.testing.assert_array_equal(model.predict(X), before)
    assert len(model._state.stored) == 50
