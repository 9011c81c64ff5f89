"""Nets with tags of tokens: what they learn, against loops over tokens."""

import pickle
from itertools import chain

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from torch.nn import functional as F

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.modules import Pretrained
from sklearn_mtl.neural_network.data._rows import as_rows
from tests.neural_network.made_up_texts import TRUNK, net, tagged
from tests.neural_network.nets import same_bits

X, Y = tagged()
NEW, NEW_Y = tagged(60, seed=1)
UNSTOPPED = {"early_stopping": False, "max_epochs": 3}


def tokens_of(column):
    return list(chain.from_iterable(column))


@pytest.fixture(scope="module")
def fitted():
    return net().fit(X, Y)


def test_tags_and_labels_of_new_texts_are_predicted(fitted):
    assert fitted.score(NEW, NEW_Y) > 0.97
    predicted = fitted.predict(NEW)
    assert predicted.shape == (60, 2)
    assert [len(tags) for tags in predicted[:, 1]] == [len(words) for words in NEW]
    right = np.array(tokens_of(predicted[:, 1])) == np.array(tokens_of(NEW_Y.slots))
    assert right.mean() > 0.97


def test_probabilities_come_text_by_text(fitted):
    kind, slots = fitted.predict_proba(NEW)
    assert kind.shape == (60, 3)
    assert [proba.shape for proba in slots] == [(len(words), 3) for words in NEW]
    np.testing.assert_allclose(np.concatenate(slots).sum(axis=1), 1.0)


def test_a_text_is_predicted_alike_alone_and_with_others(fitted):
    texts = [*NEW, [], ["play", *["rome"] * 200]]
    _, together = fitted.predict_proba(texts)
    for number in (0, 7, 60, 61):
        _, (alone,) = fitted.predict_proba([texts[number]])
        np.testing.assert_allclose(together[number], alone, atol=1e-6)


def losses_by_hand(model, texts, y):
    """Return the mean log-loss over texts of the kind, and over tokens of the tags."""
    kind, slots = model.predict_proba(texts)
    classes, tags = model.classes_
    first = [
        -np.log(p[np.searchsorted(classes, label)])
        for p, label in zip(kind, y.kind, strict=True)
        if pd.notna(label)
    ]
    second = [
        -np.log(p[np.searchsorted(tags, tag)])
        for proba, cell in zip(slots, y.slots, strict=True)
        if cell is not None
        for p, tag in zip(proba, cell, strict=True)
        if tag is not None
    ]
    return np.mean(first), np.mean(second)


def test_losses_are_means_over_texts_and_over_tokens():
    """A rate of almost 0 leaves the net as it was while its losses are recorded."""
    some, texts = Y.copy(), X[:-1] + [[]]
    some.loc[[3, 8], "kind"] = None
    some.at[5, "slots"], some.at[149, "slots"] = None, None
    some.at[9, "slots"] = [None, *some.at[9, "slots"][1:]]
    model = net(lr=1e-12, max_epochs=1, optimizer="sgd", weight_decay=0.0)
    model.trunk.dropout = 0.0
    model.fit(texts, some, X_val=texts, y_val=some)
    expected = losses_by_hand(model, texts, some)
    np.testing.assert_allclose(model.history_["valid_loss"][0], expected, rtol=1e-5)
    # batches are of equal size, so that the mean over batches is that over texts
    np.testing.assert_allclose(model.history_["train_loss"][0], expected, rtol=1e-2)


def test_one_full_batch_has_the_gradient_of_a_loop_over_tokens():
    texts, some = X[:40], Y[:40].copy()
    some.at[5, "slots"] = None
    model = MultiTaskClassifier(trunk=clone(TRUNK), random_state=0, warm_start=True)
    model.trunk.dropout = 0.0
    model.set_params(optimizer="sgd", weight_decay=0.0, lr_schedule="constant")
    model.set_params(max_epochs=1, lr=1e-300, task_weight=None).fit(texts, some)
    module = model.net_.module_
    losses, tag_losses = [], []
    layout = model._state.encoder.layout
    kind, slots = (layout.columns(place) for place in np.argsort(layout.order))
    rows = as_rows(model._read_fitted(texts), torch.float64, torch.device("cpu"))
    for number, cell in enumerate(some.slots):
        logits = module(rows.span(number, number + 1))[0]
        label = np.searchsorted(model.classes_[0], [some.kind[number]])
        losses.append(F.cross_entropy(logits[:1, kind], torch.as_tensor(label)))
        if cell is not None:
            tags = torch.as_tensor(np.searchsorted(model.classes_[1], cell))
            of_tags = logits[1:, slots]
            tag_losses.append(F.cross_entropy(of_tags, tags, reduction="none"))
    loss = torch.stack(losses).mean() + torch.cat(tag_losses).mean()
    gradients = torch.autograd.grad(loss, list(module.parameters()))
    before = [value.detach().clone() for value in module.parameters()]
    model.set_params(lr=1.0).fit(texts, some)  # one step against the gradient
    for value, was, gradient in zip(
        module.parameters(), before, gradients, strict=True
    ):
        torch.testing.assert_close(was - value, gradient, rtol=1e-7, atol=1e-10)


