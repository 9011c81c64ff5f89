"""`update`: what a net learns from new samples, and when it stays as it was."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback

import sklearn_mtl
from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError, UpdateRefusedWarning
from sklearn_mtl.modules import Conv, MixtureOfExperts
from sklearn_mtl.neural_network.updates._update import _Trial
from tests.neural_network.nets import ALL, parameters, same_bits, table, targets_of
from tests.neural_network.nets import tiny as tiny_net

N = 400  # samples of the fit
EVERY_KIND = pytest.mark.parametrize(
    ("cls", "n_members"),
    [
        (MultiTaskMixedEstimator, 1),
        (MultiTaskMixedEstimator, 4),
        *(
            pytest.param(cls, n_members, marks=pytest.mark.exhaustive)
            for cls in ALL[:2]
            for n_members in (1, 4)
        ),
    ],
)


def tiny(cls, **arguments):
    wanted = {"n_members": 2, "n_stored_samples": 200, "lr": 0.02, **arguments}
    return tiny_net(cls, **{"max_epochs": 12, "batch_size": 32, **wanted})


def fitted(cls=MultiTaskMixedEstimator, n_samples=1000, **arguments):
    """Return a net that was fitted on the first samples, and all samples."""
    X, y = table(n_samples)
    y = targets_of(cls, y)
    return tiny(cls, **arguments).fit(X[:N], y[:N]), X, y


def shuffled(y, seed=3):
    return y[np.random.default_rng(seed).permutation(len(y))]


@pytest.fixture
def whole_net(monkeypatch):
    """Let the whole net learn, and not the heads alone."""
    monkeypatch.setattr(_Trial, "ways", lambda self, state: [(10, 0.1)])


def refused(model, X, y):
    with pytest.warns(UpdateRefusedWarning) as caught:
        model.update(X, y)
    return str(caught[0].message)


@EVERY_KIND
def test_samples_of_the_same_population_do_not_hurt(cls, n_members):
    model, X, y = fitted(cls, n_members=n_members, n_samples=3000)
    before = model.score(X[1000:], y[1000:])
    assert model.update(X[N:700], y[N:700]) is model
    assert model.update_.is_accepted
    assert model.update_.n_new == 300
    assert model.score(X[1000:], y[1000:]) > before - 0.01


@EVERY_KIND
def test_shuffled_labels_are_refused_and_change_nothing(cls, n_members):
    model, X, y = fitted(cls, n_members=n_members)
    before, state = copy.deepcopy(model), model._state
    message = refused(model, X[N:], shuffled(y[N:]))
    assert message.startswith(f"{cls.__name__}: update was refused, and the net was")
    assert "on stored samples the loss of task 'task0' increased from" in message
    assert not model.update_.is_accepted
    assert same_bits(model, before)
    assert model._state.stored is state.stored
    for key, values in before.history_.items():
        np.testing.assert_array_equal(model.history_[key], values)
    # what comes next is what would have come without it
    for one in (model, before):
        one.update(X[N:700], y[N:700]).partial_fit(X[700:], y[700:])
    assert same_bits(model, before)


def shifted(n_samples=2400, seed=0):
    """Return samples whose second half has a sign of a feature never seen before."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 3))
    is_old = np.arange(n_samples) < n_samples // 2
    X[:, 2] = np.where(is_old, -1.0, 1.0) * np.abs(X[:, 2])
    bent = X[:, 2] + 0.3 * np.maximum(X[:, 2], 0.0)
    y = np.column_stack([X[:, 0] + bent, X[:, 1] - bent])
    return X, y + 0.3 * rng.normal(size=y.shape)


