"""Callbacks of skorch, and what stops a fit."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    LRScheduler,
    PrintLog,
    ProgressBar,
    TrainEndCheckpoint,
)

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, per_task_scorers
from sklearn_mtl.neural_network.training._net import BATCH_HOOKS
from tests.neural_network.nets import (
    EXACT,
    parameters,
    same_bits,
    table,
    tiny,
    untrained,
)

X, Y = table()
Y = Y[:, :2]


def fit(*callbacks, **arguments):
    return tiny(MultiTaskClassifier, callbacks=list(callbacks), **arguments).fit(X, Y)


class Record(Callback):
    """Note which hooks were called, in order."""

    def __init__(self):
        self.calls = []

    def on_train_begin(self, net, **kwargs):
        self.calls.append("train_begin")

    def on_train_end(self, net, **kwargs):
        self.calls.append("train_end")

    def on_epoch_begin(self, net, **kwargs):
        self.calls.append("epoch_begin")

    def on_epoch_end(self, net, **kwargs):
        self.calls.append("epoch_end")


class RecordBatches(Record):
    def on_batch_begin(self, net, **kwargs):
        self.calls.append("batch_begin")

    def on_batch_end(self, net, **kwargs):
        self.calls.append("batch_end")

    def on_grad_computed(self, net, **kwargs):
        self.calls.append("grad_computed")


def test_hooks_are_called_in_the_order_of_skorch():
    record = Record()
    fit(record, max_epochs=2)
    epoch = ["epoch_begin", "epoch_end"]
    assert record.calls == ["train_begin", *epoch, *epoch, "train_end"]


def test_hooks_of_a_batch_are_called_where_one_is_overridden():
    record = RecordBatches()
    fit(record, max_epochs=1, batch_size=60)
    batch = ["batch_begin", "grad_computed", "batch_end"]
    epoch = ["epoch_begin", *batch, *batch, "epoch_end"]
    assert record.calls == ["train_begin", *epoch, "train_end"]


@pytest.mark.parametrize("hook", BATCH_HOOKS)
def test_the_notifying_loop_learns_the_same(hook):
    listener = type("Listener", (Callback,), {hook: lambda self, net, **kwargs: None})
    loud = fit(listener(), batch_size=40, early_stopping=True)
    quiet = fit(batch_size=40, early_stopping=True)
    assert same_bits(loud, quiet)
    for key in ("train_loss", "valid_loss", "lr"):
        np.testing.assert_array_equal(loud.history_[key], quiet.history_[key])


def test_gradients_can_be_clipped():
    arguments = {"optimizer": "sgd", "lr": 1.0, "max_epochs": 1, **EXACT}
    start = untrained(tiny(MultiTaskClassifier, **EXACT), X, Y)
    model = fit(GradientNormClipping(1e-3), weight_decay=0.0, **arguments)
    before, after = parameters(start), parameters(model)
    moved = sum(float(((after[k] - before[k]) ** 2).sum()) for k in before) ** 0.5
    assert moved == pytest.approx(1e-3, rel=1e-3)


def test_parts_can_be_frozen():
    start = untrained(tiny(MultiTaskClassifier), X, Y)
    model = fit(Freezer("trunk.*"))
    before, after = parameters(start), parameters(model)
    assert torch.equal(before["trunk.0.weight"], after["trunk.0.weight"])
    assert not torch.equal(before["heads.weight"], after["heads.weight"])


@pytest.mark.parametrize(
    ("arguments", "rates"),
    [
        ({}, [1, 0.5, 0.25, 0.125]),
        ({"step_every": "batch"}, [0.5**3, 0.5**6, 0.5**9, 0.5**12]),
    ],
)
def test_rates_can_be_scheduled(arguments, rates):
    scheduler = LRScheduler("StepLR", step_size=1, gamma=0.5, **arguments)
    model = fit(scheduler, lr_schedule="constant", batch_size=40, max_epochs=4)
    np.testing.assert_allclose(model.history_["lr"], model.lr * np.array(rates))


def test_a_rate_can_fall_on_a_plateau_of_a_loss():
    scheduler = LRScheduler(
        "ReduceLROnPlateau", monitor="valid_loss", patience=0, threshold=10
    )
    model = fit(scheduler, lr_schedule="constant", early_stopping=True)
    assert model.history_["lr"][-1] < model.lr


def test_the_schedule_of_a_callback_goes_on_with_the_net():
    scheduler = LRScheduler("LambdaLR", lr_lambda=lambda epoch: 1 / (1 + epoch))
    model = tiny(MultiTaskClassifier, callbacks=[scheduler], warm_start=True)
    model.set_params(lr_schedule="constant").fit(X, Y).fit(X, Y)
    np.testing.assert_allclose(model.history_["lr"], model.lr / np.arange(1, 11))
    model.set_params(lr=1.0).fit(X, Y)  # another rate scales what is left
    np.testing.assert_allclose(model.history_["lr"][10:], 1 / np.arange(11, 16))


def test_a_stream_goes_on_with_the_schedule_of_a_callback():
    scheduler = LRScheduler("LambdaLR", lr_lambda=lambda epoch: 1 / (1 + epoch))
    model = tiny(MultiTaskClassifier, callbacks=[scheduler])
    for _ in range(5):
        model.partial_fit(X, Y, classes=[[0, 1], [0, 1, 2]])
    np.testing.assert_allclose(model.history_["lr"], model.lr / np.arange(1, 6))


def test_a_step_after_a_fit_has_no_rate():
    model = tiny(MultiTaskClassifier).fit(X, Y)
    n_epochs = model.n_iter_
    rates = model.partial_fit(X, Y).history_["lr"]
    np.testing.assert_array_equal(np.isnan(rates), np.arange(n_epochs + 1) == n_epochs)


def test_warm_start_notifies_the_callbacks_of_now(capsys):
    first, second = Record(), Record()
    model = tiny(MultiTaskClassifier, callbacks=[first], warm_start=True).fit(X, Y)
    n_calls = len(first.calls)
    model.set_params(callbacks=[("mine", second)], verbose=1).fit(X, Y)
    assert len(first.calls) == n_calls
    assert second.calls
    assert "epoch" in capsys.readouterr().err


def test_callbacks_that_stay_keep_what_they_know():
    record = Record()
    model = tiny(MultiTaskClassifier, callbacks=[record], warm_start=True)
    kept = model.fit(X, Y).net_.callbacks_
    assert model.fit(X, Y).net_.callbacks_ is kept


@pytest.mark.parametrize("monitor", ["train_loss", "valid_loss"])
def test_early_stopping_of_skorch_ends_the_fit_quietly(monitor, capsys):
    record = Record()
    stopping = EarlyStopping(monitor=monitor, patience=2, threshold=10)
    model = fit(stopping, record, max_epochs=50, early_stopping=True)
    assert model.n_iter_ == 3
    assert record.calls[-1] == "train_end"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("monitor", ["valid_loss", "valid_criterion"])
def test_early_stopping_of_skorch_without_a_hold_out_has_no_effect_and_says_so(monitor):
    record = Record()
    stopping = EarlyStopping(monitor=monitor, patience=1)
    with pytest.warns(UserWarning, match=f"EarlyStopping monitors {monitor}, but no "):
        model = fit(stopping, record, early_stopping=False, warm_start=True)
    assert same_bits(model, fit(early_stopping=False))
    assert len(record.calls) == 12
    # it is back where something is held out
    model.set_params(early_stopping=True).fit(X, Y)
    assert stopping.dynamic_threshold_ < np.inf


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_a_callback_may_stop_at_any_hook(hook):
    def stop(self, net, **kwargs):
        raise KeyboardInterrupt

    model = fit(type("Stop", (Callback,), {hook: stop})())
    assert model.n_iter_ == (hook != "on_train_begin")
    assert np.isfinite(model.predict_proba(X)[0]).all()


def test_the_best_weights_of_skorchs_early_stopping_can_be_loaded():
    stopping = EarlyStopping(monitor="train_loss", patience=1, load_best=True)
    model = fit(stopping, lr=5.0, optimizer="sgd", max_epochs=30, **EXACT)
    best = int(np.argmin(model.net_.history[:, "train_loss"]))
    assert best < model.n_iter_ - 1
    whole = fit(lr=5.0, optimizer="sgd", max_epochs=best + 1, **EXACT)
    assert same_bits(model, whole)


class Interrupted(torch.nn.Linear):
    def forward(self, x):
        if self.training:
            raise KeyboardInterrupt
        return super().forward(x)


def test_the_users_own_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        fit(trunk=Interrupted(4, 3))
    with pytest.raises(KeyboardInterrupt):
        fit(RecordBatches(), trunk=Interrupted(4, 3))


HOOKS = ["on_train_begin", "on_epoch_begin", "on_batch_end", "on_epoch_end"]


@pytest.fixture
def pythons_handler():
    """Let Ctrl-C raise KeyboardInterrupt; a job in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("hook", [*HOOKS, "on_train_end"])
