"""Going on: partial_fit on new rows, and warm_start with another fit."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from skorch.callbacks import Callback

from sklearn_mtl import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.exceptions import TaskError, UnseenCategoryWarning
from sklearn_mtl.modules import Conv
from sklearn_mtl.neural_network.data._stored import NOTHING, Samples, n_kept
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
    untrained,
    with_gaps,
)

CLASSES = [[0, 1], [0, 1, 2], None]


def classes_of(cls):
    kind = {"classification": CLASSES[:2], "regression": None, "mixed": CLASSES}
    return kind[cls._kind]


def first_call(model, X, y):
    arguments = classes_of(type(model))
    if arguments is None:
        return model.partial_fit(X, y)
    return model.partial_fit(X, y, classes=arguments)


@pytest.mark.parametrize("cls", ALL)
def test_the_first_call_is_an_epoch_of_a_fit(cls):
    X, y = table()
    y = targets_of(cls, with_gaps(y))
    model = first_call(tiny(cls, **EXACT), X, y)
    whole = tiny(cls, max_epochs=1, **EXACT).fit(X, y)
    assert same_bits(model, whole)
    for key in ("train_loss", "lr", "task_weight"):
        np.testing.assert_array_equal(model.history_[key], whole.history_[key])


@pytest.mark.parametrize("cls", ALL)
def test_a_net_is_made_anew_when_the_samples_have_doubled(cls):
    X, y = table()
    y = targets_of(cls, y)
    model = first_call(tiny(cls, **EXACT), X[:3], y[:3])
    for start, stop in ((3, 7), (7, 14), (14, 60), (60, 120)):
        model.partial_fit(X[start:stop], y[start:stop])
    assert same_bits(model, first_call(tiny(cls, **EXACT), X, y))
    assert model.n_iter_ == len(model.history_["train_loss"]) == 5


def test_categories_of_the_first_thousand_samples_are_learned():
    rng = np.random.default_rng(0)
    group = np.array(["a", "b", "c", "d"])[rng.integers(4, size=2000)]
    y = (group == "c") + 0.1 * rng.normal(size=2000)
    order = np.r_[np.argsort(group[:800], kind="stable"), np.arange(800, 2000)]
    frame = pd.DataFrame({"group": group[order], "z": rng.normal(size=2000)})
    model = MultiTaskRegressor(n_members=1, lr=0.01, random_state=0)
    for rows in np.split(np.arange(2000), range(100, 2000, 100)):
        model.partial_fit(frame.iloc[rows], y[order][rows])
    assert model.score(frame, y[order]) > 0.8  # 0.0 with those of the first batch
    with pytest.warns(UnseenCategoryWarning):
        model.predict(frame.assign(group="e"))


def test_old_samples_come_with_new_ones():
    X, y = table(100)
    model = tiny(MultiTaskClassifier, batch_size=1000)
    seen = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, **kwargs):
            seen.append(batch[0][0].double())

    model.set_params(callbacks=[Watch()]).partial_fit(X, y[:, 0], classes=[0, 1])
    old = {tuple(row) for row in seen[0].tolist()}
    model.partial_fit(X[:30] + 1, y[:30, 0])
    is_old = [tuple(row) in old for row in seen[1].tolist()]
    assert len(is_old) == 60
    assert sum(is_old) == 30


@pytest.mark.parametrize("container", ["array", "sparse", "categories", "pictures"])
def test_a_thousand_samples_are_kept_by_chance(container):
    n_samples = 3000
    X, y = table(n_samples)
    number = np.arange(n_samples)
    X[:, 0] = number
    arguments = {}
    if container == "categories":
        X[:, 1] = number % 3
        arguments["categorical_features"] = [1]
    elif container == "pictures":
        X = np.repeat(X[:, None, None, :1], 2, axis=1)
        arguments["trunk"] = Conv((2, 1, 1), (4,), kernel_size=1, pool=1)
    elif container == "sparse":
        X = sparse.csr_array(X)
    model = tiny(MultiTaskRegressor, **arguments)
    for rows in np.split(number, range(500, n_samples, 500)):
        model.partial_fit(X[rows], y[rows, 2])
    stored = model._state.stored
    kept, labels = stored.samples.X, stored.samples.codes[:, 0]
    if container == "sparse":
        kept = kept.toarray()
    kept = kept.numeric if hasattr(kept, "numeric") else kept
    found = np.sort(kept.reshape(len(kept), -1)[:, 0]).astype(int)
    assert len(found) == len(np.unique(found)) == 1024
    np.testing.assert_allclose(np.sort(y[found, 2]), np.sort(labels))
    counts = np.bincount(found // 500, minlength=6)
    assert (np.abs(counts - 1024 / 6) < 50).all()  # four standard deviations
    assert len(pickle.dumps(stored)) < 200_000


def test_few_pictures_are_kept_where_they_are_large():
    X = np.zeros((40, 3, 1000, 1000), dtype=np.uint8)
    batch = Samples(X, *[np.ones((40, 1))] * 2, np.ones((40, 1), dtype=bool))
    size = n_kept("auto", X, is_stream=True)
    stored = NOTHING.more(batch, size, np.random.default_rng(0))
    assert stored.samples.X.nbytes < 2**26
    assert len(stored) == size == 22


@pytest.mark.parametrize("cls", ALL)
def test_it_holds_nothing_out_and_keeps_the_rate(cls):
    X, y = table(200)
    y = targets_of(cls, y)
    model = tiny(cls, early_stopping=True, lr_schedule="cosine", n_members=2)
    first_call(model, X, y).partial_fit(X, y)
    assert "valid_loss" not in model.history_
    np.testing.assert_array_equal(model.history_["lr"], model.lr)


def test_batches_are_drawn_anew_in_each_call():
    X, y = table()
    model = tiny(MultiTaskClassifier, batch_size=30, lr=1e-300, optimizer="sgd")
    seen = []

    class Watch(Callback):
        def on_batch_begin(self, net, batch, **kwargs):
            seen.append(batch[0].sum())

    model.set_params(callbacks=[Watch()])
    model.partial_fit(X, y[:, 0], classes=[0, 1]).partial_fit(X, y[:, 0])
    assert len(seen) == 4 + 8  # the second call has all samples so far
    assert len({float(value) for value in seen}) == 12


def test_a_thousand_samples_fix_the_preparation():
    X, y = table(3000)
    model = tiny(MultiTaskClassifier).partial_fit(X[:600], y[:600, 0], classes=[0, 1])
    model.partial_fit(X[600:1300], y[600:1300, 0])
    before = model._state.preparation.mean_.copy()
    model.partial_fit(1000 + X[1300:], y[1300:, 0])
    np.testing.assert_array_equal(model._state.preparation.mean_, before)
    np.testing.assert_allclose(before[0], X[:1300].mean(axis=0))


def test_a_class_may_come_later():
    X, y = table()
    early = y[:, 1] < 2
    model = tiny(MultiTaskClassifier, lr=0.02)
    model.partial_fit(X[early], y[early, 1], classes=[0, 1, 2])
    assert model.predict_proba(X)[:, 2].max() < 0.1
    for _ in range(100):
        model.partial_fit(X, y[:, 1])
    # no more than three standard errors below the rule that the labels came from
    best = np.mean(np.digitize(X[:, 1], [-0.7, 0.7]) == y[:, 1])
    error = np.sqrt(best * (1 - best) / len(X))
    assert model.score(X, y[:, 1]) > best - 3 * error


def test_a_later_label_must_have_been_declared():
    X, y = table()
    model = tiny(MultiTaskClassifier).partial_fit(X, y[:, 0], classes=[0, 1])
    message = r"MultiTaskClassifier: task 'task0' has labels \[2.0\] in y that were not"
    with pytest.raises(TaskError, match=message):
        model.partial_fit(X, y[:, 1])


def test_a_task_may_be_without_labels_in_a_call():
    X, y = table()
    y[:, 1] = np.nan
    model = tiny(MultiTaskClassifier)
    model.partial_fit(X, y[:, :2], classes=CLASSES[:2]).partial_fit(X, y[:, :2])
    assert np.isfinite(model.predict_proba(X)[1]).all()
    # no label, no loss and no gradient
    np.testing.assert_array_equal(model.history_["train_loss"][:, 1], 0.0)


def test_a_classifier_needs_the_classes_first():
    X, y = table()
    with pytest.raises(ValueError, match=r"^MultiTaskClassifier: classes must be"):
        tiny(MultiTaskClassifier).partial_fit(X, y[:, 0])


def test_mixed_tasks_are_inferred_from_the_first_rows_unless_declared():
    X, y = table()
    model = tiny(MultiTaskMixedEstimator).partial_fit(X, y)
    assert model.task_set_.kinds == ["binary", "multiclass", "regression"]


def test_weights_count_in_each_call():
    X, y = table()
    cells = np.random.default_rng(0).random((120, 2))
    model = tiny(MultiTaskClassifier, **EXACT)
    model.partial_fit(X, y[:, :2], CLASSES[:2], cells)
    model.partial_fit(X, y[:, :2], sample_weight=cells)
    whole = tiny(MultiTaskClassifier, max_epochs=1, **EXACT)
    twice = (np.concatenate([part, part]) for part in (X, y[:, :2], cells))
    X, y, cells = twice
    assert same_bits(model, whole.fit(X, y, sample_weight=cells))


def test_fit_starts_afresh_after_partial_fit():
    X, y = table()
    model = tiny(MultiTaskClassifier).partial_fit(X, y[:, 0], classes=[0, 1])
    assert same_bits(model.fit(X, y[:, 1]), tiny(MultiTaskClassifier).fit(X, y[:, 1]))


@pytest.mark.parametrize("cls", ALL)
def test_warm_start_goes_on_with_weights_and_optimiser(cls):
    X, y = table()
    y = targets_of(cls, y)
    model = tiny(cls, warm_start=True, **EXACT).fit(X, y)
    model.fit(X, y)
    assert same_bits(model, tiny(cls, max_epochs=10, **EXACT).fit(X, y))
    assert model.n_iter_ == 10
    assert len(model.history_["train_loss"]) == 10


def test_warm_start_restarts_the_schedule():
    X, y = table()
    model = tiny(MultiTaskRegressor, warm_start=True, max_epochs=8)
    model.set_params(early_stopping=False).fit(X, y[:, 2])
    rates = model.fit(X, y[:, 2]).history_["lr"]
    np.testing.assert_array_equal(rates[:8], rates[8:])
    assert rates[7] < rates[8]


def test_warm_start_takes_the_arguments_of_now():
    X, y = table()
    model = tiny(MultiTaskClassifier, warm_start=True, **EXACT).fit(X, y[:, :2])
    model.set_params(lr=0.1, task_weight=[1.0, 4.0], max_epochs=2).fit(X, y[:, :2])
    assert model.n_iter_ == 7
    np.testing.assert_array_equal(model.history_["lr"][5:], 0.1)
    total = model.net_.history[-1, "train_loss"]
    assert total == pytest.approx(model.history_["train_loss"][-1] @ [1, 4])


def test_warm_start_holds_out_the_same_rows_again():
    X, y = table()
    model = tiny(MultiTaskClassifier, warm_start=True, early_stopping=True)
    model.set_params(lr=1e-300, optimizer="sgd").fit(X, y[:, :2]).fit(X, y[:, :2])
    losses = model.history_["valid_loss"]
    np.testing.assert_array_equal(losses[0], losses[-1])


def test_without_warm_start_every_fit_is_the_same():
    X, y = table()
    model = tiny(MultiTaskClassifier).fit(X, y[:, 0])
    first = parameters(model)
    second = parameters(model.fit(X, y[:, 0]))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_number_of_members_cannot_change():
    X, y = table()
    model = tiny(MultiTaskRegressor, warm_start=True).fit(X, y[:, 2])
    message = "MultiTaskRegressor: n_members is 3, but the fitted net has 1"
    with pytest.raises(ValueError, match=message):
        model.set_params(n_members=3).fit(X, y[:, 2])


@pytest.mark.parametrize("how", ["warm_start", "partial_fit"])
def test_going_on_from_a_copy_is_going_on(how):
    X, y = table()
    model = tiny(MultiTaskClassifier, warm_start=True, dropout=0.3).fit(X, y[:, 0])
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    go_on = "fit" if how == "warm_start" else how
    getattr(model, go_on)(X, y[:, 0])
    for other in copies:
        assert not same_bits(model, other)
        assert same_bits(model, getattr(other, go_on)(X, y[:, 0]))


def test_an_interrupted_fit_leaves_a_net_to_go_on_with():
    X, y = table()

    class Break(Callback):
        broken = False

        def on_grad_computed(self, net, **kwargs):
            if len(net.history) == 7 and not Break.broken:
                Break.broken = True
                raise RuntimeError("power cut")

    model = tiny(MultiTaskClassifier, warm_start=True, dropout=0.3)
    model.set_params(callbacks=[Break()], early_stopping=True).fit(X, y[:, 0])
    before = model.predict_proba(X)
    with pytest.raises(RuntimeError, match="power cut") as caught:
        model.fit(X, y[:, 0])
    assert "predict uses the net in its current state" in caught.value.__notes__[0]
    assert not np.array_equal(model.predict_proba(X), before)
    pickle.dumps(model.net_.module_)
    assert np.isfinite(model.fit(X, y[:, 0]).predict_proba(X)).all()


def test_a_fit_that_fails_leaves_the_earlier_one_in_order():
    X, y = table()
    model = tiny(MultiTaskClassifier).fit(X, y[:, :2])
    before = model.predict(X)
    model.set_params(lr=1e30, optimizer="sgd")
    with pytest.raises(TaskError, match="Lower lr"):
        model.fit(X, y[:, 1])
    np.testing.assert_array_equal(model.predict(X), before)


def test_the_epoch_kept_is_the_last_once_nothing_is_held_out():
    X, y = table()
    model = tiny(MultiTaskClassifier, early_stopping=True, lr=0.1, max_epochs=30)
    model.fit(X, y[:, 0])
    assert model.best_epoch_ < model.n_iter_
    model.partial_fit(X, y[:, 0])
    assert model.best_epoch_ == model.n_iter_


def test_held_out_losses_may_begin_later():
    X, y = table()
    model = tiny(MultiTaskClassifier, warm_start=True, early_stopping=True)
    model.partial_fit(X, y[:, 0], classes=[0, 1]).fit(X, y[:, 0])
    losses = model.history_["valid_loss"][:, 0]
    assert np.isnan(losses[0])
    assert np.isfinite(losses[1:]).all()


def test_untrained_leaves_the_arguments_as_they_were():
    X, y = table()
    model = untrained(tiny(MultiTaskClassifier, lr=0.5), X, y[:, 0])
    assert (model.lr, model.max_epochs) == (0.5, 5)