@pytest.mark.parametrize(
    "n_members", [pytest.param(1, marks=pytest.mark.exhaustive), 4]
)
def test_a_shifted_month_is_learned_and_the_old_ones_stay(n_members):
    X, y = shifted()
    tests = X[600:1200], y[600:1200], X[1800:], y[1800:]
    model = tiny(MultiTaskRegressor, n_members=n_members, max_epochs=40)
    model.set_params(n_stored_samples=1000).fit(X[:600], y[:600])
    was_old, was_new = model.score(*tests[:2]), model.score(*tests[2:])
    whole = []
    for part in np.split(np.arange(1200, 1800), 3):
        model.update(X[part], y[part])
        assert model.update_.is_accepted
        whole.append(model.update_.whole_net)
    # what is new needs all layers, what is left the last ones
    assert whole == [True, False, False]
    noise = 1 - 2 * 0.3**2 / y[1800:].var(axis=0).sum()  # of a perfect model
    assert model.score(*tests[2:]) > noise - 0.02
    assert was_new < noise - 0.2
    assert model.score(*tests[:2]) > was_old - 0.01


@pytest.mark.parametrize("cls", ALL[1:])
def test_without_stored_samples_only_the_heads_learn(cls):
    model, X, y = fitted(cls, n_stored_samples=0)
    before = parameters(model)
    model.update(X[N:], y[N:])
    assert (model.update_.whole_net, model.update_.n_replayed) == (False, 0)
    assert model.update_.on_stored == {}
    assert set(model.update_.on_new) == set(model.task_names_in_)
    for name, value in parameters(model).items():
        is_head = name.startswith("heads.")
        assert torch.equal(value, before[name]) != is_head
    assert model._state.stored.samples is None


def test_heads_learn_only_what_their_member_does_not_hold_out():
    model, X, y = fitted(MultiTaskRegressor, n_stored_samples=0)
    other = copy.deepcopy(model)
    model.update(X[N:600], y[N:600])
    held = model.update_.on_new["task0"]
    assert held.n_samples == 200  # each by one of two members
    # half of the labels count for each member
    labels = model._state.head_update.n_labels - other._state.head_update.n_labels
    np.testing.assert_array_equal(labels, 100.0)


@pytest.mark.parametrize("n_stored", [0, 200])
def test_a_task_without_new_labels_is_not_lost(n_stored):
    model, X, y = fitted(n_stored_samples=n_stored, n_samples=2000)
    before = [model.task(t).score(X[1000:], y[1000:, t]) for t in range(3)]
    outputs = model._task_outputs(X)[1]
    late = y[N:1000].copy()
    late[:, 1] = np.nan
    model.update(X[N:1000], late)
    assert model.update_.is_accepted
    assert "task1" not in model.update_.on_new
    assert model.task(1).score(X[1000:], y[1000:, 1]) > before[1] - 0.02
    if not n_stored:
        np.testing.assert_array_equal(model._task_outputs(X)[1], outputs)


@pytest.mark.usefixtures("whole_net")
def test_no_member_learns_what_it_holds_out():
    seen = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, **kwargs):
            seen.append(batch[0][0].double().numpy())

    X, y = table(1000)
    watch = Watch()
    model = tiny(MultiTaskRegressor, lr=0.003, n_stored_samples=2000, dtype="float64")
    model.set_params(callbacks=[watch]).fit(X[:N], y[:N, 2])
    for first in (N, 600, 800):
        seen.clear()
        model.update(X[first : first + 100], y[first : first + 100, 2])
        stored = model._state.stored.samples
        held = model._state.preparation.transform(stored.X[~stored.trains[:, 0]])
        batches = np.concatenate(seen)
        assert len(batches) > 0
        assert not _common(batches, held)
        seen.clear()
        model.partial_fit(X[950:951], y[950:951, 2])  # the heads alone
    assert model.callbacks[0] is watch
    assert ("Watch", watch) in model.net_.callbacks_


def _common(rows, others):
    """Return whether two sets of rows have one in common."""
    return bool({tuple(row) for row in rows} & {tuple(row) for row in others})