def test_each_tag_counts_as_a_label_in_the_task_weights():
    y, weight = Y.copy(), np.ones((150, 2))
    y.at[0, "slots"] = None
    y.at[1, "slots"] = [None, *Y.slots[1][1:]]
    y.loc[:49, "kind"] = None
    weight[:, 1] = np.arange(150)
    model = net(max_epochs=1).fit(X, y, sample_weight=weight)
    n_tags = [0, *(sum(tag is not None for tag in cell) for cell in y.slots[1:])]
    expected = np.sqrt([100, weight[:, 1] @ n_tags])
    found = model.history_["task_weight"][-1]
    np.testing.assert_allclose(found, expected / expected.mean(), rtol=1e-12)


def test_missing_tags_and_weights_of_zero_are_alike():
    missing, weight = Y.copy(), np.ones((150, 2))
    weight[:41, 1] = 0
    for row in range(41):
        missing.at[row, "slots"] = None
    one = net(**UNSTOPPED).fit(X, missing)
    other = net(**UNSTOPPED).fit(X, Y, sample_weight=weight)
    assert same_bits(one, other)
    every = Y.copy()
    for row in range(41):
        every.at[row, "slots"] = [None] * len(X[row])
    assert same_bits(one, net(**UNSTOPPED).fit(X, every))


def test_tags_depend_on_their_neighbours_where_that_is_wanted(fitted):
    scores = fitted.net_.module_.chain.scores[0]
    assert scores.shape == (1, 4, 4)
    assert (scores.detach() != 0).sum() == 15  # no text is empty
    model = net(max_epochs=1).set_params(trunk__crf=False).fit(X, Y)
    assert model.net_.module_.chain is None
    assert net(max_epochs=1).fit(X, Y["kind"]).net_.module_.chain is None


def test_the_same_seed_gives_the_same_bits(fitted):
    assert same_bits(fitted, net().fit(X, Y))


def test_texts_are_cut_into_the_tokens_that_have_tags(fitted):
    model = net().fit([" ".join(words) for words in X], Y)
    assert same_bits(model, fitted)


def test_one_text_is_enough():
    model = net().fit([["play", "jazz"]], pd.DataFrame({"slots": [["O", "B-kind"]]}))
    assert model.predict([["play", "jazz"]]).tolist() == [[["O", "B-kind"]]]


def test_a_task_of_two_tags_alone_is_learned():
    y = pd.Series([["O" if tag == "O" else "B-x" for tag in tags] for tags in Y.slots])
    model = net().fit(X, y)
    assert model.classes_.tolist() == ["B-x", "O"]
    assert model.score(X, y) > 0.97
    assert isinstance(model.predict(NEW)[0], list)


@pytest.mark.parametrize(
    "arguments",
    [
        {"head": "mlp", "balancing": "upgrad", "monitor": "gradients"},
        {"head": "feedback", "n_members": 2, "task_schedule": "asynchronous"},
        pytest.param({"balancing": "uncertainty"}, marks=pytest.mark.exhaustive),
        pytest.param({"dtype": "bfloat16"}, marks=pytest.mark.exhaustive),
    ],
    ids=str,
)
def test_other_heads_weightings_and_monitors_take_tokens(arguments):
    assert net(**arguments).fit(X, Y).score(NEW, NEW_Y) > 0.9


def test_feedback_tells_a_text_what_its_tokens_are():
    """The label is decided by tags alone, which only the feedback lets it read."""
    y = Y.assign(kind=[("B-city" in tags) for tags in Y.slots])
    model = net(head="feedback", max_epochs=20).fit(X, y)
    weight = model.net_.module_.tail.weight.detach()[0]
    (kind,) = model._state.encoder.layout.columns(0).indices(1)[:1]
    city = 1 + [*model.classes_[1]].index("B-city")
    assert weight[city, kind] > 0
    texts = [*NEW, [], ["play", *["rome"] * 50]]
    proba, _ = model.predict_proba(texts)
    for number in (3, 60, 61):  # the same with other padding
        alone = model.predict_proba([texts[number]])[0]
        np.testing.assert_allclose(proba[number], alone[0], atol=1e-6)


