"""A fit that goes on from a checkpoint gives the bits of one that never stopped."""

import threading
import warnings
from collections import deque

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    Freezer,
    LRScheduler,
)
from torch import nn

from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.balancing import Asynchronous, Sampled
from sklearn_mtl.ensemble import MultiTaskBlendRegressor, MultiTaskForestRegressor
from sklearn_mtl.modules import Augmentation, Conv, MixtureOfExperts
from sklearn_mtl.preprocessing import PiecewiseLinear
from tests.neural_network.checkpoint.crash import (
    assert_same_history,
    count_epochs,
    crash_after,
)
from tests.neural_network.nets import same_bits, table, targets_of, tiny, with_gaps

X, Y = table()
Y = with_gaps(Y)
N_EPOCHS = 6
RANDOM = {"batch_size": 32, "early_stopping": True, "dropout": 0.2, "n_members": 2}


def net(cls=MultiTaskMixedEstimator, **arguments):
    return tiny(cls, **{"max_epochs": N_EPOCHS, **RANDOM, **arguments})


def goes_on(make, *args, at=3, **kwargs):
    """Compare a fit that crashed with one that did not; `make` makes the net."""
    undisturbed = make().set_params(checkpoint=None).fit(*args, **kwargs)
    crash_after(at, make(), *args, **kwargs)
    model = make()
    n_run = count_epochs(model, *args, **kwargs)
    assert n_run == undisturbed.n_iter_ - at
    assert same_bits(model, undisturbed)
    assert_same_history(model, undisturbed)
    assert model.best_epoch_ == undisturbed.best_epoch_
    return undisturbed, model


class Counting(nn.Module):
    """Counts its calls in an attribute, which its output depends on."""

    def __init__(self, n_features):
        super().__init__()
        self.linear = nn.Linear(n_features, 8)
        self.norm = nn.BatchNorm1d(8)
        self.drop = nn.Dropout(0.3)
        self.register_buffer("seen", torch.zeros(()), persistent=False)
        self.n_calls = 0

    def forward(self, x):
        if self.training:
            self.n_calls += 1
            self.seen += x.abs().mean()
        scale = 1 + self.n_calls % 7 / 10 + self.seen / 100
        return self.drop(self.norm(self.linear(x))) * scale