def test_a_stream_never_learns_what_update_held_out():
    seen = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, **kwargs):
            seen.append(batch[0][0].double().numpy())

    X, y = table(500)
    model = tiny(MultiTaskRegressor, n_members=1, dtype="float64")
    model.set_params(callbacks=[Watch()], n_stored_samples=1000)
    model.partial_fit(X[:100], y[:100, 2])
    model.update(X[100:150], y[100:150, 2])
    held = ~model._state.stored.samples.trains[:, 0]
    assert held.sum() == 8  # of 50 new ones
    kept = model._state.stored.samples.X[held]
    seen.clear()
    model.partial_fit(X[150:200], y[150:200, 2])
    assert not _common(np.concatenate(seen), model._state.preparation.transform(kept))
    seen.clear()  # 200 samples were twice those of the first call: made anew
    model.partial_fit(X[200:500], y[200:500, 2])
    rows = np.concatenate(seen)
    assert len(rows) == 492
    assert not _common(rows, model._state.preparation.transform(kept))


def test_new_samples_are_stored_and_judge_the_next_update():
    model, X, y = fitted(MultiTaskRegressor)
    model.update(X[N:800], y[N:800])
    stored = model._state.stored
    assert stored.n_seen == 800
    X_stored = stored.samples.X.numeric
    rows = [np.flatnonzero((x == X).all(axis=1))[0] for x in X_stored]
    # half are new ones; four standard deviations
    assert abs(np.mean(np.array(rows) >= N) - 0.5) < 4 * np.sqrt(0.25 / 200)
    model.update(X[800:], y[800:])
    assert model.update_.on_stored["task0"].n_samples == 200


def test_groups_are_held_out_together():
    model, X, y = fitted(MultiTaskRegressor, n_stored_samples=2000)
    group = np.repeat(np.arange(60), 10)
    model.update(X[N:], y[N:], groups=group)
    new = model._state.stored.samples.trains[-600:].reshape(60, 10, -1)
    assert (new == new[:, :1]).all()
    assert not new.all()
    with pytest.warns(UserWarning, match="all samples are in one group"):
        model.update(X[N:500], y[N:500], groups=np.zeros(100))
    assert model.update_.on_new == {}
    with pytest.raises(ValueError, match="groups has 3 samples, X has 600"):
        model.update(X[N:], y[N:], groups=[1, 2, 3])


@pytest.mark.parametrize("n_stored", [0, 200])
def test_a_call_that_fails_leaves_the_net_as_it_was(n_stored):
    class Break(Callback):
        broken = False

        def on_epoch_begin(self, net, **kwargs):
            if self.broken:
                raise RuntimeError("power cut")

    callback = Break()
    model, X, y = fitted(MultiTaskClassifier, n_stored_samples=n_stored)
    model.set_params(callbacks=[callback]).update(X[N:500], y[N:500])
    before, kept = dict(vars(model)), parameters(model)
    callback.broken = True
    bad = np.full((10, 2), 7.0)
    for inputs, targets, message in (
        (X[:0], y[:0], "0 sample"),
        (X[:, :3], y, "has 3 features, but"),
        (X, y[:50], "inconsistent numbers of samples"),
        (X, y[:, 0], "1 tasks, but 2 were seen in fit"),
        (X[:10], bad, r"labels \[7.0\] in y that were not seen in fit"),
        (X[N:], y[N:], "power cut"),
    ):
        with pytest.raises((ValueError, RuntimeError), match=message):
            model.update(inputs, targets)
        assert vars(model) == before
    after = parameters(model)
    assert all(torch.equal(after[name], kept[name]) for name in kept)


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "file"])
def test_an_update_goes_on_from_a_copy(how, tmp_path):
    model, X, y = fitted()
    if how == "deepcopy":
        other = copy.deepcopy(model)
    elif how == "pickle":
        other = pickle.loads(pickle.dumps(model))
    else:
        sklearn_mtl.save(model, tmp_path / "net.mtl", training_state=True)
        other = sklearn_mtl.load(tmp_path / "net.mtl")
    for one in (model, other):
        one.update(X[N:700], y[N:700])
    assert other.update_ == model.update_
    assert same_bits(model, other)