def test_gradients_of_tasks_are_weighed_at_the_shared_parameters():
    model = net(balancing="upgrad", max_epochs=1).fit(X, Y)
    assert model.history_["gramian"].tolist() == ["shared"]
    message = "token tasks have another representation than text tasks"
    with pytest.raises(ValueError, match=message):
        net(balancing="upgrad", gramian="features").fit(X, Y)


def test_several_members_hold_out_tokens_of_their_folds():
    model = net(n_members=2, early_stopping=True).fit(X, Y)
    kind, slots = model.oof_prediction_
    assert kind.shape == (150, 3)
    tags = model.classes_[1]
    right = [
        tags[proba.argmax(axis=1)].tolist() == cell
        for proba, cell in zip(slots, Y.slots, strict=True)
    ]
    assert np.mean(right) > 0.9
    assert model.score(NEW, NEW_Y) > 0.97


def test_mixed_estimators_take_tokens():
    y = Y.assign(length=[float(len(words)) for words in X])
    types = {"length": "regression"}
    model = net(MultiTaskMixedEstimator, task_types=types).fit(X, y)
    assert model.score(X, y) > 0.6
    assert model.predict_proba(NEW)[2] is None


def test_fits_go_on_with_a_warm_start(fitted):
    model = net(warm_start=True, **UNSTOPPED).fit(X, Y)
    first = model.history_["train_loss"][-1]
    model.fit(X, Y)
    assert (model.history_["train_loss"][-1] < first).all()


def test_saved_and_pickled_nets_predict_the_same(fitted, tmp_path):
    sklearn_mtl.save(fitted, tmp_path / "net.mtl")
    for again in (
        sklearn_mtl.load(tmp_path / "net.mtl"),
        pickle.loads(pickle.dumps(fitted)),
    ):
        assert same_bits(again, fitted)
        assert again.predict(NEW)[:, 1].tolist() == fitted.predict(NEW)[:, 1].tolist()


def test_a_checkpoint_knows_the_tags(fitted, tmp_path):
    assert same_bits(net(checkpoint=tmp_path).fit(X, Y), fitted)
    other = Y.copy()
    other.at[0, "slots"] = ["B-thing"] * len(X[0])
    net(checkpoint=tmp_path).fit(X, other)
    assert len([*tmp_path.iterdir()]) == 2


def test_the_trunk_serves_a_net_without_tokens(fitted):
    model = MultiTaskClassifier(
        trunk=Pretrained(fitted), max_epochs=9, lr=0.02, random_state=0
    ).fit(X, Y.kind)
    assert model.score(NEW, NEW_Y.kind) > 0.97


def test_transform_gives_a_row_for_each_text(fitted):
    assert fitted.transform(NEW).shape == (60, 16)
    assert fitted.transform_task(NEW, "kind").shape == (60, 3)
    with pytest.raises(TaskError, match="'slots' is a token task"):
        fitted.transform_task(NEW, "slots")


def test_tags_and_tokens_of_unequal_length_are_refused(fitted):
    wrong = Y.copy()
    wrong.at[7, "slots"] = [*wrong.at[7, "slots"], "O"]
    n = len(X[7])
    match = f"task 'slots': sample 7 has {n + 1} tags in y, but its text has {n} tokens"
    with pytest.raises(TaskError, match=match):
        net().fit(X, wrong)
    with pytest.raises(TaskError, match=f"X_val and y_val: {match}"):
        net().fit(X, Y, X_val=X, y_val=wrong)
    with pytest.raises(TaskError, match="sample 7 has"):
        fitted.score(X, wrong)


def test_tags_that_fit_has_not_seen_are_refused():
    other = NEW_Y.copy()
    other.at[0, "slots"] = ["B-other"] * len(NEW[0])
    with pytest.raises(TaskError, match=r"'slots' has .*'B-other'.* not"):
        net().fit(X, Y, X_val=NEW, y_val=other)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("partial_fit", (X, Y)),
        ("update", (X, Y)),
        ("add_task", (X, Y.kind)),
        ("drop_task", ("kind",)),
        ("add_classes", ("slots", ["B-new"])),
    ],
)
def test_changes_of_a_fitted_net_are_refused(fitted, method, arguments):
    keywords = {"name": "new"} if method == "add_task" else {}
    with pytest.raises(TaskError, match=f"{method} does not support token tasks"):
        getattr(fitted, method)(*arguments, **keywords)


def test_a_task_of_tokens_cannot_be_added():
    model = net(max_epochs=1).fit(X, Y[["kind"]])
    with pytest.raises(TaskError, match=r"new task 'slots' are lists\. add_task req"):
        model.add_task(X, Y["slots"])


def test_other_trunks_refuse_tokens():
    with pytest.raises(TaskError, match=r"trunk=Text\(\)"):
        MultiTaskClassifier().fit(np.zeros((150, 2)), Y)
