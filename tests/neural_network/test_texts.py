"""Nets that read texts, with labels of whole texts."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator, MultiTaskRegressor
from sklearn_mtl.inspection import task_permutation_importance
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
from sklearn_mtl.modules import Columns, Pretrained, Text
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.neural_network.training._plan import make_plan
from tests.neural_network.made_up_texts import KINDS, TRUNK, net
from tests.neural_network.nets import same_bits

ENDS = ["jazz", "tonight in rome", "for two people at noon please", "now", ""]


def made_up(n_samples=150, seed=0):
    """Return texts, their kind, and whether they are long."""
    rng = np.random.default_rng(seed)
    begin = rng.choice([*KINDS], n_samples)
    end = rng.choice(ENDS, n_samples)
    texts = [f"{one} {other}".strip() for one, other in zip(begin, end, strict=True)]
    y = pd.DataFrame({"kind": [KINDS[one] for one in begin]})
    y["long"] = [len(text.split()) > 3 for text in texts]
    return texts, y


X, Y = made_up()
NEW, NEW_Y = made_up(60, seed=1)


@pytest.fixture(scope="module")
def fitted():
    return net().fit(X, Y)


def test_labels_of_new_texts_are_predicted(fitted):
    assert fitted.score(NEW, NEW_Y) > 0.97


def test_there_are_no_features(fitted):
    assert not hasattr(fitted, "n_features_in_")
    assert fitted.transform(NEW).shape == (60, 16)
    assert len(fitted.get_feature_names_out()) == 16


def test_there_is_one_member(fitted):
    assert len(fitted.net_.module_.heads.weight) == 1


def test_a_text_is_predicted_alike_alone_and_with_others(fitted):
    texts = [*NEW, "", "play " * 300]
    together = fitted.predict_proba(texts)
    for number in (0, 7, 60, 61):
        for proba, alone in zip(
            together, fitted.predict_proba([texts[number]]), strict=True
        ):
            np.testing.assert_allclose(proba[number], alone[0], atol=1e-6)


def test_views_of_the_representation_keep_the_order_of_texts(fitted):
    turned = np.random.default_rng(0).permutation(60)
    again = [NEW[i] for i in turned]
    np.testing.assert_allclose(
        fitted.transform(again), fitted.transform(NEW)[turned], atol=1e-6
    )
    for kind in ("projection", "input", "probability"):
        expected = fitted.transform_task(NEW, "kind", kind)[turned]
        found = fitted.transform_task(again, "kind", kind)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_same_seed_gives_the_same_bits(fitted):
    assert same_bits(fitted, net().fit(X, Y))


def test_words_never_seen_are_read_by_their_letters():
    ends = [one + other for one in "aeiou" for other in "bcdfghklmnpqrst"]
    words = [word + end for end in ends for word in ("play", "book")]
    y = ["music", "table"] * 75
    model = net().fit(words[:120], y[:120])
    assert model.score(words[120:], y[120:]) > 0.7
    model = net().set_params(trunk__ngrams=()).fit(words[:120], y[:120])
    assert model.score(words[120:], y[120:]) < 0.6  # guesses


def test_lists_of_tokens_give_the_bits_of_their_texts(fitted):
    tokens = net().fit([text.split() for text in X], Y)
    found = tokens.predict_proba([text.split() for text in NEW])
    for one, other in zip(found, fitted.predict_proba(NEW), strict=True):
        np.testing.assert_array_equal(one, other)


def test_few_texts_are_one_batch_in_double_precision():
    model = MultiTaskClassifier(trunk=clone(TRUNK), max_epochs=2, random_state=0)
    model.fit(X[:40], Y[:40])
    assert model.net_.module_.heads.weight.dtype.itemsize == 8


@pytest.mark.parametrize(
    ("n_samples", "n_epochs"), [(50, 200), (1000, 94), (13_084, 16)]
)
def test_small_batches_and_many_steps_are_the_default(n_samples, n_epochs):
    plan = make_plan(MultiTaskClassifier(trunk=Text()), n_samples)
    assert plan.batch_size == min(n_samples, 32) or n_samples <= 100
    assert plan.max_epochs == n_epochs
    assert (plan.n_members, plan.hold_out) == (1, False)


def test_several_members_hold_out_folds():
    model = net(n_members=2, early_stopping=True).fit(X, Y)
    assert model.oof_prediction_[0].shape == (150, 3)
    accuracy = model.oof_prediction_[0].argmax(axis=1) == Y.kind.factorize(True)[0]
    assert accuracy.mean() > 0.9
    assert model.transform(NEW).shape == (60, 32)


def test_missing_labels_and_weights_of_zero_are_alike():
    missing, weight = Y.copy().astype(object), np.ones((150, 2))
    missing.loc[:40, "kind"], weight[:41, 0] = None, 0
    one, other = net().fit(X, missing), net().fit(X, Y, sample_weight=weight)
    assert same_bits(one, other)


def test_other_estimators_read_texts():
    y = np.array([float(len(text.split())) for text in X])
    assert net(MultiTaskRegressor).fit(X, y).score(X, y) > 0.8
    both = pd.DataFrame({"kind": Y.kind, "length": y})
    types = {"length": "regression"}
    mixed = net(MultiTaskMixedEstimator, task_types=types).fit(X, both)
    assert mixed.score(X, both) > 0.6


def test_streams_and_updates_learn_from_texts():
    classes = [sorted(set(Y.kind)), [False, True]]
    stream = net().partial_fit(X, Y, classes=classes)
    for start in 4 * [0, 50, 100]:
        stream.partial_fit(X[start : start + 50], Y[start : start + 50])
    assert stream.score(NEW, NEW_Y) > 0.6
    model = net(n_stored_samples=60).fit(X, Y).partial_fit(NEW, NEW_Y)
    assert model.update(NEW, NEW_Y).update_.is_accepted


@pytest.mark.parametrize("convert", [list, np.array, pd.Series])
def test_a_net_without_a_trunk_of_texts_names_it(convert):
    with pytest.raises(ValueError, match=r"X contains texts, .*\.modules\.Text\(\)"):
        MultiTaskClassifier().fit(convert(X), Y)


def test_tasks_can_be_added(fitted):
    model = clone(fitted).fit(X, Y)
    model.add_task(X, [text.startswith("is") for text in X], name="question")
    assert model.predict_frame(NEW).question.tolist() == [
        text.startswith("is") for text in NEW
    ]


def test_saved_and_pickled_nets_predict_the_same(fitted, tmp_path):
    sklearn_mtl.save(fitted, tmp_path / "net.mtl")
    assert same_bits(sklearn_mtl.load(tmp_path / "net.mtl"), fitted)
    assert same_bits(pickle.loads(pickle.dumps(fitted)), fitted)


def test_a_checkpoint_brings_the_fit_back(fitted, tmp_path):
    first = net(checkpoint=tmp_path).fit(X, Y)
    assert same_bits(first, fitted)
    assert same_bits(net(checkpoint=tmp_path).fit(X, Y), fitted)
    assert len([*tmp_path.iterdir()]) == 1
    net(checkpoint=tmp_path).fit([*X[:-1], "other"], Y)
    assert len([*tmp_path.iterdir()]) == 2


def test_a_trunk_of_texts_serves_another_net(fitted):
    model = MultiTaskClassifier(
        trunk=Pretrained(fitted), max_epochs=9, lr=0.02, random_state=0
    ).fit(X, Y)
    assert model.score(NEW, NEW_Y) > 0.97
    with pytest.raises(ValueError, match="in Pretrained was fitted to texts"):
        clone(model).fit([text.split() for text in X], Y)


def test_searches_and_twins_take_lists_of_texts():
    folds = MultiTaskStratifiedKFold(3)
    quick = net(max_epochs=6, early_stopping=False)
    scores = cross_validate(quick, X, Y, cv=folds)["test_score"]
    assert scores.min() > 0.8
    grid = GridSearchCV(quick, {"trunk__dropout": [0.0, 0.99]}, cv=folds).fit(X, Y)
    assert grid.best_params_ == {"trunk__dropout": 0.0}
    assert IndependentTasks(quick).fit(X, Y).score(NEW, NEW_Y) > 0.8


def test_texts_cannot_be_written_to_onnx(fitted, tmp_path):
    with pytest.raises(TypeError, match="takes texts, which are split into words"):
        sklearn_mtl.to_onnx(fitted, tmp_path / "net.onnx")


def test_a_wrong_spec_is_refused_before_texts_are_read():
    with pytest.raises(ValueError, match="Text: n_buckets must be a whole number"):
        MultiTaskClassifier(trunk=Text(n_buckets=0)).fit(X, Y)


@pytest.mark.parametrize("library", ["scipy", "optuna"])
def test_the_defaults_of_texts_lie_within_the_search_space(library):
    defaults = {
        "lr": 3e-3,
        "weight_decay": Text.default_weight_decay,
        "batch_size": Text.largest_batch,
        **{f"trunk__{name}": value for name, value in Text().get_params().items()},
    }
    space = MultiTaskClassifier(trunk=Text()).search_space(library)
    assert {"trunk__dropout", "trunk__width", "trunk__word_dropout"} < set(space)
    for name, one in space.items():
        if isinstance(one, list):
            assert defaults[name] in one
        elif library == "scipy":
            assert 0.05 < one.cdf(defaults[name]) < 0.95
        else:
            assert one._contains(one.to_internal_repr(defaults[name]))


def test_texts_have_no_columns(fitted):
    with pytest.raises(ValueError, match="takes texts as input; X must be a table"):
        task_permutation_importance(fitted, NEW, NEW_Y)
    blocks = Columns([("words", TRUNK, slice(0, 2))])
    with pytest.raises(ValueError, match="block 'words' has Text, which reads texts"):
        MultiTaskClassifier(trunk=blocks).fit(np.zeros((150, 2)), Y.kind)