def test_a_file_for_predictions_has_no_samples(tmp_path):
    model, X, y = fitted()
    model.update(X[N:700], y[N:700])
    sklearn_mtl.save(model, tmp_path / "net.mtl")
    loaded = sklearn_mtl.load(tmp_path / "net.mtl")
    assert loaded._state.stored.samples is None
    with pytest.raises(ValueError, match="without optimiser state"):
        loaded.update(X, y)


def test_stored_samples_follow_the_tasks():
    model, X, y = fitted(n_samples=1000)
    model.add_task(X[:300], X[:300, 3] > 0, name="new", compare=False)
    codes = model._state.stored.samples.codes[:, -1]
    # more than those of 300 among 700 samples: each task has a share of those stored
    assert (~np.isnan(codes)).sum() >= 50
    model.drop_task("task0").rename_task("task2", "value")
    model.add_classes("task1", [9.0])
    late = np.column_stack([y[:, 1], y[:, 2], X[:, 3] > 0])[N:]
    late[::5, 0] = 9.0
    frame = pd.DataFrame(late, columns=["task1", "value", "new"])
    model.update(X[N:], frame)
    assert model.update_.is_accepted
    assert set(model.update_.on_stored) == {"task1", "value"}
    assert set(model.update_.on_new) == {"new", "task1", "value"}


def test_a_task_whose_labels_are_not_stored_is_not_spoiled():
    model, X, y = fitted()
    model.set_params(n_stored_samples=0)
    model.add_task(X[:300], X[:300, 3] > 0, name="new", compare=False)
    late = np.column_stack([y, np.full(len(y), np.nan)])[N:]
    outputs = model.predict_proba(X)[-1]
    model.update(X[N:], late)
    assert not model.update_.whole_net
    np.testing.assert_array_equal(model.predict_proba(X)[-1], outputs)


@pytest.mark.parametrize("container", ["frame", "sparse", "pictures"])
@pytest.mark.usefixtures("whole_net")
def test_all_containers_can_be_stored_and_updated(container):
    X, y = table(700)
    arguments = {}
    if container == "frame":
        X = pd.DataFrame(X, columns=list("abcd"))
        X["colour"] = np.where(X["a"] > 0, "red", "blue")
        X.iloc[::7, 1] = np.nan
    elif container == "sparse":
        X = sparse.csr_array(X)
    else:
        X = np.repeat(X[:, :, None, None], 2, axis=3)
        arguments["trunk"] = Conv((4, 1, 2), (4,), kernel_size=1, pool=1)
    y = pd.DataFrame({"sign": np.where(y[:, 0] > 0, "yes", "no"), "value": y[:, 2]})

    def part(start, stop):
        if container == "frame":
            return X.iloc[start:stop], y.iloc[start:stop]
        return X[start:stop], y.iloc[start:stop]

    model = tiny(MultiTaskMixedEstimator, **arguments).fit(*part(0, N))
    later, labels = part(N, 700)
    model.update(later, labels[["value", "sign"]])
    assert model.update_.is_accepted
    assert set(model.update_.on_stored) == {"sign", "value"}
    assert set(model.predict(later)[:, 0]) == {"no", "yes"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"balancing": "uncertainty", "task_schedule": "sampled"},
        pytest.param({"balancing": "upgrad"}, marks=pytest.mark.exhaustive),
        {"head": "feedback", "task_relation": np.eye(3)},
        {"trunk": MixtureOfExperts(2), "class_weight": "balanced"},
        pytest.param(
            {"shared_penalty": 1e-3, "monitor": "gradients", "clip_predictions": True},
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=str,
)
@pytest.mark.usefixtures("whole_net")
def test_every_objective_can_be_updated(arguments):
    cls = MultiTaskClassifier if "class_weight" in arguments else None
    model, X, y = fitted(cls or MultiTaskMixedEstimator, **arguments)
    n_epochs = model.n_iter_
    model.update(X[N:700], y[N:700])
    assert model.update_.is_accepted
    assert model.n_iter_ == len(model.history_["train_loss"]) == n_epochs + 10
    assert model.best_epoch_ == model.n_iter_
    rates = model.history_["lr"][-10:]
    assert (np.diff(rates) < 0).all()
    assert rates[0] <= 0.1 * model.lr
    model.partial_fit(X[700:], y[700:])
    model.set_params(warm_start=True).fit(X, y)