OPTIONS = {
    "members": {"n_members": 3},
    "one member": {"n_members": 1},
    "one batch in float64": {"batch_size": None, "early_stopping": False},
    "bfloat16": {"dtype": "bfloat16"},
    "float16": {"dtype": "float16"},
    "constant rate": {"lr_schedule": "constant"},
    "adam": {"optimizer": "adam"},
    "sgd": {"optimizer": "sgd"},
    # its state has float32 beside parameters of float64
    "nadam": {"optimizer": torch.optim.NAdam, "dtype": "float64"},
    "embedding": {"numeric_embedding": PiecewiseLinear(4)},
    "schedule in turns": {"task_schedule": Asynchronous(order="random")},
    "schedule by loss": {"task_schedule": Sampled(n_tasks=2, frequency="loss")},
    "learned relation": {"task_relation": "learned", "relation_strength": 0.5},
    "shared penalty": {"shared_penalty": 0.01},
    "monitor": {"monitor": "gradients"},
    "experts": {"trunk": MixtureOfExperts(3, (8,), dropout=0.1)},
    "feedback": {"head": "feedback"},
    "own module": {"trunk": Counting, "n_members": 1},
    "members of an own module": {"trunk": Counting, "n_members": 2},
    **{
        name: {"balancing": name, "lr": 0.02}
        for name in (
            *("uncertainty", "dwa", "random", "famo", "imtl_l", "stch"),
            *("mgda", "pcgrad", "gradnorm", "nash_mtl"),
        )
    },
    "kept weights of gradients": {
        "balancing": "upgrad",
        "gramian": "shared",
        "update_every": 7,
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_goes_on(name, tmp_path):
    options = OPTIONS[name]
    cls = MultiTaskRegressor if "relation" in name else MultiTaskMixedEstimator
    y = Y[:, [2, 2]] * [1, -1] if cls is MultiTaskRegressor else Y
    goes_on(lambda: net(cls, **options, checkpoint=tmp_path), X, y)


@pytest.mark.parametrize(
    "cls", [MultiTaskClassifier, MultiTaskRegressor, MultiTaskMixedEstimator]
)
def test_every_net_goes_on_after_any_epoch(cls, tmp_path):
    y = targets_of(cls, Y)
    plain = net(cls).fit(X, y)
    for at in range(N_EPOCHS):
        folder = tmp_path / str(at)
        _, model = goes_on(lambda f=folder: net(cls, checkpoint=f), X, y, at=at)
        assert same_bits(model, plain)  # as without a checkpoint
        for one, other in zip(
            model._task_outputs(X), plain._task_outputs(X), strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_a_fit_may_crash_again_and_again(tmp_path):
    plain = net().fit(X, Y)
    for at in range(1, N_EPOCHS):
        crash_after(at, net(checkpoint=tmp_path), X, Y)
    model = net(checkpoint=tmp_path)
    assert count_epochs(model, X, Y) == 1
    assert same_bits(model, plain)
    assert_same_history(model, plain)


@pytest.mark.parametrize("name", ["weighting", "scalarizer"])
def test_objects_of_torchjd_go_on(name, tmp_path):
    torchjd = pytest.importorskip("torchjd")
    method = {
        "weighting": lambda: torchjd.aggregation.GradVac(),
        "scalarizer": lambda: torchjd.scalarization.FAMO(3),
    }[name]
    goes_on(lambda: net(balancing=method(), checkpoint=tmp_path), X, Y)


def test_pictures_go_on_with_their_augmentation_and_batch_statistics(tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, size=(120, 1, 6, 6), dtype=np.uint8)
    trunk = Conv(
        (1, 6, 6),
        channels=(4,),
        hidden=8,
        normalization="batch",
        augmentation=Augmentation(shift=1, flip=True, noise=0.1),
    )
    goes_on(lambda: net(trunk=trunk, checkpoint=tmp_path), pictures, Y)


def test_early_stopping_goes_on_waiting(tmp_path):
    options = {"lr": 0.3, "n_iter_no_change": 2, "max_epochs": 30}
    made = lambda: net(**options, checkpoint=tmp_path)  # noqa: E731
    undisturbed, model = goes_on(made, X, Y, at=2)
    assert model.n_iter_ < 30  # it stopped
    np.testing.assert_array_equal(
        model.oof_prediction_[0], undisturbed.oof_prediction_[0]
    )


@pytest.mark.parametrize("kind", ["groups", "validation"])
def test_hold_outs_of_the_caller_go_on(kind, tmp_path):
    given = {"groups": np.arange(120) // 10}
    if kind == "validation":
        given = {"X_val": X[:30], "y_val": Y[:30], "sample_weight_val": np.ones(30) * 2}
    goes_on(lambda: net(checkpoint=tmp_path), X, Y, **given)


def test_text_labels_frames_and_weights_go_on(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=list("pqr") * 40)
    y = pd.DataFrame(
        {"u": np.where(Y[:, 0] > 0, "yes", "no"), "v": Y[:, 2], "w": list("xyz") * 40}
    )
    weight = np.random.default_rng(0).random((120, 3))
    _, model = goes_on(
        lambda: net(class_weight="balanced", checkpoint=tmp_path), frame, y, weight
    )
    assert model.task_names_in_.tolist() == ["u", "v", "w"]
    assert model.classes_[0].tolist() == ["no", "yes"]
    # another container of the same data is the same training
    copy = net(class_weight="balanced", checkpoint=tmp_path)
    assert count_epochs(copy, frame.copy(), y.copy(), weight.tolist()) == 0


def test_a_warm_start_goes_on(tmp_path):
    def warm():
        return net(warm_start=True, checkpoint=tmp_path)

    undisturbed = net(warm_start=True).fit(X, Y).fit(X, Y)
    first = warm().fit(X, Y)
    crash_after(2, first, X, Y)
    again = warm()
    assert count_epochs(again, X, Y) == 0
    assert again.n_iter_ == N_EPOCHS
    assert count_epochs(again, X, Y) == N_EPOCHS - 2
    assert same_bits(again, undisturbed)
    assert_same_history(again, undisturbed)


def test_the_net_of_a_blend_goes_on(tmp_path):
    def blend(folder):
        one = net(MultiTaskRegressor, random_state=None, checkpoint=folder)
        parts = [("net", one), ("forest", MultiTaskForestRegressor(n_estimators=5))]
        return MultiTaskBlendRegressor(parts, random_state=0)

    y = Y[:, [2]]
    undisturbed = blend(None).fit(X, y)
    crash_after(3, blend(tmp_path), X, y)
    model = blend(tmp_path)
    n_run = count_epochs(model, X, y)
    assert n_run == count_epochs(blend(None), X, y) - 3
    np.testing.assert_array_equal(model.predict(X), undisturbed.predict(X))


def test_partial_fit_writes_no_checkpoint(tmp_path):
    model = net(MultiTaskRegressor, checkpoint=tmp_path / "new")
    model.partial_fit(X, Y[:, [2]]).partial_fit(X, Y[:, [2]])
    assert not (tmp_path / "new").exists()


class Diary(Callback):
    """Keeps objects of many kinds, some of which no file can hold."""

    def on_train_begin(self, net, **kwargs):
        self.rng = np.random.default_rng(3)
        self.generator = torch.Generator().manual_seed(3)
        self.latest = deque(maxlen=2)
        self.sums = {("a", 1): 0.0}
        self.weight = net.module_.heads.weight  # not a copy
        self.key = lambda value: value * 2
        self.lock = threading.Lock()
        self.lowered = []

    def on_epoch_end(self, net, **kwargs):
        noise = self.rng.random() + float(torch.rand((), generator=self.generator))
        with self.lock:
            self.latest.append(self.key(noise))
        self.sums["a", 1] += noise
        net.history.record("noise", self.latest[0] + self.sums["a", 1])
        with torch.no_grad():  # whose next step depends on all of it
            self.weight += 0.01 * self.latest[0]
        self.lowered.append(net.history[-1, "train_loss"])

    def on_train_end(self, net, **kwargs):
        del self.lock, self.key


class Counter(Callback):
    """Says itself what its state is."""

    def __init__(self, start=0):
        self.start = start

    def on_train_begin(self, net, **kwargs):
        self.n, self.made = self.start, object()

    def on_epoch_end(self, net, **kwargs):
        self.n, self.made = self.n + 1, lambda: None

    def state_dict(self):
        return {"n": self.n}

    def load_state_dict(self, state):
        self.n = state["n"]


CALLBACKS = {
    "rate on a plateau": lambda: LRScheduler(
        "ReduceLROnPlateau", monitor="train_loss", patience=0, threshold=1e3
    ),
    "rate by a function": lambda: LRScheduler(
        "LambdaLR", lr_lambda=lambda epoch: 1 / (1 + epoch)
    ),
    "rate by batches": lambda: LRScheduler(
        "CyclicLR", base_lr=1e-4, max_lr=1e-1, step_size_up=5, step_every="batch",
        cycle_momentum=False,
    ),
    "frozen": lambda: Freezer("trunk.*", at=lambda net: len(net.history) == 2),
    "best": lambda: EarlyStopping("train_loss", patience=100, load_best=True),
    "diary": Diary,
    "counter": Counter,
    "class": Counter,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLBACKS)
def test_callbacks_go_on(name, tmp_path):
    def make():
        callback = CALLBACKS[name]
        callback = callback if name == "class" else callback()
        options = {"lr_schedule": "constant", "lr": 0.2 if name == "best" else 0.003}
        return net(callbacks=[("one", callback)], checkpoint=tmp_path, **options)

    undisturbed, model = goes_on(make, X, Y)
    one, other = dict(model.net_.callbacks_)["one"], dict(undisturbed.net_.callbacks_)
    if name == "diary":
        assert one.lowered == other["one"].lowered
        assert len(one.lowered) == N_EPOCHS
    if name in ("counter", "class"):
        assert one.n == N_EPOCHS


def test_the_callback_that_the_caller_has_is_the_one_that_goes_on(tmp_path):
    crash_after(3, net(callbacks=[Counter(1)], checkpoint=tmp_path), X, Y)
    mine = Counter(1)
    net(callbacks=[mine], checkpoint=tmp_path).fit(X, Y)
    assert mine.n == 1 + N_EPOCHS


class Late(Callback):
    def on_epoch_end(self, net, **kwargs):
        self.made = lambda: None


def test_what_no_checkpoint_can_hold_is_named_in_the_first_epoch(tmp_path):
    model = net(callbacks=[Late()], checkpoint=tmp_path)
    with pytest.raises(TypeError, match=r"callbacks.*made.*on_train_begin"):
        model.fit(X, Y)
    assert not hasattr(model, "net_")


class Stop(Callback):
    def on_batch_end(self, net, **kwargs):
        if net.n_steps_ == 7:  # in the middle of an epoch
            raise KeyboardInterrupt


def test_a_training_that_a_callback_ended_is_over(tmp_path):
    plain = net(callbacks=[Stop()]).fit(X, Y)
    made = net(callbacks=[Stop()], checkpoint=tmp_path).fit(X, Y)
    again = net(callbacks=[Stop()], checkpoint=tmp_path)
    assert count_epochs(again, X, Y) == 0
    assert same_bits(made, plain)
    assert same_bits(again, plain)
    assert again.n_iter_ == plain.n_iter_


def test_a_completed_fit_comes_back_at_once_and_keeps_one_file(tmp_path):
    made = net(checkpoint=tmp_path).fit(X, Y)
    assert len(list(tmp_path.rglob("*.mtl"))) == 1
    again = net(checkpoint=str(tmp_path), verbose=0, n_threads=None)
    assert count_epochs(again, X, Y) == 0
    assert same_bits(made, again)
    np.testing.assert_array_equal(made.history_["duration"], again.history_["duration"])
    np.testing.assert_array_equal(made.oof_prediction_[0], again.oof_prediction_[0])


def test_a_fit_without_a_seed_goes_on_with_the_seed_that_it_drew(tmp_path):
    def make():
        return net(random_state=None, checkpoint=tmp_path)

    crash_after(3, make(), X, Y)
    model = make()
    assert count_epochs(model, X, Y) == N_EPOCHS - 3
    assert same_bits(model, net(random_state=model._state.seed).fit(X, Y))
    assert list(tmp_path.iterdir()) == []  # nothing is left
    other = make()
    assert count_epochs(other, X, Y) == N_EPOCHS
    assert not same_bits(model, other)


def test_the_same_generator_goes_on(tmp_path):
    def make():
        return net(random_state=np.random.RandomState(5), checkpoint=tmp_path)

    goes_on(make, X, Y)


def test_the_bar_begins_where_the_fit_does(tmp_path, capsys):
    crash_after(4, net(checkpoint=tmp_path), X, Y)
    model = net(checkpoint=tmp_path, verbose=1)
    assert count_epochs(model, X, Y) == N_EPOCHS - 4
    assert f"{N_EPOCHS}/{N_EPOCHS}" in capsys.readouterr().err


def test_global_generators_are_left_alone(tmp_path):
    crash_after(3, net(checkpoint=tmp_path), X, Y)
    torch.manual_seed(0)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net(checkpoint=tmp_path).fit(X, Y)
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002