def test_ctrl_c_in_a_callback_ends_the_fit_and_leaves_the_earlier_one(
    hook, pythons_handler
):
    def press(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)

    model = fit(Callback())
    before = model.predict(X)
    model.set_params(callbacks=[type("Press", (Callback,), {hook: press})()])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert signal.getsignal(signal.SIGINT) is pythons_handler
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_handler_of_the_users_may_let_a_callback_stop_quietly():
    class StopIfAsked(Callback):
        def on_epoch_end(self, net, **kwargs):
            signal.raise_signal(signal.SIGINT)
            if asked:
                raise KeyboardInterrupt

    asked = []
    handler = signal.signal(signal.SIGINT, lambda *arguments: asked.append(1))
    try:
        assert fit(StopIfAsked()).n_iter_ == 1
    finally:
        signal.signal(signal.SIGINT, handler)


def test_a_callback_stops_quietly_in_a_thread():
    class Stop(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(fit, Stop()).result().n_iter_ == 1


@pytest.mark.parametrize("monitor", ["valid_loss_best", "train_loss_best", None])
def test_a_checkpoint_keeps_the_best_epoch(monitor, tmp_path):
    checkpoint = Checkpoint(dirname=tmp_path, monitor=monitor, fn_prefix="best_")
    model = fit(checkpoint, early_stopping=True)
    assert (tmp_path / "best_params.pt").exists()
    assert (tmp_path / "best_optimizer.pt").exists()
    if monitor:
        losses = np.array(model.net_.history[:, monitor.removesuffix("_best")])
        expected = losses == np.minimum.accumulate(losses)
        assert model.net_.history[:, monitor] == expected.tolist()


def test_the_end_of_training_can_be_kept(tmp_path):
    model = fit(TrainEndCheckpoint(dirname=tmp_path))
    kept = torch.load(tmp_path / "train_end_params.pt")
    for name, value in parameters(model).items():
        assert torch.equal(kept[name], value)


def test_the_log_of_skorch_shows_the_losses():
    lines = []
    fit(PrintLog(sink=lines.append), max_epochs=2, early_stopping=True)
    assert re.search("epoch.*train_loss.*valid_loss", lines[0])
    assert len(lines) == 4


def test_the_progress_bar_of_skorch_works(capsys):
    fit(ProgressBar(batches_per_epoch="count"), max_epochs=2, batch_size=30)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "0/4" in shown.err  # batches, known from the second epoch on


@pytest.mark.parametrize("scoring", [EpochScoring, BatchScoring])
def test_scores_that_need_labels_are_refused_with_the_remedy(scoring):
    message = (
        f"MultiTaskClassifier: callbacks contains {scoring.__name__}, which is not "
        "supported because it calls predict of the skorch net. The held-out loss and "
        "score of every task are in history_; a custom Callback can read net.history."
    )
    for callback in (scoring("accuracy"), ("score", scoring("accuracy"))):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            fit(callback)


@pytest.mark.parametrize("wrong", [3, "EarlyStopping", ("name", None), int])
def test_what_is_no_callback_is_named(wrong):
    message = f"MultiTaskClassifier: callbacks must be skorch callbacks; got {wrong!r}."
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        fit(wrong)


def test_a_named_callback_and_a_class_work_as_in_skorch():
    model = fit(("mine", Record()), Record)
    assert "mine" in dict(model.net_.callbacks_)
    assert len(dict(model.net_.callbacks_)["Record"].calls) == 12


@pytest.mark.parametrize(
    ("cls", "target"), [(MultiTaskClassifier, Y), (MultiTaskRegressor, X[:, :2])]
)
def test_a_loss_that_becomes_nan_says_where_and_what_to_do(cls, target):
    model = tiny(cls, optimizer="sgd", lr=1e30, max_epochs=50)
    message = (
        rf"^{cls.__name__}: the loss of task 'task[01]' became (nan|inf) in epoch "
        r"\d+\. Lower lr \(now 1e\+30\), or scale X if the trunk receives raw "
        r"values\.$"
    )
    with pytest.raises(TaskError, match=message):
        model.fit(X, target)


def test_a_bar_is_shown_on_stderr_and_only_if_wanted(capsys):
    fit()
    assert capsys.readouterr() == ("", "")
    fit(verbose=1, early_stopping=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "MultiTaskClassifier: 100%" in shown.err
    assert "5/5" in shown.err
    assert "valid_loss" in shown.err


def test_workers_of_a_search_keep_checkpoints_apart(tmp_path):
    model = tiny(MultiTaskClassifier, early_stopping=True)
    model.set_params(callbacks=[Checkpoint(load_best=True, dirname=str(tmp_path))])
    search = GridSearchCV(model, {"lr": [0.01, 0.001]}, cv=MultiTaskStratifiedKFold(2))
    search.set_params(n_jobs=2, error_score="raise", scoring=per_task_scorers())
    search.set_params(refit="mean").fit(X, Y)
    folders = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert folders  # more than two if a slow worker was replaced
    assert all(name.startswith("process-") for name in folders)
    assert (tmp_path / "params.pt").exists()  # of the refit, in this process