def test_class_weights_count_new_labels():
    model, X, y = fitted(MultiTaskClassifier, class_weight="balanced")
    before = model._state.class_mass.copy()
    model.update(X[N:700], y[N:700])
    added = model._state.class_mass - before
    np.testing.assert_array_equal(added[0, :2], np.bincount(y[N:700, 0].astype(int)))


@pytest.mark.usefixtures("whole_net")
def test_a_label_of_weight_zero_is_no_label():
    model, X, y = fitted(MultiTaskRegressor)
    other = copy.deepcopy(model)
    weights = np.ones((300, 2))
    weights[::3, 0] = 0.0
    model.update(X[N:700], y[N:700], sample_weight=weights)
    other.update(X[N:700], np.where(weights > 0, y[N:700], np.nan))
    assert same_bits(model, other)
    assert model.update_ == other.update_


def test_without_a_label_nothing_happens():
    model, X, y = fitted()
    before = parameters(model)
    model.update(X[N:], np.full_like(y[N:], np.nan))
    after = parameters(model)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert (model.update_.is_accepted, model.update_.n_new) == (True, 0)


def test_one_sample_is_learned():
    model, X, y = fitted()
    model.update(X[N : N + 1], y[N : N + 1])
    assert (model.update_.n_new, model.update_.on_new) == (1, {})
    assert set(model.update_.on_stored) == set(model.task_names_in_)
    assert model._state.stored.n_seen == N + 1


@pytest.mark.usefixtures("whole_net")
def test_heads_know_the_labels_of_an_update():
    model, X, y = fitted(MultiTaskRegressor, n_members=1, lr=0.005)
    before = model._state.head_update
    model.update(X[N:600], y[N:600])
    after = model._state.head_update
    np.testing.assert_array_equal(after.n_labels - before.n_labels, 170.0)
    assert after.n_rows == before.n_rows + 200
    assert not torch.equal(after.moment, before.moment)


@pytest.mark.usefixtures("whole_net")
def test_an_update_draws_nothing_from_global_generators():
    model, X, y = fitted()
    other = copy.deepcopy(model)
    state = torch.get_rng_state()
    model.update(X[N:700], y[N:700])
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    assert same_bits(model, other.update(X[N:700], y[N:700]))


def test_the_last_step_of_a_pipeline_is_updated():
    X, y = table(700)
    model = make_pipeline(StandardScaler(), tiny(MultiTaskMixedEstimator))
    model.fit(X[:N], y[:N])
    model[-1].update(model[:-1].transform(X[N:]), y[N:])
    assert model[-1].update_.is_accepted


def test_there_is_no_record_before_an_update():
    model, X, y = fitted()
    with pytest.raises(AttributeError, match="update was not called after"):
        _ = model.update_
    model.update(X[N:500], y[N:500])
    for warm_start in (True, False):
        model.update(X[N:500], y[N:500]).set_params(warm_start=warm_start)
        assert not hasattr(model.fit(X[:N], y[:N]), "update_")


def test_an_unknown_class_is_refused_by_name():
    model, X, y = fitted(MultiTaskClassifier)
    with pytest.raises(TaskError, match=r"task 'task0' has labels \[3.0, 4.0\]"):
        model.update(X[:5], y[:5] + 3)
